package exchange_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

func TestCapPerRequester(t *testing.T) {
	s := newScene(t, 2, nil)
	s.limits.MaxPendingEntity = 2
	s.write("prod/two", password)
	s.write("prod/three", password)
	one, two, three := ask(), ask(), ask()
	two.Path, three.Path = "prod/two", "prod/three"
	s.read(one)
	s.read(two)
	s.read(three).fails(exchange.ErrCap, "request_cap: 2 requests of this requester wait")
	s.hostAsks(nil).post().fails(exchange.ErrCap)
	s.read(two) // attaching is not asking
	other := three
	other.Requester.Entity = "entity-dave"
	s.read(other)
	s.Must(s.x.Cancel(t.Context(), s.x.List(nil)[0].Request, nil))
	s.read(three)
	s.prompts(4)
}

func TestCapPerMount(t *testing.T) {
	s := newScene(t, 2, nil)
	s.limits.MaxPending = 3
	for i := range 4 {
		a := ask()
		a.Requester.Entity = fmt.Sprintf("entity-reader-%d", i)
		r := s.read(a)
		if i == 3 {
			r.fails(exchange.ErrCap, "on this mount")
		}
	}
}

func TestAnsweredRequestsDoNotCount(t *testing.T) {
	s := newScene(t, 2, nil)
	s.limits.MaxPendingEntity = 1
	for i := range 3 {
		a := ask()
		a.Reason = fmt.Sprint(i)
		r := s.read(a)
		s.people[0].says(true, exchange.Approved)
		r.gets(password)
	}
}

func TestCooldownAfterADenial(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	s.people[0].says(false, exchange.Denied)
	r.fails(approval.ErrDenied)
	again := ask()
	again.Reason = "please"
	s.clock.advance(time.Minute)
	s.read(again).fails(exchange.ErrDeniedRecently, `denied_recently: approver-0 denied it with "not during the freeze"`, "2030-01-02T03:09:05Z", "in 4m0s")
	s.hostAsks(nil).post().fails(exchange.ErrDeniedRecently)
	other := again
	other.Requester.Entity = "entity-dave"
	s.read(other)
	s.write("prod/other", password)
	elsewhere := again
	elsewhere.Path = "prod/other"
	s.read(elsewhere)
	s.prompts(3)

	s.x.Close()
	s.start()
	s.read(again).fails(exchange.ErrDeniedRecently)
	s.clock.advance(4 * time.Minute)
	s.x.Tick(t.Context())
	if n := len(s.store.names("cooldown/")); n != 0 {
		t.Fatalf("%d cooldowns are left", n)
	}
	s.read(again)
}

func TestDrainEndsWaitsAndKeepsRequests(t *testing.T) {
	s := newScene(t, 2, nil)
	r, h := s.read(ask()), s.hostAsks(nil)
	host := h.post()
	got := s.people[1].poll(s.x.List(nil)[1].Request)
	s.x.Drain(true)
	r.fails(exchange.ErrDraining, "draining: request", "run the same command again")
	host.fails(exchange.ErrDraining)
	if in := s.polled(got); len(in.Items) != 0 {
		t.Fatalf("%d items", len(in.Items))
	}
	s.read(ask()).fails(exchange.ErrDraining)
	fresh := ask()
	fresh.Requester = requester(1)
	s.read(fresh).fails(exchange.ErrDraining, "nobody was asked")
	if st := s.x.Stats(); st.Pending != 2 || !st.Draining {
		t.Fatalf("%d requests wait", st.Pending)
	}
	for _, item := range s.people[0].inbox() { // answers are still taken
		s.people[0].answers(s.people[0].approve(s.people[0].reviewItem(item)), exchange.Approved)
	}
	s.read(ask()).gets(password) // and what is approved is handed out
	s.x.Drain(false)
	s.read(fresh)
	s.prompts(3)
}

func TestDrainAsConfigured(t *testing.T) {
	s := newScene(t, 2, nil)
	s.limits.Drain = true
	s.read(ask()).fails(exchange.ErrDraining)
	if in := s.polled(s.people[0].poll(envelope.ID{})); len(in.Items) != 0 {
		t.Fatalf("%d items", len(in.Items))
	}
}

// A read that was between two calls, as when its wait had ended, was told nothing
// of the denial: it is told that, and only the next one meets the cooldown.
func TestADenialThatNobodyWasToldIsToldFirst(t *testing.T) {
	for name, untold := range map[string]func(*scene, exchange.Ask){
		"its wait ended": func(s *scene, a exchange.Ask) {
			a.Wait = time.Second
			r := s.read(a)
			s.clock.advance(time.Second)
			r.fails(exchange.ErrWaiting)
		},
		"its client went away": func(s *scene, a exchange.Ask) {
			r := s.read(a)
			r.gone()
			r.ends()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, nil)
			untold(s, ask())
			s.people[0].says(false, exchange.Denied)
			other := ask()
			other.Reason = "please"
			s.read(other).fails(exchange.ErrDeniedRecently)
			s.clock.advance(59 * time.Second)
			s.read(ask()).fails(approval.ErrDenied, "not during the freeze")
			s.read(ask()).fails(exchange.ErrDeniedRecently)
			s.prompts(1)
		})
	}
}

func TestADenialIsNotToldAfterTheDeadline(t *testing.T) {
	s := newScene(t, 2, nil)
	s.limits.Cooldown = 20 * time.Minute
	r := s.read(ask())
	r.gone()
	r.ends()
	s.people[0].says(false, exchange.Denied)
	s.clock.advance(5 * time.Minute)
	s.read(ask()).fails(exchange.ErrDeniedRecently)
	s.prompts(1)
}
