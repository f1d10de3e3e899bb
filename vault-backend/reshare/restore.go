package reshare

import (
	"context"
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
)

// restore reads what an earlier process left, once, and finishes what it was doing,
// and what this one failed to finish.
func (o *Office) restore(ctx context.Context) error {
	o.mu.Lock()
	restored := o.restored
	o.mu.Unlock()
	if restored {
		if err := o.repairUndone(ctx); err != nil {
			return fmt.Errorf("finish what was done to shares: %w", err)
		}
		return nil
	}
	if err := o.repairAll(ctx); err != nil {
		return fmt.Errorf("finish what was done to shares: %w", err)
	}
	requests, err := o.cfg.Store.List(ctx, requestFolder)
	if err != nil {
		return fmt.Errorf("list re-shares: %w", err)
	}
	for _, name := range requests {
		raw, err := o.cfg.Store.Get(ctx, requestFolder+name)
		if err != nil {
			return fmt.Errorf("read a re-share: %w", err)
		}
		if raw == nil {
			continue
		}
		q, err := envelope.Decode[asked](raw)
		if err != nil {
			return fmt.Errorf("re-share %.8s: %w", name, err)
		}
		o.mu.Lock()
		o.asked[q.Request.Hash()] = &q
		o.mu.Unlock()
	}
	if err := o.restoreDeals(ctx, dealFolder); err != nil {
		return err
	}
	o.mu.Lock()
	o.restored = true
	o.mu.Unlock()
	return nil
}

func (o *Office) restoreDeals(ctx context.Context, folder string) error {
	names, err := o.cfg.Store.List(ctx, folder)
	if err != nil {
		return fmt.Errorf("list deals in waiting: %w", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "/") {
			if err := o.restoreDeals(ctx, folder+name); err != nil {
				return err
			}
			continue
		}
		w, err := o.loadDeal(ctx, folder+name)
		if err != nil {
			return err
		}
		if w != nil {
			o.mu.Lock()
			o.addDeal(w.Dealt.Deal.Hash(), w)
			o.mu.Unlock()
		}
	}
	return nil
}
