package secret

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Verified is a version that [Version.Verify] found to be what was asked for.
// Epoch, WrapSet (its hash), Access and Seats are those of the newest wrap set.
type Verified struct {
	Header     Header
	HeaderHash envelope.Hash
	Epoch      uint32
	WrapSet    envelope.Hash
	Access     []Access
	Seats      []Seat         // by requirement, then x
	Policy     *roster.Policy // in force for the path now
	sharing    *sharing
	payload    envelope.Envelope
}

// Verify checks a version against the reader's own roster: that it is the
// mount's, at this path, written by an author whom the policy then in force
// named, that its shares are those that the author made under that policy, and
// that today's policy demands the same. A broker that shows another version,
// policy or wrap set is found here or, for an old version, by [Seen.Check].
func (v *Version) Verify(r *roster.Roster, mount envelope.ID, path string) (*Verified, error) {
	verified, err := v.VerifyHistory(r, mount, path)
	if err != nil {
		return nil, err
	}
	if verified.Policy, err = verified.PolicyNow(r); err != nil {
		return nil, fmt.Errorf("verify %q: %w", path, err)
	}
	return verified, nil
}

// PolicyNow returns the policy that a roster has in force for the version's
// path, [ErrStale] if the version's shares do not enforce it. What was verified
// a while ago is asked again where it matters: the roster may have grown.
func (v *Verified) PolicyNow(r *roster.Roster) (*roster.Policy, error) {
	p, err := r.PolicyFor(v.Header.Path)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(v.Access, accessOf(p)) {
		return nil, ErrStale
	}
	return p, nil
}

// VerifyHistory checks a version as [Version.Verify] does but for today's
// policy, for whoever only wants to know that it is genuine.
func (v *Version) VerifyHistory(r *roster.Roster, mount envelope.ID, path string) (*Verified, error) {
	h, policy, err := verifyHeader(v.Header, r, mount, path, r.ConsumerAt)
	if err != nil {
		return nil, fmt.Errorf("verify %q: %w", path, err)
	}
	author, err := r.ConsumerAt(h.Author, h.Roster)
	if err != nil {
		return nil, fmt.Errorf("verify %q: %w", path, err)
	}
	w, err := envelope.OpenSigned[WrapSet](v.WrapSet, envelope.TypeWrapSet, author.Signing)
	if err != nil {
		return nil, fmt.Errorf("verify wrap set of %q: %w", path, err)
	}
	hash := v.Header.Hash()
	shared, err := w.sharing(h, hash, v.WrapSet.Hash(), policy, v.Wraps)
	if err != nil {
		return nil, fmt.Errorf("verify wrap set of %q: %w", path, err)
	}
	for i := range v.Reshares {
		if shared, err = shared.next(r, h, hash, &v.Reshares[i]); err != nil {
			return nil, fmt.Errorf("verify re-share %d of %q: %w", i+1, path, err)
		}
	}
	return &Verified{
		Header: *h, HeaderHash: hash, Epoch: shared.epoch, WrapSet: shared.hash, Access: shared.access, Seats: shared.seats,
		sharing: shared, payload: v.Payload,
	}, nil
}

// verifyHeader returns a header and the policy that it was sealed under. authorAt
// finds its author at a head, or says why nobody is believed under that id.
func verifyHeader(s envelope.Signed, r *roster.Roster, mount envelope.ID, path string,
	authorAt func(envelope.ID, roster.Head) (*roster.Consumer, error),
) (*Header, *roster.Policy, error) {
	h, err := envelope.Peek[Header](s, envelope.TypeHeader)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case h.Suite != envelope.Suite1:
		return nil, nil, fmt.Errorf("suite %d: %w", h.Suite, envelope.ErrSuite)
	case h.Organisation != r.Organisation():
		return nil, nil, roster.ErrOrganisation
	case h.Mount != mount || h.Path != path:
		return nil, nil, fmt.Errorf("of another mount or path: %w", ErrHeader)
	case h.Secret.IsZero() || h.Version == 0 || (h.Version == 1) != h.Previous.IsZero():
		return nil, nil, fmt.Errorf("incomplete: %w", ErrHeader)
	}
	if err := r.Accepts(h.Roster); err != nil {
		return nil, nil, err
	}
	author, err := authorAt(h.Author, h.Roster)
	if err != nil {
		return nil, nil, err
	}
	if err := s.Verify(envelope.TypeHeader, author.Signing); err != nil {
		return nil, nil, err
	}
	policy, err := r.PolicyAt(path, h.Roster)
	if err != nil {
		return nil, nil, err
	}
	hash, err := policy.Hash()
	if err != nil {
		return nil, nil, err
	}
	if policy.ID != h.Policy || hash != h.PolicyHash {
		return nil, nil, ErrPolicy
	}
	if !mayWrite(policy, author, mount) {
		return nil, nil, fmt.Errorf("author %q, policy %q: %w", author.Name, policy.Name, ErrAuthor)
	}
	return &h, policy, nil
}
