package roster_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

func TestGroupsNestAndNeverContainThemselves(t *testing.T) {
	w := coretest.NewWorld(t)
	a, b, c, gone := w.Admit("a"), w.Admit("b"), w.Admit("c"), w.Admit("gone")
	inner := group("inner", person(a), person(b))
	middle := group("middle", of(inner), person(b), person(c))
	outer := group("outer", of(middle), of(inner))
	for _, g := range []roster.Group{inner, middle, outer} {
		w.Append(roster.KindGroupSet, g)
	}
	w.Append(roster.KindApproverRevoke, roster.Removal{ID: gone.ID})
	with := func(g roster.Group, edit func(*roster.Group)) roster.Group {
		g.Members = slices.Clone(g.Members)
		edit(&g)
		return g
	}
	add := func(p roster.Principal) func(*roster.Group) {
		return func(g *roster.Group) { g.Members = append(g.Members, p) }
	}
	crowd := make([]roster.Principal, 1001)
	refuse(t, w, []refusal{
		{"itself", roster.KindGroupSet, with(inner, add(of(inner))), roster.ErrStatement},
		{"itself by another", roster.KindGroupSet, with(inner, add(of(middle))), roster.ErrStatement},
		{"itself by two others", roster.KindGroupSet, with(inner, add(of(outer))), roster.ErrStatement},
		{"a new group in itself", roster.KindGroupSet, func() roster.Group { g := group("new"); g.Members = append(g.Members, of(g)); return g }(), roster.ErrUnknown},
		{"a name in use", roster.KindGroupSet, group("inner"), roster.ErrStatement},
		{"a bad name", roster.KindGroupSet, group("Inner"), roster.ErrName},
		{"no id", roster.KindGroupSet, with(group("new"), func(g *roster.Group) { g.ID = envelope.ID{} }), roster.ErrStatement},
		{"a member twice", roster.KindGroupSet, group("new", person(a), person(a)), roster.ErrStatement},
		{"a member unknown", roster.KindGroupSet, group("new", roster.Principal{Kind: roster.PrincipalApprover, ID: envelope.NewID()}), roster.ErrUnknown},
		{"a member revoked", roster.KindGroupSet, group("new", person(gone)), roster.ErrRevoked},
		{"a group as a person", roster.KindGroupSet, group("new", roster.Principal{Kind: roster.PrincipalApprover, ID: inner.ID}), roster.ErrUnknown},
		{"a member of unknown kind", roster.KindGroupSet, group("new", roster.Principal{Kind: "robot", ID: a.ID}), roster.ErrStatement},
		{"too many members", roster.KindGroupSet, group("new", crowd...), roster.ErrStatement},
		{"deleted while a member", roster.KindGroupDelete, roster.Removal{ID: inner.ID}, roster.ErrStatement},
		{"deleted though unknown", roster.KindGroupDelete, roster.Removal{ID: envelope.NewID()}, roster.ErrUnknown},
	})
	p := coretest.Policy("p", "x/*", nil, roster.Requirement{Name: "all", M: 3, Principals: []roster.Principal{of(outer)}})
	if got := w.Roster.Eligible(&p)[0]; len(got) != 3 {
		t.Errorf("%d people in the nested groups", len(got))
	}
	w.SetPolicy(p)
	refuse(t, w, []refusal{{"deleted while in a policy", roster.KindGroupDelete, roster.Removal{ID: outer.ID}, roster.ErrStatement}})
	w.Append(roster.KindPolicyDelete, roster.Removal{ID: p.ID})
	w.Append(roster.KindGroupDelete, roster.Removal{ID: outer.ID})
	again := group("outer", person(a))
	w.Append(roster.KindGroupSet, again)
	refuse(t, w, []refusal{{"a policy of a group that was re-created", roster.KindPolicySet, p, roster.ErrUnknown}})
	if g, err := w.Roster.GroupNamed("outer"); err != nil || g.ID != again.ID || len(w.Roster.Groups()) != 3 {
		t.Errorf("by name: %v", err)
	}
}

func TestGroupsThatShareGroupsAreCheckedQuickly(t *testing.T) {
	w := coretest.NewWorld(t)
	a := w.Admit("a")
	level := group("level-0", person(a))
	w.Append(roster.KindGroupSet, level)
	for i := range 24 {
		left, right := group("left-"+string(rune('a'+i)), of(level)), group("right-"+string(rune('a'+i)), of(level))
		w.Append(roster.KindGroupSet, left)
		w.Append(roster.KindGroupSet, right)
		level = group("level-"+string(rune('a'+i)), of(left), of(right))
		w.Append(roster.KindGroupSet, level) // 2^24 ways down, were they all walked
	}
}

