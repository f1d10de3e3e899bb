package reshare

import (
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// DeleteGone deletes from a version the wraps that are marked as gone. One person's
// wrap for the keyring that they had may go while the one for the keyring that they
// have stays.
func (s *Shares) DeleteGone(v *secret.Version) error {
	w, err := envelope.Peek[secret.WrapSet](v.WrapSet, envelope.TypeWrapSet)
	if err != nil {
		return err
	}
	s.deleteGone(0, w.Holders, v.Wraps)
	for _, rs := range v.Reshares {
		for _, dealt := range rs.Deals {
			d, err := envelope.Peek[secret.Deal](dealt.Deal, envelope.TypeDeal)
			if err != nil {
				return err
			}
			s.deleteGone(d.Epoch, d.Holders, dealt.Wraps)
		}
	}
	return nil
}

func (s *Shares) deleteGone(epoch uint32, holders []secret.Holder, wraps []envelope.Envelope) {
	for i, h := range holders {
		if i < len(wraps) && s.isGone(epoch, Keyring{h.Approver, h.Generation}) {
			wraps[i].Bytes = nil
		}
	}
}

func (s *Shares) isGone(epoch uint32, k Keyring) bool {
	gone := func(holders []Holding) bool {
		return slices.ContainsFunc(holders, func(h Holding) bool { return h.Gone && h.keyring() == k })
	}
	if epoch == s.Epoch {
		return gone(s.Holders)
	}
	return slices.ContainsFunc(s.Former, func(f Former) bool { return f.Epoch == epoch && gone(f.Holders) })
}
