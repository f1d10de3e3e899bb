package secret

import (
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// WrapSet is all shares of a version's root at one epoch. Epoch 0 is the
// author's; a later one is signed by the approvers who redistributed the shares.
type WrapSet struct {
	Header   envelope.Hash `json:"header"`
	Epoch    uint32        `json:"epoch"`
	Previous envelope.Hash `json:"previous"` // wrap set of the epoch before, zero at epoch 0
	Access   []Access      `json:"access"`
	Dealers  []Dealer      `json:"dealers"` // whose shares were redistributed, none at epoch 0
	Holders  []Holder      `json:"holders"` // by requirement, then x
	Roster   roster.Head   `json:"roster"`
}

// Access is a requirement as the shares enforce it: any m of its holders.
type Access struct {
	Name string `json:"name"`
	M    uint32 `json:"m"`
}

// Dealer is a holder of the epoch before whose share was redistributed.
type Dealer struct {
	Requirement uint32      `json:"requirement"`
	X           uint32      `json:"x"`
	Approver    envelope.ID `json:"approver"`
}

// Holder is one approver's share. Wrap is the hash of the share HPKE-sealed to
// the KEM key of a generation of their keyring; the sealed bytes stand beside
// the signed wrap set ([Version]), so that those of somebody who was removed can
// be deleted. Commitment is salted, and anyone who is given the share can tell
// by it that it is the right one; it is a hash rather than a group element, so
// that it hides the share from a quantum computer too.
type Holder struct {
	Requirement uint32        `json:"requirement"` // index into Access
	X           uint32        `json:"x"`           // from 1, distinct within the requirement
	Approver    envelope.ID   `json:"approver"`
	Generation  uint32        `json:"generation"`
	Wrap        envelope.Hash `json:"wrap"` // SHA-256 of the sealed share (32) ‖ salt (32)
	Commitment  envelope.Hash `json:"commitment"`
}

func (w *WrapSet) wrapContext(h *Header, holder *Holder) envelope.Context {
	ctx := w.shareContext(h, holder, envelope.PurposeShare)
	ctx.Recipient, ctx.Generation = holder.Approver, holder.Generation
	return ctx
}

func (w *WrapSet) shareContext(h *Header, holder *Holder, p envelope.Purpose) envelope.Context {
	ctx := h.context(p)
	ctx.Epoch, ctx.Requirement, ctx.X = w.Epoch, holder.Requirement, holder.X
	return ctx
}

func (w *WrapSet) commitShare(h *Header, holder *Holder, s *Share) (envelope.Hash, error) {
	ctx, err := w.shareContext(h, holder, envelope.PurposeShareCommitment).Encode()
	if err != nil {
		return envelope.Hash{}, err
	}
	return envelope.SumHash(ctx, s.salt.Bytes(), s.value.Bytes()), nil
}

// check holds the wrap set against the header and the policy it was made under:
// the policy's requirements with the policy's numbers, every share at its own x,
// every person once, and enough of them. A duplicate or zero x would make the
// interpolation fail or, worse, count one person twice.
func (w *WrapSet) check(h *Header, headerHash envelope.Hash, p *roster.Policy) error {
	if w.Header != headerHash || w.Roster != h.Roster {
		return fmt.Errorf("of another version: %w", ErrWrapSet)
	}
	if w.Epoch != 0 || !w.Previous.IsZero() || len(w.Dealers) != 0 {
		return fmt.Errorf("epoch %d: %w", w.Epoch, ErrEpoch)
	}
	if !w.enforces(p) {
		return fmt.Errorf("not the policy's requirements: %w", ErrWrapSet)
	}
	people := map[envelope.ID]bool{}
	count := make([]uint32, len(w.Access))
	for i, holder := range w.Holders {
		if i > 0 && holder.Requirement < w.Holders[i-1].Requirement || int(holder.Requirement) >= len(w.Access) {
			return fmt.Errorf("holders out of order: %w", ErrWrapSet)
		}
		count[holder.Requirement]++
		if holder.X != count[holder.Requirement] || people[holder.Approver] || holder.Approver.IsZero() || holder.Generation == 0 {
			return fmt.Errorf("a share or a person stands twice: %w", ErrWrapSet)
		}
		people[holder.Approver] = true
	}
	for i, access := range w.Access {
		if count[i] < access.M {
			return fmt.Errorf("requirement %q has too few shares: %w", access.Name, ErrWrapSet)
		}
	}
	return nil
}

// checkWraps holds the sealed shares against the wrap set: in the order of its
// holders, each the one that was signed or deleted.
func (w *WrapSet) checkWraps(wraps []envelope.Envelope) error {
	if len(wraps) != len(w.Holders) {
		return fmt.Errorf("%d sealed shares for %d holders: %w", len(wraps), len(w.Holders), ErrWrapSet)
	}
	for i, wrap := range wraps {
		if wrap.Suite != envelope.Suite1 || len(wrap.Bytes) > 0 && envelope.SumHash(wrap.Bytes) != w.Holders[i].Wrap {
			return fmt.Errorf("share %d of requirement %d: %w", w.Holders[i].X, w.Holders[i].Requirement, ErrWrapSet)
		}
	}
	return nil
}

// enforces says whether the shares demand exactly what a policy's requirements do.
func (w *WrapSet) enforces(p *roster.Policy) bool {
	if len(w.Access) != len(p.Requirements) {
		return false
	}
	for i, q := range p.Requirements {
		if w.Access[i] != (Access{Name: q.Name, M: q.M}) {
			return false
		}
	}
	return true
}
