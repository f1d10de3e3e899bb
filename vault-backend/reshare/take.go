package reshare

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Progress says how far somebody has come with what one request asks them for.
type Progress struct{ Done, Total int }

// errPassedOver means that a deal serves nothing any more and is none the worse for
// it: the version is gone or went on since the page was fetched.
var errPassedOver = errors.New("passed over")

// Take takes a device's answer to one page. It is verified and recorded before
// anything comes of it. Deals that serve nothing any more are passed over, and those
// that are there already too, so that the same answer twice succeeds; a deal that is
// wrong is an error, after all others were taken. [ErrUnknown] where the request is
// not known.
func (o *Office) Take(ctx context.Context, a approval.ReshareAnswer) (Progress, error) {
	if err := o.authentic(a); err != nil {
		return Progress{}, err
	}
	if err := o.Settle(ctx); err != nil {
		return Progress{}, err
	}
	q, rec, err := o.vet(ctx, a)
	if err != nil {
		return Progress{}, err
	}
	if err := o.cfg.Record(ctx, evidenceOf(q, a), ""); err != nil {
		return Progress{}, fmt.Errorf("record a re-share: %w", err)
	}
	places := make([]Place, len(a.Deals))
	for i, r := range a.Reshared {
		places[i] = Place{r.Path, r.Version}
	}
	var wrong error
	err = o.noted(ctx, places, func() error {
		for i, at := range places {
			err := o.takeOne(ctx, at, a.Reshared[i].Header, a.Deals[i])
			switch {
			case err == nil, errors.Is(err, errPassedOver):
			case isWrong(err):
				wrong = errors.Join(wrong, err)
			default:
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Progress{}, err
	}
	if err := o.Settle(ctx); err != nil {
		return Progress{}, err
	}
	return o.progress(q, rec.Approver), wrong
}

// isWrong says whether an error is the deal's own fault rather than storage's.
func isWrong(err error) bool {
	return slices.ContainsFunc([]error{
		secret.ErrDeal, secret.ErrDealer, secret.ErrNotHolder, secret.ErrWrapSet, secret.ErrFollows, secret.ErrSize,
		envelope.ErrSignature, envelope.ErrEncoding, envelope.ErrPayloadType, envelope.ErrSuite,
		roster.ErrUnknown, roster.ErrRevoked, roster.ErrForked, roster.ErrBehind, roster.ErrNoPolicy, roster.ErrCoverage, roster.ErrUnmeetable, roster.ErrPath,
	}, func(e error) bool { return errors.Is(err, e) })
}

// takeOne takes one deal: as the one that was still missing it becomes the next
// epoch together with those in waiting, otherwise it waits, too.
func (o *Office) takeOne(ctx context.Context, at Place, header envelope.Hash, dealt secret.Dealt) error {
	var composed []envelope.ID
	err := o.cfg.Secrets.Change(ctx, at, func(load func() (*secret.Version, error), s *Shares) (Outcome, error) {
		v, err := load()
		if err != nil {
			return Outcome{}, err
		}
		var out Outcome
		out, composed, err = o.deal(ctx, at, header, v, s, dealt)
		return out, err
	})
	if err != nil || composed == nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if j := o.jobs[o.under[at.Path]]; j != nil {
		j.done++
		for _, id := range composed {
			j.dealt[id]++
		}
		j.counts = nil
	}
	return nil
}

// deal holds a deal against its version, and returns what comes of it: who dealt,
// where the next epoch is complete. The path's lock is held.
func (o *Office) deal(ctx context.Context, at Place, header envelope.Hash, v *secret.Version, s *Shares, dealt secret.Dealt) (Outcome, []envelope.ID, error) {
	if v.Header.Hash() != header || holdsDeal(v, dealt) {
		return Outcome{}, nil, errPassedOver
	}
	others, err := o.dealsFor(ctx, at, s.Next)
	if err != nil {
		return Outcome{}, nil, err
	}
	var d *secret.Deal
	var next *secret.Version
	var verified *secret.Verified
	err = o.cfg.Roster(func(r *roster.Roster) error {
		before, err := v.VerifyHistory(r, o.cfg.Mount, at.Path)
		if err != nil {
			return err
		}
		if d, err = before.ReadDeal(r, dealt); err != nil {
			return overtaken(before, dealt, err)
		}
		if d.Epoch != s.Next {
			return fmt.Errorf("epoch %d of %q, the next is %d: %w", d.Epoch, at.Path, s.Next, errPassedOver)
		}
		if o.hasDealt(at, d) {
			return errPassedOver
		}
		if slices.Contains(s.Liars, d.Dealer.Approver) {
			return fmt.Errorf("deal for %q: %w", at.Path, secret.ErrDealer)
		}
		if next, err = v.Reshare(r, o.cfg.Mount, at.Path, append(others, dealt)); err != nil {
			return err
		}
		verified, err = next.VerifyHistory(r, o.cfg.Mount, at.Path)
		return err
	})
	if errors.Is(err, secret.ErrQuorum) {
		return Outcome{}, nil, o.keepDeal(ctx, at, d, dealt)
	}
	if err != nil {
		return Outcome{}, nil, err
	}
	if s.solid() {
		s.dropFormer()
		if err := s.DeleteGone(next); err != nil {
			return Outcome{}, nil, err
		}
		s.forget()
	}
	s.begin(epochOf(verified))
	return Outcome{Version: next, Shares: true}, dealersOf(next), nil
}

// overtaken tells a deal that came too late, which is of shares from before or for a
// target from before, from one that is wrong.
func overtaken(v *secret.Verified, dealt secret.Dealt, reason error) error {
	d, err := envelope.Peek[secret.Deal](dealt.Deal, envelope.TypeDeal)
	if err == nil && d.Header == v.HeaderHash && d.Previous != v.WrapSet {
		return errPassedOver
	}
	return reason
}

// holdsDeal says whether a deal is among those of a stored version.
func holdsDeal(v *secret.Version, dealt secret.Dealt) bool {
	hash := dealt.Deal.Hash()
	return slices.ContainsFunc(v.Reshares, func(rs secret.Reshare) bool {
		return slices.ContainsFunc(rs.Deals, func(d secret.Dealt) bool { return d.Deal.Hash() == hash })
	})
}

// dealersOf returns whose deals the newest epoch is made of, none at epoch 0.
func dealersOf(v *secret.Version) []envelope.ID {
	if len(v.Reshares) == 0 {
		return nil
	}
	var all []envelope.ID
	for _, dealt := range v.Reshares[len(v.Reshares)-1].Deals {
		if d, err := envelope.Peek[secret.Deal](dealt.Deal, envelope.TypeDeal); err == nil {
			all = append(all, d.Dealer.Approver)
		}
	}
	return all
}

// progress says how far somebody has come.
func (o *Office) progress(q *asked, approver envelope.ID) Progress {
	o.mu.Lock()
	defer o.mu.Unlock()
	j := o.jobs[q.Policy]
	if j == nil || j.ask != q {
		return Progress{}
	}
	if c := o.countsOf(j)[approver]; c != nil {
		return Progress{Done: c.dealt, Total: c.wanted + c.dealt}
	}
	return Progress{Done: j.dealt[approver], Total: j.dealt[approver]}
}
