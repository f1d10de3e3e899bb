package exchange_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// glass wants approver-0 or 1, or else two of approver-2, 3 and 4 who break the
// glass; whoever else is admitted has no say.
func glass(s *scene, p *roster.Policy) {
	p.Requirements = []roster.Requirement{coretest.Need("dba", 1, s.people[0].Person, s.people[1].Person)}
	directors := coretest.Need("directors", 2, s.people[2].Person, s.people[3].Person, s.people[4].Person)
	p.BreakGlass = &directors
}

func breaking() exchange.Ask {
	a := ask()
	a.BreakGlass, a.Reason = true, "nobody answers and the site is down"
	return a
}

// hears checks how many alarms an approver's device is shown, verifies them, and
// returns them.
func (p *approver) hears(t *testing.T, n int) []approval.Alarm {
	t.Helper()
	in := p.scene.polled(p.callOnce(t))
	if len(in.Alarms) != n {
		t.Fatalf("%s is shown %d alarms, want %d", p.Name, len(in.Alarms), n)
	}
	for _, a := range in.Alarms {
		q, _, err := approval.ReadAlarm(p.scene.Roster, a)
		p.scene.Must(err)
		if q.Path != path || q.Reason != breaking().Reason {
			t.Fatalf("the alarm is about %q, %q", q.Path, q.Reason)
		}
	}
	return in.Alarms
}

func TestBreakingTheGlassAsksThoseWhoMayAndTellsEverybody(t *testing.T) {
	s := newScene(t, 6, glass)
	waits := s.people[5].poll(envelope.ID{}) // who has no say in it
	r := s.read(breaking())
	id := s.only()
	if in := s.polled(waits); len(in.Alarms) != 1 || len(in.Items) != 0 {
		t.Fatalf("a device that waited is told of %d alarms, and asked %d times", len(in.Alarms), len(in.Items))
	}
	for i, want := range []int{0, 0, 1, 1, 1, 0} {
		if n := len(s.people[i].inbox()); n != want {
			t.Fatalf("approver %d is asked %d times, want %d", i, n, want)
		}
		s.people[i].hears(t, 1)
	}
	s.stands(id, "0 of 2 directors", nil)
	s.people[3].says(true, exchange.Waiting)
	s.fails(s.x.Acknowledge(t.Context(), id, requester(0)), exchange.ErrAlarmOpen, id.String())
	s.fails(s.x.Acknowledge(t.Context(), id, carol()), exchange.ErrAlarmOwn, "somebody else")
	if a := s.people[0].hears(t, 1)[0]; len(a.Decisions) != 1 {
		t.Fatalf("the alarm tells of %d decisions", len(a.Decisions))
	}
	s.people[2].says(true, exchange.Approved)
	r.gets(password)
	if o := s.openings; len(o) != 1 || !o[0].BreakGlass || !slices.Equal(o[0].Approvers, []envelope.ID{s.people[3].ID, s.people[2].ID}) {
		t.Fatalf("told of %d openings", len(o))
	}
	a, err := s.x.Alarm(id)
	s.Must(err)
	if a.State != exchange.Approved || len(a.Decisions) != 2 || a.Decisions[0].Name != "approver-3" || a.Origin.Requester != "carol" {
		t.Fatalf("the alarm says %s, %d decisions", a.State, len(a.Decisions))
	}
	s.crash()
	s.x.Tick(t.Context())
	s.x.Tick(t.Context())
	if o := s.openings; len(o) != 2 || !o[1].BreakGlass || o[1].Version != 1 || len(o[1].Approvers) != 0 {
		t.Fatalf("told of %d openings after a restart", len(o))
	}
	s.people[4].hears(t, 1)
	if st := s.x.Stats(); st.Alarms != 1 {
		t.Fatalf("%d alarms after a restart", st.Alarms)
	}
	if a, err := s.x.Alarm(id); err != nil || a.State != exchange.Approved {
		t.Fatalf("after a restart: %v", err)
	}
	s.fails(s.x.Acknowledge(t.Context(), id, carol()), exchange.ErrAlarmOwn)
	got := s.people[1].poll(envelope.ID{}) // told since the restart
	s.polled(got)
	got = s.people[1].poll(envelope.ID{})
	s.Must(s.x.Acknowledge(t.Context(), id, requester(0)))
	s.Must(s.x.Acknowledge(t.Context(), id, requester(0)))
	if in := s.polled(got); len(in.Alarms) != 0 {
		t.Fatal("a device still shows what was acknowledged")
	}
	s.crash()
	_, err = s.x.Alarm(id)
	s.fails(err, exchange.ErrUnknownAlarm)
	if len(s.x.Alarms()) != 0 || len(s.store.names("alarm/")) != 0 {
		t.Fatal("an acknowledged alarm came back")
	}
}

