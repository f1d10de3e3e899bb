package exchange_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

func TestReadBlocksUntilSomebodyApproves(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	if c := s.people[0].review(); c.Request.Origin.Requester != "carol" || !c.Request.Origin.Reported || c.Request.Reason != "incident 7" {
		t.Fatalf("the approver is shown %q, %q", c.Request.Origin.Requester, c.Request.Reason)
	}
	s.people[0].says(true, exchange.Approved)
	if a := r.gets(password); a.Lease != 900 || a.Version != 1 {
		t.Fatalf("lease %d, version %d", a.Lease, a.Version)
	}
	s.prompts(1)
	if items := s.people[1].inbox(); len(items) != 0 {
		t.Fatalf("%d items are left", len(items))
	}
}

func TestDenialReachesTheReaderWithItsReason(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	s.people[1].says(false, exchange.Denied)
	r.fails(approval.ErrDenied, "denied: approver-1 said", "not during the freeze")
	if st := s.x.Stats(); st.Pending != 0 || st.Held != 0 {
		t.Fatalf("pending %d, held %d", st.Pending, st.Held)
	}
}

func TestWaitEndsAndIsResumedWithoutAnotherPrompt(t *testing.T) {
	s := newScene(t, 2, nil)
	first := s.read(ask())
	id := s.only()
	s.clock.advance(50 * time.Second)
	first.fails(exchange.ErrWaiting, "request_waiting: ", id.String(), `request_waiting: dba: waiting (request `, "run the same command again to keep waiting; nobody is prompted again")
	again := s.read(ask())
	s.people[0].says(true, exchange.Approved)
	again.gets(password)
	s.prompts(1)
}

func TestWaitIsAsAskedAndAtMost55Seconds(t *testing.T) {
	for _, c := range []struct{ asked, want time.Duration }{{time.Second, time.Second}, {time.Hour, 55 * time.Second}, {0, 50 * time.Second}} {
		s := newScene(t, 2, nil)
		a := ask()
		a.Wait = c.asked
		r := s.read(a)
		s.clock.advance(c.want - time.Millisecond)
		if len(r.result) > 0 {
			t.Fatalf("wait of %s ended early", c.asked)
		}
		s.clock.advance(time.Millisecond)
		r.fails(exchange.ErrWaiting)
	}
	s := newScene(t, 2, nil)
	a := ask()
	a.Wait = -time.Second
	s.read(a).fails(exchange.ErrWait)
}

func TestClientThatGoesAwayLeavesItsRequest(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	r.gone()
	r.fails(context.Canceled)
	if st := s.x.Stats(); st.Pending != 1 || st.WaitingReaders != 0 {
		t.Fatalf("pending %d, readers %d", st.Pending, st.WaitingReaders)
	}
	s.people[0].says(true, exchange.Approved)
	s.Must(s.x.Check()) // among other things: no plaintext is kept for nobody
	s.read(ask()).gets(password)
	s.prompts(1)
}

func TestReadersOfTheSameShareOnePrompt(t *testing.T) {
	s := newScene(t, 2, nil)
	var all []*reader
	for range 5 {
		all = append(all, s.read(ask()))
	}
	s.people[0].says(true, exchange.Approved)
	for _, r := range all {
		r.gets(password)
	}
	s.prompts(1)
}

func TestReadersOfSomethingElsePromptAnew(t *testing.T) {
	other := func(edit func(*exchange.Ask)) exchange.Ask {
		a := ask()
		edit(&a)
		return a
	}
	for name, a := range map[string]exchange.Ask{
		"entity": other(func(a *exchange.Ask) { a.Requester.Entity = "entity-dave" }),
		"path":   other(func(a *exchange.Ask) { a.Path = "prod/other" }),
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, nil)
			s.write("prod/other", password)
			s.read(ask())
			s.read(a)
			s.prompts(2)
		})
	}
	s := newScene(t, 2, nil)
	s.read(ask())
	s.read(other(func(a *exchange.Ask) { a.Version, a.Requester.Accessor = 1, "accessor-2" }))
	s.prompts(1)
}

