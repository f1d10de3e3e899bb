package roster_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func TestAnApproverIsSetByTheChecksOfAdmission(t *testing.T) {
	w := coretest.NewWorld(t)
	alice, gone := w.Admit("alice", "entity-alice"), w.Admit("gone", "entity-gone")
	w.Admit("bob", "entity-bob")
	w.Append(roster.KindApproverRevoke, roster.Removal{ID: gone.ID})
	set := func(name string, want error, as string, entities ...string) refusal {
		return refusal{name, roster.KindApproverSet, roster.ApproverSet{ID: alice.ID, Name: as, Entities: entities}, want}
	}
	refuse(t, w, []refusal{
		set("a bad name", roster.ErrName, "Alice"),
		set("a name in use", roster.ErrStatement, "bob"),
		set("an entity in use", roster.ErrStatement, "alice", "entity-alice", "entity-bob"),
		set("an empty entity", roster.ErrStatement, "alice", ""),
		set("an entity twice", roster.ErrStatement, "alice", "e", "e"),
		set("an endless entity", roster.ErrStatement, "alice", strings.Repeat("e", 129)),
		{"no id", roster.KindApproverSet, roster.ApproverSet{Name: "alice", Entities: []string{}}, roster.ErrUnknown},
		{"somebody unknown", roster.KindApproverSet, roster.ApproverSet{ID: envelope.NewID(), Name: "zoe", Entities: []string{}}, roster.ErrUnknown},
		{"somebody revoked", roster.KindApproverSet, roster.ApproverSet{ID: gone.ID, Name: "gone", Entities: []string{}}, roster.ErrRevoked},
	})
	// What only somebody revoked has is free, and so is one's own.
	w.Append(roster.KindApproverSet, roster.ApproverSet{ID: alice.ID, Name: "gone", Entities: []string{"entity-gone", "entity-alice"}})
	w.Append(roster.KindApproverSet, roster.ApproverSet{ID: alice.ID, Name: "gone", Entities: []string{"entity-alice"}})
}

func TestASetApproverIsTheSamePersonUnderAnotherName(t *testing.T) {
	w := coretest.NewWorld(t)
	alice, bob := w.Admit("alice", "old"), w.Admit("bob")
	p := coretest.Policy("p", "x/*", nil, coretest.Need("dba", 2, alice, bob))
	w.SetPolicy(p)
	before, err := w.Roster.Approver(alice.ID)
	w.Must(err)
	then, was := w.Roster.Head(), *before
	w.Append(roster.KindApproverSet, roster.ApproverSet{ID: alice.ID, Name: "alicia", Entities: []string{"new"}})
	if a, err := w.Roster.ApproverNamed("alicia"); err != nil || a.ID != alice.ID {
		t.Errorf("by the new name: %v", err)
	}
	if _, err := w.Roster.ApproverNamed("alice"); !errors.Is(err, roster.ErrUnknown) {
		t.Errorf("by the old name: %v", err)
	}
	if a := w.Roster.ApproverOf("new"); a == nil || a.ID != alice.ID || w.Roster.ApproverOf("old") != nil {
		t.Error("not who the new entities are")
	}
	a, err := w.Roster.ApproverAt(alice.ID, then)
	w.Must(err)
	if a.Name != "alicia" || !a.IsEntity("new") || a.IsEntity("old") {
		t.Error("at an earlier head, name and entities are not those of now")
	}
	if a.Signing != was.Signing || !slices.Equal(a.KEM, was.KEM) || a.Generation != was.Generation || a.Recipient() != was.Recipient() || len(w.Roster.Devices(alice.ID)) != 1 {
		t.Error("keys, generation or devices changed")
	}
	if assigned, err := w.Roster.Assign(&p); err != nil || len(assigned[0]) != 2 {
		t.Errorf("who counts for the policy changed: %v", err)
	}
	// The name and the entity that became free are anybody's, and nobody's inheritance.
	next := w.Admit("alice", "old")
	if next.ID == alice.ID || slices.ContainsFunc(w.Roster.Eligible(&p)[0], func(a *roster.Approver) bool { return a.ID == next.ID }) {
		t.Error("whoever has the name now counts in the policy")
	}
	refuse(t, w, []refusal{{"back to a name that is taken", roster.KindApproverSet, roster.ApproverSet{ID: alice.ID, Name: "alice", Entities: []string{}}, roster.ErrStatement}})
}
