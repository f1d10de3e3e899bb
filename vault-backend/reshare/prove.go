package reshare

import (
	"context"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Prove notes that these people's shares of a wrap set opened a version together.
// Once enough shares of the newest epoch are proven, the wraps of those before are
// deleted. What is said of another wrap set than the newest changes nothing.
func (o *Office) Prove(ctx context.Context, at Place, wrapSet envelope.Hash, approvers []envelope.ID) error {
	if err := o.cfg.Secrets.Load(ctx); err != nil {
		return err
	}
	if !o.unproven(at, wrapSet) {
		return nil
	}
	return o.cfg.Secrets.Change(ctx, at, func(load func() (*secret.Version, error), s *Shares) (Outcome, error) {
		if s.WrapSet != wrapSet {
			return Outcome{}, nil
		}
		changed, enough := s.prove(approvers), false
		err := o.cfg.Roster(func(r *roster.Roster) error {
			enough = NewAppraiser(r).forgettable(at.Path, s)
			return nil
		})
		if err != nil || !enough {
			return Outcome{Shares: changed && err == nil}, err
		}
		v, err := load()
		if err != nil {
			return Outcome{}, err
		}
		s.forget()
		if !v.Forget() {
			v = nil
		}
		return Outcome{Version: v, Shares: true}, nil
	})
}

// unproven says whether there is anything to prove: most reads are of versions that
// were never shared anew, and must not cost a write.
func (o *Office) unproven(at Place, wrapSet envelope.Hash) bool {
	return slices.ContainsFunc(o.cfg.Secrets.Of(at.Path), func(v Stock) bool {
		return v.Version == at.Version && v.Shares.HoldsFormer() && v.Shares.WrapSet == wrapSet
	})
}
