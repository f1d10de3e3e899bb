package exchange_test

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

func TestValueIsHandedOutAgainForAMinute(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	s.people[0].says(true, exchange.Approved)
	r.gets(password)
	s.clock.advance(59 * time.Second)
	if a := s.read(ask()).gets(password); a.Lease != 900-59 {
		t.Fatalf("a minute later the lease is %d", a.Lease)
	}
	if st := s.x.Stats(); st.Held != 1 {
		t.Fatalf("%d keys held", st.Held)
	}
	s.clock.advance(time.Second)
	if st := s.x.Stats(); st.Held != 0 || st.Kept != 1 {
		t.Fatalf("%d keys held, %d requests kept", st.Held, st.Kept)
	}
	s.prompts(1)
	s.read(ask())
	s.prompts(2)
}

func TestTheMinuteBeginsWithTheFirstHandOut(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	r.gone()
	r.ends()
	s.people[0].says(true, exchange.Approved)
	s.clock.advance(4 * time.Minute)
	s.read(ask()).gets(password)
	s.clock.advance(59 * time.Second)
	s.read(ask()).gets(password)
	s.prompts(1)
}

func TestHandingOutEndsWithTheDeadline(t *testing.T) {
	s := newScene(t, 2, nil)
	for _, d := range []time.Duration{50, 50, 50, 50, 50, 45} {
		a := ask()
		a.Wait = d * time.Second
		r := s.read(a)
		s.clock.advance(a.Wait)
		r.fails(exchange.ErrWaiting)
	}
	last := s.read(ask()) // 295 s after the request was made
	s.people[0].says(true, exchange.Approved)
	last.gets(password)
	s.clock.advance(5 * time.Second)
	if st := s.x.Stats(); st.Held != 0 {
		t.Fatalf("%d keys held after the deadline", st.Held)
	}
	s.prompts(1)
}

func TestHandingOutEndsWithTheLease(t *testing.T) {
	s := newScene(t, 2, nil)
	a := ask()
	a.Lease = 20 * time.Second
	r := s.read(a)
	s.people[0].says(true, exchange.Approved)
	r.gets(password)
	s.clock.advance(19500 * time.Millisecond)
	if left := s.read(a).gets(password).Lease; left != 1 {
		t.Fatalf("%d seconds are left", left)
	}
	s.clock.advance(500 * time.Millisecond)
	s.read(a)
	s.prompts(2)
}

func TestNobodyElseIsHandedTheValue(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	s.people[0].says(true, exchange.Approved)
	r.gets(password)
	other := ask()
	other.Requester.Entity = "entity-dave"
	s.read(other)
	s.prompts(2)
}

func TestACancelledRequestIsNotHandedOutAgain(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	id := s.only()
	s.people[0].says(true, exchange.Approved)
	r.gets(password)
	s.Must(s.x.Cancel(t.Context(), id, nil))
	if st := s.x.Stats(); st.Held != 0 {
		t.Fatalf("%d keys held", st.Held)
	}
	s.read(ask())
	s.prompts(2)
}

func TestARevokedMountHandsOutNothing(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	s.people[0].says(true, exchange.Approved)
	r.gets(password)
	s.change(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.mount.ID})
	if st := s.x.Stats(); st.Held != 0 {
		t.Fatalf("%d keys held", st.Held)
	}
}

func TestAWriteStartsANewRequest(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	s.people[0].says(true, exchange.Approved)
	r.gets(password)
	s.write(path, `{"password":"new"}`)
	s.x.VersionChanged(t.Context(), path)
	next := s.read(ask())
	s.people[0].says(true, exchange.Approved)
	next.gets(`{"password":"new"}`)
	old := ask()
	old.Version = 1
	s.read(old).gets(password)
	s.prompts(2)
}
