package roster_test

import (
	"fmt"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/roster"
)

// large is an organisation with many approvers in nested groups and many
// policies on groups of them.
type large struct {
	*coretest.World
	people   []roster.Principal
	everyone roster.Group
	policies []roster.Policy
	founded  roster.Head // when all people and no policies were there
}

// admitMany admits approvers who have no device, for tests that need only that
// they are there.
func admitMany(w *coretest.World, n int) []roster.Principal {
	all := make([]roster.Principal, n)
	for i := range all {
		b := admission(w, func(b *roster.ApproverAdmit) { b.Name = fmt.Sprintf("p%04d", i) })
		w.Append(roster.KindApproverAdmit, b)
		all[i] = roster.Principal{Kind: roster.PrincipalApprover, ID: b.ID}
	}
	return all
}

// newLarge has teams of ten in one group of everyone. Half the policies ask for
// two of a team, the others for one of a team and two of the next one, and have
// break-glass.
func newLarge(t testing.TB, people, policies int) *large {
	l := &large{World: coretest.NewWorld(t), everyone: group("everyone")}
	l.people = admitMany(l.World, people)
	var teams []roster.Principal
	for i := 0; i < len(l.people); i += 10 {
		g := group(fmt.Sprintf("team%03d", i/10), l.people[i:min(i+10, len(l.people))]...)
		l.Append(roster.KindGroupSet, g)
		teams = append(teams, of(g))
	}
	l.everyone.Members = teams
	l.Append(roster.KindGroupSet, l.everyone)
	l.founded = l.Roster.Head()
	for i := range policies {
		team := func(name string, n int, m uint32) roster.Requirement {
			return roster.Requirement{Name: name, M: m, Principals: []roster.Principal{teams[(i+n)%len(teams)]}}
		}
		p := coretest.Policy(fmt.Sprintf("policy%05d", i), l.pattern(i), nil, team("sre", 0, 2))
		if i%2 == 1 {
			glass := team("directors", 2, 2)
			p.Requirements, p.BreakGlass = []roster.Requirement{team("security", 0, 1), team("dba", 1, 2)}, &glass
		}
		l.SetPolicy(p)
		l.policies = append(l.policies, p)
	}
	return l
}

// pattern has one of four forms, by i.
func (l *large) pattern(i int) string {
	return fmt.Sprintf([]string{"team%03d/service%05d/*", "team%03d/service%05d/+/password", "+/service%05[2]d/db/*", "team%03d/service%05d/db/password"}[i%4], i%100, i)
}

// path is one that policy i covers.
func (l *large) path(i int) string {
	return fmt.Sprintf("team%03d/service%05d/db/password", i%100, i)
}

func BenchmarkPolicyResolutionAmong10000(b *testing.B) {
	l := newLarge(b, 30, 10000)
	paths := make([]string, len(l.policies))
	for i := range paths {
		paths[i] = l.path(i)
	}
	then := l.Roster.Head()
	later := l.policies[0]
	later.MatchCode = true
	l.SetPolicy(later)
	for _, c := range []struct {
		name string
		find func(string) (*roster.Policy, error)
	}{
		{"today", l.Roster.PolicyFor},
		{"earlier", func(path string) (*roster.Policy, error) { return l.Roster.PolicyAt(path, then) }},
		{"named", func(path string) (*roster.Policy, error) {
			return l.Roster.PolicyNamed("policy" + path[len("team000/service"):][:5])
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if _, err := c.find(paths[i*7919%len(paths)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("uncovered", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if p, err := l.Roster.PolicyFor("other/" + paths[i%len(paths)]); err == nil {
				b.Fatal(p.Name)
			}
		}
	})
}

func BenchmarkPolicySetAmong10000(b *testing.B) {
	l := newLarge(b, 30, 10000)
	p := l.policies[1]
	for b.Loop() {
		p.LeaseTTL = 1 + p.LeaseTTL%3600
		l.Append(roster.KindPolicySet, p)
	}
}

func BenchmarkAssignAmong1000(b *testing.B) {
	l := newLarge(b, 1000, 2)
	all := []roster.Principal{of(l.everyone)}
	need := func(name string, m uint32, principals ...roster.Principal) roster.Requirement {
		return roster.Requirement{Name: name, M: m, Principals: principals}
	}
	many := make([]roster.Requirement, 16)
	for i := range many {
		many[i] = need(fmt.Sprintf("r%d", i), 62, all...)
	}
	for _, c := range []struct {
		name string
		p    roster.Policy
	}{
		{"team", l.policies[1]},
		{"everyone", coretest.Policy("p", "x", nil, need("all", 2, all...))},
		{"everyone-twice", coretest.Policy("p", "x", nil, need("all", 1, all...), need("again", 2, all...))},
		{"everyone-16-times", coretest.Policy("p", "x", nil, many...)},
		{"moved", coretest.Policy("p", "x", nil, need("all", 500, all...), need("few", 500, l.people[:500]...))},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := l.Roster.Assign(&c.p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPreviewAmong1000And10000(b *testing.B) {
	l := newLarge(b, 1000, 10000)
	for _, c := range []struct {
		name string
		kind roster.Kind
		body any
	}{
		{"revoke", roster.KindApproverRevoke, roster.Removal{ID: l.people[0].ID}},
		{"policy", roster.KindPolicySet, l.policies[1]},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := l.Roster.Preview(c.kind, c.body, l.Now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
