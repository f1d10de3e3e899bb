package main

import (
	"errors"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func TestReadRequirement(t *testing.T) {
	for in, want := range map[string]*requirementText{
		"dba=1 of alice,bob":            {"dba", 1, []string{"alice", "bob"}},
		" sec = 2  of group:a , b , c ": {"sec", 2, []string{"group:a", "b", "c"}},
		"dba=0 of alice":                {"dba", 0, []string{"alice"}}, // refused by the roster
		"2 of sre":                      {"sre", 2, []string{"sre"}},
		"1 of group:sre":                {"sre", 1, []string{"group:sre"}},
		"1 of alice,bob":                nil, // which name would approvers be shown?
		"dba of alice":                  nil,
		"dba=one of alice":              nil,
		"dba=1 of ":                     nil,
		"dba=99999999999 of alice":      nil,
		"=1 of alice":                   nil,
		"":                              nil,
	} {
		got, err := readRequirement("require", in)
		switch {
		case want == nil:
			if !errors.Is(err, ErrPolicyText) {
				t.Errorf("%q: %v", in, err)
			}
		case err != nil || got.Name != want.Name || got.M != want.M || !slices.Equal(got.Of, want.Of):
			t.Errorf("%q: got %v, %v", in, got, err)
		}
	}
}

func TestPolicyFilesAreStrict(t *testing.T) {
	for name, text := range map[string]string{
		"unknown key":      `{"path":"a","paths":"b"}`,
		"wrong type":       `{"path":1}`,
		"something behind": `{"path":"a"} {}`,
		"not an object":    `[]`,
		"nothing":          ``,
	} {
		if _, err := readPolicyText([]byte(text)); !errors.Is(err, ErrPolicyText) {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := readPolicyText([]byte(`{"path":"a/*"}`))
	if err != nil || got.LeaseTTL != "15m0s" || got.MinimumCoverage != 1 {
		t.Errorf("defaults: %v, %v", got, err)
	}
}

func TestPolicySurvivesBeingWrittenAndReadAgain(t *testing.T) {
	w := coretest.NewWorld(t)
	alice, bob := w.Admit("alice"), w.Admit("bob")
	group := roster.Group{ID: envelope.NewID(), Name: "dba", Members: []roster.Principal{{Kind: roster.PrincipalApprover, ID: bob.ID}}}
	w.Append(roster.KindGroupSet, group)
	web := w.AdmitConsumer("web", roster.ConsumerHost)
	p := coretest.Policy("p", "a/*", []*coretest.Consumer{web}, coretest.Need("any", 1, alice, bob))
	p.Requirements[0].Principals = append(p.Requirements[0].Principals[:1], roster.Principal{Kind: roster.PrincipalGroup, ID: group.ID})
	p.MatchCode, p.LeaseTTL = true, 90
	dora, erin := w.Admit("dora"), w.Admit("erin")
	p.BreakGlass = &roster.Requirement{Name: "directors", M: 2, Principals: []roster.Principal{
		{Kind: roster.PrincipalApprover, ID: dora.ID}, {Kind: roster.PrincipalApprover, ID: erin.ID},
	}}
	w.SetPolicy(p)
	again, err := writePolicy(w.Roster, &p).bind(w.Roster, "p")
	w.Must(err)
	before, err := p.Hash()
	w.Must(err)
	after, err := again.Hash()
	w.Must(err)
	if before != after {
		t.Fatal("another policy came back")
	}
}
