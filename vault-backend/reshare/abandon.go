package reshare

import (
	"context"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Abandon takes back the newest epoch of every version under a policy that is not
// proven yet, where the shares from before still are a quorum, and returns how many
// versions that were. They are asked for again.
func (o *Office) Abandon(ctx context.Context, policy envelope.ID) (int, error) {
	places, err := o.which(ctx, policy, (*Shares).HoldsFormer)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, at := range places {
		did, err := o.abandon(ctx, at)
		if err != nil {
			return n, err
		}
		if did {
			n++
		}
	}
	return n, o.Settle(ctx)
}

func (o *Office) abandon(ctx context.Context, at Place) (did bool, err error) {
	err = o.noted(ctx, []Place{at}, func() error {
		return o.cfg.Secrets.Change(ctx, at, func(load func() (*secret.Version, error), s *Shares) (Outcome, error) {
			if !s.HoldsFormer() {
				return Outcome{}, nil
			}
			v, err := load()
			if err != nil {
				return Outcome{}, err
			}
			out, err := o.takeBack(v, at, s, s.Former[len(s.Former)-1].Epoch)
			did = out.Version != nil
			return out, err
		})
	})
	return did, err
}

// Acknowledge forgets who is suspected of having lied under a policy, and returns of
// how many versions somebody was. What is said anew is noted anew.
func (o *Office) Acknowledge(ctx context.Context, policy envelope.ID) (int, error) {
	places, err := o.which(ctx, policy, func(s *Shares) bool { return len(s.Suspects) > 0 })
	if err != nil {
		return 0, err
	}
	for _, at := range places {
		err := o.cfg.Secrets.Change(ctx, at, func(_ func() (*secret.Version, error), s *Shares) (Outcome, error) {
			s.Suspects = []Suspect{}
			return Outcome{Shares: true}, nil
		})
		if err != nil {
			return 0, err
		}
	}
	return len(places), nil
}

// which returns the versions under a policy whose shares are such.
func (o *Office) which(ctx context.Context, policy envelope.ID, such func(*Shares) bool) (places []Place, err error) {
	if err := o.cfg.Secrets.Load(ctx); err != nil {
		return nil, err
	}
	err = o.cfg.Roster(func(r *roster.Roster) error {
		a := NewAppraiser(r)
		o.cfg.Secrets.Each(func(path string, all []Stock) {
			if p := a.Policy(path); p == nil || p.ID != policy {
				return
			}
			for _, v := range all {
				if such(v.Shares) {
					places = append(places, Place{path, v.Version})
				}
			}
		})
		return nil
	})
	return places, err
}
