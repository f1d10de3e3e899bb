package exchange_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// poll begins a call that waits for news.
func (p *approver) poll(after envelope.ID) <-chan *approval.Inbox {
	s := p.scene
	s.T.Helper()
	call, got := p.call(after, approval.MaxInboxWait), make(chan *approval.Inbox, 1)
	before := s.x.Stats().WaitingDevices
	go func() {
		sealed, err := s.x.Inbox(s.T.Context(), call)
		if err != nil {
			s.T.Error(err)
			close(got)
			return
		}
		got <- p.open(call, sealed)
	}()
	s.eventually("a device polls", func() bool { return len(got) > 0 || s.x.Stats().WaitingDevices > before })
	return got
}

func (s *scene) polled(got <-chan *approval.Inbox) *approval.Inbox {
	s.T.Helper()
	select {
	case in := <-got:
		if in != nil {
			return in
		}
		s.T.Fatal("the call failed")
	case <-time.After(time.Minute):
		s.T.Fatal("the device still polls")
	}
	return nil
}

func TestADeviceIsWokenByARequest(t *testing.T) {
	s := newScene(t, 2, nil)
	got := s.people[0].poll(envelope.ID{})
	s.read(ask())
	if in := s.polled(got); len(in.Items) != 1 || in.More {
		t.Fatalf("%d items", len(in.Items))
	}
}

func TestAPollEndsAfterTenSeconds(t *testing.T) {
	s := newScene(t, 2, nil)
	got := s.people[0].poll(envelope.ID{})
	s.clock.advance(10*time.Second - time.Millisecond)
	if len(got) > 0 {
		t.Fatal("the poll ended early")
	}
	s.clock.advance(time.Millisecond)
	if in := s.polled(got); len(in.Items)+len(in.Log) != 0 || in.Mount != s.Mount {
		t.Fatalf("%d items", len(in.Items))
	}
}

func TestAPollAfterTheLastItemWaitsForTheNext(t *testing.T) {
	s := newScene(t, 2, nil)
	s.read(ask())
	first := s.only()
	got := s.people[0].poll(first)
	s.read(exchange.Ask{Path: path, Requester: requester(1)})
	if in := s.polled(got); len(in.Items) != 1 || idOf(t, in.Items[0].Request) == first {
		t.Fatalf("%d items", len(in.Items))
	}
}

func TestADeviceIsWokenByAStatement(t *testing.T) {
	s := newScene(t, 2, nil)
	got := s.people[0].poll(envelope.ID{})
	s.change(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(s.clock.Now().Add(time.Hour))})
	if in := s.polled(got); len(in.Log) != 1 || in.Log[0].Hash() != s.Log[len(s.Log)-1].Hash() {
		t.Fatalf("%d statements", len(in.Log))
	}
}

func TestAPollEndsWithItsDevice(t *testing.T) {
	s := newScene(t, 2, nil)
	call, failed := s.people[0].call(envelope.ID{}, approval.MaxInboxWait), make(chan error, 1)
	go func() {
		_, err := s.x.Inbox(t.Context(), call)
		failed <- err
	}()
	s.eventually("the device polls", func() bool { return s.x.Stats().WaitingDevices == 1 })
	s.change(roster.KindDeviceRevoke, roster.Removal{ID: s.people[0].Device.ID()})
	s.fails(<-failed, roster.ErrRevoked)
}

func TestADeviceThatLagsIsGivenTheLogFirst(t *testing.T) {
	s := newScene(t, 2, nil)
	s.read(ask())
	old := s.Fold(0)
	for i := range 100 {
		s.change(roster.KindGroupSet, roster.Group{ID: envelope.NewID(), Name: fmt.Sprintf("group-%d", i), Members: []roster.Principal{}})
	}
	p := s.people[0]
	for i, want := range []struct{ log, items int }{{64, 0}, {36, 1}, {0, 1}} {
		call, err := approval.CallInbox(old, p.Device.ID(), p.Device.Signer(), envelope.ID{}, 0, s.clock.Now())
		s.Must(err)
		sealed, err := s.x.Inbox(t.Context(), call)
		s.Must(err)
		in := p.open(call, sealed)
		if len(in.Log) != want.log || len(in.Items) != want.items || in.More != (i == 0) {
			t.Fatalf("call %d: %d statements, %d items, more %v", i, len(in.Log), len(in.Items), in.More)
		}
		for _, st := range in.Log {
			s.Must(old.Append(st))
		}
	}
}

func TestInboxCallsThatAreRefused(t *testing.T) {
	s := newScene(t, 2, nil)
	p := s.people[0]
	call := p.call(envelope.ID{}, 0)
	_, err := s.x.Inbox(t.Context(), call)
	s.Must(err)
	_, err = s.x.Inbox(t.Context(), call)
	s.fails(err, exchange.ErrInboxReplayed)
	s.clock.advance(2 * time.Minute)
	_, err = s.x.Inbox(t.Context(), call)
	s.fails(err, exchange.ErrInboxReplayed)
	s.clock.advance(2 * time.Minute)
	_, err = s.x.Inbox(t.Context(), call)
	s.fails(err, approval.ErrInbox)
	forged := p.call(envelope.ID{}, 0)
	forged.Signatures = s.people[1].call(envelope.ID{}, 0).Signatures
	_, err = s.x.Inbox(t.Context(), forged)
	s.fails(err, envelope.ErrSignature)
}

