package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

const (
	path     = "prod/db"
	password = `{"password":"correct horse"}`
)

var errMissing = errors.New("secret_missing: nothing is stored here")

// scene is an organisation with a mount, and an exchange for it.
type scene struct {
	*coretest.World
	clock  *clock
	store  *store
	x      *exchange.Exchange
	mount  *coretest.Consumer
	host   *coretest.Consumer
	people []*approver

	mu       sync.RWMutex // of the roster
	versions map[string][]*secret.Version
	limits   exchange.Limits
	openings []exchange.Opening
	reshares []approval.ReshareNotice
	onOpened func(exchange.Opening) // runs with no lock held

	notAdmitted bool
	author      *coretest.Consumer     // of what is written; the mount if nil
	afterRoster atomic.Pointer[func()] // runs once, after the roster was read
	readers     []*reader
}

// newScene has n approvers, of whom any one may release what lies under prod/,
// unless edit changes that.
func newScene(t testing.TB, n int, edit func(*scene, *roster.Policy)) *scene {
	t.Helper()
	s := &scene{World: coretest.NewWorld(t), store: newStore(), versions: map[string][]*secret.Version{}, limits: exchange.DefaultLimits()}
	s.clock = newClock(s.Now)
	for i := range n {
		s.people = append(s.people, &approver{Person: s.Admit(fmt.Sprintf("approver-%d", i), fmt.Sprintf("entity-%d", i)), scene: s})
	}
	s.mount = s.AdmitConsumer("vault", roster.ConsumerMount)
	s.host = s.AdmitConsumer("deploy-host", roster.ConsumerHost)
	p := coretest.Policy("production", "prod/*", []*coretest.Consumer{s.mount, s.host}, coretest.Need("dba", 1, s.persons()...))
	if edit != nil {
		edit(s, &p)
	}
	s.SetPolicy(p)
	s.write(path, password)
	s.start()
	t.Cleanup(func() {
		s.settles()
		s.Must(s.x.Check())
		s.x.Close()
		s.settles()
		s.Must(s.x.Check())
	})
	return s
}

// quorum makes a policy want m of all.
func quorum(m uint32) func(*scene, *roster.Policy) {
	return func(_ *scene, p *roster.Policy) { p.Requirements[0].M = m }
}

func (s *scene) persons() []*coretest.Person {
	var all []*coretest.Person
	for _, p := range s.people {
		all = append(all, p.Person)
	}
	return all
}

// start begins a process: an exchange that restores what the store has.
func (s *scene) start() {
	s.T.Helper()
	s.Must(s.restart())
}

func (s *scene) restart() error {
	s.x = exchange.New(exchange.Config{
		Mount: s.Mount,
		Consumer: func() (envelope.ID, envelope.Signer, error) {
			if s.notAdmitted {
				return envelope.ID{}, nil, exchange.ErrMountNotAdmitted
			}
			return s.mount.ID, s.mount.Signer, nil
		},
		Roster: func(use func(*roster.Roster) error) error {
			s.mu.RLock()
			err := use(s.Roster)
			s.mu.RUnlock()
			if f := s.afterRoster.Swap(nil); f != nil {
				(*f)()
			}
			return err
		},
		Version: s.version,
		Log: func(_ context.Context, from uint64, limit int) ([]envelope.Signed, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			rest := s.Log[min(int(from), len(s.Log)):]
			return rest[:min(limit, len(rest))], nil
		},
		Opened: s.opened,
		Reshares: func(envelope.ID) []approval.ReshareNotice {
			s.mu.RLock()
			defer s.mu.RUnlock()
			return s.reshares
		},
		Store: s.store, Limits: func() exchange.Limits { s.mu.RLock(); defer s.mu.RUnlock(); return s.limits }, Clock: s.clock,
	})
	return s.x.Restore(s.T.Context())
}

func (s *scene) opened(_ context.Context, at string, o exchange.Opening) {
	if at != path {
		s.T.Errorf("told of shares at %q", at)
	}
	s.mu.Lock()
	s.openings = append(s.openings, o)
	s.mu.Unlock()
	if s.onOpened != nil {
		s.onOpened(o)
	}
}

func (s *scene) version(_ context.Context, path string, n uint64) (*secret.Version, uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := s.versions[path]
	if n == 0 {
		n = uint64(len(all))
	}
	if n == 0 || n > uint64(len(all)) || all[n-1] == nil {
		return nil, 0, errMissing
	}
	return all[n-1], n, nil
}

