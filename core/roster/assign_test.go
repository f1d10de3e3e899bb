package roster_test

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
)

// meetable tries every way to give each person to one of their requirements or
// to none, and says whether one of them reaches every number wanted.
func meetable(eligible [][]*roster.Approver, want []int) bool {
	var people []envelope.ID
	may := map[envelope.ID][]int{}
	for i, all := range eligible {
		for _, a := range all {
			if may[a.ID] == nil {
				people = append(people, a.ID)
			}
			may[a.ID] = append(may[a.ID], i)
		}
	}
	count := make([]int, len(want))
	var try func(int) bool
	try = func(n int) bool {
		if n == len(people) {
			return !slices.ContainsFunc(indices(want), func(i int) bool { return count[i] < want[i] })
		}
		for _, i := range may[people[n]] {
			count[i]++
			if try(n + 1) {
				return true
			}
			count[i]--
		}
		return try(n + 1)
	}
	return try(0)
}

func indices(all []int) []int {
	out := make([]int, len(all))
	for i := range all {
		out[i] = i
	}
	return out
}

func randomPolicy(r *rand.Rand, people []*coretest.Person) roster.Policy {
	var requirements []roster.Requirement
	for i := range 1 + r.IntN(4) {
		chosen := slices.Clone(people)
		r.Shuffle(len(chosen), func(a, b int) { chosen[a], chosen[b] = chosen[b], chosen[a] })
		requirements = append(requirements, coretest.Need(fmt.Sprintf("r%d", i), uint32(1+r.IntN(3)), chosen[:1+r.IntN(len(chosen))]...))
	}
	return coretest.Policy("random", "x/*", nil, requirements...)
}

func TestEveryPersonCountsOnceAndAPolicyIsMetExactlyWhenItCanBe(t *testing.T) {
	w := coretest.NewWorld(t)
	var people []*coretest.Person
	for i := range 7 {
		people = append(people, w.Admit(fmt.Sprintf("p%d", i)))
	}
	other := w.Fold(0)
	r := rand.New(rand.NewPCG(1, 2))
	rounds, met := 5000, 0
	if testing.Short() {
		rounds = 1000
	}
	for range rounds {
		p := randomPolicy(r, people)
		want := make([]int, len(p.Requirements))
		for i, q := range p.Requirements {
			want[i] = int(q.M)
		}
		eligible := w.Roster.Eligible(&p)
		assigned, err := w.Roster.Assign(&p)
		if can := meetable(eligible, want); can != (err == nil) {
			t.Fatalf("can be met %t, but %v", can, err)
		}
		if err != nil {
			if !errors.Is(err, roster.ErrUnmeetable) {
				t.Fatal(err)
			}
			continue
		}
		met++
		checkAssignment(t, &p, eligible, assigned)
		for i := range want {
			want[i]++
		}
		if spare := slices.IndexFunc(indices(want), func(i int) bool { return len(assigned[i]) < want[i] }); spare >= 0 && meetable(eligible, want) {
			t.Fatalf("requirement %d could have somebody to spare and has not", spare)
		}
		r.Shuffle(len(p.Requirements[0].Principals), func(a, b int) {
			q := p.Requirements[0].Principals
			q[a], q[b] = q[b], q[a]
		})
		again, err := other.Assign(&p)
		if err != nil || !slices.EqualFunc(assigned, again, sameIDs) {
			t.Fatalf("somebody else's assignment differs: %v", err)
		}
	}
	if met < rounds/10 || met > rounds*9/10 {
		t.Errorf("%d of %d policies could be met: the choice says little", met, rounds)
	}
}

func sameIDs(a, b []*roster.Approver) bool {
	return slices.EqualFunc(a, b, func(a, b *roster.Approver) bool { return a.ID == b.ID })
}

func checkAssignment(t *testing.T, p *roster.Policy, eligible, assigned [][]*roster.Approver) {
	t.Helper()
	seen, all := map[envelope.ID]bool{}, map[envelope.ID]bool{}
	for _, people := range eligible {
		for _, a := range people {
			all[a.ID] = true
		}
	}
	for i, people := range assigned {
		if len(people) < int(p.Requirements[i].M) {
			t.Fatalf("requirement %d has %d of %d", i, len(people), p.Requirements[i].M)
		}
		for _, a := range people {
			if seen[a.ID] {
				t.Fatalf("%s counts twice", a.Name)
			}
			seen[a.ID] = true
			if !slices.ContainsFunc(eligible[i], func(e *roster.Approver) bool { return e.ID == a.ID }) {
				t.Fatalf("%s does not qualify for requirement %d", a.Name, i)
			}
		}
	}
	if len(seen) != len(all) {
		t.Fatalf("%d of %d people have a share", len(seen), len(all))
	}
}

