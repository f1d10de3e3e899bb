package exchange_test

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// hashOf is the hash of the only request that waits.
func (s *scene) hashOf() envelope.Hash {
	s.T.Helper()
	st, err := s.x.Get(s.only(), nil)
	s.Must(err)
	return st.Hash
}

func TestDevicesAreToldHowRequestsEnded(t *testing.T) {
	for name, c := range map[string]struct {
		end       func(*scene)
		state     approval.EndState
		decisions int
	}{
		"approved elsewhere": {func(s *scene) { s.people[1].says(true, exchange.Approved) }, approval.EndApproved, 1},
		"denied":             {func(s *scene) { s.people[1].says(false, exchange.Denied) }, approval.EndDenied, 1},
		"expired":            {func(s *scene) { s.clock.advance(5 * time.Minute) }, approval.EndExpired, 0},
		"cancelled":          {func(s *scene) { s.Must(s.x.Cancel(s.T.Context(), s.only(), nil)) }, approval.EndCancelled, 0},
		"a newer version": {func(s *scene) {
			s.readers[0].gone()
			s.readers[0].ends()
			s.write(path, `{"v":2}`)
			s.x.VersionChanged(s.T.Context(), path)
		}, approval.EndSuperseded, 0},
		"its consumer left": {func(s *scene) {
			s.change(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.mount.ID})
		}, approval.EndCancelled, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 3, func(s *scene, p *roster.Policy) {
				p.Requirements[0] = coretest.Need("dba", 1, s.people[0].Person, s.people[1].Person)
			})
			s.read(ask())
			hash := s.hashOf()
			c.end(s)
			for i, want := range []int{1, 1, 0} { // two principals, and somebody else
				in := s.polled(s.people[i].callOnce(t))
				if len(in.Ended) != want || len(in.Items) != 0 {
					t.Fatalf("approver %d is told of %d ends, want %d", i, len(in.Ended), want)
				}
				if want == 0 {
					continue
				}
				e := in.Ended[0]
				if e.Request != hash || e.State != c.state || len(e.Decisions) != c.decisions {
					t.Fatalf("told that it was %s with %d decisions, want %s with %d", e.State, len(e.Decisions), c.state, c.decisions)
				}
				for _, d := range e.Decisions {
					rec, err := approval.ReadReceipt(s.Roster, d)
					s.Must(err)
					if rec.Request != hash || rec.Approver != s.people[1].ID {
						t.Fatal("the decision is another's")
					}
				}
			}
			s.clock.advance(10*time.Minute - time.Millisecond)
			if in := s.polled(s.people[0].callOnce(t)); len(in.Ended) != 1 {
				t.Fatal("forgotten early")
			}
			s.clock.advance(time.Millisecond)
			if in := s.polled(s.people[0].callOnce(t)); len(in.Ended) != 0 {
				t.Fatal("told for ever")
			}
		})
	}
}

func TestADeviceIsWokenByAnEndOnce(t *testing.T) {
	s := newScene(t, 2, nil)
	s.read(ask())
	first := s.only()
	got := s.people[0].poll(first)
	s.people[1].says(true, exchange.Approved)
	s.eventually("the end is noticed", func() bool { return s.clock.armed(time.Second) })
	if len(got) > 0 {
		t.Fatal("it did not wait for other ends")
	}
	s.clock.advance(time.Second)
	if in := s.polled(got); len(in.Ended) != 1 || in.Ended[0].State != approval.EndApproved {
		t.Fatalf("told of %d ends", len(in.Ended))
	}
	// Told once, it is listed again, and wakes nobody.
	got = s.people[0].poll(first)
	s.clock.advance(9 * time.Second)
	if len(got) > 0 {
		t.Fatal("the device was woken by what it knew")
	}
	s.clock.advance(time.Second)
	if in := s.polled(got); len(in.Ended) != 1 {
		t.Fatalf("told of %d ends", len(in.Ended))
	}
}

func TestAnEndBetweenTwoPollsIsNotMissed(t *testing.T) {
	s := newScene(t, 2, nil)
	s.read(ask())
	s.polled(s.people[0].callOnce(t))
	s.people[1].says(false, exchange.Denied)
	got := s.people[0].poll(envelope.ID{})
	s.eventually("the end is noticed", func() bool { return s.clock.armed(time.Second) })
	s.clock.advance(time.Second)
	if in := s.polled(got); len(in.Ended) != 1 || in.Ended[0].State != approval.EndDenied {
		t.Fatalf("told of %d ends", len(in.Ended))
	}
}

func TestEndsAreToldOnTheLastPageAndAreBounded(t *testing.T) {
	s := newScene(t, 2, nil)
	for i := range 70 {
		s.open(exchange.Ask{Path: path, Reason: "ends", Requester: requester(i)})
	}
	var last envelope.Hash
	for _, l := range s.x.List(nil) {
		st, err := s.x.Get(l.Request, nil)
		s.Must(err)
		last = st.Hash
		s.Must(s.x.Cancel(t.Context(), l.Request, nil))
	}
	for i := range 100 {
		s.open(exchange.Ask{Path: path, Reason: "waits", Requester: requester(i)})
	}
	page := s.polled(s.people[0].callOnce(t))
	if !page.More || len(page.Ended) != 0 {
		t.Fatalf("told of %d ends on a first page", len(page.Ended))
	}
	call := s.people[0].call(idOf(t, page.Items[len(page.Items)-1].Request), 0)
	sealed, err := s.x.Inbox(t.Context(), call)
	s.Must(err)
	page = s.people[0].open(call, sealed)
	if page.More || len(page.Ended) != 64 || page.Ended[63].Request != last {
		t.Fatalf("told of %d ends", len(page.Ended))
	}
}

func TestManyDecisionsDoNotMakeAPageTooLarge(t *testing.T) {
	s := newScene(t, 6, quorum(6))
	for i := range 64 {
		s.open(exchange.Ask{Path: path, Requester: requester(i)})
	}
	for _, p := range s.people {
		for _, item := range p.inbox() {
			_, err := s.x.Answer(t.Context(), p.approve(p.reviewItem(item)))
			s.Must(err)
		}
	}
	in := s.polled(s.people[0].callOnce(t))
	if n := len(in.Ended); n == 0 || n >= 64 {
		t.Fatalf("told of %d ends", n)
	}
	size, err := envelope.Encode(in)
	s.Must(err)
	if len(size) > 160<<10 {
		t.Fatalf("a page of %d bytes", len(size))
	}
}

func TestHostRequestsThatEndedAreToldOfAfterARestart(t *testing.T) {
	s := newScene(t, 2, nil)
	s.hostAsks(nil).post()
	hash := s.hashOf()
	s.people[1].says(false, exchange.Denied)
	s.x.Close()
	s.start()
	in := s.polled(s.people[0].callOnce(t))
	if len(in.Ended) != 1 || in.Ended[0].Request != hash || in.Ended[0].State != approval.EndDenied || len(in.Ended[0].Decisions) != 1 {
		t.Fatalf("told of %d ends", len(in.Ended))
	}
}
