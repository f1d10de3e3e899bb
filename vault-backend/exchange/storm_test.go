package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// TestManyAtOnce lets readers, hosts, approvers and administrators loose on one
// exchange and then looks whether it is still consistent, that every call ended,
// and that no reader was given anything but the value or a named error.
func TestManyAtOnce(t *testing.T) {
	s := newScene(t, 5, func(s *scene, p *roster.Policy) {
		p.Requirements[0] = coretest.Need("dba", 1, s.people[0].Person, s.people[1].Person, s.people[2].Person)
		directors := coretest.Need("directors", 2, s.people[3].Person, s.people[4].Person)
		p.BreakGlass = &directors
	})
	s.limits.Cooldown = time.Second
	var readers, others sync.WaitGroup
	over, stop := context.WithCancel(t.Context())
	for i := range 24 {
		readers.Go(func() { s.keepReading(t, i) })
	}
	for i := range 4 {
		h := s.hostAsks(func(terms *approval.Terms) { terms.Reason = fmt.Sprint(i) })
		readers.Go(func() { s.keepPosting(t, h) })
	}
	for _, p := range s.people {
		others.Go(func() { p.keepAnswering(over) })
	}
	others.Go(func() { s.keepChanging(over) })
	readers.Wait()
	stop()
	others.Wait()
	s.eventually("everybody has gone", func() bool {
		st := s.x.Stats()
		return st.WaitingReaders == 0 && st.WaitingDevices == 0
	})
	s.Must(s.x.Check())
	s.x.Drain(false)
	s.clock.advance(time.Hour)
	if st := s.x.Stats(); st.Pending+st.Held+st.Kept != 0 {
		t.Fatalf("%d wait, %d are held, %d kept", st.Pending, st.Held, st.Kept)
	}
}

// named are the errors that a reader may be given.
var named = []error{
	exchange.ErrWaiting, exchange.ErrDraining, exchange.ErrCap, exchange.ErrDeniedRecently, exchange.ErrCancelled, exchange.ErrOpen,
	exchange.ErrReported,
	approval.ErrDenied, approval.ErrExpired, approval.ErrConsumer, exchange.ErrHostConsumersOnly, context.Canceled, context.DeadlineExceeded,
}

func isNamed(err error) bool {
	for _, n := range named {
		if errors.Is(err, n) {
			return true
		}
	}
	return false
}

func (s *scene) keepReading(t *testing.T, i int) {
	a := ask()
	a.Requester.Entity = fmt.Sprintf("entity-reader-%d", i%6)
	for range 60 {
		a.Reason, a.Wait = fmt.Sprint(rand.N(3)), time.Duration(1+rand.N(50))*time.Second
		a.BreakGlass = rand.N(6) == 0
		ctx, gone := context.WithTimeout(t.Context(), time.Duration(rand.N(20_000))*time.Microsecond)
		answer, err := s.x.Read(ctx, a)
		gone()
		switch {
		case err != nil && !isNamed(err):
			t.Errorf("a reader was told %v", err)
		case err == nil && string(answer.Value.JSON()) != password:
			t.Errorf("a reader was given %d other bytes", len(answer.Value.JSON()))
		case err == nil:
			answer.Value.Wipe()
		}
	}
}

func (s *scene) keepPosting(t *testing.T, h *hostAsk) {
	for range 60 {
		ctx, gone := context.WithTimeout(t.Context(), time.Duration(rand.N(20_000))*time.Microsecond)
		_, err := s.x.Release(ctx, path, h.signed, carol(), time.Second)
		gone()
		if err != nil && !isNamed(err) {
			t.Errorf("a host was told %v", err)
		}
	}
}

// keepAnswering answers whatever the device is shown, and now and then twice.
func (p *approver) keepAnswering(over context.Context) {
	s := p.scene
	for over.Err() == nil {
		call := p.call(envelope.ID{}, 5*time.Second)
		ctx, gone := context.WithTimeout(over, 10*time.Millisecond)
		sealed, err := s.x.Inbox(ctx, call)
		gone()
		if err != nil {
			continue
		}
		for _, item := range p.open(call, sealed).Items {
			s.mu.RLock()
			v := approval.Reviewer{Roster: s.Roster, Mount: s.Mount, Approver: p.ID, Device: p.Device.ID()}
			c, err := v.Review(item, s.clock.Now())
			var rel approval.Release
			if err == nil && rand.N(4) > 0 {
				rel, err = c.Approve(p.Keyring, p.Device.Signer(), p.ledger, s.clock.Now())
			} else if err == nil {
				rel, err = c.Deny("no", rand.N(20) == 0, p.Device.Signer(), p.ledger, s.clock.Now())
			}
			s.mu.RUnlock()
			if err != nil {
				continue // it ended, or the policy changed, while it was looked at
			}
			p.ledger = p.ledger.After(rel.Receipt)
			for range 1 + rand.N(2) {
				_, _ = s.x.Answer(over, rel)
			}
		}
	}
}

// keepChanging lets time pass, changes the policy and back, cancels and drains.
func (s *scene) keepChanging(over context.Context) {
	all := policyOf(s)
	for over.Err() == nil {
		switch rand.N(7) {
		case 0:
			fewer := *all
			fewer.Requirements = []roster.Requirement{coretest.Need("dba", 1, s.people[rand.N(3)].Person)}
			fewer.MinimumCoverage = 0
			s.change(roster.KindPolicySet, fewer)
			s.change(roster.KindPolicySet, *all)
		case 1:
			for _, l := range s.x.List(nil) {
				if rand.N(3) == 0 {
					_ = s.x.Cancel(over, l.Request, nil)
				}
			}
		case 2:
			s.x.Drain(true)
			s.x.Drain(false)
		case 3:
			s.x.VersionChanged(over, path)
		case 4:
			s.x.Tick(over)
		case 5:
			for _, a := range s.x.Alarms() {
				_ = s.x.Acknowledge(over, a.Request, requester(99))
			}
		default:
			s.clock.advance(time.Duration(rand.N(20)) * time.Second)
		}
	}
}