func TestADeviceHasLimits(t *testing.T) {
	s := newScene(t, 2, nil)
	var polls []<-chan *approval.Inbox
	for range 8 {
		polls = append(polls, s.people[0].poll(envelope.ID{}))
	}
	_, err := s.x.Inbox(t.Context(), s.people[0].call(envelope.ID{}, approval.MaxInboxWait))
	s.fails(err, exchange.ErrInboxCap)
	s.polled(s.people[1].callOnce(t))
	s.clock.advance(10 * time.Second)
	for _, got := range polls {
		s.polled(got)
	}
}

// callOnce is a call that does not wait.
func (p *approver) callOnce(t *testing.T) <-chan *approval.Inbox {
	call, got := p.call(envelope.ID{}, 0), make(chan *approval.Inbox, 1)
	sealed, err := p.scene.x.Inbox(t.Context(), call)
	p.scene.Must(err)
	got <- p.open(call, sealed)
	return got
}

func TestPagesHoldAtMost64ItemsAndOneMebibyte(t *testing.T) {
	for name, c := range map[string]struct {
		size, requests int
		pages          []int
	}{
		"many small": {10, 130, []int{64, 64, 2}},
		"few large":  {200 << 10, 5, []int{2, 2, 1}},
		"alone":      {400 << 10, 2, []int{1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, nil)
			s.write(path, fmt.Sprintf(`{"v":%q}`, strings.Repeat("x", c.size)))
			for i := range c.requests {
				s.open(exchange.Ask{Path: path, Requester: requester(i)})
			}
			var after envelope.ID
			var pages []int
			seen := map[envelope.ID]bool{}
			for more := true; more; {
				call := s.people[0].call(after, 0)
				sealed, err := s.x.Inbox(t.Context(), call)
				s.Must(err)
				in := s.people[0].open(call, sealed)
				pages, more = append(pages, len(in.Items)), in.More
				for _, item := range in.Items {
					after = idOf(t, item.Request)
					seen[after] = true
				}
			}
			if fmt.Sprint(pages) != fmt.Sprint(c.pages) || len(seen) != c.requests {
				t.Fatalf("pages of %v with %d requests, want %v", pages, len(seen), c.pages)
			}
		})
	}
}

// open opens a request whose client goes away at once.
func (s *scene) open(a exchange.Ask) {
	s.T.Helper()
	ctx, gone := context.WithCancel(s.T.Context())
	gone()
	_, err := s.x.Read(ctx, a)
	s.fails(err, context.Canceled)
}

func TestOnlyWhoMayAnswerIsShownARequest(t *testing.T) {
	s := newScene(t, 3, func(s *scene, p *roster.Policy) {
		p.Requirements[0] = coretest.Need("dba", 1, s.people[0].Person, s.people[1].Person)
	})
	a := ask()
	a.Requester.Entity = "entity-0"
	s.read(a)
	for i, want := range []int{0, 1, 0} { // the requester, a principal, somebody else
		if n := len(s.people[i].inbox()); n != want {
			t.Fatalf("approver %d is shown %d items, want %d", i, n, want)
		}
	}
}

func TestWhoseSealedShareWasDeletedIsNotAsked(t *testing.T) {
	s := newScene(t, 3, nil)
	_, err := s.versions[path][0].DeleteWraps(func(id envelope.ID) bool { return id != s.people[1].ID })
	s.Must(err)
	s.read(ask())
	for i, want := range []int{1, 0, 1} {
		if n := len(s.people[i].inbox()); n != want {
			t.Fatalf("approver %d is shown %d items, want %d", i, n, want)
		}
	}
}

func TestConsentsComeBeforeShares(t *testing.T) {
	s := newScene(t, 3, func(_ *scene, p *roster.Policy) { p.Requirements[0].M, p.ConsentFirst = 2, true })
	r := s.read(ask())
	for i, p := range s.people[:2] {
		rel, err := p.review().Consent(p.Keyring, p.Device.Signer(), p.ledger, s.clock.Now())
		s.Must(err)
		p.ledger = p.ledger.After(rel.Receipt)
		if i == 0 {
			p.answers(rel, exchange.Waiting)
			if n := len(p.inbox()); n != 0 {
				t.Fatal("who has consented is asked again before the others have")
			}
			continue
		}
		p.answers(rel, exchange.Waiting)
	}
	s.people[0].says(true, exchange.Waiting)
	s.people[1].says(true, exchange.Approved)
	r.gets(password)
}

func TestADeviceIsToldOfReSharesOnceTheyChange(t *testing.T) {
	s := newScene(t, 2, nil)
	say := func(done uint32) {
		s.mu.Lock()
		s.reshares = []approval.ReshareNotice{{Request: s.Log[0], Total: 3, Done: done}}
		s.mu.Unlock()
		s.x.Ring(s.people[0].ID)
	}
	got := s.people[0].poll(envelope.ID{})
	say(0)
	if in := s.polled(got); len(in.Reshares) != 1 || in.Reshares[0].Total != 3 {
		t.Fatalf("told of %d re-shares", len(in.Reshares))
	}
	got = s.people[0].poll(envelope.ID{})
	s.x.Ring(s.people[0].ID) // about nothing new
	s.clock.advance(9 * time.Second)
	if len(got) > 0 {
		t.Fatal("the device was woken by what it knew")
	}
	say(2)
	if in := s.polled(got); len(in.Reshares) != 1 || in.Reshares[0].Done != 2 {
		t.Fatalf("told of %d re-shares", len(in.Reshares))
	}
	got = s.people[0].poll(envelope.ID{})
	s.mu.Lock()
	s.reshares = nil
	s.mu.Unlock()
	s.x.Ring(s.people[0].ID)
	if in := s.polled(got); len(in.Reshares) != 0 {
		t.Fatal("told of a re-share that is over")
	}
}
