package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

	readers []*reader
}

// approver is a person at their device.
type approver struct {
	*coretest.Person
	scene  *scene
	ledger approval.Ledger
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
		Mount:    s.Mount,
		Consumer: func() (envelope.ID, envelope.Signer, error) { return s.mount.ID, s.mount.Signer, nil },
		Roster: func(use func(*roster.Roster) error) error {
			s.mu.RLock()
			defer s.mu.RUnlock()
			return use(s.Roster)
		},
		Version: s.version,
		Log: func(_ context.Context, from uint64, limit int) ([]envelope.Signed, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			rest := s.Log[min(int(from), len(s.Log)):]
			return rest[:min(limit, len(rest))], nil
		},
		Store: s.store, Limits: func() exchange.Limits { s.mu.RLock(); defer s.mu.RUnlock(); return s.limits }, Clock: s.clock,
	})
	return s.x.Restore(s.T.Context())
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
	draft := secret.Draft{Mount: s.Mount, Secret: envelope.NewID(), Path: path, Version: 1, Author: s.mount.ID}
	if all := s.versions[path]; len(all) > 0 {
		last, err := all[len(all)-1].Verify(s.Roster, s.Mount, path)
		s.Must(err)
		draft.Secret, draft.Version, draft.Previous = last.Header.Secret, last.Header.Version+1, last.HeaderHash
	}
	v, err := secret.Seal(s.Roster, draft, []byte(value), s.mount.Signer, s.Now)
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
	case <-time.After(20 * time.Second):
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
	for until := time.Now().Add(20 * time.Second); !holds(); time.Sleep(50 * time.Microsecond) {
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

// call asks for the inbox.
func (p *approver) call(after envelope.ID, wait time.Duration) envelope.Signed {
	p.scene.T.Helper()
	p.scene.mu.RLock()
	defer p.scene.mu.RUnlock()
	signed, err := approval.CallInbox(p.scene.Roster, p.Device.ID(), p.Device.Signer(), after, wait, p.scene.clock.Now())
	p.scene.Must(err)
	return signed
}

func (p *approver) open(call envelope.Signed, sealed envelope.Envelope) *approval.Inbox {
	p.scene.T.Helper()
	p.scene.mu.RLock()
	defer p.scene.mu.RUnlock()
	in, err := approval.OpenInbox(p.scene.Roster, p.Device, p.scene.Mount, call, sealed)
	p.scene.Must(err)
	return in
}

// inbox returns everything that waits for the approver.
func (p *approver) inbox() []approval.Item {
	p.scene.T.Helper()
	var all []approval.Item
	var after envelope.ID
	for {
		call := p.call(after, 0)
		sealed, err := p.scene.x.Inbox(p.scene.T.Context(), call)
		p.scene.Must(err)
		in := p.open(call, sealed)
		all = append(all, in.Items...)
		if !in.More {
			return all
		}
		after = idOf(p.scene.T, in.Items[len(in.Items)-1].Request)
	}
}

func idOf(t testing.TB, signed envelope.Signed) envelope.ID {
	t.Helper()
	q, err := envelope.Peek[approval.Request](signed, envelope.TypeRequest)
	if err != nil {
		t.Fatal(err)
	}
	return q.ID
}

// review opens the only item that waits for the approver.
func (p *approver) review() *approval.Case {
	p.scene.T.Helper()
	items := p.inbox()
	if len(items) != 1 {
		p.scene.T.Fatalf("%s has %d items", p.Name, len(items))
	}
	return p.reviewItem(items[0])
}

func (p *approver) reviewItem(item approval.Item) *approval.Case {
	p.scene.T.Helper()
	p.scene.mu.RLock()
	defer p.scene.mu.RUnlock()
	v := approval.Reviewer{Roster: p.scene.Roster, Mount: p.scene.Mount, Approver: p.ID, Device: p.Device.ID()}
	c, err := v.Review(item, p.scene.clock.Now())
	p.scene.Must(err)
	return c
}

// approve signs an approval of a case and advances the device's ledger.
func (p *approver) approve(c *approval.Case) approval.Release {
	p.scene.T.Helper()
	rel, err := c.Approve(p.Keyring, p.Device.Signer(), p.ledger, p.scene.clock.Now())
	p.scene.Must(err)
	p.ledger = p.ledger.After(rel.Receipt)
	return rel
}

func (p *approver) deny(c *approval.Case, reason string) approval.Release {
	p.scene.T.Helper()
	rel, err := c.Deny(reason, p.Device.Signer(), p.ledger, p.scene.clock.Now())
	p.scene.Must(err)
	p.ledger = p.ledger.After(rel.Receipt)
	return rel
}

// answers sends a release and checks what state the request is in then.
func (p *approver) answers(rel approval.Release, want exchange.State) {
	p.scene.T.Helper()
	state, err := p.scene.x.Answer(p.scene.T.Context(), rel)
	p.scene.Must(err)
	if state != want {
		p.scene.T.Fatalf("the request is %s, want %s", state, want)
	}
}

func (p *approver) says(yes bool, want exchange.State) {
	p.scene.T.Helper()
	c := p.review()
	if yes {
		p.answers(p.approve(c), want)
	} else {
		p.answers(p.deny(c, "not during the freeze"), want)
	}
}

// store is a Store in memory that can be told to stop writing.
type store struct {
	mu      sync.Mutex
	entries map[string][]byte
	writes  int
	stopAt  int // fail from this write on, counted from 1; 0 never
}

var errStopped = errors.New("the storage stopped")

func newStore() *store { return &store{entries: map[string][]byte{}} }

func (m *store) write(f func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.writes++; m.stopAt > 0 && m.writes >= m.stopAt {
		return errStopped
	}
	f()
	return nil
}

func (m *store) Put(_ context.Context, name string, entry []byte) error {
	return m.write(func() { m.entries[name] = slices.Clone(entry) })
}

func (m *store) Delete(_ context.Context, name string) error {
	return m.write(func() { delete(m.entries, name) })
}

func (m *store) Get(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.entries[name]), nil
}

func (m *store) List(_ context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := map[string]bool{}
	for name := range m.entries {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			if i := strings.IndexByte(rest, '/'); i >= 0 {
				rest = rest[:i+1]
			}
			names[rest] = true
		}
	}
	var all []string
	for name := range names {
		all = append(all, name)
	}
	return all, nil
}

// clock is a Clock that moves only when told to.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[int]timer
	next   int
}

type timer struct {
	at time.Time
	f  func()
}

func newClock(now time.Time) *clock { return &clock{now: now, timers: map[int]timer{}} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) AfterFunc(d time.Duration, f func()) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	n := c.next
	c.timers[n] = timer{c.now.Add(d), f}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.timers, n)
	}
}

// advance moves the clock and runs what is due on the way, in order.
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	end := c.now.Add(d)
	for {
		first := 0
		for n, t := range c.timers {
			if !t.at.After(end) && (first == 0 || t.at.Before(c.timers[first].at)) {
				first = n
			}
		}
		if first == 0 {
			break
		}
		t := c.timers[first]
		delete(c.timers, first)
		if t.at.After(c.now) {
			c.now = t.at
		}
		c.mu.Unlock()
		t.f()
		c.mu.Lock()
	}
	c.now = end
	c.mu.Unlock()
}
