package approval

import (
	"crypto/rand"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// MaxClockSkew is how far ahead of a party's clock a message may be.
const MaxClockSkew = 2 * time.Minute

// Limits of the texts that approvers are shown, in bytes of UTF-8.
const (
	MaxReason = 512
	maxOrigin = 256
	nonceSize = 16
)

// Origin tells approvers who asks and from where. Reported is true where a
// mount says it of somebody else: it is then "reported by Vault" and as good as
// Vault is. A host says it of itself, under its own signature.
type Origin struct {
	Reported       bool          `json:"reported"`
	Requester      string        `json:"requester"` // name, chosen by whoever named the entity or token
	Entity         string        `json:"entity"`    // Vault entity id, empty if there is none
	Remote         string        `json:"remote"`    // network address
	Host           string        `json:"host"`
	Executable     string        `json:"executable"`
	ExecutableHash envelope.Hash `json:"executable_hash"` // SHA-256 of the file, zero if unknown
	UID            int64         `json:"uid"`             // −1 if unknown
	PID            int64         `json:"pid"`             // −1 if unknown
}

// Request is a consumer's signed ask for one version of one secret. Header pins
// that version's exact text. Ephemeral is a key made for this one answer; the
// consumer alone has its private half, and only in memory.
type Request struct {
	ID           envelope.ID     `json:"id"`
	Organisation envelope.Hash   `json:"organisation"`
	Mount        envelope.ID     `json:"mount"`
	Secret       envelope.ID     `json:"secret"`
	Path         string          `json:"path"`
	Version      uint64          `json:"version"`
	Header       envelope.Hash   `json:"header"`
	Policy       envelope.ID     `json:"policy"`
	Consumer     envelope.ID     `json:"consumer"`
	Ephemeral    envelope.KEMKey `json:"ephemeral"`
	Origin       Origin          `json:"origin"`
	Reason       string          `json:"reason"`
	Lease        uint32          `json:"lease"`       // seconds asked for; 0 is the policy's
	BreakGlass   bool            `json:"break_glass"` // asks those whom the policy names for that, and nobody else
	Created      envelope.Time   `json:"created"`
	Deadline     envelope.Time   `json:"deadline"`
	Nonce        envelope.Bytes  `json:"nonce"` // 16 random bytes
	Roster       roster.Head     `json:"roster"`
}

// Terms are what a consumer chooses about its request.
type Terms struct {
	Origin Origin
	Reason string
	Lease  time.Duration // zero for the policy's
	// BreakGlass asks those whom the policy names for an emergency, in the open;
	// it needs a reason.
	BreakGlass bool
	Wait       time.Duration // until the deadline; zero for the policy's
}

// Ask signs a request of a consumer for a verified version. The caller posts
// the signed request, keeps the [Pending] and wipes it in the end.
func Ask(r *roster.Roster, v *secret.Verified, consumer envelope.ID, signer envelope.Signer, t Terms, now time.Time) (*Pending, envelope.Signed, error) {
	policy, err := v.PolicyNow(r)
	if err != nil {
		return nil, envelope.Signed{}, fmt.Errorf("ask for %q: %w", v.Header.Path, err)
	}
	lease, err := t.lease()
	if err != nil {
		return nil, envelope.Signed{}, fmt.Errorf("ask for %q: %w", v.Header.Path, err)
	}
	wait := time.Duration(policy.RequestTTL) * time.Second
	if t.Wait > 0 {
		wait = min(wait, t.Wait)
	}
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	q := Request{
		ID: envelope.NewID(), Organisation: v.Header.Organisation, Mount: v.Header.Mount, Secret: v.Header.Secret,
		Path: v.Header.Path, Version: v.Header.Version, Header: v.HeaderHash, Policy: policy.ID, Consumer: consumer,
		Origin: t.Origin, Reason: t.Reason, Lease: lease, BreakGlass: t.BreakGlass,
		Created: envelope.At(now), Deadline: envelope.At(now.Add(wait)), Nonce: nonce, Roster: r.Head(),
	}
	pending, signed, err := q.sign(r, policy, signer, now)
	if err != nil {
		return nil, envelope.Signed{}, fmt.Errorf("ask for %q: %w", q.Path, err)
	}
	return pending, signed, nil
}

// lease returns whole seconds, rounded up: a lease of half a second is not the
// policy's own, which 0 stands for.
func (t Terms) lease() (uint32, error) {
	seconds := (t.Lease + time.Second - 1) / time.Second
	if t.Lease < 0 || t.Lease > math.MaxUint32*time.Second {
		return 0, ErrLease
	}
	return uint32(seconds), nil
}

// sign makes the ephemeral key, and refuses what a device would refuse.
func (q *Request) sign(r *roster.Roster, p *roster.Policy, signer envelope.Signer, now time.Time) (*Pending, envelope.Signed, error) {
	ephemeral := envelope.NewKey()
	var signed envelope.Signed
	var err error
	if q.Ephemeral, err = envelope.KEMPublic(ephemeral); err == nil {
		err = q.checkConsumer(r, signer.Public())
	}
	if err == nil {
		err = q.check(r, p, now)
	}
	if err == nil {
		signed, err = envelope.Sign(envelope.TypeRequest, q, signer)
	}
	if err != nil {
		ephemeral.Wipe()
		return nil, envelope.Signed{}, err
	}
	return newPending(signed.Hash(), ephemeral), signed, nil
}

// checkConsumer wants a consumer in force with this key. A mount speaks for
// itself alone and says that it reports; nobody else does.
func (q *Request) checkConsumer(r *roster.Roster, key envelope.VerifyKey) error {
	consumer, err := r.Consumer(q.Consumer)
	if err != nil {
		return err
	}
	isMount := consumer.Kind == roster.ConsumerMount
	switch {
	case consumer.Signing != key:
		return envelope.ErrSignature
	case isMount && consumer.Mount != q.Mount || isMount != q.Origin.Reported:
		return fmt.Errorf("a mount speaks for itself alone and says that it reports: %w", ErrRequest)
	}
	return nil
}

// ReadRequest verifies that a consumer in force signed the request and that the
// policy in force for its path names that consumer, and everything else that
// can be checked without the version. Brokers call it on what hosts post;
// devices call [Reviewer.Review], which begins with it.
func ReadRequest(r *roster.Roster, s envelope.Signed, now time.Time) (*Request, *roster.Policy, error) {
	q, err := envelope.Peek[Request](s, envelope.TypeRequest)
	if err != nil {
		return nil, nil, fmt.Errorf("request: %w", err)
	}
	if q.Organisation != r.Organisation() {
		return nil, nil, fmt.Errorf("request %s: %w", q.ID, roster.ErrOrganisation)
	}
	if err := r.Accepts(q.Roster); err != nil {
		return nil, nil, fmt.Errorf("request %s: %w", q.ID, err)
	}
	consumer, err := r.Consumer(q.Consumer)
	if err != nil {
		return nil, nil, fmt.Errorf("request %s: %w", q.ID, err)
	}
	if err := s.Verify(envelope.TypeRequest, consumer.Signing); err != nil {
		return nil, nil, fmt.Errorf("request %s: %w", q.ID, err)
	}
	if err := q.checkConsumer(r, consumer.Signing); err != nil {
		return nil, nil, fmt.Errorf("request %s: %w", q.ID, err)
	}
	policy, err := r.PolicyFor(q.Path)
	if err != nil {
		return nil, nil, fmt.Errorf("request %s: %w", q.ID, err)
	}
	if err := q.check(r, policy, now); err != nil {
		return nil, nil, fmt.Errorf("request %s: %w", q.ID, err)
	}
	return &q, policy, nil
}

// check holds a request against a policy and a clock.
func (q *Request) check(r *roster.Roster, p *roster.Policy, now time.Time) error {
	if err := r.Fresh(now); err != nil {
		return err
	}
	at := envelope.At(now)
	switch {
	case q.ID.IsZero() || q.Secret.IsZero() || q.Version == 0 || q.Header.IsZero() || len(q.Ephemeral) != envelope.KEMKeySize || len(q.Nonce) != nonceSize:
		return fmt.Errorf("incomplete: %w", ErrRequest)
	case q.Policy != p.ID:
		return fmt.Errorf("names another policy than the path's: %w", ErrRequest)
	case !slices.Contains(p.Consumers, q.Consumer):
		return ErrConsumer
	case q.Created > at.Add(MaxClockSkew):
		return ErrFuture
	case q.Deadline <= at:
		return ErrExpired
	case q.Created < 0 || q.Deadline <= q.Created || q.Deadline.Sub(q.Created) > time.Duration(p.RequestTTL)*time.Second:
		return ErrDeadline
	case q.Lease > p.LeaseMax:
		return ErrLease
	case q.Origin.Entity == "" && !p.SelfApproval:
		return ErrRequesterUnknown
	case q.BreakGlass && (p.BreakGlass == nil || strings.TrimSpace(q.Reason) == ""):
		return ErrBreakGlass
	}
	return q.checkTexts()
}

// checkTexts refuses what could mislead on an approver's screen.
func (q *Request) checkTexts() error {
	texts := []string{q.Origin.Requester, q.Origin.Entity, q.Origin.Remote, q.Origin.Host, q.Origin.Executable}
	for _, t := range texts {
		if len(t) > maxOrigin || !Printable(t) {
			return fmt.Errorf("a text about the requester is too long or not printable: %w", ErrRequest)
		}
	}
	if len(q.Reason) > MaxReason || !Printable(q.Reason) {
		return fmt.Errorf("the reason must be printable and at most %d bytes: %w", MaxReason, ErrRequest)
	}
	return nil
}

// Printable says whether a text has nothing that would show as something else:
// no control, formatting, bidirectional or invisible characters.
func Printable(s string) bool { return roster.Printable(s) }

// LeaseFor returns the lease, in seconds, that an approval of the request gives
// under a policy: what was asked for, or the policy's own.
func (q *Request) LeaseFor(p *roster.Policy) uint32 {
	if q.Lease > 0 {
		return q.Lease
	}
	return p.LeaseTTL
}

// anyOf says whether one approval opens the request: then it carries the payload,
// otherwise a share.
func (q *Request) anyOf(p *roster.Policy) bool { return !q.BreakGlass && p.AnyOf() }

// counts says whether a requirement of a version is one that answers the request:
// the one for breaking the glass, or the others.
func (q *Request) counts(a secret.Access) bool { return a.BreakGlass == q.BreakGlass }