func TestBreakingTheGlassHasItsOwnQuorum(t *testing.T) {
	s := newScene(t, 5, glass)
	usual, broken := s.read(ask()), s.read(breaking())
	s.prompts(2) // they ask different people
	item := s.people[2].inbox()[0]
	for _, i := range []int{0, 1} { // who may answer the usual one alone
		rel := s.people[i].forge(item, nil, s.people[i].Device.Signer())
		_, err := s.x.Answer(t.Context(), rel)
		s.fails(err, approval.ErrNotPrincipal)
	}
	rel := s.people[2].forge(s.people[0].inbox()[0], nil, s.people[2].Device.Signer())
	_, err := s.x.Answer(t.Context(), rel)
	s.fails(err, approval.ErrNotPrincipal)
	s.people[0].says(true, exchange.Approved)
	usual.gets(password)
	s.people[2].says(true, exchange.Waiting)
	s.people[4].says(false, exchange.Denied)
	broken.fails(approval.ErrDenied, "approver-4")
	if all := s.x.Alarms(); len(all) != 1 || all[0].State != exchange.Denied {
		t.Fatalf("%d alarms", len(all))
	}
	s.read(breaking()).fails(exchange.ErrDeniedRecently)
}

// One who is asked for ordinary reads must not lock an emergency out, and a refused
// emergency does not keep from asking as usual.
func TestCooldownsOfOrdinaryReadsDoNotKeepTheGlassFromBeingBroken(t *testing.T) {
	for name, c := range map[string]struct {
		deny func(*approver, *approval.Case) approval.Release
		want error
	}{
		"a denial": {func(p *approver, c *approval.Case) approval.Release { return p.deny(c, "no") }, exchange.ErrDeniedRecently},
		"a report": {(*approver).reports, exchange.ErrReported},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 5, glass)
			usual := s.read(ask())
			s.people[0].answers(c.deny(s.people[0], s.people[0].review()), exchange.Denied)
			usual.ends()
			s.crash()
			s.read(ask()).fails(c.want)
			s.hostAsks(nil).post().fails(c.want)
			s.read(breaking())
			s.prompts(1)
			s.people[2].answers(c.deny(s.people[2], s.people[2].review()), exchange.Denied)
			s.crash()
			s.read(breaking()).fails(c.want)
			s.hostBreaks().post().fails(c.want)
			for _, r := range s.x.Reports() {
				s.Must(s.x.AcknowledgeReport(t.Context(), r.Request, "root"))
			}
			s.clock.advance(5 * time.Minute)
			s.x.Tick(t.Context())
			if n := len(s.store.names("cooldown/")); n != 0 {
				t.Fatalf("%d cooldowns are left", n)
			}
			s.read(ask())
			s.read(breaking())
			s.prompts(2)
		})
	}
}

func TestBreakingTheGlassIsRefused(t *testing.T) {
	quiet := breaking()
	quiet.Reason = " "
	for name, c := range map[string]struct {
		edit func(*scene, *roster.Policy)
		ask  exchange.Ask
	}{"without a reason": {glass, quiet}, "where nobody may": {nil, breaking()}} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 5, c.edit)
			s.read(c.ask).fails(approval.ErrBreakGlass)
			if len(s.x.Alarms()) != 0 || len(s.store.names("alarm/")) != 0 {
				t.Fatal("an alarm was raised about nothing")
			}
		})
	}
	s := newScene(t, 5, glass)
	for range 8 {
		r := s.read(breaking())
		s.Must(s.x.Cancel(t.Context(), s.only(), nil))
		r.ends()
	}
	s.read(breaking()).fails(exchange.ErrCap, "nobody has acknowledged")
	s.Must(s.x.Acknowledge(t.Context(), s.x.Alarms()[0].Request, requester(0)))
	s.read(breaking())
}

func TestAlarmsTellHowTheirRequestEnded(t *testing.T) {
	for want, end := range map[exchange.State]func(*scene){
		exchange.Cancelled: func(s *scene) { s.Must(s.x.Cancel(s.T.Context(), s.only(), nil)) },
		exchange.Expired:   func(s *scene) { s.clock.advance(5 * time.Minute) },
	} {
		s := newScene(t, 5, glass)
		s.read(breaking())
		end(s)
		for range 2 {
			if all := s.x.Alarms(); len(all) != 1 || all[0].State != want {
				t.Fatalf("%d alarms, %s, want %s", len(all), all[0].State, want)
			}
			s.crash()
		}
	}
}

