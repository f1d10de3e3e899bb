package approval_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

const password = `{"password":"correct horse"}`

// scene is one secret at prod/db, a request for it, and everybody involved.
type scene struct {
	*coretest.World
	people   []*coretest.Person
	consumer *coretest.Consumer
	version  *secret.Version
	verified *secret.Verified
	pending  *approval.Pending
	request  envelope.Signed
	asked    *approval.Request
}

var origin = approval.Origin{Requester: "carol", Entity: "entity-carol", Remote: "10.0.0.1", Host: "db1", UID: -1, PID: -1}

// newScene has the given requirements over the people it admits first.
func newScene(t testing.TB, people int, require func([]*coretest.Person) []roster.Requirement, edit func(*roster.Policy)) *scene {
	t.Helper()
	s := &scene{World: coretest.NewWorld(t)}
	for i := range people {
		s.people = append(s.people, s.Admit(fmt.Sprintf("approver-%d", i), fmt.Sprintf("entity-%d", i)))
	}
	s.consumer = s.AdmitConsumer("deploy-host", roster.ConsumerHost)
	policy := coretest.Policy("production", "prod/*", []*coretest.Consumer{s.consumer}, require(s.people)...)
	if edit != nil {
		edit(&policy)
	}
	s.SetPolicy(policy)
	var err error
	s.version, err = secret.Seal(s.Roster, secret.Draft{Mount: s.Mount, Secret: envelope.NewID(), Path: "prod/db", Version: 1, Author: s.consumer.ID}, []byte(password), s.consumer.Signer, s.Now)
	s.Must(err)
	s.verified, err = s.version.Verify(s.Roster, s.Mount, "prod/db")
	s.Must(err)
	s.pending, s.request, err = approval.Ask(s.Roster, s.verified, s.consumer.ID, s.consumer.Signer, approval.Terms{Origin: origin, Reason: "incident 7"}, s.Now)
	s.Must(err)
	s.asked, _, err = approval.ReadRequest(s.Roster, s.request, s.Now)
	s.Must(err)
	return s
}

func anyOf(people []*coretest.Person) []roster.Requirement {
	return []roster.Requirement{coretest.Need("dba", 1, people...)}
}

func (s *scene) review(p *coretest.Person) (*approval.Case, error) {
	v := approval.Reviewer{Roster: s.Roster, Mount: s.Mount, Approver: p.ID, Device: p.Device.ID()}
	return v.Review(approval.Item{Request: s.request, Version: *s.version, Decisions: []envelope.Signed{}}, s.Now)
}

func (s *scene) approve(p *coretest.Person) approval.Release {
	s.T.Helper()
	c, err := s.review(p)
	s.Must(err)
	rel, err := c.Approve(p.Keyring, p.Device.Signer(), approval.Ledger{}, s.Now)
	s.Must(err)
	return rel
}

func (s *scene) accept(rel approval.Release) (approval.Outcome, error) {
	return s.pending.Accept(s.Roster, s.asked, s.verified, rel, s.Now)
}

func TestOneApproverSuffices(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	out, err := s.accept(s.approve(s.people[1]))
	s.Must(err)
	if got := string(out.Value.JSON()); got != password {
		t.Fatalf("got %s", got)
	}
	if out.Receipt.Form != approval.FormPayload || out.Receipt.Lease != 900 {
		t.Fatalf("form %q, lease %d", out.Receipt.Form, out.Receipt.Lease)
	}
}

func TestSeveralRequirementsNeedDistinctPeople(t *testing.T) {
	s := newScene(t, 6, func(p []*coretest.Person) []roster.Requirement {
		return []roster.Requirement{coretest.Need("security", 1, p[0], p[1]), coretest.Need("dba", 2, p[2], p[3], p[4], p[5])}
	}, nil)
	for i, who := range []int{3, 0, 5} {
		out, err := s.accept(s.approve(s.people[who]))
		s.Must(err)
		if done := out.Value != nil; done != (i == 2) {
			t.Fatalf("after %d releases: done = %v, missing %v", i+1, done, s.pending.Missing(s.asked, s.verified))
		}
		if i == 2 && string(out.Value.JSON()) != password {
			t.Fatalf("got %s", out.Value.JSON())
		}
	}
}

func TestDenialNeedsNoKeyringAndEndsTheRequest(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	c, err := s.review(s.people[0])
	s.Must(err)
	rel, err := c.Deny("not during the freeze", false, s.people[0].Device.Signer(), approval.Ledger{}, s.Now)
	s.Must(err)
	out, err := s.accept(rel)
	if !errors.Is(err, approval.ErrDenied) || out.Receipt.Reason != "not during the freeze" {
		t.Fatalf("got %v, reason %q", err, out.Receipt.Reason)
	}
}

func TestNothingIsAcceptedAfterTheDeadline(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	rel := s.approve(s.people[0])
	s.Now = s.Now.Add(5 * time.Minute)
	if _, err := s.accept(rel); !errors.Is(err, approval.ErrExpired) {
		t.Fatalf("got %v", err)
	}
}
