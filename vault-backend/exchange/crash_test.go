package exchange_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// TestAStoppedStorageLosesNothing stops the storage at each write of a request
// and its answers in turn, starts anew from what is there, and repeats the call.
func TestAStoppedStorageLosesNothing(t *testing.T) {
	for _, yes := range []bool{true, false} {
		for stop := 1; ; stop++ {
			s := newScene(t, 2, nil)
			s.store.stopAt = s.store.writes + stop
			h := s.hostAsks(nil)
			r := h.post()
			if s.x.Stats().Pending == 0 {
				r.fails(errStopped)
				s.crash()
				r = h.post()
			}
			p := s.people[1]
			c := p.review()
			want, rel := exchange.Approved, approval.Release{}
			if yes {
				rel = p.approve(c)
			} else {
				want, rel = exchange.Denied, p.deny(c, "no")
			}
			_, err := s.x.Answer(t.Context(), rel)
			stopped := err != nil
			if stopped {
				s.fails(err, errStopped)
				if len(r.result) > 0 {
					t.Fatal("the host learnt of an answer that is not on record")
				}
				if stop%2 == 0 {
					s.crash()
				} else {
					s.store.stopAt = 0
				}
				p.answers(rel, want)
				r = h.post()
			}
			if out := r.ends(); out.err != nil || out.release.State != want || len(out.release.Releases) != 1 {
				t.Fatalf("stopped at write %d: %v", stop, out.err)
			}
			s.recordedAs(idOf(t, h.signed), "")
			if s.store.stopAt > s.store.writes {
				break // nothing was stopped
			}
		}
	}
}

// crash ends the process and starts another one on what was stored.
func (s *scene) crash() {
	s.T.Helper()
	s.x.Close()
	s.store.stopAt = 0
	s.start()
}

func TestAStoppedStorageLeavesAMountRequestToBeAnsweredAgain(t *testing.T) {
	for stop := 1; stop <= 3; stop++ {
		s := newScene(t, 2, nil)
		r := s.read(ask())
		p := s.people[0]
		rel := p.deny(p.review(), "no")
		s.store.stopAt = s.store.writes + stop
		_, err := s.x.Answer(t.Context(), rel)
		s.fails(err, errStopped)
		if len(r.result) > 0 {
			t.Fatal("the reader learnt of an answer that is not on record")
		}
		s.store.stopAt = 0
		p.answers(rel, exchange.Denied)
		r.fails(approval.ErrDenied)
	}
	s := newScene(t, 2, nil)
	r := s.read(ask())
	rel := s.people[0].approve(s.people[0].review())
	s.store.stopAt = s.store.writes + 1
	_, err := s.x.Answer(t.Context(), rel)
	s.fails(err, errStopped)
	s.store.stopAt = 0
	s.people[0].answers(rel, exchange.Approved)
	r.gets(password)
}

func TestWhatCannotBeReadKeepsNothingFromStarting(t *testing.T) {
	s := newScene(t, 2, nil)
	r, h := s.read(ask()), s.hostAsks(nil)
	h.post()
	for _, item := range s.people[0].inbox() {
		if c := s.people[0].reviewItem(item); c.Request.Origin.Reported {
			s.people[0].answers(s.people[0].deny(c, "no"), exchange.Denied)
		}
	}
	r.ends()
	entries := s.store.entries
	for _, name := range s.store.names("") {
		switch {
		case strings.HasPrefix(name, "host/"):
			entries["host/0000/request"] = entries[name] // out of place
			entries["host/1111/request"] = []byte("{}")
		case strings.HasPrefix(name, "cooldown/"):
			entries["cooldown/0000"] = []byte("{")
		}
	}
	s.crash()
	if n := s.x.Stats().Pending; n != 1 {
		t.Fatalf("%d requests wait", n)
	}
	s.read(ask()).fails(exchange.ErrDeniedRecently)
}

func TestAHostRequestIsRemovedAfterItsTimeWhileNothingRan(t *testing.T) {
	s := newScene(t, 2, nil)
	s.hostAsks(nil).post()
	s.x.Close()
	s.clock.advance(time.Hour)
	s.versions[path][0] = nil
	s.start()
	if n := len(s.store.names("host/")); n != 0 {
		t.Fatalf("%d entries are left", n)
	}
}

func TestADenialOfAHostRequestSurvivesARestart(t *testing.T) {
	s := newScene(t, 2, nil)
	h := s.hostAsks(nil)
	h.post()
	s.people[0].says(false, exchange.Denied)
	s.crash()
	if out := h.post().ends(); out.err != nil || out.release.State != exchange.Denied {
		t.Fatalf("got %v", out.err)
	}
	s.hostAsks(func(terms *approval.Terms) { terms.Reason = "again" }).post().fails(exchange.ErrDeniedRecently)
}

// TestAnAnswerThatTheDeadlineOvertakesDoesNotCount lets the deadline pass while
// the answer is being recorded.
func TestAnAnswerThatTheDeadlineOvertakesDoesNotCount(t *testing.T) {
	s := newScene(t, 2, nil)
	h := s.hostAsks(nil)
	r := h.post()
	id := s.only()
	rel := s.people[0].approve(s.people[0].review())
	passed := make(chan struct{})
	s.store.onPut = func(name string) {
		if !strings.HasPrefix(name, "receipt/") {
			return
		}
		s.store.onPut = nil
		go func() {
			s.clock.advance(5 * time.Minute)
			close(passed)
		}()
		s.eventually("the request expires", func() bool {
			st, err := s.x.Get(id, nil)
			return err == nil && st.State == exchange.Expired
		})
	}
	_, err := s.x.Answer(t.Context(), rel)
	s.fails(err, approval.ErrExpired)
	<-passed
	if err := r.ends().err; err == nil {
		t.Fatal("the host was given the release")
	}
	s.recordedAs(id, "request_expired")
	s.crash()
	h.post().fails(approval.ErrExpired)
	_, err = s.x.Answer(t.Context(), rel)
	s.fails(err, approval.ErrExpired)
}