func TestRefusedFactorsExcludePeople(t *testing.T) {
	w := coretest.NewWorld(t)
	soft := w.Admit("soft")
	hard := w.AdmitWith("hard", []keyring.FactorKind{keyring.FactorPasskey})
	p := coretest.Policy("p", "x/*", nil, coretest.Need("one", 1, soft, hard))
	p.RefusedFactors = []keyring.FactorKind{keyring.FactorSoftware}
	eligible := w.Roster.Eligible(&p)
	if len(eligible[0]) != 1 || eligible[0][0].ID != hard.ID {
		t.Errorf("eligible are %d", len(eligible[0]))
	}
	p.RefusedFactors = append(p.RefusedFactors, keyring.FactorPasskey)
	if _, err := w.Roster.Assign(&p); !errors.Is(err, roster.ErrUnmeetable) {
		t.Errorf("got %v", err)
	}
}

func TestADeviceAddsItsFactorToItsApprover(t *testing.T) {
	w := coretest.NewWorld(t)
	a := w.AdmitWith("a", []keyring.FactorKind{keyring.FactorPasskey})
	p := coretest.Policy("p", "x/*", nil, coretest.Need("one", 1, a))
	p.RefusedFactors = []keyring.FactorKind{keyring.FactorSoftware}
	eligible := func() int { return len(w.Roster.Eligible(&p)[0]) }
	if eligible() != 1 {
		t.Fatal("a phone is refused")
	}
	terminal := keyring.NewDevice()
	w.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: w.Certify(a, terminal, "terminal")})
	approver, err := w.Roster.Approver(a.ID)
	w.Must(err)
	if len(approver.Factors) != 2 || eligible() != 0 {
		t.Errorf("factors %q, eligible %d", approver.Factors, eligible())
	}
	w.Append(roster.KindDeviceRevoke, roster.Removal{ID: terminal.ID()})
	if eligible() != 0 {
		t.Error("revoking the device takes its factor back")
	}
	public := keys(w, a.ID, 2)
	w.Append(roster.KindApproverRekey, roster.ApproverRekey{
		ID: a.ID, KEM: public.KEM, Signing: public.Signing, Generation: 2, Factors: []keyring.FactorKind{keyring.FactorPasskey},
	})
	if eligible() != 1 {
		t.Error("a new keyring keeps the old one's factor")
	}
}

func TestCoverageStandsTheLossOfPeople(t *testing.T) {
	for _, c := range []struct {
		name                      string
		m, people, recover, spare int
		want                      bool
	}{
		{"one to spare", 1, 2, 0, 1, true},
		{"none to spare", 1, 1, 0, 1, false},
		{"none to spare, all recover", 2, 2, 2, 1, true},
		{"none to spare, not all recover", 2, 2, 1, 1, false},
		{"two to spare of two wanted", 2, 4, 0, 2, true},
		{"one to spare of two wanted", 2, 3, 0, 2, false},
		{"none wanted", 2, 2, 0, 0, true},
		{"too few, though all recover", 2, 1, 1, 0, false},
		{"nobody", 1, 0, 0, 0, false},
	} {
		got := roster.Coverage{M: uint32(c.m), People: c.people, Recoverable: c.recover}.Meets(uint32(c.spare))
		if got != c.want {
			t.Errorf("%s: got %t", c.name, got)
		}
	}
	if (roster.Coverage{M: 1<<32 - 1, People: 5}).Meets(1<<32 - 1) {
		t.Error("the sum wraps around")
	}
	w := coretest.NewWorld(t)
	a, b := w.AdmitWith("a", []keyring.FactorKind{keyring.FactorPasskey}), w.Admit("b")
	p := coretest.Policy("p", "x/*", nil, coretest.Need("both", 2, a, b))
	assigned, err := w.Roster.Assign(&p)
	w.Must(err)
	if err := p.Covers(assigned); !errors.Is(err, roster.ErrCoverage) {
		t.Errorf("got %v", err)
	}
	if got := p.Coverage(assigned); len(got) != 1 || got[0] != (roster.Coverage{Requirement: "both", M: 2, People: 2, Recoverable: 1}) {
		t.Errorf("got %v", got)
	}
	p.MinimumCoverage = 0
	if err := p.Covers(assigned); err != nil {
		t.Errorf("without a minimum: %v", err)
	}
}
