package roster_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// model is an organisation as its log was written, kept beside the roster and
// resolved in the plainest way, to hold the roster against.
type model struct {
	*coretest.World
	random  *rand.Rand
	people  map[envelope.ID]roster.ApproverAdmit // in force
	ids     []envelope.ID                        // of people, those revoked too
	groups  []roster.Group                       // each holds only earlier ones
	refolds []*roster.Roster                     // the same log, folded again; in the first, some have other names since
}

func newModel(t *testing.T, random *rand.Rand) *model {
	m := &model{World: coretest.NewWorld(t), random: random, people: map[envelope.ID]roster.ApproverAdmit{}}
	factors := [][]keyring.FactorKind{{keyring.FactorPassword, keyring.FactorPasskey}, {keyring.FactorPassword, keyring.FactorSoftware}, {keyring.FactorPasskey}}
	for i := range 12 + random.IntN(25) {
		b := admission(m.World, func(b *roster.ApproverAdmit) {
			b.Name, b.Factors = fmt.Sprintf("p%d", i), factors[random.IntN(len(factors))]
			b.Recovery = b.Factors[0] == keyring.FactorPassword
		})
		m.Append(roster.KindApproverAdmit, b)
		m.people[b.ID], m.ids = b, append(m.ids, b.ID)
	}
	for i := range 3 + random.IntN(8) {
		g := group(fmt.Sprintf("g%d", i), m.principals(8)...)
		m.Append(roster.KindGroupSet, g)
		m.groups = append(m.groups, g)
	}
	for _, id := range m.ids[:random.IntN(4)] {
		m.Append(roster.KindApproverRevoke, roster.Removal{ID: id})
		delete(m.people, id)
	}
	for range 3 {
		m.refolds = append(m.refolds, m.Fold(0))
	}
	m.rename(m.refolds[0])
	return m
}

// rename gives some people in force other names and entities in a roster, which
// must make no difference to what they count for.
func (m *model) rename(r *roster.Roster) {
	for i, id := range m.ids {
		if _, inForce := m.people[id]; inForce && m.random.IntN(2) == 0 {
			s, err := r.Next(roster.KindApproverSet, roster.ApproverSet{ID: id, Name: fmt.Sprintf("a%d", i), Entities: []string{id.String()}}, m.Now, m.Identity)
			m.Must(err)
			m.Must(r.Append(s))
		}
	}
}

// principals chooses up to n people in force and groups, at least one.
func (m *model) principals(n int) []roster.Principal {
	var all []roster.Principal
	for _, id := range m.ids {
		if _, inForce := m.people[id]; inForce {
			all = append(all, roster.Principal{Kind: roster.PrincipalApprover, ID: id})
		}
	}
	for _, g := range m.groups {
		all = append(all, of(g))
	}
	m.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:1+m.random.IntN(min(n, len(all)))]
}

func (m *model) policy() roster.Policy {
	need := func(name string, least uint32) roster.Requirement {
		return roster.Requirement{Name: name, M: least + uint32(m.random.IntN(4)), Principals: m.principals(5)}
	}
	var requirements []roster.Requirement
	for i := range 1 + m.random.IntN(5) {
		requirements = append(requirements, need(fmt.Sprintf("r%d", i), 1))
	}
	p := coretest.Policy("random", "x/*", nil, requirements...)
	if m.random.IntN(2) == 0 {
		q := need("directors", 2)
		p.BreakGlass = &q
	}
	if m.random.IntN(3) == 0 {
		p.RefusedFactors = []keyring.FactorKind{keyring.FactorSoftware}
	}
	return p
}

// resolve adds everybody among principals who is in force.
func (m *model) resolve(principals []roster.Principal, into map[envelope.ID]bool) {
	for _, p := range principals {
		if _, inForce := m.people[p.ID]; inForce {
			into[p.ID] = true
		}
		for _, g := range m.groups {
			if g.ID == p.ID {
				m.resolve(g.Members, into)
			}
		}
	}
}

// eligible says who qualifies for what, and whether somebody named for
// break-glass does not for lack of a recovery factor.
func (m *model) eligible(p *roster.Policy) (all []map[envelope.ID]bool, lacking bool) {
	for _, q := range p.Requirements {
		who := map[envelope.ID]bool{}
		m.resolve(q.Principals, who)
		maps.DeleteFunc(who, func(id envelope.ID, _ bool) bool {
			return slices.ContainsFunc(p.RefusedFactors, func(f keyring.FactorKind) bool { return slices.Contains(m.people[id].Factors, f) })
		})
		all = append(all, who)
	}
	if p.BreakGlass != nil {
		who := map[envelope.ID]bool{}
		m.resolve(p.BreakGlass.Principals, who)
		maps.DeleteFunc(who, func(id envelope.ID, _ bool) bool {
			lacking = lacking || !m.people[id].Recovery
			return !m.people[id].Recovery
		})
		all = append(all, who)
	}
	return all, lacking
}

