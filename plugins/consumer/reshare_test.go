package consumer_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// need puts a policy in force that wants two of these people.
func (s *stage) need(people ...*coretest.Person) {
	s.T.Helper()
	policy, err := s.Roster.PolicyNamed("production")
	s.Must(err)
	changed := *policy
	changed.Requirements = []roster.Requirement{coretest.Need("dba", 2, people...)}
	s.SetPolicy(changed)
}

// What hosts open is all that a broker can go by: shares that were never seen to work
// must not replace those that did.
func TestTheHostSaysWhichNewSharesOpenedTheSecret(t *testing.T) {
	s := newStage(t)
	erin := s.Admit("erin", "entity-erin")
	s.need(s.alice, s.bob, erin)
	s.put(`{"a":"b"}`)
	dora := s.Admit("dora", "entity-dora")
	s.need(s.alice, s.bob, erin, dora)
	v := s.store.versions[0]
	verified, err := v.Verify(s.Roster, s.Mount, path)
	s.Must(err)
	var deals []secret.Dealt
	for _, p := range []*coretest.Person{s.alice, s.bob} {
		dealt, err := verified.Deal(s.Roster, p.Keyring, 1)
		s.Must(err)
		deals = append(deals, *dealt)
	}
	s.store.versions[0], err = v.Reshare(s.Roster, s.Mount, path, deals)
	s.Must(err)
	s.store.answer = func(item approval.Item) []approval.Release { return []approval.Release{s.deny(s.alice, item, "no")} }
	if _, err := s.get(); !errors.Is(err, approval.ErrDenied) || s.memory[path].Epoch != 0 {
		t.Fatalf("shares that opened nothing are remembered: %v", err)
	}
	var asked approval.Item
	s.store.answer = func(item approval.Item) []approval.Release {
		asked = item
		return []approval.Release{s.approve(dora, item), s.approve(s.alice, item)}
	}
	got, err := s.get()
	s.Must(err)
	if string(got.Value.JSON()) != `{"a":"b"}` {
		t.Fatalf("got %s", got.Value.JSON())
	}
	if len(s.store.opened) != 1 {
		t.Fatalf("%d reports", len(s.store.opened))
	}
	s.store.versions[0] = v
	if _, err := s.get(); !errors.Is(err, secret.ErrRolledBack) {
		t.Fatalf("the shares from before, after the new ones opened it: %v", err)
	}
	q, err := envelope.Peek[approval.Request](asked.Request, envelope.TypeRequest)
	s.Must(err)
	opened, err := approval.ReadOpened(s.Roster, s.store.opened[0], &q, asked.Request.Hash())
	s.Must(err)
	if !slices.Equal(opened.Approvers, []envelope.ID{dora.ID, s.alice.ID}) || !opened.Accused.IsZero() {
		t.Fatalf("%d shares are said to have opened it", len(opened.Approvers))
	}
}

func TestNothingIsReportedOfSharesThatNeverMoved(t *testing.T) {
	s := newStage(t)
	s.put(`{"a":"b"}`)
	_, err := s.get()
	s.Must(err)
	if len(s.store.opened) != 0 {
		t.Fatal("reported")
	}
}
