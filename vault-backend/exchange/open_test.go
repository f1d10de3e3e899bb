package exchange_test

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

func TestOneRequestPerRequesterAndPathWaits(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*exchange.Ask)
		says string
	}{
		"another reason": {func(a *exchange.Ask) { a.Reason = "incident 8" }, `with the reason "incident 7"`},
		"no reason":      {func(a *exchange.Ask) { a.Reason = "" }, `with the reason "incident 7"`},
		"another lease":  {func(a *exchange.Ask) { a.Lease = time.Minute }, "with the same words"},
		"an old version": {func(a *exchange.Ask) { a.Version = 1 }, `for version 2 of "prod/db"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, nil)
			s.write(path, password)
			first := s.read(ask())
			id := s.only().String()
			second := ask()
			c.edit(&second)
			s.read(second).fails(exchange.ErrOpen, "request_open: request "+id, c.says, "dba: waiting", "`vault delete stillvault/requests/"+id+"` ends it")
			s.prompts(1)
			s.people[0].says(true, exchange.Approved)
			first.gets(password)
			s.read(second) // the first one does not wait any more
			s.prompts(2)
		})
	}
	s := newScene(t, 2, nil)
	first := s.read(exchange.Ask{Path: path, Requester: carol()})
	s.read(ask()).fails(exchange.ErrOpen, "without a reason")
	s.Must(s.x.Cancel(t.Context(), s.only(), nil))
	first.fails(exchange.ErrCancelled)
	s.read(ask())
	s.prompts(2)
}

// Whoever asks for the latest version has no use for a prompt about the one
// before.
func TestAReadOfANewerVersionReplacesTheOneBefore(t *testing.T) {
	s := newScene(t, 2, nil)
	first := s.read(ask())
	old := s.only()
	s.write(path, `{"password":"new"}`)
	s.x.VersionChanged(t.Context(), path)
	second := s.read(ask())
	first.fails(exchange.ErrCancelled, old.String(), "a newer version was written")
	in := s.polled(s.people[0].callOnce(t))
	if len(in.Items) != 1 || len(in.Ended) != 1 || in.Ended[0].State != approval.EndSuperseded {
		t.Fatalf("%d items, %d ended", len(in.Items), len(in.Ended))
	}
	s.people[0].says(true, exchange.Approved)
	second.gets(`{"password":"new"}`)
}

func TestOneRequestPerHostAndPathWaits(t *testing.T) {
	var other *coretest.Consumer
	s := newScene(t, 2, func(s *scene, p *roster.Policy) {
		other = s.AdmitConsumer("second-host", roster.ConsumerHost)
		p.Consumers = append(p.Consumers, other.ID)
	})
	h := s.hostAsks(nil)
	h.post()
	id := idOf(t, h.signed).String()
	s.hostAsks(nil).post().fails(exchange.ErrOpen, "request "+id, `with the reason "deploy 9"`)
	s.crash() // it waits on
	s.hostAsks(nil).post().fails(exchange.ErrOpen, "request "+id)
	if n := len(s.store.names("host/")); n != 1 {
		t.Fatalf("%d entries", n)
	}
	s.prompts(0)

	// What is sealed to one consumer is of no use to another.
	s.host = other
	second := s.hostAsks(nil)
	waits := second.post()
	mine := s.read(ask())
	s.prompts(2)
	for _, item := range s.people[0].inbox() {
		s.people[0].answers(s.people[0].approve(s.people[0].reviewItem(item)), exchange.Approved)
	}
	second.opens(waits)
	mine.gets(password)
	h.opens(h.post())
}

func TestManyAskForDifferentReasonsAtOnce(t *testing.T) {
	s := newScene(t, 2, nil)
	reasons := []string{"a", "b", "c", "d"}
	begun, errs := make(chan struct{}), make(chan error, len(reasons))
	for _, reason := range reasons {
		a := ask()
		a.Reason, a.Wait = reason, time.Millisecond
		go func() {
			<-begun
			reading, err := s.x.Begin(t.Context(), a)
			if err == nil {
				go func() { _, _ = reading.Wait(t.Context()) }()
			}
			errs <- err
		}()
	}
	close(begun)
	opened := 0
	for range reasons {
		if err := <-errs; err == nil {
			opened++
		} else {
			s.fails(err, exchange.ErrOpen)
		}
	}
	if opened != 1 || len(s.people[0].inbox()) != 1 {
		t.Fatalf("%d requests were opened", opened)
	}
	s.clock.advance(time.Millisecond)
	s.eventually("the wait ends", func() bool { return s.x.Stats().WaitingReaders == 0 })
}
