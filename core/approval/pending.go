package approval

import (
	"fmt"
	"io"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Pending is a consumer's side of a request that waits: the private half of its
// ephemeral key, and the shares that came in so far. It prints as redacted; its
// owner wipes it when the request ends, and from then on nothing that was ever
// sealed for the request can be opened by anyone.
type Pending struct {
	hash      envelope.Hash
	ephemeral *envelope.Key
	shares    []*secret.Share
	answered  map[envelope.ID]bool
}

func newPending(hash envelope.Hash, ephemeral *envelope.Key) *Pending {
	return &Pending{hash: hash, ephemeral: ephemeral}
}

// Hash returns the hash of the signed request.
func (p *Pending) Hash() envelope.Hash { return p.hash }

// Wipe drops the ephemeral key and every share.
func (p *Pending) Wipe() {
	if p == nil {
		return
	}
	p.ephemeral.Wipe()
	for _, s := range p.shares {
		s.Wipe()
	}
	p.shares = nil
}

// Format prints "[redacted]" for every verb.
func (Pending) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// Outcome is what a release came to. Value is set when the policy is met; its
// owner wipes it.
type Outcome struct {
	Receipt Receipt
	Value   *secret.Value
}

// Accept takes one release. It verifies it under the consumer's own roster: by
// a principal and device in force now, for exactly this request and version,
// before the deadline, once a person. A denial is [ErrDenied], with the outcome
// saying by whom and why. A share that is not the one committed to is
// [secret.ErrShare], and the receipt says whose. While Value is nil and there is
// no error, more releases are needed.
func (p *Pending) Accept(r *roster.Roster, q *Request, v *secret.Verified, rel Release, now time.Time) (Outcome, error) {
	rec, err := ReadReceipt(r, rel.Receipt)
	if err != nil {
		return Outcome{}, fmt.Errorf("release: %w", err)
	}
	out := Outcome{Receipt: *rec}
	if err := p.check(r, q, v, rec, now); err != nil {
		return out, fmt.Errorf("release by %s: %w", rec.Approver, err)
	}
	if rec.Decision == Deny {
		return out, fmt.Errorf("%q: %w", rec.Reason, ErrDenied)
	}
	if rec.Decision == Consent {
		return out, nil
	}
	if rel.Blob == nil || envelope.SumHash(rel.Blob.Bytes) != rec.Blob {
		return out, fmt.Errorf("release by %s: not what was signed: %w", rec.Approver, ErrRelease)
	}
	opened, err := envelope.OpenWith(p.ephemeral, releaseContext(q, rec), *rel.Blob)
	if err != nil {
		return out, fmt.Errorf("release by %s: %w", rec.Approver, err)
	}
	defer envelope.Wipe(opened)
	out.Value, err = p.take(v, rec, opened)
	if err != nil {
		return out, fmt.Errorf("release by %s: %w", rec.Approver, err)
	}
	if p.answered == nil {
		p.answered = map[envelope.ID]bool{}
	}
	p.answered[rec.Approver] = true
	return out, nil
}

// check holds a receipt against the request, today's roster and the clock.
func (p *Pending) check(r *roster.Roster, q *Request, v *secret.Verified, rec *Receipt, now time.Time) error {
	if rec.Request != p.hash || rec.Mount != q.Mount || rec.RequestID != q.ID || v.HeaderHash != q.Header {
		return ErrRelease
	}
	if err := r.Fresh(now); err != nil {
		return err
	}
	at := envelope.At(now)
	if at >= q.Deadline || rec.Time >= q.Deadline {
		return ErrExpired
	}
	if rec.Time > at.Add(MaxClockSkew) || rec.Time < q.Created.Add(-MaxClockSkew) {
		return fmt.Errorf("decided at another time: %w", ErrFuture)
	}
	a, _, requirement, err := seat(r, v.Policy, v, rec.Approver, rec.Device)
	if err != nil {
		return err
	}
	if rec.Generation != a.Generation {
		return ErrDevice
	}
	if rec.Decision == Deny {
		return nil
	}
	switch {
	case p.answered[rec.Approver]:
		return ErrDecided
	case a.IsEntity(q.Origin.Entity) && !v.Policy.SelfApproval:
		return ErrSelfApproval
	case rec.Lease > v.Policy.LeaseMax:
		return ErrLease
	case rec.Decision == Approve && (rec.Form == FormPayload) != v.Policy.AnyOf(), rec.Form == FormShare && rec.Requirement != requirement:
		return fmt.Errorf("of the wrong form: %w", ErrRelease)
	}
	return nil
}

// take keeps a share, or opens the payload once there are enough of them.
func (p *Pending) take(v *secret.Verified, rec *Receipt, opened []byte) (*secret.Value, error) {
	if rec.Form == FormPayload {
		return v.ReadPayload(opened)
	}
	holder, err := v.Holder(rec.Approver)
	if err != nil {
		return nil, err
	}
	if holder.X != rec.X {
		return nil, secret.ErrShare
	}
	share, err := v.ReadShare(opened, holder)
	if err != nil {
		return nil, err
	}
	p.shares = append(p.shares, share)
	if len(p.Missing(v)) > 0 {
		return nil, nil
	}
	plaintext, err := v.Combine(p.shares)
	if err != nil {
		return nil, err
	}
	defer envelope.Wipe(plaintext)
	return v.ReadPayload(plaintext)
}

// Need is how many more people a requirement waits for.
type Need struct {
	Requirement string `json:"requirement"`
	Have        uint32 `json:"have"`
	Want        uint32 `json:"want"`
}

// Missing returns the requirements that are not met by the shares so far.
func (p *Pending) Missing(v *secret.Verified) []Need {
	var missing []Need
	for i, a := range v.WrapSet.Access {
		var have uint32
		for _, s := range p.shares {
			if int(s.Requirement) == i {
				have++
			}
		}
		if have < a.M {
			missing = append(missing, Need{Requirement: a.Name, Have: have, Want: a.M})
		}
	}
	return missing
}