func TestPoliciesAreRefused(t *testing.T) {
	w := coretest.NewWorld(t)
	a, b := w.Admit("a"), w.Admit("b")
	host, gone := w.AdmitConsumer("host", roster.ConsumerHost), w.AdmitConsumer("gone", roster.ConsumerCI)
	w.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: gone.ID})
	w.SetPolicy(coretest.Policy("taken", "taken/*", []*coretest.Consumer{host}, coretest.Need("dba", 1, a, b)))
	set := func(name string, want error, edit func(*roster.Policy)) refusal {
		p := coretest.Policy("p", "x/*", []*coretest.Consumer{host}, coretest.Need("dba", 1, a, b))
		edit(&p)
		return refusal{name, roster.KindPolicySet, p, want}
	}
	many := make([]roster.Requirement, 17)
	for i := range many {
		many[i] = coretest.Need("r"+string(rune('a'+i)), 1, a)
	}
	crowd := make([]roster.Principal, 1001)
	refuse(t, w, []refusal{
		set("no id", roster.ErrStatement, func(p *roster.Policy) { p.ID = envelope.ID{} }),
		set("a bad name", roster.ErrName, func(p *roster.Policy) { p.Name = "P" }),
		set("a name in use", roster.ErrStatement, func(p *roster.Policy) { p.Name = "taken" }),
		set("a pattern in use", roster.ErrStatement, func(p *roster.Policy) { p.Pattern = "taken/*" }),
		set("a bad pattern", roster.ErrPath, func(p *roster.Policy) { p.Pattern = "x/db*" }),
		set("no requirements", roster.ErrStatement, func(p *roster.Policy) { p.Requirements = []roster.Requirement{} }),
		set("17 requirements", roster.ErrStatement, func(p *roster.Policy) { p.Requirements = many }),
		set("a requirement of none", roster.ErrStatement, func(p *roster.Policy) { p.Requirements[0].M = 0 }),
		set("a requirement without people", roster.ErrStatement, func(p *roster.Policy) { p.Requirements[0].Principals = []roster.Principal{} }),
		set("a requirement with too many", roster.ErrStatement, func(p *roster.Policy) { p.Requirements[0].Principals = crowd }),
		set("a requirement with a bad name", roster.ErrName, func(p *roster.Policy) { p.Requirements[0].Name = "" }),
		set("a requirement twice", roster.ErrStatement, func(p *roster.Policy) { p.Requirements = append(p.Requirements, p.Requirements[0]) }),
		set("a principal twice", roster.ErrStatement, func(p *roster.Policy) {
			p.Requirements[0].Principals = append(p.Requirements[0].Principals, person(a))
		}),
		set("a principal unknown", roster.ErrUnknown, func(p *roster.Policy) { p.Requirements[0].Principals[0].ID = envelope.NewID() }),
		set("more than there are", roster.ErrUnmeetable, func(p *roster.Policy) { p.Requirements[0].M = 3 }),
		set("far more than there are", roster.ErrUnmeetable, func(p *roster.Policy) { p.Requirements[0].M = 1<<32 - 1 }),
		set("one person for two", roster.ErrUnmeetable, func(p *roster.Policy) {
			p.Requirements = []roster.Requirement{coretest.Need("one", 1, a), coretest.Need("two", 1, a)}
		}),
		set("an author unknown", roster.ErrUnknown, func(p *roster.Policy) { p.Authors = []envelope.ID{envelope.NewID()} }),
		set("an author twice", roster.ErrStatement, func(p *roster.Policy) { p.Authors = append(p.Authors, p.Authors...) }),
		set("a consumer revoked", roster.ErrRevoked, func(p *roster.Policy) { p.Consumers = []envelope.ID{gone.ID} }),
		set("a consumer twice", roster.ErrStatement, func(p *roster.Policy) { p.Consumers = append(p.Consumers, p.Consumers...) }),
		set("no time to answer", roster.ErrStatement, func(p *roster.Policy) { p.RequestTTL = 0 }),
		set("over a day to answer", roster.ErrStatement, func(p *roster.Policy) { p.RequestTTL = 86401 }),
		set("no lease", roster.ErrStatement, func(p *roster.Policy) { p.LeaseTTL = 0 }),
		set("a lease over its maximum", roster.ErrStatement, func(p *roster.Policy) { p.LeaseTTL = p.LeaseMax + 1 }),
		set("a maximum over 30 days", roster.ErrStatement, func(p *roster.Policy) { p.LeaseMax = uint32(30*24*time.Hour/time.Second) + 1 }),
		set("a refused factor twice", roster.ErrStatement, func(p *roster.Policy) {
			p.RefusedFactors = []keyring.FactorKind{keyring.FactorPassword, keyring.FactorPassword}
		}),
		{"deleted though unknown", roster.KindPolicyDelete, roster.Removal{ID: envelope.NewID()}, roster.ErrUnknown},
	})
}

