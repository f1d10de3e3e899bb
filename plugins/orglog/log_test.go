package orglog_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/orglog"
)

func (r *rig) sees(log *orglog.Log) []string {
	r.T.Helper()
	var names []string
	r.Must(log.View(r.T.Context(), func(at *roster.Roster) error {
		for _, g := range at.Groups() {
			names = append(names, g.Name)
		}
		return nil
	}))
	return names
}

func TestAViewIsAsOldAsTheLastFetch(t *testing.T) {
	r := newRig(t)
	if got := r.sees(r.log); len(got) != 0 {
		t.Errorf("groups %v", got)
	}
	r.another("theirs")
	if got := r.sees(r.log); len(got) != 0 {
		t.Errorf("groups %v without a fetch", got)
	}
	fresh, err := r.log.Fresh(t.Context())
	r.Must(err)
	if got := r.sees(r.log); !slices.Equal(got, []string{"theirs"}) || len(fresh.Groups()) != 1 {
		t.Errorf("groups %v after one", got)
	}
	s, err := fresh.Next(roster.KindGroupSet, group("mine"), r.Now, r.Identity)
	r.Must(err)
	r.Must(fresh.Append(s))
	if got := r.sees(r.log); len(got) != 1 {
		t.Errorf("a roster of the caller's own changed the log's: %v", got)
	}
	if len(r.log.Signed()) != 2 {
		t.Errorf("%d statements", len(r.log.Signed()))
	}
}

func TestAForkOrARollbackIsRefusedUntilItEnds(t *testing.T) {
	for name, c := range map[string]struct {
		lie  func(*rig) *broker.LogPage
		want error
	}{
		"shorter": {func(r *rig) *broker.LogPage { return &broker.LogPage{Head: r.Fold(2).Head()} }, roster.ErrRolledBack},
		"none":    {func(*rig) *broker.LogPage { return &broker.LogPage{} }, roster.ErrRolledBack},
		"another statement in its place": {func(r *rig) *broker.LogPage {
			r.Roster = r.Fold(2)
			r.Append(roster.KindGroupSet, group("other"))
			return &broker.LogPage{Head: r.Roster.Head()}
		}, roster.ErrForked},
		"more on top of another": {func(r *rig) *broker.LogPage {
			r.Roster = r.Fold(2)
			r.Append(roster.KindGroupSet, group("other"))
			r.Append(roster.KindGroupSet, group("more"))
			return &broker.LogPage{Head: r.Roster.Head(), Statements: r.Log[len(r.Log)-1:]}
		}, roster.ErrForked},
		"statements that it does not show": {func(r *rig) *broker.LogPage {
			return &broker.LogPage{Head: roster.Head{Seq: 9, Hash: envelope.SumHash([]byte("x"))}}
		}, roster.ErrForked},
		"a head that is not theirs": {func(r *rig) *broker.LogPage {
			r.Append(roster.KindGroupSet, group("more"))
			return &broker.LogPage{Head: roster.Head{Seq: 3, Hash: envelope.SumHash([]byte("x"))}, Statements: r.Log[len(r.Log)-1:]}
		}, roster.ErrForked},
		"a statement that nobody signed": {func(r *rig) *broker.LogPage {
			r.Append(roster.KindGroupSet, group("more"))
			s := r.Log[len(r.Log)-1]
			s.Signatures = []envelope.Signature{{Key: r.Identity.Public(), Bytes: make([]byte, 64)}}
			return &broker.LogPage{Head: r.Roster.Head(), Statements: []envelope.Signed{s}}
		}, envelope.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			_, err := r.log.Sign(t.Context(), adding("a", "b"))
			r.Must(err)
			r.Log = r.server.log
			r.Roster = r.Fold(0)
			kept, err := r.memory.Recall()
			r.Must(err)
			r.server.page = c.lie(r)
			for range 2 {
				if err := r.log.Sync(t.Context()); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			}
			if _, err := r.log.Sign(t.Context(), adding("c")); !errors.Is(err, c.want) {
				t.Errorf("signed on top of it: %v", err)
			}
			if now, err := r.memory.Recall(); err != nil || now.Head != kept.Head {
				t.Errorf("it was remembered: %v, %v", now.Head, err)
			}
			r.server.page = nil
			_, err = r.log.Sign(t.Context(), adding("c"))
			r.Must(err)
		})
	}
}

