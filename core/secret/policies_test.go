package secret_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// town is a cabinet whose people, groups and policies are drawn at random: of the
// people one in four has no recovery factor, and groups hold people and groups.
type town struct {
	*cabinet
	dice   *rand.Rand
	groups []roster.Group
	rings  map[envelope.ID][]*keyring.Keyring // by generation, from 1
}

func newTown(t testing.TB, seed uint64, people, groups int) *town {
	t.Helper()
	c := &cabinet{World: coretest.NewWorld(t), secret: envelope.NewID()}
	w := &town{cabinet: c, dice: rand.New(rand.NewPCG(seed, 4)), rings: map[envelope.ID][]*keyring.Keyring{}}
	for i := range people {
		factors := []keyring.FactorKind{keyring.FactorPassword, keyring.FactorSoftware}
		if i%4 == 3 {
			factors = []keyring.FactorKind{keyring.FactorPasskey}
		}
		w.enter(c.AdmitWith(fmt.Sprintf("p%d", i), factors))
	}
	for i := range groups {
		w.groups = append(w.groups, roster.Group{ID: envelope.NewID(), Name: fmt.Sprintf("g%d", i), Members: []roster.Principal{}})
		w.regroup(i)
	}
	c.author = c.AdmitConsumer("author", roster.ConsumerHost)
	c.policy = coretest.Policy("p", "prod/*", []*coretest.Consumer{c.author}, coretest.Need("all", 1, c.people...))
	c.policy.MinimumCoverage = 0
	c.SetPolicy(c.policy)
	return w
}

func (w *town) enter(p *coretest.Person) {
	w.people = append(w.people, p)
	w.rings[p.ID] = []*keyring.Keyring{p.Keyring}
}

// regroup gives a group other members: people, and groups before it, so that there
// are no cycles.
func (w *town) regroup(i int) {
	g := w.groups[i]
	g.Members = []roster.Principal{}
	for _, p := range w.some(w.people, 1+w.dice.IntN(3)) {
		g.Members = append(g.Members, roster.Principal{Kind: roster.PrincipalApprover, ID: p.ID})
	}
	if i > 0 && w.dice.IntN(2) == 0 {
		g.Members = append(g.Members, roster.Principal{Kind: roster.PrincipalGroup, ID: w.groups[w.dice.IntN(i)].ID})
	}
	if w.TryAppend(roster.KindGroupSet, g) == nil {
		w.groups[i] = g
	}
}

func (w *town) some(people []*coretest.Person, n int) []*coretest.Person {
	chosen := slices.Clone(people)
	w.dice.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	return chosen[:min(n, len(chosen))]
}

// demandAnything puts a random policy in force: one to three requirements over people
// and groups that overlap, and every other time a way to break the glass. What
// distinct people cannot meet is refused by the roster, and drawn anew.
func (w *town) demandAnything() {
	for {
		p := w.policy
		p.Requirements, p.BreakGlass, p.RefusedFactors = nil, nil, []keyring.FactorKind{}
		for i := range 1 + w.dice.IntN(3) {
			p.Requirements = append(p.Requirements, w.requirement(fmt.Sprintf("r%d", i), 1+w.dice.IntN(3)))
		}
		if w.dice.IntN(2) == 0 {
			p.BreakGlass = w.glass()
		}
		if w.dice.IntN(8) == 0 {
			p.RefusedFactors = append(p.RefusedFactors, keyring.FactorPasskey)
		}
		switch err := w.TryAppend(roster.KindPolicySet, p); {
		case err == nil:
			w.policy = p
			return
		case !errors.Is(err, roster.ErrUnmeetable) && !errors.Is(err, roster.ErrStatement):
			w.Must(err)
		}
	}
}

func (w *town) requirement(name string, m int) roster.Requirement {
	q := coretest.Need(name, uint32(m), w.some(w.people, m+w.dice.IntN(3))...)
	if len(w.groups) > 0 && w.dice.IntN(2) == 0 {
		q.Principals = append(q.Principals[:w.dice.IntN(len(q.Principals))], roster.Principal{Kind: roster.PrincipalGroup, ID: w.groups[w.dice.IntN(len(w.groups))].ID})
	}
	return q
}

// glass is a requirement of people with a recovery factor: the roster refuses others.
func (w *town) glass() *roster.Requirement {
	recoverable := slices.DeleteFunc(slices.Clone(w.people), func(p *coretest.Person) bool {
		a, err := w.Roster.Approver(p.ID)
		return err != nil || !a.Recovery
	})
	m := 2 + w.dice.IntN(2)
	q := coretest.Need("glass", uint32(m), w.some(recoverable, m+w.dice.IntN(2))...)
	return &q
}

// named is everybody whom principals name, through however many groups.
func (w *town) named(principals []roster.Principal) map[envelope.ID]bool {
	all := map[envelope.ID]bool{}
	for _, p := range principals {
		if p.Kind == roster.PrincipalApprover {
			all[p.ID] = true
			continue
		}
		i := slices.IndexFunc(w.groups, func(g roster.Group) bool { return g.ID == p.ID })
		for id := range w.named(w.groups[i].Members) {
			all[id] = true
		}
	}
	return all
}

// seated holds a version's seats against the text of the policy: everybody once, and
// only where the policy names them.
func (w *town) seated(v *secret.Verified) {
	w.T.Helper()
	all, sat := w.policy.All(), map[envelope.ID]bool{}
	if len(all) != len(v.Access) {
		w.T.Fatalf("%d requirements are shared, the policy has %d", len(v.Access), len(all))
	}
	for _, s := range v.Seats {
		if sat[s.Approver] || !w.named(all[s.Requirement].Principals)[s.Approver] {
			w.T.Fatalf("somebody sits twice, or for requirement %q, which does not name them", all[s.Requirement].Name)
		}
		sat[s.Approver] = true
	}
}

// meets says whether seats satisfy a policy: m of every requirement, or of the one
// for breaking the glass.
func meets(p *roster.Policy, seats []secret.Seat) bool {
	count := make([]uint32, len(p.Requirements)+1)
	for _, s := range seats {
		count[s.Requirement]++
	}
	if p.BreakGlass != nil && count[len(p.Requirements)] >= p.BreakGlass.M {
		return true
	}
	for i, q := range p.Requirements {
		if count[i] < q.M {
			return false
		}
	}
	return true
}
