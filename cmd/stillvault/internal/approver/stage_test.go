package approver_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/approver"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

// stage is an organisation, a broker that only routes, and alice at her desk.
type stage struct {
	*coretest.World
	alice, bob *coretest.Person
	host       *coretest.Consumer
	home       *home.Home
	factor     approver.Factor
	former     []approver.Former
	broker     *routes
	clock      *clock
	out        *screen
	typing     *io.PipeWriter
	input      *approver.Input
	pendings   map[envelope.ID]*approval.Pending
	cancel     context.CancelFunc
	over       chan error
}

func newStage(t *testing.T, edit func(*roster.Policy)) *stage {
	t.Helper()
	s := &stage{World: coretest.NewWorld(t), pendings: map[envelope.ID]*approval.Pending{}}
	s.alice, s.bob = s.Admit("alice", "entity-alice"), s.Admit("bob", "entity-bob")
	s.host = s.AdmitConsumer("deploy-host", roster.ConsumerHost)
	policy := coretest.Policy("production", "prod/*", []*coretest.Consumer{s.host}, coretest.Need("dba", 1, s.alice, s.bob))
	if edit != nil {
		edit(&policy)
	}
	s.SetPolicy(policy)
	s.clock = &clock{now: s.Now}
	s.broker = &routes{stage: s, pages: 2}
	var err error
	s.home, err = home.Open(t.TempDir())
	s.Must(err)
	s.Must(s.home.Pin(s.Roster.Organisation()))
	s.Must(s.home.Advance(s.Roster, s.Log))
	soft := keyring.NewSoftware()
	w, err := keyring.Wrap(s.alice.Keyring, keyring.WrapOptions{Label: "alice", Created: s.Now, PRF: soft})
	s.Must(err)
	s.factor = approver.Software{Row: w.Row, KeyCheck: w.KeyCheck, Key: soft}
	return s
}

// start begins alice's session; it runs until the test ends or stop is called.
func (s *stage) start(o approver.Options) {
	s.T.Helper()
	kept, err := approver.Keep(s.home, "alice", slices.Clone(s.Log))
	s.Must(err)
	reader, writer := io.Pipe()
	s.typing, s.out = writer, &screen{T: s.T, changed: make(chan struct{}, 1)}
	s.input = &approver.Input{ReadLine: approver.Lines(reader), ReadHidden: approver.Lines(reader)}
	session := &approver.Session{
		Device: approver.Device{Roster: s.Fold(0), Mount: s.Mount, Approver: s.alice.ID, Keys: s.alice.Device, Memory: kept, Factor: s.factor, Former: s.former},
		Broker: s.broker, Input: s.input, Out: s.out, Clock: s.clock, Options: o,
	}
	ctx, cancel := context.WithCancel(s.T.Context())
	s.cancel, s.over = cancel, make(chan error, 1)
	s.out.over = s.over
	go func() { s.over <- session.Run(ctx) }()
	s.T.Cleanup(func() { cancel(); _ = writer.Close() })
}

func (s *stage) stop() error { s.cancel(); return s.end() }

func (s *stage) end() error {
	s.T.Helper()
	select {
	case err := <-s.over:
		return err
	case <-time.After(20 * time.Second):
		s.T.Fatalf("the session does not end; it said\n%s", s.out.text())
		return nil
	}
}

func (s *stage) types(line string) {
	s.T.Helper()
	_, err := io.WriteString(s.typing, line+"\n")
	s.Must(err)
}

// ask puts a request for a fresh secret on the broker's list.
func (s *stage) ask(path string, terms approval.Terms) approval.Item {
	s.T.Helper()
	now := s.clock.Now()
	v, err := secret.Seal(s.Roster, secret.Draft{Mount: s.Mount, Secret: envelope.NewID(), Path: path, Version: 1, Author: s.host.ID}, []byte(`{"a":"b"}`), s.host.Signer, now)
	s.Must(err)
	verified, err := v.Verify(s.Roster, s.Mount, path)
	s.Must(err)
	if terms.Origin == (approval.Origin{}) {
		terms.Origin = approval.Origin{Requester: "carol", Entity: "entity-carol", Host: "db1", Executable: "/usr/bin/psql", UID: 1000, PID: 4242}
	}
	pending, signed, err := approval.Ask(s.Roster, verified, s.host.ID, s.host.Signer, terms, now)
	s.Must(err)
	asked, err := envelope.Peek[approval.Request](signed, envelope.TypeRequest)
	s.Must(err)
	s.pendings[asked.ID] = pending
	item := approval.Item{Request: signed, Version: *v, Decisions: []envelope.Signed{}}
	s.broker.change(func(b *routes) { b.items = append(b.items, item) })
	return item
}

// accept opens a release as the consumer that asked does.
func (s *stage) accept(item approval.Item, release approval.Release) (approval.Outcome, error) {
	s.T.Helper()
	asked, err := envelope.Peek[approval.Request](item.Request, envelope.TypeRequest)
	s.Must(err)
	verified, err := item.Version.Verify(s.Roster, s.Mount, asked.Path)
	s.Must(err)
	return s.pendings[asked.ID].Accept(s.Roster, &asked, verified, release, s.clock.Now())
}

