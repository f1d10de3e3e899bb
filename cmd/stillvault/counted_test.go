package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

func TestAChangeOfAGroupSaysWhoCountsElsewhereOrNotAtAll(t *testing.T) {
	w := coretest.NewWorld(t)
	alice, bob, carol, gina, hugo := w.Admit("alice"), w.Admit("bob"), w.Admit("carol"), w.Admit("gina"), w.Admit("hugo")
	soft := w.AdmitWith("iris", []keyring.FactorKind{keyring.FactorPasskey})
	member := func(all ...*coretest.Person) (members []roster.Principal) {
		for _, p := range all {
			members = append(members, roster.Principal{Kind: roster.PrincipalApprover, ID: p.ID})
		}
		return members
	}
	sre := roster.Group{ID: envelope.NewID(), Name: "sre", Members: member(alice, bob, carol)}
	w.Append(roster.KindGroupSet, sre)
	p := coretest.Policy("production", "prod/*", nil, coretest.Need("sre", 1, alice), coretest.Need("directors", 2, gina, hugo))
	p.Requirements[0].Principals = []roster.Principal{{Kind: roster.PrincipalGroup, ID: sre.ID}}
	p.RefusedFactors = []keyring.FactorKind{keyring.FactorPasskey}
	w.SetPolicy(p)

	before := countingOf(w.Roster, sre.ID)
	sre.Members = member(alice, bob, carol, gina, soft)
	w.Append(roster.KindGroupSet, sre)
	lines := countedNow(before, w.Roster, &sre)
	slices.Sort(lines)
	if len(lines) != 2 || lines[0] != "gina counts for directors in production, so nothing changes there" ||
		!strings.HasPrefix(lines[1], "iris counts for nothing in production: their keyring opens with what the policy refuses (passkey)") {
		t.Errorf("said %q", lines)
	}
	if got := countedElsewhere(w.Roster, &p, 0, standings(w.Roster)[p.ID]); got != "; counted elsewhere: gina for directors" {
		t.Errorf("elsewhere: %q", got)
	}

	// Who stays in the group is not told of again.
	before = countingOf(w.Roster, sre.ID)
	w.Append(roster.KindGroupSet, sre)
	if lines := countedNow(before, w.Roster, &sre); len(lines) != 0 {
		t.Errorf("said again %q", lines)
	}
}
