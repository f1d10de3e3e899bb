package backend

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// foresees holds what a preview names against what it should: by field, the paths; no
// other field names any.
func (s *team) foresees(what string, kind roster.Kind, body any, want map[string][]string) map[string]any {
	s.t.Helper()
	shown := s.previews(kind, body)
	for _, field := range slices.Concat(previewed, foreseen) {
		if got := shown[field].([]string); !slices.Equal(got, want[field]) {
			s.t.Errorf("%s: %s names %v, want %v", what, field, got, want[field])
		}
	}
	return shown
}

func TestAPreviewNamesWhatNoPolicyWouldCover(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	for _, path := range []string{"team/db", "team/api", "team/gone", "prod/db"} {
		s.do(update, "secret/"+path, map[string]any{"k": "v"})
	}
	s.do(erase, "secret/team/gone", nil)
	unruled := map[string][]string{"unruled": {"team/api", "team/db", "team/gone"}}
	removal := roster.Removal{ID: s.policy.ID}
	s.foresees("deleted", roster.KindPolicyDelete, removal, unruled)
	moved := s.policy
	moved.Pattern = "elsewhere/*"
	s.foresees("moved", roster.KindPolicySet, moved, unruled)
	moved.Pattern = "team/+"
	s.foresees("narrowed around them", roster.KindPolicySet, moved, nil)
	moved.Pattern = "team/db"
	s.foresees("narrowed to one", roster.KindPolicySet, moved, map[string][]string{"unruled": {"team/api", "team/gone"}})
	s.set(s.need("team", 1, "frank", "grace"))
	s.foresees("deleted while all wait for a re-share", roster.KindPolicyDelete, removal, unruled)
	s.Append(roster.KindPolicyDelete, removal)
	s.push()
	s.foresees("unruled already", roster.KindApproverRevoke, roster.Removal{ID: s.approverID("frank")}, nil)
	others := map[string][]string{"exposed": {"team/api", "team/db"}}
	if p := s.foresees("covered again, by others", roster.KindPolicySet, s.policy, others); p["reshare"] != 2 {
		t.Errorf("covered by others: %v to be shared anew", p["reshare"])
	}
}

// What a less specific policy covers then is not unruled: it counts for what it is.
func TestAPreviewCountsTheLessSpecificPolicy(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	wide := coretest.Policy("wide", "*", []*coretest.Consumer{s.mount}, s.policy.Requirements...)
	for _, c := range []struct {
		what    string
		need    roster.Requirement
		want    map[string][]string
		reshare int
	}{
		{"of the same people", s.policy.Requirements[0], nil, 0},
		{"of others", s.need("team", 2, "erin", "frank", "grace"), map[string][]string{"uncovered": {"team/db"}, "exposed": {"team/db"}}, 1},
		{"of another quorum", s.need("team", 3, "carol", "dave", "erin"), map[string][]string{"uncovered": {"team/db"}}, 1},
	} {
		wide.Requirements, wide.MinimumCoverage = []roster.Requirement{c.need}, 0
		s.SetPolicy(wide)
		s.push()
		if p := s.foresees(c.what, roster.KindPolicyDelete, roster.Removal{ID: s.policy.ID}, c.want); p["reshare"] != c.reshare {
			t.Errorf("%s: %v to be shared anew", c.what, p["reshare"])
		}
	}
}

func TestAPreviewNamesWhatNobodyCouldReceive(t *testing.T) {
	s := newTeam(t, 1, "carol", "dave")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.do(update, "secret/prod/db", map[string]any{"k": "v"})
	all := []string{"prod/db", "team/db"}
	s.foresees("the only one", roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.mount.ID}, map[string][]string{"deserted": all})
	s.foresees("the only one, which wrote them", roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.mount.ID, Compromised: true},
		map[string][]string{"deserted": all, "disbelieved": all})
	dropped := s.policy
	dropped.Consumers = []envelope.ID{}
	s.foresees("named no more", roster.KindPolicySet, dropped, map[string][]string{"deserted": {"team/db"}})
	dropped.Consumers, dropped.Authors = s.policy.Consumers, []envelope.ID{}
	s.foresees("its author named no more", roster.KindPolicySet, dropped, nil)

	host := s.AdmitConsumer("host", roster.ConsumerHost)
	s.policy.Consumers = append(slices.Clone(s.policy.Consumers), host.ID)
	s.set()
	s.foresees("one of two", roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.mount.ID}, map[string][]string{"deserted": {"prod/db"}})
	s.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.mount.ID})
	s.push()
	s.foresees("the other of two", roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: host.ID}, map[string][]string{"deserted": {"team/db"}})
	s.foresees("found compromised later", roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.mount.ID, Compromised: true}, map[string][]string{"disbelieved": all})
	s.foresees("named by none", roster.KindPolicyDelete, roster.Removal{ID: s.policy.ID}, map[string][]string{"unruled": {"team/db"}})
}