func idOf(t testing.TB, item approval.Item) envelope.ID {
	t.Helper()
	asked, err := envelope.Peek[approval.Request](item.Request, envelope.TypeRequest)
	if err != nil {
		t.Fatal(err)
	}
	return asked.ID
}

// routes is a broker that hands items to devices and takes their answers.
type routes struct {
	*stage
	mu       sync.Mutex
	items    []approval.Item
	releases []approval.Release
	refuse   error // what an answer is refused with
	inbox    error // what a call is answered with
	down     bool
	// answering happens to each answer before it is taken.
	answering func(context.Context)
	pages     int    // items a page
	endless   bool   // shows the first version of a re-share for ever
	fewer     uint32 // told of a re-share than there are
	hidden    string // path of a version that is not shown

	reshare *envelope.Signed // asked for
	kept    []*secret.Version
	answers []approval.ReshareAnswer
	alarms  []approval.Alarm
}

func (b *routes) change(f func(*routes)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(b)
}

func (b *routes) ReadInbox(_ context.Context, call envelope.Signed) (envelope.Envelope, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return envelope.Envelope{}, errors.New("connection refused")
	}
	if b.inbox != nil {
		return envelope.Envelope{}, b.inbox
	}
	asked, device, err := approval.ReadInboxCall(b.Roster, call, b.clock.Now())
	if err != nil {
		return envelope.Envelope{}, &broker.Error{Status: http.StatusForbidden, Text: err.Error()}
	}
	in := approval.Inbox{Log: append([]envelope.Signed{}, b.Log[asked.Roster.Seq+1:]...), Items: []approval.Item{}}
	rest := b.items
	if i := slices.IndexFunc(rest, func(it approval.Item) bool { return idOf(b.T, it) == asked.After }); i >= 0 {
		rest = rest[i+1:]
	}
	in.Items = append(in.Items, rest[:min(b.pages, len(rest))]...)
	in.More = len(rest) > b.pages
	in.Alarms = b.alarms
	if b.reshare != nil {
		in.Reshares = []approval.ReshareNotice{{Request: *b.reshare, Total: uint32(len(b.kept)) - b.fewer, Done: b.dealt()}}
	}
	return approval.SealInbox(device, b.Mount, call, in)
}

func (b *routes) PostAnswer(ctx context.Context, release approval.Release, request *envelope.Signed) (broker.RequestState, error) {
	if b.answering != nil {
		b.answering(ctx)
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return "", errors.New("connection refused")
	}
	rec, err := approval.ReadReceipt(b.Roster, release.Receipt)
	if err != nil {
		return "", &broker.Error{Status: http.StatusForbidden, Text: err.Error()}
	}
	if request == nil || request.Hash() != rec.Request {
		return "", &broker.Error{Status: http.StatusBadRequest, Text: approval.ErrRelease.Error()}
	}
	b.releases = append(b.releases, release)
	if b.refuse != nil {
		return "", b.refuse
	}
	if rec.Decision == approval.Consent {
		for i := range b.items {
			if b.items[i].Request.Hash() == rec.Request {
				b.items[i].Decisions = append(b.items[i].Decisions, release.Receipt)
			}
		}
		return broker.RequestWaiting, nil
	}
	b.items = slices.DeleteFunc(b.items, func(it approval.Item) bool { return it.Request.Hash() == rec.Request })
	if rec.Decision == approval.Deny {
		return broker.RequestDenied, nil
	}
	return broker.RequestApproved, nil
}

func (b *routes) sent() []approval.Release {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.releases)
}

// clock is a time that only a test moves; whatever waits for it waits no longer
// than a millisecond, or for ever where the clock stands.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	stands bool
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) stand() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stands = true
}

func (c *clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stands {
		return nil
	}
	return time.After(min(d, time.Millisecond))
}

// screen is what alice sees.
type screen struct {
	T       testing.TB
	mu      sync.Mutex
	shown   bytes.Buffer
	read    int
	changed chan struct{}
	over    chan error // of the session
}

// ended is why the session ended, if it did.
func (s *screen) ended() error {
	select {
	case err := <-s.over:
		return err
	default:
		return nil
	}
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		select {
		case s.changed <- struct{}{}:
		default:
		}
	}()
	return s.shown.Write(b)
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.String()
}

// until waits for a text that was not waited for before, and returns everything
// up to it.
func (s *screen) until(want string) string {
	s.T.Helper()
	deadline := time.After(20 * time.Second)
	for {
		all := s.text()
		if i := strings.Index(all[s.read:], want); i >= 0 {
			part := all[s.read : s.read+i+len(want)]
			s.read += i + len(want)
			return part
		}
		select {
		case <-s.changed:
		case <-deadline:
			s.T.Fatalf("waited in vain for %q; the session ended: %v; shown is\n%s", want, s.ended(), all)
		}
	}
}

// staging is a policy for another path.
func staging(s *stage) roster.Policy {
	return coretest.Policy("staging", "stage/*", []*coretest.Consumer{s.host}, coretest.Need("dba", 1, s.alice, s.bob))
}
