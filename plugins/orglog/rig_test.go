package orglog_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// server is a broker that keeps a log as the real one does, and that a test can
// make lie, lose answers, and be late.
type server struct {
	mu       sync.Mutex
	log      []envelope.Signed
	roster   *roster.Roster // nil without a log
	appended []int          // how many statements came with each call that was taken

	// before and after are asked before and after a call appends; an error is the
	// answer then. Neither holds the lock.
	before, after func(statements []envelope.Signed) error
	// page, where it is set, is what every read answers with.
	page *broker.LogPage
}

func serving(log []envelope.Signed) *server {
	s := &server{}
	if err := s.take(log); err != nil {
		panic(err)
	}
	return s
}

func (s *server) take(statements []envelope.Signed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := append(s.log[:len(s.log):len(s.log)], statements...)
	if len(log) == 0 {
		return nil
	}
	r, err := roster.Fold(log[0].Hash(), log)
	if err != nil {
		return &broker.Error{Operation: "write", Path: "org/log", Status: http.StatusConflict, Text: err.Error()}
	}
	s.log, s.roster = log, r
	return nil
}

// AppendLog appends statements, all or none.
func (s *server) AppendLog(_ context.Context, statements []envelope.Signed) error {
	if s.before != nil {
		if err := s.before(statements); err != nil {
			return err
		}
	}
	if err := s.take(statements); err != nil {
		return err
	}
	s.mu.Lock()
	s.appended = append(s.appended, len(statements))
	s.mu.Unlock()
	if s.after != nil {
		return s.after(statements)
	}
	return nil
}

// Where names the broker.
func (s *server) Where() string { return "stillvault at http://broker.test" }

// ReadLog reads the log from a statement on.
func (s *server) ReadLog(_ context.Context, from uint64) (*broker.LogPage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.page != nil {
		return s.page, nil
	}
	if s.roster == nil {
		return &broker.LogPage{}, nil
	}
	return &broker.LogPage{Statements: s.log[min(int(from), len(s.log)):], Head: s.roster.Head()}, nil
}

func (s *server) head() roster.Head {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roster.Head()
}

func (s *server) groups() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, g := range s.roster.Groups() {
		names = append(names, g.Name)
	}
	return names
}

// rig is an organisation, its broker and a program that changes it.
type rig struct {
	*coretest.World
	server *server
	memory *orglog.Volatile
	log    *orglog.Log
}

func newRig(t *testing.T) *rig {
	w := coretest.NewWorld(t)
	r := &rig{World: w, server: serving(w.Log), memory: &orglog.Volatile{Organisation: w.Roster.Organisation()}}
	r.log = orglog.New(r.server, r.memory, w.Identity)
	return r
}

// another has another signer of the organisation append a group.
func (r *rig) another(name string) {
	r.T.Helper()
	page, err := r.server.ReadLog(r.T.Context(), 0)
	r.Must(err)
	r.Log = page.Statements
	r.Roster = r.Fold(0)
	r.Append(roster.KindGroupSet, group(name))
	r.Must(r.server.take(r.Log[len(r.Log)-1:]))
}

func group(name string) roster.Group {
	return roster.Group{ID: envelope.NewID(), Name: name, Members: []roster.Principal{}}
}

// adding is a change that adds groups.
func adding(names ...string) orglog.Change {
	var entries []orglog.Entry
	for _, name := range names {
		entries = append(entries, orglog.Entry{Kind: roster.KindGroupSet, Body: group(name)})
	}
	return orglog.Change{Build: func(*roster.Roster) ([]orglog.Entry, error) { return entries, nil }}
}

// outcome is what a change led to.
type outcome struct {
	head roster.Head
	err  error
}

// together makes changes that all wait while another one is on its way, so that
// they are taken from the queue in their order, and returns what they led to.
func (r *rig) together(changes ...orglog.Change) []outcome {
	r.T.Helper()
	entered, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	before := r.server.before
	r.server.before = func(s []envelope.Signed) error {
		once.Do(func() { close(entered); <-leave; r.server.before = before })
		if before != nil {
			return before(s)
		}
		return nil
	}
	var all sync.WaitGroup
	sign := func(c orglog.Change, o *outcome) {
		all.Go(func() { o.head, o.err = r.log.Sign(r.T.Context(), c) })
	}
	var first outcome
	sign(adding("first"), &first)
	<-entered
	outcomes := make([]outcome, len(changes))
	for i, c := range changes {
		sign(c, &outcomes[i])
		r.until(func() bool { return r.log.Waiting() == i+1 })
	}
	close(leave)
	all.Wait()
	r.Must(first.err)
	return outcomes
}

func (r *rig) until(true func() bool) {
	r.T.Helper()
	for deadline := time.Now().Add(time.Minute); !true(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.T.Fatal("waited for a minute")
		}
	}
}