func (s *scene) hostBreaks() *hostAsk {
	return s.hostAsks(func(terms *approval.Terms) { terms.BreakGlass, terms.Reason = true, breaking().Reason })
}

func TestAHostBreaksTheGlass(t *testing.T) {
	s := newScene(t, 5, glass)
	h := s.hostBreaks()
	h.post()
	s.people[2].says(true, exchange.Waiting)
	s.crash()
	s.people[0].hears(t, 1)
	r := h.post()
	s.people[3].says(true, exchange.Approved)
	h.opens(r)
	// Whatever the host says, the version was opened in an emergency.
	if o := s.openings; len(o) != 1 || !o[0].BreakGlass || len(o[0].Approvers) != 0 {
		t.Fatalf("told of %d openings", len(o))
	}
	if all := s.x.Alarms(); len(all) != 1 || all[0].State != exchange.Approved || len(all[0].Decisions) != 2 {
		t.Fatalf("%d alarms", len(all))
	}
}

// TestAStoppedStorageSilencesNoAlarm stops the storage at each write of a host's
// request and its answers in turn: nobody is asked of whom nobody is told, and what
// was opened is known to have been.
func TestAStoppedStorageSilencesNoAlarm(t *testing.T) {
	for stop := 1; ; stop++ {
		s := newScene(t, 5, glass)
		s.store.stopAt = s.store.writes + stop
		h := s.hostBreaks()
		r := h.post()
		stopped := s.x.Stats().Pending == 0
		if stopped {
			r.fails(errStopped)
			s.crash()
			r = h.post()
		}
		for i, want := range []exchange.State{exchange.Waiting, exchange.Approved} {
			p := s.people[2+i]
			rel := p.approve(p.review())
			if _, err := s.x.Answer(t.Context(), rel); err != nil {
				stopped = true
				s.fails(err, errStopped)
				s.crash()
				s.people[0].hears(t, 1)
				p.answers(rel, want)
				r = h.post()
			}
		}
		s.people[1].hears(t, 1)
		if out := r.ends(); out.err != nil || out.release.State != exchange.Approved {
			t.Fatalf("stopped at write %d: %v", stop, out.err)
		}
		s.store.stopAt = 0
		s.crash()
		all := s.x.Alarms()
		if len(all) != 1 || all[0].State != exchange.Approved || len(all[0].Decisions) != 2 {
			t.Fatalf("stopped at write %d: %d alarms", stop, len(all))
		}
		if !stopped {
			break
		}
	}
}

// Without an entity a requester is known by the token.
func TestWhoBrokeTheGlassWithABareTokenDoesNotAcknowledgeIt(t *testing.T) {
	s := newScene(t, 5, func(s *scene, p *roster.Policy) {
		glass(s, p)
		p.SelfApproval = true
	})
	a := breaking()
	a.Requester = exchange.Requester{Accessor: "accessor-9", Name: "token"}
	r := s.read(a)
	id := s.only()
	s.Must(s.x.Cancel(t.Context(), id, nil))
	r.ends()
	s.crash()
	s.fails(s.x.Acknowledge(t.Context(), id, a.Requester), exchange.ErrAlarmOwn)
	s.Must(s.x.Acknowledge(t.Context(), id, exchange.Requester{Accessor: "accessor-8", Name: "token"}))
}

// The mount's own request dies with its process; its alarm does not.
func TestAMountRequestRaisesItsAlarmFirst(t *testing.T) {
	s := newScene(t, 5, glass)
	s.store.stopAt = s.store.writes + 1
	s.read(breaking()).fails(errStopped)
	if s.x.Stats().Pending != 0 {
		t.Fatal("people are asked in silence")
	}
	s.store.stopAt = 0
	s.read(breaking())
	s.crash()
	if all := s.x.Alarms(); len(all) != 1 || all[0].State != exchange.Expired {
		t.Fatalf("%d alarms", len(all))
	}
}

// While a host's request is stored, the roster changes and its version goes: nothing
// stays of a request that was not opened.
func TestAHostRequestWhoseVersionGoesMeanwhileIsTakenBack(t *testing.T) {
	s := newScene(t, 5, glass)
	h := s.hostBreaks()
	meanwhile := func() {
		s.mu.Lock()
		s.Now = s.clock.Now()
		s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.people[1].ID})
		s.versions[path][0] = nil
		s.mu.Unlock()
		s.x.RosterChanged(t.Context())
	}
	s.afterRoster.Store(&meanwhile)
	h.post().fails(errMissing)
	if n := len(s.store.names("alarm/")) + len(s.store.names("host/")); n > 0 || len(s.x.Alarms()) > 0 {
		t.Fatalf("%d entries, %d alarms are left", n, len(s.x.Alarms()))
	}
}
