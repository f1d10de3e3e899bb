package exchange_test

import (
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

func TestChangesOfTheRosterThatEndARequest(t *testing.T) {
	self := ask()
	self.Requester.Entity = "entity-1"
	policy := func(edit func(*scene, *roster.Policy)) func(*scene) {
		return func(s *scene) {
			p := *policyOf(s)
			p.Requirements = append([]roster.Requirement{}, p.Requirements...)
			edit(s, &p)
			s.change(roster.KindPolicySet, p)
		}
	}
	for name, c := range map[string]struct {
		ask    exchange.Ask
		change func(*scene)
		want   error
	}{
		"the mount is revoked": {ask(), func(s *scene) {
			s.change(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.mount.ID})
		}, roster.ErrRevoked},
		"the policy drops the mount": {ask(), policy(func(s *scene, p *roster.Policy) { p.Consumers = []envelope.ID{s.host.ID} }), approval.ErrConsumer},
		"the policy shortens its deadline": {ask(), policy(func(s *scene, p *roster.Policy) {
			p.RequestTTL = 60
		}), approval.ErrDeadline},
		"the policy wants more people": {ask(), policy(func(s *scene, p *roster.Policy) { p.Requirements[0].M = 2 }), secret.ErrStale},
		"another policy takes the path": {ask(), func(s *scene) {
			s.change(roster.KindPolicySet, coretest.Policy("narrow", path, []*coretest.Consumer{s.mount}, coretest.Need("dba", 1, s.persons()...)))
		}, approval.ErrRequest},
		"nobody is left": {ask(), policy(func(s *scene, p *roster.Policy) {
			p.Requirements[0] = coretest.Need("dba", 1, s.Admit("newcomer", "entity-new"))
		}), exchange.ErrApprovers},
		"only the requester is left": {self, func(s *scene) {
			s.change(roster.KindApproverRevoke, roster.Removal{ID: s.people[0].ID})
		}, approval.ErrSelfApproval},
		"the only one left turns out to be the requester": {ask(), func(s *scene) {
			s.change(roster.KindApproverRevoke, roster.Removal{ID: s.people[1].ID})
			s.change(roster.KindApproverSet, roster.ApproverSet{ID: s.people[0].ID, Name: "renamed", Entities: []string{ask().Requester.Entity}})
		}, approval.ErrSelfApproval},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, nil)
			r := s.read(c.ask)
			id := s.only()
			c.change(s)
			r.fails(c.want, id.String(), "ended while it waited")
			st, err := s.x.Get(id, nil)
			s.Must(err)
			if st.State != exchange.Cancelled || !errors.Is(st.Cause, c.want) {
				t.Fatalf("the request is %s: %v", st.State, st.Cause)
			}
			if n := s.x.Stats().Pending; n != 0 {
				t.Fatalf("%d requests wait", n)
			}
		})
	}
}

func TestARosterThatChangesWhileARequestIsMadeCounts(t *testing.T) {
	for name, ask := range map[string]func(*scene) *reader{
		"read": func(s *scene) *reader { return s.read(ask()) },
		"host": func(s *scene) *reader { return s.hostAsks(nil).post() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, nil)
			revoke := func() {
				p := *policyOf(s)
				p.Consumers = []envelope.ID{}
				s.change(roster.KindPolicySet, p)
			}
			s.afterRoster.Store(&revoke)
			ask(s).fails(approval.ErrConsumer)
			s.prompts(0)
			if n := len(s.store.names("host/")); n != 0 {
				t.Fatalf("%d entries are left", n)
			}
		})
	}
}

func TestARemovedApproverIsNoLongerAsked(t *testing.T) {
	s := newScene(t, 3, nil)
	r := s.read(ask())
	s.read(exchange.Ask{Path: path, Requester: requester(1)})
	p := *policyOf(s)
	p.Requirements = []roster.Requirement{coretest.Need("dba", 1, s.people[1].Person, s.people[2].Person)}
	s.change(roster.KindPolicySet, p)
	for i, want := range []int{0, 2, 2} {
		if n := len(s.people[i].inbox()); n != want {
			t.Fatalf("approver %d is shown %d items, want %d", i, n, want)
		}
	}
	p.Requirements = []roster.Requirement{coretest.Need("dba", 1, s.persons()...)}
	s.change(roster.KindPolicySet, p)
	items := s.people[0].inbox()
	if len(items) != 2 {
		t.Fatalf("who is back is shown %d items", len(items))
	}
	s.people[0].answers(s.people[0].approve(s.people[0].reviewItem(items[0])), exchange.Approved)
	r.gets(password)
}

func TestAnApprovalOfSomebodyRemovedSinceDoesNotCount(t *testing.T) {
	s := newScene(t, 4, quorum(2))
	r := s.read(ask())
	s.people[0].says(true, exchange.Waiting)
	s.change(roster.KindApproverRevoke, roster.Removal{ID: s.people[0].ID})
	r.fails(exchange.ErrCancelled, "is not among the policy's people any more")
	next := s.read(ask())
	s.people[1].says(true, exchange.Waiting)
	s.people[2].says(true, exchange.Approved)
	next.gets(password)
}

func TestADeletedVersionEndsItsRequests(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	id := s.only()
	s.versions[path][0] = nil
	s.x.VersionChanged(t.Context(), "prod/other")
	if s.only() != id {
		t.Fatal("a change elsewhere ended the request")
	}
	s.x.VersionChanged(t.Context(), path)
	r.fails(errMissing, id.String())
}

func TestAReplacedSecretEndsItsRequests(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	delete(s.versions, path)
	s.write(path, `{"password":"of another secret"}`)
	s.x.VersionChanged(t.Context(), path)
	r.fails(exchange.ErrCancelled, "was replaced")
}

func TestADeletedVersionIsNotHandedOutAgain(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	s.people[0].says(true, exchange.Approved)
	r.gets(password)
	s.versions[path][0] = nil
	s.x.VersionChanged(t.Context(), path)
	if n := s.x.Stats().Held; n != 0 {
		t.Fatalf("%d keys held", n)
	}
	s.read(ask()).fails(errMissing)
}

func TestAWriteLeavesThoseWhoWaitTheirVersion(t *testing.T) {
	s := newScene(t, 2, nil)
	waits, gone := s.read(ask()), s.read(exchange.Ask{Path: path, Requester: requester(1)})
	gone.gone()
	gone.ends()
	s.write(path, `{"password":"new"}`)
	s.x.VersionChanged(t.Context(), path)
	id := s.only() // the one that nobody waits for any more has ended
	s.people[0].says(true, exchange.Approved)
	waits.gets(password)

	s.write("prod/other", password)
	left := s.read(exchange.Ask{Path: "prod/other", Requester: carol()})
	if id == s.only() {
		t.Fatal("the request still waits")
	}
	s.write("prod/other", `{"password":"new"}`)
	s.x.VersionChanged(t.Context(), "prod/other")
	left.gone()
	left.ends()
	if n := s.x.Stats().Pending; n != 0 {
		t.Fatalf("%d requests wait", n)
	}
}
