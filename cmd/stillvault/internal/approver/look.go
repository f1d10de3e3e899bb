package approver

import (
	"context"
	"fmt"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/home"
)

// Listed is a request that waits and passed review.
type Listed struct {
	Case  *approval.Case
	Muted bool
}

// Look lists what waits for the approver, oldest first, and asks nobody. What is
// refused is said on Out.
func (s *Session) Look(ctx context.Context) ([]Listed, error) {
	s.begin()
	if err := s.list(ctx); err != nil {
		return nil, err
	}
	all := make([]Listed, len(s.open))
	for i, w := range s.open {
		all[i] = Listed{w.c, s.muted(w)}
	}
	return all, nil
}

// list waits for one complete listing.
func (s *Session) list(ctx context.Context) error {
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	s.schedule(question{}, 0)
	for !s.listed {
		if _, err := s.await(running, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// Deny denies the request with an id, asking nobody: the device alone signs it.
// report says that the request was not right.
func (s *Session) Deny(ctx context.Context, id envelope.ID, reason string, report bool) error {
	s.begin()
	if err := s.sendUnsent(ctx); err != nil {
		return err
	}
	if err := s.list(ctx); err != nil {
		return err
	}
	for _, w := range s.open {
		if w.c.Request.ID == id {
			return s.denyUnasked(ctx, w, reason, report)
		}
	}
	return fmt.Errorf("request %s: %w", id, ErrNoRequest)
}

func (s *Session) denyUnasked(ctx context.Context, w *waiting, reason string, report bool) error {
	signer := s.Device.Keys.Signer()
	defer signer.Wipe()
	now := s.Clock.Now()
	release, err := s.Device.Memory.Decide(w.c.Hash, w.item.Request, w.c.Request.Deadline.Time(), now,
		func(l approval.Ledger) (approval.Release, error) { return w.c.Deny(reason, report, signer, l, now) })
	if err != nil {
		return err
	}
	state, err := s.send(ctx, home.Unsent{Release: release, Request: w.item.Request})
	if err != nil {
		return err
	}
	s.say("%s The request is %s.", denied(report), state)
	return nil
}
