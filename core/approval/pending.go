package approval

import (
	"fmt"
	"io"
	"slices"
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
	opener    *envelope.Opener // while held
	wrapSet   envelope.Hash    // that the shares are of
	shares    []*secret.Share
	answered  map[envelope.ID]bool
}

func newPending(hash envelope.Hash, ephemeral *envelope.Key) *Pending {
	return &Pending{hash: hash, ephemeral: ephemeral}
}

// Hash returns the hash of the signed request.
func (p *Pending) Hash() envelope.Hash { return p.hash }

// Hold lets what follows expand the request's key only once, until release is
// called: for whoever accepts several releases that came together. It is not for
// waiting, since the expanded key is large and cannot be wiped, and does not nest.
func (p *Pending) Hold() (release func()) {
	p.opener = envelope.NewOpener(p.ephemeral)
	return func() { p.opener = nil }
}

// openWith opens what was sealed to the request's key.
func (p *Pending) openWith(ctx envelope.Context, e envelope.Envelope) ([]byte, error) {
	if p.opener != nil {
		return p.opener.Open(ctx, e)
	}
	return envelope.OpenWith(p.ephemeral, ctx, e)
}

// Wipe drops the ephemeral key and every share.
func (p *Pending) Wipe() {
	if p == nil {
		return
	}
	p.ephemeral.Wipe()
	p.opener = nil
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
// [secret.ErrShare], and the receipt says whose; a dealer who re-shared something
// else than their share is named by a [secret.DealerError]. While Value is nil and there is
// no error, more releases are needed.
func (p *Pending) Accept(r *roster.Roster, q *Request, v *secret.Verified, rel Release, now time.Time) (Outcome, error) {
	w, err := Vet(r, q, p.hash, v, rel, now)
	if w == nil {
		return Outcome{}, err
	}
	out := Outcome{Receipt: w.Receipt}
	switch {
	case err != nil:
		return out, err
	case w.Receipt.Decision == Deny:
		return out, fmt.Errorf("%q: %w", w.Receipt.Reason, ErrDenied)
	case w.Receipt.Decision == Consent:
		return out, nil
	case p.wrapSet == v.WrapSet && p.answered[w.Receipt.Approver]:
		return out, fmt.Errorf("release by %s: %w", w.Receipt.Approver, ErrDecided)
	}
	out.Value, err = p.Open(q, v, w)
	return out, err
}

// Open opens an approval that [Vet] let pass. The value is nil while more
// approvals are needed; its owner wipes it. Opening the same approval again has
// the same result, so that a value can be handed out twice without being kept.
// A share that is not the one committed to is [secret.ErrShare].
func (p *Pending) Open(q *Request, v *secret.Verified, w *Vetted) (*secret.Value, error) {
	rec := &w.Receipt
	if rec.Decision != Approve || rec.Request != p.hash || w.blob == nil {
		return nil, fmt.Errorf("release by %s: %w", rec.Approver, ErrRelease)
	}
	p.follow(v)
	opened, err := p.openWith(releaseContext(q, v, rec), *w.blob)
	if err != nil {
		return nil, fmt.Errorf("release by %s: %w", rec.Approver, err)
	}
	defer envelope.Wipe(opened)
	value, err := p.take(q, v, rec, opened)
	if err != nil {
		return nil, fmt.Errorf("release by %s: %w", rec.Approver, err)
	}
	if p.answered == nil {
		p.answered = map[envelope.ID]bool{}
	}
	p.answered[rec.Approver] = true
	return value, nil
}

// Quorum returns the approvers whose shares open the version together, of those that
// came in: exactly as many as are needed, since of more shares than that not all have
// shown that they are right. [secret.ErrQuorum] says that they are too few yet.
func (p *Pending) Quorum(v *secret.Verified) ([]envelope.ID, error) {
	seats, err := v.Quorum(p.shares)
	if err != nil {
		return nil, err
	}
	people := make([]envelope.ID, len(seats))
	for i, seat := range seats {
		people[i] = seat.Approver
	}
	return people, nil
}

// follow drops the shares of another wrap set: where a version was re-shared while
// its people answered, theirs do not add up with those of the new one, and they are
// asked again.
func (p *Pending) follow(v *secret.Verified) {
	if p.wrapSet == v.WrapSet {
		return
	}
	for _, s := range p.shares {
		s.Wipe()
	}
	p.wrapSet, p.shares, p.answered = v.WrapSet, nil, nil
}

// take keeps a share, or opens the payload once there are enough of them.
func (p *Pending) take(q *Request, v *secret.Verified, rec *Receipt, opened []byte) (*secret.Value, error) {
	if rec.Form == FormPayload {
		return v.ReadPayload(opened)
	}
	seat, err := v.Seat(rec.Approver)
	if err != nil {
		return nil, err
	}
	if seat.X != rec.X {
		return nil, secret.ErrShare
	}
	share, err := v.ReadShare(opened, seat)
	if err != nil {
		return nil, err
	}
	p.keep(share)
	if len(p.Missing(q, v)) > 0 {
		return nil, nil
	}
	plaintext, err := v.Combine(p.shares)
	if err != nil {
		return nil, err
	}
	defer envelope.Wipe(plaintext)
	return v.ReadPayload(plaintext)
}

// keep takes over a share, or wipes it if it is there already.
func (p *Pending) keep(share *secret.Share) {
	for _, s := range p.shares {
		if s.Requirement == share.Requirement && s.X == share.X {
			share.Wipe()
			return
		}
	}
	p.shares = append(p.shares, share)
}

// Missing returns the requirements that are not met by the shares so far.
func (p *Pending) Missing(q *Request, v *secret.Verified) []Need {
	missing := needs(q, v)
	for i := range missing {
		for _, s := range p.shares {
			if s.Requirement != missing[i].index {
				continue
			}
			missing[i].Have++
			for _, seat := range v.Seats {
				if seat.Requirement == s.Requirement && seat.X == s.X {
					missing[i].People = append(missing[i].People, seat.Approver)
				}
			}
		}
	}
	return slices.DeleteFunc(missing, func(n Need) bool { return n.Have >= n.Want })
}