// write stores a version.
func (s *scene) write(path, value string) {
	s.T.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Now = s.clock.Now()
	author := s.mount
	if s.author != nil {
		author = s.author
	}
	draft := secret.Draft{Mount: s.Mount, Secret: envelope.NewID(), Path: path, Version: 1, Author: author.ID}
	if all := s.versions[path]; len(all) > 0 {
		last, err := all[len(all)-1].Verify(s.Roster, s.Mount, path)
		s.Must(err)
		draft.Secret, draft.Version, draft.Previous = last.Header.Secret, last.Header.Version+1, last.HeaderHash
	}
	v, err := secret.Seal(s.Roster, draft, []byte(value), author.Signer, s.Now)
	s.Must(err)
	s.versions[path] = append(s.versions[path], v)
}

// change appends a statement and tells the exchange.
func (s *scene) change(kind roster.Kind, body any) {
	s.T.Helper()
	s.mu.Lock()
	s.Now = s.clock.Now()
	s.Append(kind, body)
	s.mu.Unlock()
	s.x.RosterChanged(s.T.Context())
}

// carol is a requester who is not an approver.
func carol() exchange.Requester {
	return exchange.Requester{Entity: "entity-carol", Accessor: "accessor-1", Name: "carol", Remote: "10.0.0.1"}
}

// requester is one of many who are not approvers.
func requester(n int) exchange.Requester {
	return exchange.Requester{Entity: fmt.Sprintf("entity-requester-%d", n), Name: fmt.Sprintf("requester-%d", n)}
}

func ask() exchange.Ask { return exchange.Ask{Path: path, Reason: "incident 7", Requester: carol()} }

// result is what a blocked call came to.
type result struct {
	value   string
	answer  *exchange.Answer
	release *exchange.Releases
	err     error
}

// reader is a call that may block. gone is its client going away.
type reader struct {
	scene  *scene
	result chan result
	gone   context.CancelFunc
	ended  atomic.Bool
}

// read begins a read and returns once it blocks or has ended.
func (s *scene) read(a exchange.Ask) *reader {
	s.T.Helper()
	return s.begin(func(ctx context.Context) (out result) {
		if out.answer, out.err = s.x.Read(ctx, a); out.err == nil {
			out.value = string(out.answer.Value.JSON())
			out.answer.Value.Wipe()
		}
		return out
	})
}

func (s *scene) begin(call func(context.Context) result) *reader {
	s.T.Helper()
	ctx, gone := context.WithCancel(s.T.Context())
	r := &reader{scene: s, result: make(chan result, 1), gone: gone}
	s.readers = append(s.readers, r)
	go func() {
		out := call(ctx)
		r.ended.Store(true)
		r.result <- out
	}()
	s.settles()
	return r
}

// settles waits until every call that has not ended blocks.
func (s *scene) settles() {
	s.T.Helper()
	s.eventually("every call blocks or ends", func() bool {
		blocked := 0
		for _, r := range s.readers {
			if !r.ended.Load() {
				blocked++
			}
		}
		return blocked == s.x.Stats().WaitingReaders
	})
}

// ends returns what the call came to.
func (r *reader) ends() result {
	r.scene.T.Helper()
	select {
	case out := <-r.result:
		return out
	case <-time.After(time.Minute):
		r.scene.T.Fatal("the call still blocks")
		return result{}
	}
}

func (r *reader) gets(value string) *exchange.Answer {
	r.scene.T.Helper()
	out := r.ends()
	r.scene.Must(out.err)
	if out.value != value {
		r.scene.T.Fatalf("got %s, want %s", out.value, value)
	}
	return out.answer
}

// fails checks that the call ended with an error whose text has all parts.
func (r *reader) fails(want error, parts ...string) {
	r.scene.T.Helper()
	r.scene.fails(r.ends().err, want, parts...)
}

func (s *scene) fails(err, want error, parts ...string) {
	s.T.Helper()
	if !errors.Is(err, want) {
		s.T.Fatalf("got %v, want %v", err, want)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			s.T.Fatalf("%q does not say %q", err, p)
		}
	}
}

// eventually waits for a condition.
func (s *scene) eventually(what string, holds func() bool) {
	s.T.Helper()
	for until := time.Now().Add(time.Minute); !holds(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(until) {
			s.T.Fatalf("it never came to pass that %s", what)
		}
	}
}

func (s *scene) prompts(want uint64) {
	s.T.Helper()
	if got := s.x.Stats().Prompts; got != want {
		s.T.Fatalf("%d prompts, want %d", got, want)
	}
}

// only returns the id of the only request that waits.
func (s *scene) only() envelope.ID {
	s.T.Helper()
	var waiting []envelope.ID
	for _, l := range s.x.List(nil) {
		if l.State == exchange.Waiting {
			waiting = append(waiting, l.Request)
		}
	}
	if len(waiting) != 1 {
		s.T.Fatalf("%d requests wait", len(waiting))
	}
	return waiting[0]
}
