package reshare

import (
	"context"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Accuse takes back every epoch of a version from the one on into which a dealer lied,
// as the mount itself found out when it opened it. Their deals are not taken for this
// version any more, and the others are asked again. Where the shares from before are
// gone, or no quorum any more, the dealer is only noted. It does nothing where the
// accused did not deal into that epoch; it says whether it took something back.
func (o *Office) Accuse(ctx context.Context, at Place, wrapSet envelope.Hash, accused envelope.ID, epoch uint32) (did bool, err error) {
	err = o.suspect(ctx, at, wrapSet, Suspect{Approver: accused, Epoch: epoch}, func(v *secret.Version, s *Shares) (Outcome, error) {
		out, err := o.takeBack(v, at, s, epoch-1)
		if did = out.Version != nil; did && !slices.Contains(s.Liars, accused) {
			s.Liars = append(s.Liars, accused)
		}
		return out, err
	})
	return did, err
}

// Suspect notes that a host says that somebody lied when they dealt into an epoch.
// It is a word and no proof: were it believed, a host could take every re-share back,
// and bar one honest dealer after the other. People look into it; it stays noted until
// they say that they have ([Office.Acknowledge]), the epoch was taken back, or its
// shares have proven themselves. It says whether it is news.
func (o *Office) Suspect(ctx context.Context, at Place, wrapSet envelope.Hash, accused envelope.ID, epoch uint32) (news bool, err error) {
	p := Suspect{Approver: accused, Epoch: epoch, ByHost: true}
	err = o.suspect(ctx, at, wrapSet, p, func(_ *secret.Version, s *Shares) (Outcome, error) {
		news = !slices.Contains(s.Suspects, p)
		return Outcome{}, nil
	})
	return news, err
}

// suspect notes a suspect who did deal into that epoch, unless f does better.
func (o *Office) suspect(ctx context.Context, at Place, wrapSet envelope.Hash, p Suspect, f func(*secret.Version, *Shares) (Outcome, error)) error {
	return o.noted(ctx, []Place{at}, func() error {
		return o.cfg.Secrets.Change(ctx, at, func(load func() (*secret.Version, error), s *Shares) (Outcome, error) {
			if !s.has(wrapSet) {
				return Outcome{}, nil
			}
			v, err := load()
			if err != nil || !hasDealtInto(v, p) {
				return Outcome{}, err
			}
			out, err := f(v, s)
			if err != nil || out.Version != nil || slices.Contains(s.Suspects, p) {
				return out, err
			}
			s.Suspects = append(s.Suspects, p)
			return Outcome{Shares: true}, nil
		})
	})
}

// has says whether shares of a wrap set are stored.
func (s *Shares) has(wrapSet envelope.Hash) bool {
	return s.WrapSet == wrapSet || slices.ContainsFunc(s.Former, func(f Former) bool { return f.WrapSet == wrapSet })
}

// hasDealtInto says whether a suspect is a dealer of that epoch.
func hasDealtInto(v *secret.Version, p Suspect) bool {
	return slices.ContainsFunc(v.Reshares, func(rs secret.Reshare) bool {
		return slices.ContainsFunc(rs.Deals, func(dealt secret.Dealt) bool {
			d, err := envelope.Peek[secret.Deal](dealt.Deal, envelope.TypeDeal)
			return err == nil && d.Epoch == p.Epoch && d.Dealer.Approver == p.Approver
		})
	})
}

// takeBack returns to the newest stored epoch up to a number, if its shares still are
// a quorum.
func (o *Office) takeBack(v *secret.Version, at Place, s *Shares, upTo uint32) (Outcome, error) {
	n := len(s.Former) - 1
	for ; n >= 0 && s.Former[n].Epoch > upTo; n-- {
	}
	if n < 0 {
		return Outcome{}, nil
	}
	before := s.Former[n]
	for range len(s.Former) - n {
		if !v.Abandon() {
			return Outcome{}, nil
		}
	}
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
	for s.WrapSet != before.WrapSet && s.abandon() {
	}
	return Outcome{Version: v, Shares: true}, nil
}