// hasty is a memory that another program uses as well: meanwhile runs once, before
// it is told something.
type hasty struct {
	orglog.Memory
	meanwhile func()
	once      sync.Once
}

// Advance keeps a log.
func (h *hasty) Advance(r *roster.Roster, statements []envelope.Signed) error {
	h.once.Do(h.meanwhile)
	return h.Memory.Advance(r, statements)
}

// homed makes the rig's log one of a state directory, and another one of the same.
func (r *rig) homed(meanwhile func(other *orglog.Log)) {
	r.T.Helper()
	h, err := home.Open(r.T.TempDir())
	r.Must(err)
	r.Must(h.Pin(r.Roster.Organisation()))
	other := orglog.New(r.server, h, r.Identity)
	r.log = orglog.New(r.server, &hasty{Memory: h, meanwhile: func() { meanwhile(other) }}, r.Identity)
}

func TestAnotherProgramWithTheSameMemoryMayBeFaster(t *testing.T) {
	for name, use := range map[string]func(*rig) error{
		"while fetching": func(r *rig) error { return r.log.Sync(t.Context()) },
		"while signing":  func(r *rig) error { _, err := r.log.Sign(t.Context(), adding("ours")); return err },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.homed(func(other *orglog.Log) {
				_, err := other.Sign(t.Context(), adding("theirs"))
				r.Must(err)
			})
			r.Must(use(r))
			if got := r.sees(r.log); !slices.Contains(got, "theirs") || !slices.Equal(got, r.server.groups()) {
				t.Errorf("sees %v, the broker has %v", got, r.server.groups())
			}
		})
	}
}

func TestAnotherProgramMayHaveSeenOurChangeBeforeUs(t *testing.T) {
	r := newRig(t)
	r.Must(r.log.Sync(t.Context()))
	seen := false
	r.homed(func(*orglog.Log) {})
	r.Must(r.log.Sync(t.Context()))
	r.homed(func(other *orglog.Log) { r.Must(other.Sync(t.Context())); seen = true })
	head, err := r.log.Sign(t.Context(), adding("ours"))
	if err != nil || !seen || r.server.roster.Follows(head) != nil {
		t.Errorf("%v, %v", head, err)
	}
}

func TestSeveralProgramsLoseNothing(t *testing.T) {
	r := newRig(t)
	var all sync.WaitGroup
	for range 3 {
		log := orglog.New(r.server, &orglog.Volatile{Organisation: r.Roster.Organisation()}, r.Identity)
		for i := range 5 {
			all.Go(func() {
				if _, err := log.Sign(context.Background(), adding("g-"+envelope.NewID().String())); err != nil {
					t.Errorf("change %d: %v", i, err)
				}
			})
		}
	}
	all.Wait()
	if got := len(r.server.groups()); got != 15 {
		t.Errorf("%d groups", got)
	}
}

func TestAnOrganisationBeginsOnce(t *testing.T) {
	w := coretest.NewWorld(t)
	s := serving(nil)
	v := &orglog.Volatile{Identity: w.Identity.Public()}
	log := orglog.New(s, v, w.Identity)
	if err := log.Sync(t.Context()); !errors.Is(err, orglog.ErrUnfounded) {
		t.Errorf("before: %v", err)
	}
	refusal := errors.New("not pinned")
	s.before = func([]envelope.Signed) error { return refusal }
	if err := log.Begin(t.Context(), w.Log[0]); !errors.Is(err, refusal) {
		t.Errorf("refused: %v", err)
	}
	if err := log.Sync(t.Context()); !errors.Is(err, orglog.ErrUnfounded) {
		t.Errorf("after a refusal: %v", err)
	}
	s.before = nil
	w.Must(log.Begin(t.Context(), w.Log[0]))
	_, err := log.Sign(t.Context(), adding("a"))
	w.Must(err)
	s.log, s.roster = nil, nil
	if err := log.Sync(t.Context()); !errors.Is(err, roster.ErrRolledBack) {
		t.Errorf("lost: %v", err)
	}
	other := coretest.NewWorld(t)
	if err := orglog.New(serving(nil), v, w.Identity).Begin(t.Context(), other.Log[0]); !errors.Is(err, roster.ErrOrganisation) {
		t.Errorf("another one: %v", err)
	}
}
