package secret

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// WrapSet is all shares of a version's root as its author made them, at epoch 0.
// What takes its place later are deals ([Deal]).
type WrapSet struct {
	Header  envelope.Hash `json:"header"`
	Access  []Access      `json:"access"`
	Holders []Holder      `json:"holders"` // by requirement, then x
	Roster  roster.Head   `json:"roster"`
}

// Holder is one approver's share, or a piece of it. Wrap is the hash of what was
// HPKE-sealed to the KEM key of a generation of their keyring; the sealed bytes
// stand beside what is signed ([Version], [Dealt]), so that those of somebody who
// was removed can be deleted. Commitment is salted, and anyone who is given the
// share can tell by it that it is the right one; it is a hash rather than a group
// element, so that it hides the share from a quantum computer too.
type Holder struct {
	Seat
	Wrap       envelope.Hash `json:"wrap"` // SHA-256 of the sealed share (32) ‖ salt (32)
	Commitment envelope.Hash `json:"commitment"`
}

// sharing holds an author's wrap set against the header and the policy it was
// made under, and returns how the root is shared at epoch 0.
func (w *WrapSet) sharing(h *Header, header, hash envelope.Hash, p *roster.Policy, wraps []envelope.Envelope) (*sharing, error) {
	if w.Header != header || w.Roster != h.Roster {
		return nil, fmt.Errorf("of another version: %w", ErrWrapSet)
	}
	if !slices.Equal(w.Access, accessOf(p)) {
		return nil, fmt.Errorf("not the policy's requirements: %w", ErrWrapSet)
	}
	s := &sharing{hash: hash, access: w.Access, seats: seatsOf(w.Holders), dealings: []dealing{{holders: w.Holders, wraps: wraps}}, seen: h.Roster.Seq}
	if err := checkSeats(s.access, s.seats); err != nil {
		return nil, err
	}
	return s, checkWraps(w.Holders, wraps)
}

func seatsOf(holders []Holder) []Seat {
	seats := make([]Seat, len(holders))
	for i := range holders {
		seats[i] = holders[i].Seat
	}
	return seats
}

// checkWraps holds sealed shares against what was signed: in the order of the
// holders, each the one that was signed or deleted.
func checkWraps(holders []Holder, wraps []envelope.Envelope) error {
	if len(wraps) != len(holders) {
		return fmt.Errorf("%d sealed shares for %d holders: %w", len(wraps), len(holders), ErrWrapSet)
	}
	for i, wrap := range wraps {
		if wrap.Suite != envelope.Suite1 || len(wrap.Bytes) > 0 && envelope.SumHash(wrap.Bytes) != holders[i].Wrap {
			return fmt.Errorf("share %d of requirement %d: %w", holders[i].X, holders[i].Requirement, ErrWrapSet)
		}
	}
	return nil
}