func TestAPreviewOfASmallerGroup(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	g := roster.Group{ID: envelope.NewID(), Name: "crew", Members: s.policy.Requirements[0].Principals}
	s.Append(roster.KindGroupSet, g)
	s.policy.MinimumCoverage = 1
	s.set(roster.Requirement{Name: "team", M: 2, Principals: []roster.Principal{{Kind: roster.PrincipalGroup, ID: g.ID}}})
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.do(update, "secret/prod/db", map[string]any{"k": "v"})
	fewer := func(names ...string) roster.Group {
		g := g
		g.Members = s.need("", 0, names...).Principals
		return g
	}
	here := []string{"team/db"}
	s.foresees("one fewer", roster.KindGroupSet, fewer("carol", "dave"), map[string][]string{"exposed": here})
	p := s.foresees("fewer than the quorum", roster.KindGroupSet, fewer("carol"), map[string][]string{"exposed": here, "uncovered": here})
	if !slices.Equal(p["unmeetable"].([]string), []string{"team"}) {
		t.Errorf("unmeetable: %v", p["unmeetable"])
	}
	s.foresees("one more", roster.KindGroupSet, fewer("carol", "dave", "erin", "frank"), nil)
}

// Names decide nothing: what carries only those is checked, and touches no secret.
func TestAPreviewOfOtherNames(t *testing.T) {
	s := newTeam(t, 1, "carol")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	carol := s.approverID("carol")
	s.foresees("an approver", roster.KindApproverSet, roster.ApproverSet{ID: carol, Name: "caroline", Entities: []string{"entity-carol"}}, nil)
	s.foresees("a consumer", roster.KindConsumerSet, roster.ConsumerSet{ID: s.mount.ID, Name: "engine"}, nil)
	for name, c := range map[string]struct {
		kind roster.Kind
		body any
	}{
		"statement_refused": {roster.KindApproverSet, roster.ApproverSet{ID: carol, Name: "dave", Entities: []string{}}},
		"name_invalid":      {roster.KindConsumerSet, roster.ConsumerSet{ID: s.mount.ID, Name: "Engine"}},
		"unknown_in_roster": {roster.KindConsumerSet, roster.ConsumerSet{ID: envelope.NewID(), Name: "engine"}},
	} {
		s.refused(update, "preview", map[string]any{"kind": string(c.kind), "body": s.text(c.body)}, http.StatusBadRequest, name)
	}
}

// A preview passes over what a kind of statement cannot touch: it has to say the same
// as if it looked at everything.
func TestAPreviewPassesOverNothingThatChanges(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	for _, path := range []string{"team/db", "team/sub/db", "prod/db", "prod/sub/db"} {
		s.do(update, "secret/"+path, map[string]any{"k": "v"})
	}
	sub := coretest.Policy("sub", "team/sub/*", []*coretest.Consumer{s.mount}, s.need("team", 1, "frank", "grace"))
	s.SetPolicy(sub) // and team/sub/db waits for a re-share
	s.push()
	all, moved, one := s.policy, s.policy, s.policy
	all.Pattern, moved.Pattern, one.Requirements = "+/sub/db", "other/*", []roster.Requirement{s.need("team", 2, "dave", "erin")}
	all.ID, all.Name = envelope.NewID(), "all"
	for kind, bodies := range map[roster.Kind][]any{
		roster.KindPolicySet:      {s.policy, all, moved, one, sub},
		roster.KindPolicyDelete:   {roster.Removal{ID: s.policy.ID}, roster.Removal{ID: sub.ID}},
		roster.KindApproverSet:    {roster.ApproverSet{ID: s.approverID("carol"), Name: "c", Entities: []string{"x"}}},
		roster.KindConsumerSet:    {roster.ConsumerSet{ID: s.mount.ID, Name: "engine"}},
		roster.KindConsumerAdmit:  {roster.ConsumerAdmit{ID: envelope.NewID(), Name: "host", Kind: roster.ConsumerHost, Signing: envelope.NewSigningKey(envelope.NewKey()).Public()}},
		roster.KindCheckpoint:     {roster.Checkpoint{Expires: envelope.At(s.Now) + 1000}},
		roster.KindApproverRevoke: {roster.Removal{ID: s.approverID("carol")}},
	} {
		for i, body := range bodies {
			then, err := s.Roster.Preview(kind, body, s.Now)
			s.Must(err)
			got, want := s.b.compare([]roster.Kind{kind}, s.Roster, then), s.b.compare([]roster.Kind{""}, s.Roster, then)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s %d: %v, and with a look at everything %v", kind, i, got, want)
			}
		}
	}
}

// BenchmarkPreview has a policy for each secret, and more without one.
func BenchmarkPreview(b *testing.B) {
	for _, secrets := range []int{0, 1000} {
		s := newTeam(b, 2, "carol", "dave", "erin")
		policy := func(i int) roster.Policy {
			return coretest.Policy(fmt.Sprintf("p%d", i), fmt.Sprintf("app/%d/*", i), []*coretest.Consumer{s.mount}, s.policy.Requirements...)
		}
		for i := range 1000 {
			s.SetPolicy(policy(i))
		}
		for page := range slices.Chunk(s.logTexts(), 500) {
			s.do(update, "org/log", map[string]any{"statements": page})
		}
		for i := range secrets {
			s.do(update, fmt.Sprintf("secret/app/%d/db", i), map[string]any{"k": "v"})
		}
		for _, c := range []struct {
			name string
			kind roster.Kind
			body any
		}{
			{"policy", roster.KindPolicySet, policy(1000)},
			{"renamed", roster.KindConsumerSet, roster.ConsumerSet{ID: s.mount.ID, Name: "engine"}},
			{"revoke", roster.KindApproverRevoke, roster.Removal{ID: s.approverID("carol")}},
		} {
			body := s.text(c.body)
			b.Run(fmt.Sprintf("%d/%s", secrets, c.name), func(b *testing.B) {
				for b.Loop() {
					s.do(update, "preview", map[string]any{"kind": string(c.kind), "body": body})
				}
			})
		}
	}
}
