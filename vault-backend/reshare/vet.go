package reshare

import (
	"context"
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func evidenceOf(q *asked, a approval.ReshareAnswer) approval.Evidence {
	return approval.Evidence{Receipt: a.Receipt, Request: q.Request, Reshared: a.Reshared}
}

// authentic checks that an approver's device signed an answer's receipt, which is all
// that can be said of it without looking at what is stored: whoever has no such device
// causes no work.
func (o *Office) authentic(a approval.ReshareAnswer) error {
	return o.cfg.Roster(func(r *roster.Roster) error {
		rec, err := approval.ReadReceipt(r, a.Receipt)
		if err == nil && rec.Decision != approval.Reshare {
			err = fmt.Errorf("receipt of request %s: %w", rec.RequestID, approval.ErrReshare)
		}
		if err != nil {
			return fmt.Errorf("re-share: %w", err)
		}
		return nil
	})
}

// vet verifies an answer and holds what it says that it dealt against what is stored.
// One that is authentic and does not count is recorded as refused, so that the device's
// chain of receipts has no gap.
func (o *Office) vet(ctx context.Context, a approval.ReshareAnswer) (*asked, *approval.Receipt, error) {
	// Only to find the request: the receipt is read properly with it.
	about, err := envelope.Peek[approval.Receipt](a.Receipt, envelope.TypeReceipt)
	if err != nil {
		return nil, nil, fmt.Errorf("re-share: %w", err)
	}
	o.mu.Lock()
	q := o.asked[about.Request]
	o.mu.Unlock()
	if q == nil {
		return nil, nil, fmt.Errorf("re-share %s: %w", about.RequestID, ErrUnknown)
	}
	var rec *approval.Receipt
	var refused, forged error
	err = o.cfg.Roster(func(r *roster.Roster) error {
		if rec, refused = approval.ReadReshareAnswer(r, q.Request, a, o.cfg.Now()); refused != nil {
			_, forged = evidenceOf(q, a).Verify(r)
		} else {
			refused = o.misplaced(a.Reshared)
		}
		return nil
	})
	if err != nil || refused == nil {
		return q, rec, err
	}
	if rec != nil && forged == nil {
		if err := o.cfg.Record(ctx, evidenceOf(q, a), nameOfError(refused)); err != nil {
			return nil, nil, fmt.Errorf("record a re-share: %w", err)
		}
	}
	return nil, nil, fmt.Errorf("re-share: %w", refused)
}

// misplaced returns why a list of what was dealt is not of what is stored. That its
// deals are for the versions with these headers was checked; here, that those lie
// where it says, or else the record would name secrets that nobody dealt. What is gone
// since the page was fetched is no fault.
func (o *Office) misplaced(all []approval.Reshared) error {
	gone := map[envelope.Hash]Place{}
	for _, d := range all {
		if err := roster.CheckPath(d.Path); err != nil {
			return err
		}
		at := Place{d.Path, d.Version}
		stock := o.cfg.Secrets.Of(d.Path)
		i := slices.IndexFunc(stock, func(v Stock) bool { return v.Version == d.Version })
		if i < 0 {
			gone[d.Header] = at
		} else if stock[i].Header != d.Header {
			return wrongPlace(at)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	var err error
	o.cfg.Secrets.Each(func(_ string, stock []Stock) {
		for _, v := range stock {
			if at, is := gone[v.Header]; is && err == nil {
				err = wrongPlace(at)
			}
		}
	})
	return err
}

func wrongPlace(at Place) error {
	return fmt.Errorf("version %d of %q is not what was dealt as that: %w", at.Version, at.Path, approval.ErrReshare)
}
