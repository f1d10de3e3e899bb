package backend

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func (s *team) previews(kind roster.Kind, body any) map[string]any {
	s.t.Helper()
	before := s.contents()
	shown := s.do(update, "preview", map[string]any{"kind": string(kind), "body": s.text(body)})
	if !slices.Equal(before, s.contents()) {
		s.t.Fatal("a preview stored something")
	}
	return shown
}

func TestAPreviewSaysWhatAStatementWouldDo(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.do(update, "secret/prod/db", map[string]any{"k": "v"})
	revoke := func(name string) map[string]any {
		return s.previews(roster.KindApproverRevoke, roster.Removal{ID: s.approverID(name)})
	}
	if p := revoke("carol"); len(p["lost"].([]string)) != 0 || !slices.Equal(p["exposed"].([]string), []string{"team/db"}) || p["reshare"] != 0 {
		t.Fatalf("one of three: %v", p)
	}
	s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.approverID("carol")})
	s.push()
	if p := revoke("dave"); !slices.Equal(p["lost"].([]string), []string{"team/db"}) || !slices.Equal(p["unmeetable"].([]string), []string{"team"}) {
		t.Fatalf("one of two: %v", p)
	}
	if p := revoke("bob"); len(p["lost"].([]string)) != 0 || !slices.Equal(p["exposed"].([]string), []string{"prod/db"}) {
		t.Fatalf("of another policy: %v", p)
	}
	changed := s.policy
	changed.Requirements = []roster.Requirement{s.need("team", 2, "dave", "erin", "frank")}
	p := s.previews(roster.KindPolicySet, changed)
	if p["reshare"] != 1 || !slices.Equal(p["policies"].([]string), []string{"team"}) || len(p["by"].([]any)) != 2 || p["pending"] != 0 {
		t.Fatalf("somebody added: %v", p)
	}
	s.set(changed.Requirements...)
	if p := s.previews(roster.KindPolicySet, changed); p["reshare"] != 0 || p["pending"] != 1 {
		t.Fatalf("the same again: %v", p)
	}
	s.refused(update, "preview", map[string]any{"kind": "approver.revoke", "body": s.text(roster.Removal{ID: envelope.NewID()})}, http.StatusBadRequest, "unknown_in_roster")
	s.refused(update, "preview", map[string]any{"kind": "approver.praise", "body": "{}"}, http.StatusBadRequest, "statement_refused")
}

// What is lost already, or only deleted, must not hide what would be lost.
func TestAPreviewLooksAtEveryVersionByItself(t *testing.T) {
	s := newTeam(t, 1, "carol")
	s.do(update, "secret/team/db", map[string]any{"k": "old"})
	s.do(update, "secret/team/gone", map[string]any{"k": "v"})
	s.do(erase, "secret/team/gone", nil)
	s.set(s.need("team", 1, "dave"))
	s.do(update, "secret/team/db", map[string]any{"k": "new"})
	lost := func(name string) []string {
		return s.previews(roster.KindApproverRevoke, roster.Removal{ID: s.approverID(name)})["lost"].([]string)
	}
	if got := lost("carol"); !slices.Equal(got, []string{"team/db", "team/gone"}) {
		t.Fatalf("who holds an old version and a deleted one: %v", got)
	}
	s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.approverID("carol")})
	s.push()
	if got := lost("dave"); !slices.Equal(got, []string{"team/db"}) {
		t.Fatalf("who holds the latest version, of a path with a lost one: %v", got)
	}
}

// The people of an emergency are no reason to let the others fall below their quorum,
// also where the secret only waits for a re-share and cannot be read until then.
func TestAPreviewDoesNotCountOnBreakGlass(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave")
	glass := s.need("emergency", 2, "erin", "frank")
	s.policy.BreakGlass = &glass
	s.set(s.policy.Requirements...)
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	revoke := func(name string) []string {
		p := s.previews(roster.KindApproverRevoke, roster.Removal{ID: s.approverID(name)})
		if len(p["lost"].([]string)) != 0 {
			t.Fatalf("lost, with its break-glass people left: %v", p)
		}
		return p["uncovered"].([]string)
	}
	if got := revoke("carol"); !slices.Equal(got, []string{"team/db"}) {
		t.Fatalf("while it can be read: %v", got)
	}
	s.policy.BreakGlass = nil
	s.set(s.need("team", 1, "carol", "dave"))
	if got := revoke("carol"); !slices.Equal(got, []string{"team/db"}) {
		t.Fatalf("while it waits for a re-share: %v", got)
	}
	if got := revoke("erin"); len(got) != 0 {
		t.Fatalf("of those for an emergency: %v", got)
	}
}

// A path that one statement leaves without a policy and the next one covers again
// loses nothing by the two.
func TestAPreviewOfSeveralSaysWhatTheyDoTogether(t *testing.T) {
	s := newTeam(t, 1, "carol")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	moved, instead := s.policy, s.policy
	moved.Pattern = "elsewhere/*"
	instead.ID, instead.Name = envelope.NewID(), "instead"
	together := func(all ...roster.Policy) map[string]any {
		var kinds, bodies []string
		for _, p := range all {
			kinds, bodies = append(kinds, string(roster.KindPolicySet)), append(bodies, s.text(p))
		}
		return map[string]any{"kinds": kinds, "bodies": bodies}
	}
	for _, c := range []struct {
		all  []roster.Policy
		want []string
	}{
		{[]roster.Policy{moved}, []string{"team/db"}},
		{[]roster.Policy{moved, instead}, []string{}},
	} {
		if p := s.do(update, "preview", together(c.all...)); !slices.Equal(p["unruled"].([]string), c.want) {
			t.Errorf("%d statements: unruled %v, want %v", len(c.all), p["unruled"], c.want)
		}
	}
	s.refused(update, "preview", together(instead, moved), http.StatusBadRequest, "statement_refused")
	for name, in := range map[string]map[string]any{
		"none":           {"kinds": []string{}, "bodies": []string{}},
		"too few":        {"kinds": []string{"policy.set", "policy.set"}, "bodies": []string{s.text(moved)}},
		"one of each":    {"kinds": []string{"policy.set"}, "bodies": []string{s.text(moved)}, "kind": "policy.set", "body": s.text(moved)},
		"too many":       {"kinds": make([]string, 101), "bodies": make([]string, 101)},
		"one is no kind": {"kinds": []string{""}, "bodies": []string{"{}"}},
	} {
		t.Run(name, func(t *testing.T) { s.refused(update, "preview", in, http.StatusBadRequest, "input_invalid") })
	}
}