func TestTokensWithoutEntityAreToldApartByAccessor(t *testing.T) {
	s := newScene(t, 2, func(_ *scene, p *roster.Policy) { p.SelfApproval = true })
	a, b := ask(), ask()
	a.Requester = exchange.Requester{Accessor: "accessor-1", Name: "root"}
	b.Requester = exchange.Requester{Accessor: "accessor-2", Name: "root"}
	s.read(a)
	s.read(a)
	s.prompts(1)
	s.read(b)
	s.prompts(2)
	b.Requester.Accessor = ""
	s.read(b).fails(approval.ErrRequesterUnknown)
}

func TestRequestEndsAtThePolicysDeadline(t *testing.T) {
	s := newScene(t, 2, func(_ *scene, p *roster.Policy) { p.RequestTTL = 30 })
	r := s.read(ask())
	id := s.only()
	s.clock.advance(30 * time.Second)
	r.fails(approval.ErrExpired, id.String())
	if st, err := s.x.Get(id, nil); err != nil || st.State != exchange.Expired || !errors.Is(st.Cause, approval.ErrExpired) {
		t.Fatalf("got %v", err)
	}
	s.read(ask())
	s.prompts(2)
	s.clock.advance(11 * time.Minute)
	if _, err := s.x.Get(id, nil); !errors.Is(err, exchange.ErrUnknownRequest) {
		t.Fatalf("an old request is still known: %v", err)
	}
}

func TestReadsThatNobodyCouldAnswerFailAtOnce(t *testing.T) {
	self := ask()
	self.Requester.Entity = "entity-0"
	anonymous := ask()
	anonymous.Requester.Entity = ""
	missing := ask()
	missing.Path = "prod/nothing"
	long := ask()
	long.Lease = 2 * time.Hour
	odd := ask()
	odd.Lease = 1500 * time.Millisecond
	for name, c := range map[string]struct {
		edit func(*scene, *roster.Policy)
		ask  exchange.Ask
		want error
		says string
	}{
		"nobody but the requester": {func(s *scene, p *roster.Policy) {
			p.Requirements[0] = coretest.Need("dba", 1, s.people[0].Person)
		}, self, approval.ErrSelfApproval, "self_approval: "},
		"too few but the requester": {quorum(2), self, approval.ErrSelfApproval, `needs 2 of "dba"`},
		"no entity":                 {nil, anonymous, approval.ErrRequesterUnknown, "requester_unknown"},
		"hosts only": {func(s *scene, p *roster.Policy) { p.Consumers = p.Consumers[1:] },
			ask(), exchange.ErrHostConsumersOnly, "host_consumers_only: run `stillvault get prod/db`"},
		"no consumer":  {func(s *scene, p *roster.Policy) { p.Consumers = p.Consumers[:0] }, ask(), approval.ErrConsumer, "consumer_not_allowed"},
		"missing":      {nil, missing, errMissing, "secret_missing"},
		"lease":        {nil, long, approval.ErrLease, "lease_too_long"},
		"uneven lease": {nil, odd, approval.ErrLease, "whole number"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, c.edit)
			s.read(c.ask).fails(c.want, c.says)
			s.prompts(0)
		})
	}
	t.Run("mount not admitted", func(t *testing.T) {
		s := newScene(t, 2, func(_ *scene, p *roster.Policy) { p.Consumers = p.Consumers[:0] })
		s.notAdmitted = true
		s.read(ask()).fails(exchange.ErrMountNotAdmitted, "mount_not_admitted")
	})
	t.Run("mount not admitted, hosts are", func(t *testing.T) {
		s := newScene(t, 2, nil)
		s.notAdmitted = true
		s.read(ask()).fails(exchange.ErrHostConsumersOnly, "stillvault get prod/db")
	})
	t.Run("no policy", func(t *testing.T) {
		s := newScene(t, 2, nil)
		r := s.read(ask())
		s.change(roster.KindPolicyDelete, roster.Removal{ID: policyOf(s).ID})
		r.fails(roster.ErrNoPolicy)
		s.read(ask()).fails(roster.ErrNoPolicy, "policy_missing")
		s.prompts(1)
	})
}

