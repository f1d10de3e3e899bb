package reshare

import (
	"context"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Prove notes that these people's shares of a wrap set opened a version together.
// Once every share of the newest epoch is proven, the wraps of those before are
// deleted. What is said of another wrap set than the newest changes nothing.
func (o *Office) Prove(ctx context.Context, at Place, wrapSet envelope.Hash, approvers []envelope.ID) error {
	if err := o.cfg.Secrets.Load(ctx); err != nil {
		return err
	}
	if !o.unproven(at, wrapSet) {
		return nil
	}
	return o.cfg.Secrets.Change(ctx, at, func(load func() (*secret.Version, error), s *Shares) (Outcome, error) {
		if s.WrapSet != wrapSet || !s.prove(approvers) {
			return Outcome{}, nil
		}
		if !s.forgettable() {
			return Outcome{Shares: true}, nil
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

// Accuse takes a version's newest epoch back because one of its dealers was found to
// have lied. Their deals are not taken for this version any more, and the others are
// asked again. It does nothing where the accused did not deal, or where the shares
// from before are no quorum any more; it says whether it did anything.
func (o *Office) Accuse(ctx context.Context, at Place, wrapSet envelope.Hash, accused envelope.ID) (bool, error) {
	return o.abandon(ctx, at, func(v *secret.Version, s *Shares) bool {
		if s.WrapSet != wrapSet || !slices.Contains(dealersOf(v), accused) {
			return false
		}
		if !slices.Contains(s.Liars, accused) {
			s.Liars = append(s.Liars, accused)
		}
		return true
	})
}

// Abandon takes back the newest epoch of every version under a policy that is not
// proven yet, where the shares from before still are a quorum, and returns how many
// versions that were. They are asked for again.
func (o *Office) Abandon(ctx context.Context, policy envelope.ID) (int, error) {
	if err := o.cfg.Secrets.Load(ctx); err != nil {
		return 0, err
	}
	var places []Place
	err := o.cfg.Roster(func(r *roster.Roster) error {
		a := NewAppraiser(r)
		o.cfg.Secrets.Each(func(path string, all []Stock) {
			if p := a.Policy(path); p == nil || p.ID != policy {
				return
			}
			for _, v := range all {
				if v.Shares.HoldsFormer() {
					places = append(places, Place{path, v.Version})
				}
			}
		})
		return nil
	})
	if err != nil {
		return 0, err
	}
	n := 0
	for _, at := range places {
		did, err := o.abandon(ctx, at, func(*secret.Version, *Shares) bool { return true })
		if err != nil {
			return n, err
		}
		if did {
			n++
		}
	}
	return n, o.Settle(ctx)
}

// abandon takes a version's newest epoch back if it should be.
func (o *Office) abandon(ctx context.Context, at Place, should func(*secret.Version, *Shares) bool) (did bool, err error) {
	err = o.noted(ctx, []Place{at}, func() error {
		return o.cfg.Secrets.Change(ctx, at, func(load func() (*secret.Version, error), s *Shares) (Outcome, error) {
			if !s.HoldsFormer() {
				return Outcome{}, nil
			}
			v, err := load()
			if err != nil || !should(v, s) {
				return Outcome{}, err
			}
			out, err := o.takeBack(v, at, s)
			did = out.Version != nil
			return out, err
		})
	})
	return did, err
}

// takeBack returns to the epoch before, if its shares still are a quorum.
func (o *Office) takeBack(v *secret.Version, at Place, s *Shares) (Outcome, error) {
	if len(s.Former) == 0 || !v.Abandon() {
		return Outcome{}, nil
	}
	before := s.Former[len(s.Former)-1]
	able := false
	err := o.cfg.Roster(func(r *roster.Roster) error {
		verified, err := v.VerifyHistory(r, o.cfg.Mount, at.Path)
		if err != nil {
			return err
		}
		able = verified.WrapSet == before.WrapSet && enough(before.Access, counted(before.Access, before.Holders, func(h Holding) bool {
			_, err := verified.MayDeal(r, h.Approver)
			return err == nil
		}))
		return nil
	})
	if err != nil || !able {
		return Outcome{}, err
	}
	s.abandon()
	return Outcome{Version: v, Shares: true}, nil
}