// hall says by Hall's theorem, without looking for an assignment, whether
// distinct people can meet every number wanted: they can exactly when any
// choice of requirements has among its people as many as it wants together.
func hall(eligible []map[envelope.ID]bool, want []int) bool {
	for choice := range 1 << len(eligible) {
		wanted, people := 0, map[envelope.ID]bool{}
		for i, who := range eligible {
			if choice&(1<<i) != 0 {
				wanted += want[i]
				maps.Copy(people, who)
			}
		}
		if len(people) < wanted {
			return false
		}
	}
	return true
}

// checkProperties holds an assignment, or that there is none, against the model.
func (m *model) checkProperties(t *testing.T, p *roster.Policy, assigned [][]*roster.Approver, err error) (met bool) {
	t.Helper()
	all, lacking := m.eligible(p)
	requirements := p.All()
	want := make([]int, len(all))
	for i, q := range requirements {
		want[i] = int(q.M)
	}
	can := hall(all, want)
	if can != (err == nil) || err != nil && !errors.Is(err, roster.ErrUnmeetable) {
		t.Fatalf("distinct people can meet it: %t, but %v", can, err)
	}
	if set := m.tryPolicy(p); (set == nil) != (can && !lacking) {
		t.Fatalf("distinct people can meet it: %t, somebody lacks recovery: %t, but set: %v", can, lacking, set)
	}
	if !can {
		return false
	}
	// One to spare for each in turn, as far as that goes.
	for i := range want {
		if want[i]++; !hall(all, want) {
			want[i]--
		}
	}
	seen, everybody := map[envelope.ID]bool{}, map[envelope.ID]bool{}
	for i, people := range assigned {
		maps.Copy(everybody, all[i])
		if len(people) < want[i] {
			t.Fatalf("requirement %d has %d of %d people", i, len(people), want[i])
		}
		if !slices.IsSortedFunc(people, func(a, b *roster.Approver) int { return bytes.Compare(a.ID[:], b.ID[:]) }) {
			t.Fatalf("requirement %d is not by id", i)
		}
		for _, a := range people {
			if seen[a.ID] || !all[i][a.ID] {
				t.Fatalf("%s counts twice or does not qualify for requirement %d", a.Name, i)
			}
			seen[a.ID] = true
		}
	}
	if len(seen) != len(everybody) {
		t.Fatalf("%d of %d people have a share", len(seen), len(everybody))
	}
	return true
}

// tryPolicy says why a roster would refuse the policy. Every assignment asks
// afresh, so that no policy is in another's way.
func (m *model) tryPolicy(p *roster.Policy) error {
	_, err := m.Roster.Preview(roster.KindPolicySet, p, m.Now)
	return err
}

// shuffled is the policy with all its principals in another order.
func (m *model) shuffled(p roster.Policy) roster.Policy {
	mix := func(q roster.Requirement) roster.Requirement {
		q.Principals = slices.Clone(q.Principals)
		m.random.Shuffle(len(q.Principals), func(i, j int) {
			q.Principals[i], q.Principals[j] = q.Principals[j], q.Principals[i]
		})
		return q
	}
	p.Requirements = slices.Clone(p.Requirements)
	for i, q := range p.Requirements {
		p.Requirements[i] = mix(q)
	}
	if p.BreakGlass != nil {
		q := mix(*p.BreakGlass)
		p.BreakGlass = &q
	}
	return p
}

func TestRandomPoliciesAreMetByDistinctPeopleWheneverTheyCanBe(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2030))
	worlds, policies := 60, 150
	if testing.Short() {
		worlds = 10
	}
	var met, unmet, requirements, people, groups, glass, several int
	for range worlds {
		m := newModel(t, random)
		people, groups = people+len(m.people), groups+len(m.groups)
		for range policies {
			p := m.policy()
			assigned, err := m.Roster.Assign(&p)
			if !m.checkProperties(t, &p, assigned, err) {
				unmet++
				continue
			}
			met, requirements = met+1, requirements+len(assigned)
			if p.BreakGlass != nil {
				glass++
			}
			if overlap(m.Roster.Eligible(&p)) {
				several++
			}
			for _, other := range m.refolds {
				again := m.shuffled(p)
				if same, err := other.Assign(&again); err != nil || !slices.EqualFunc(assigned, same, sameIDs) {
					t.Fatalf("somebody else's assignment differs: %v", err)
				}
			}
		}
	}
	t.Logf("%d policies in %d organisations of %d people and %d groups: %d met, with %d requirements, %d of them with break-glass, %d where somebody qualifies for several; %d refused",
		met+unmet, worlds, people, groups, met, requirements, glass, several, unmet)
	if total := met + unmet; met < total/4 || unmet < total/10 || glass < met/10 || several < met/4 {
		t.Error("the choice of policies says little")
	}
}

// overlap says whether somebody qualifies for several requirements.
func overlap(eligible [][]*roster.Approver) bool {
	seen := map[envelope.ID]bool{}
	for _, people := range eligible {
		for _, a := range people {
			if seen[a.ID] {
				return true
			}
			seen[a.ID] = true
		}
	}
	return false
}