func policyOf(s *scene) *roster.Policy {
	p, err := s.Roster.PolicyNamed("production")
	s.Must(err)
	return p
}

func TestSelfApprovalWhereThePolicyAllowsIt(t *testing.T) {
	s := newScene(t, 2, func(_ *scene, p *roster.Policy) { p.SelfApproval = true })
	a := ask()
	a.Requester.Entity = "entity-0"
	r := s.read(a)
	s.people[0].says(true, exchange.Approved)
	r.gets(password)
}

func TestQuorumIsCollected(t *testing.T) {
	s := newScene(t, 3, quorum(2))
	r := s.read(ask())
	id := s.only()
	s.people[2].says(true, exchange.Waiting)
	st, err := s.x.Get(id, nil)
	s.Must(err)
	if len(st.Decisions) != 1 || st.Decisions[0].Name != "approver-2" {
		t.Fatalf("%d decisions", len(st.Decisions))
	}
	if items := s.people[2].inbox(); len(items) != 0 {
		t.Fatal("who has answered is asked again")
	}
	if c := s.people[0].review(); len(c.Decisions) != 1 {
		t.Fatalf("the second approver is shown %d decisions", len(c.Decisions))
	}
	s.people[0].says(true, exchange.Approved)
	r.gets(password)
	s.read(ask()).gets(password)
}

func TestADenialEndsAQuorum(t *testing.T) {
	s := newScene(t, 3, quorum(2))
	r := s.read(ask())
	s.people[0].says(true, exchange.Waiting)
	s.people[1].says(false, exchange.Denied)
	r.fails(approval.ErrDenied, "approver-1")
}

func TestCancelEndsARequest(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	id := s.only()
	stranger := exchange.Requester{Entity: "entity-dave"}
	s.fails(s.x.Cancel(t.Context(), id, &stranger), exchange.ErrUnknownRequest)
	rel := s.people[0].approve(s.people[0].review())
	me := carol()
	s.Must(s.x.Cancel(t.Context(), id, &me))
	r.fails(exchange.ErrCancelled, id.String())
	_, err := s.x.Answer(t.Context(), rel)
	s.fails(err, exchange.ErrOver, "cancelled")
	s.Must(s.x.Cancel(t.Context(), id, &me))
	s.read(ask())
	s.prompts(2)
}

func TestRequestsAreListedToTheirRequester(t *testing.T) {
	s := newScene(t, 2, nil)
	s.read(ask())
	other := ask()
	other.Requester.Entity = "entity-dave"
	s.read(other)
	me, stranger := carol(), exchange.Requester{}
	if n := len(s.x.List(&me)); n != 1 {
		t.Fatalf("the requester sees %d requests", n)
	}
	if n := len(s.x.List(&stranger)); n != 0 {
		t.Fatalf("a stranger sees %d requests", n)
	}
	all := s.x.List(nil)
	if len(all) != 2 || all[0].Path != path || all[0].State != exchange.Waiting {
		t.Fatalf("got %d requests", len(all))
	}
	if _, err := s.x.Get(all[1].Request, &me); !errors.Is(err, exchange.ErrUnknownRequest) {
		t.Fatalf("got %v", err)
	}
	st, err := s.x.Get(all[0].Request, &me)
	s.Must(err)
	if st.ConsumerName != "vault" || st.Origin.Requester != "carol" || st.Reason != "incident 7" || st.Readers != 1 {
		t.Fatalf("status names %q, %q, %q, %d readers", st.ConsumerName, st.Origin.Requester, st.Reason, st.Readers)
	}
}