func TestAPolicyIsKnownAsItWasAtEveryHead(t *testing.T) {
	w := coretest.NewWorld(t)
	a, b := w.Admit("a"), w.Admit("b")
	type moment struct {
		head roster.Head
		want map[string]string // path to lease of the policy, or nothing
	}
	var all []moment
	note := func(want map[string]string) { all = append(all, moment{w.Roster.Head(), want}) }
	note(map[string]string{})
	wide := coretest.Policy("wide", "prod/*", nil, coretest.Need("dba", 1, a, b))
	w.SetPolicy(wide)
	note(map[string]string{"prod/db": "wide", "prod/api": "wide"})
	narrow := coretest.Policy("narrow", "prod/db", nil, coretest.Need("dba", 2, a, b))
	w.SetPolicy(narrow)
	note(map[string]string{"prod/db": "narrow", "prod/api": "wide"})
	wide.Pattern, wide.Name = "test/*", "moved"
	w.SetPolicy(wide)
	note(map[string]string{"prod/db": "narrow", "test/db": "moved"})
	w.Append(roster.KindPolicyDelete, roster.Removal{ID: narrow.ID})
	note(map[string]string{"test/db": "moved"})
	w.SetPolicy(narrow)
	note(map[string]string{"prod/db": "narrow", "test/db": "moved"})
	w.AdmitConsumer("later", roster.ConsumerHost)
	note(map[string]string{"prod/db": "narrow", "test/db": "moved"})
	for i, m := range all {
		for _, path := range []string{"prod/db", "prod/api", "test/db"} {
			p, err := w.Roster.PolicyAt(path, m.head)
			want, covered := m.want[path]
			if !covered && !errors.Is(err, roster.ErrNoPolicy) || covered && (err != nil || p.Name != want) {
				t.Errorf("moment %d, %q: got %v, want %q", i, path, err, want)
			}
		}
	}
	if _, err := w.Roster.PolicyAt("prod/*", all[1].head); !errors.Is(err, roster.ErrPath) {
		t.Errorf("a pattern as a path: %v", err)
	}
	if len(w.Roster.Policies()) != 2 {
		t.Errorf("%d policies in force", len(w.Roster.Policies()))
	}
	if p, err := w.Roster.PolicyNamed("moved"); err != nil || p.ID != wide.ID {
		t.Errorf("by name: %v", err)
	}
}

func TestAPolicysHashIsOfItsWholeText(t *testing.T) {
	w := coretest.NewWorld(t)
	a, b := w.Admit("a"), w.Admit("b")
	base := coretest.Policy("p", "x/*", nil, coretest.Need("dba", 1, a, b))
	first, err := base.Hash()
	w.Must(err)
	for name, change := range map[string]func(*roster.Policy){
		"name": func(p *roster.Policy) { p.Name = "q" }, "pattern": func(p *roster.Policy) { p.Pattern = "y/*" },
		"m": func(p *roster.Policy) { p.Requirements = []roster.Requirement{coretest.Need("dba", 2, a, b)} }, "self-approval": func(p *roster.Policy) { p.SelfApproval = true },
		"coverage": func(p *roster.Policy) { p.MinimumCoverage++ }, "match code": func(p *roster.Policy) { p.MatchCode = true },
		"consent": func(p *roster.Policy) { p.ConsentFirst = true }, "lease": func(p *roster.Policy) { p.LeaseTTL++ },
		"break-glass": func(p *roster.Policy) { q := coretest.Need("directors", 2, a, b); p.BreakGlass = &q },
	} {
		p := base
		change(&p)
		if h, err := p.Hash(); err != nil || h == first {
			t.Errorf("%s is not in the hash: %v", name, err)
		}
	}
	if !base.AnyOf() {
		t.Error("one of two is not any-of")
	}
	base.Requirements[0].M = 2
	if base.AnyOf() {
		t.Error("two of two is any-of")
	}
}
