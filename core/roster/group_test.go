package roster_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func TestLongChainsOfGroupsResolveAndNeverClose(t *testing.T) {
	w := coretest.NewWorld(t)
	a, b := w.Admit("a"), w.Admit("b")
	const length = 300
	chain := make([]roster.Group, length)
	for i := range chain {
		chain[i] = group(fmt.Sprintf("level%d", i), person(b))
		if i > 0 {
			chain[i].Members = []roster.Principal{of(chain[i-1])}
		}
		w.Append(roster.KindGroupSet, chain[i])
	}
	p := coretest.Policy("p", "x/*", nil, roster.Requirement{Name: "all", M: 2, Principals: []roster.Principal{of(chain[length-1]), person(a)}})
	if got := w.Roster.Eligible(&p)[0]; len(got) != 2 {
		t.Errorf("%d people at the end of the chain", len(got))
	}
	w.SetPolicy(p)
	var closing []refusal
	for _, ends := range [][2]int{{0, length - 1}, {0, 1}, {17, 200}, {length - 2, length - 1}, {5, 5}} {
		g := chain[ends[0]]
		g.Members = append(slices.Clone(g.Members), of(chain[ends[1]]))
		closing = append(closing, refusal{fmt.Sprintf("level %d holds level %d", ends[0], ends[1]), roster.KindGroupSet, g, roster.ErrStatement})
	}
	refuse(t, w, closing)
	// What empties the far end is felt at the near one.
	chain[0].Members = []roster.Principal{}
	w.Append(roster.KindGroupSet, chain[0])
	if _, err := w.Roster.Assign(&p); !errors.Is(err, roster.ErrUnmeetable) {
		t.Errorf("without the one at the far end: %v", err)
	}
}

// acyclic takes away groups that hold no others, again and again: what is left
// holds itself.
func acyclic(all map[envelope.ID]roster.Group) bool {
	left := map[envelope.ID]bool{}
	for id := range all {
		left[id] = true
	}
	for {
		before := len(left)
		for id := range left {
			if !slices.ContainsFunc(all[id].Members, func(m roster.Principal) bool { return m.Kind == roster.PrincipalGroup && left[m.ID] }) {
				delete(left, id)
			}
		}
		if len(left) == before {
			return before == 0
		}
	}
}

func TestGroupsAreRefusedExactlyWhenTheyWouldHoldThemselves(t *testing.T) {
	w := coretest.NewWorld(t)
	a := w.Admit("a")
	random := rand.New(rand.NewPCG(7, 4))
	all, ids := map[envelope.ID]roster.Group{}, []envelope.ID{}
	for i := range 12 {
		g := group(fmt.Sprintf("g%d", i), person(a))
		w.Append(roster.KindGroupSet, g)
		all[g.ID], ids = g, append(ids, g.ID)
	}
	rounds, taken, refused := 3000, 0, 0
	for range rounds {
		old := all[ids[random.IntN(len(ids))]]
		changed := old
		changed.Members = []roster.Principal{person(a)}
		for _, n := range random.Perm(len(ids))[:random.IntN(3)] {
			changed.Members = append(changed.Members, of(all[ids[n]]))
		}
		all[old.ID] = changed
		err := w.TryAppend(roster.KindGroupSet, changed)
		if fine := acyclic(all); fine != (err == nil) || err != nil && !errors.Is(err, roster.ErrStatement) {
			t.Fatalf("without a cycle: %t, but %v", fine, err)
		}
		if err != nil {
			all[old.ID] = old
			refused++
		} else {
			taken++
		}
	}
	t.Logf("%d changes of %d groups: %d taken, %d refused", rounds, len(ids), taken, refused)
	if taken < rounds/10 || refused < rounds/10 {
		t.Error("the choice of changes says little")
	}
}

func TestANameThatIsUsedAgainInheritsNothing(t *testing.T) {
	w := coretest.NewWorld(t)
	a, b, c := w.Admit("a"), w.Admit("b"), w.Admit("c")
	dba := group("dba", person(a), person(b), person(c))
	w.Append(roster.KindGroupSet, dba)
	holder := group("holder", of(dba))
	w.Append(roster.KindGroupSet, holder)
	p := coretest.Policy("p", "x/*", nil, roster.Requirement{Name: "dba", M: 1, Principals: []roster.Principal{of(dba)}})
	p.BreakGlass = &roster.Requirement{Name: "directors", M: 2, Principals: []roster.Principal{of(holder)}}
	w.SetPolicy(p)
	has := func(id envelope.ID) bool {
		return slices.ContainsFunc(slices.Concat(w.Roster.Eligible(&p)...), func(e *roster.Approver) bool { return e.ID == id })
	}
	// An approver who comes back under the same name is somebody else.
	w.Append(roster.KindApproverRevoke, roster.Removal{ID: a.ID})
	again := w.Admit("a")
	if has(a.ID) || has(again.ID) || !has(b.ID) {
		t.Error("who has the name of somebody revoked is in their groups")
	}
	// A group can only go when nothing names it, break-glass and groups included.
	removal := refusal{"named", roster.KindGroupDelete, roster.Removal{ID: dba.ID}, roster.ErrStatement}
	refuse(t, w, []refusal{removal, {"named for break-glass", roster.KindGroupDelete, roster.Removal{ID: holder.ID}, roster.ErrStatement}})
	w.Append(roster.KindPolicyDelete, roster.Removal{ID: p.ID})
	refuse(t, w, []refusal{removal})
	holder.Members = []roster.Principal{person(b)}
	w.Append(roster.KindGroupSet, holder)
	w.Append(roster.KindGroupDelete, roster.Removal{ID: dba.ID})
	renewed := group("dba", person(c), person(again))
	w.Append(roster.KindGroupSet, renewed)
	if has(c.ID) || has(again.ID) {
		t.Error("a policy that names the old group has people of the new one")
	}
	// Nor does a policy of the same name, under an id of its own, have a past.
	for _, head := range []uint64{0, w.Roster.Head().Seq} {
		if _, err := w.Roster.PolicyAt("y/z", roster.Head{Seq: head}); !errors.Is(err, roster.ErrNoPolicy) {
			t.Errorf("at statement %d: %v", head, err)
		}
	}
	then := w.Roster.Head()
	next := coretest.Policy("p", "y/*", nil, coretest.Need("dba", 1, b, c))
	w.SetPolicy(next)
	if _, err := w.Roster.PolicyAt("y/z", then); !errors.Is(err, roster.ErrNoPolicy) {
		t.Errorf("before it was set: %v", err)
	}
	if _, err := w.Roster.Policy(p.ID); !errors.Is(err, roster.ErrUnknown) {
		t.Errorf("the old policy by id: %v", err)
	}
	p.Name = "renamed"
	refuse(t, w, []refusal{{"the old policy, of a group that is gone", roster.KindPolicySet, p, roster.ErrUnknown}})
}
