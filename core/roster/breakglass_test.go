package roster_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// withBreakGlass is a policy of its own whose break-glass is q.
func withBreakGlass(q roster.Requirement, requirements ...roster.Requirement) roster.Policy {
	p := coretest.Policy("p", "x/*", nil, requirements...)
	p.BreakGlass = &q
	return p
}

func TestBreakGlassIsRefusedUnlessItCanBeUsed(t *testing.T) {
	w := coretest.NewWorld(t)
	a, b, c, d := w.Admit("a"), w.Admit("b"), w.Admit("c"), w.Admit("d")
	phone := w.AdmitWith("phone", []keyring.FactorKind{keyring.FactorPasskey})
	lost := group("lost", person(c), person(phone))
	w.Append(roster.KindGroupSet, lost)
	dba := coretest.Need("dba", 1, a, b)
	set := func(name string, want error, q roster.Requirement) refusal {
		return refusal{name, roster.KindPolicySet, withBreakGlass(q, dba), want}
	}
	refuse(t, w, []refusal{
		set("one person", roster.ErrStatement, coretest.Need("directors", 1, c, d)),
		set("nobody", roster.ErrStatement, coretest.Need("directors", 0, c, d)),
		set("no principals", roster.ErrStatement, roster.Requirement{Name: "directors", M: 2, Principals: []roster.Principal{}}),
		set("the name of a requirement", roster.ErrStatement, coretest.Need("dba", 2, c, d)),
		set("a bad name", roster.ErrName, coretest.Need("Directors", 2, c, d)),
		set("more than there are", roster.ErrUnmeetable, coretest.Need("directors", 3, c, d)),
		set("people whom the requirement needs", roster.ErrUnmeetable, coretest.Need("directors", 2, a, b)),
		set("somebody without a recovery factor", roster.ErrStatement, coretest.Need("directors", 2, c, d, phone)),
		set("such a person in a group", roster.ErrStatement, roster.Requirement{Name: "directors", M: 2, Principals: []roster.Principal{of(lost), person(d)}}),
		set("somebody unknown", roster.ErrUnknown, roster.Requirement{Name: "directors", M: 2, Principals: []roster.Principal{{Kind: roster.PrincipalApprover, ID: envelope.NewID()}}}),
		set("somebody twice", roster.ErrStatement, coretest.Need("directors", 2, c, c)),
	})
	if err := w.TryAppend(roster.KindPolicySet, withBreakGlass(coretest.Need("directors", 2, c, phone), dba)); err == nil || !strings.Contains(err.Error(), `"phone"`) {
		t.Errorf("does not say who lacks a recovery factor: %v", err)
	}
	w.SetPolicy(withBreakGlass(coretest.Need("directors", 2, c, d), dba))
	p, err := w.Fold(0).PolicyNamed("p")
	w.Must(err)
	if p.BreakGlass == nil || p.BreakGlass.M != 2 || !p.AnyOf() {
		t.Error("folded otherwise than set")
	}
}

func TestBreakGlassComesLastAndCountsPeopleOnce(t *testing.T) {
	w := coretest.NewWorld(t)
	a, b, c, d := w.Admit("a"), w.Admit("b"), w.Admit("c"), w.Admit("d")
	phone := w.AdmitWith("phone", []keyring.FactorKind{keyring.FactorPasskey})
	p := withBreakGlass(coretest.Need("directors", 2, b, c, d), coretest.Need("dba", 1, a, b, phone))
	p.RefusedFactors = []keyring.FactorKind{keyring.FactorSoftware}
	all := p.All()
	if len(all) != 2 || all[0].Name != "dba" || all[1].Name != "directors" || len(p.Requirements) != 1 {
		t.Fatalf("requirements are %d", len(all))
	}
	all[0].M = 7
	if p.Requirements[0].M != 1 {
		t.Error("the caller's slice is the policy's")
	}
	// Software is refused, which leaves the phone to the requirement; the
	// directors have software, which is refused to them no more than to anybody
	// who types a recovery key.
	if e := w.Roster.Eligible(&p); len(e) != 2 || len(e[0]) != 1 || e[0][0].ID != phone.ID || len(e[1]) != 3 {
		t.Errorf("eligible are %d and %d", len(e[0]), len(e[1]))
	}
	p.RefusedFactors = nil
	assigned, err := w.Roster.Assign(&p)
	w.Must(err)
	if len(assigned) != 2 || len(assigned[0])+len(assigned[1]) != 5 {
		t.Errorf("%d and %d people have a share", len(assigned[0]), len(assigned[1]))
	}
	cover := p.Coverage(assigned)
	if len(cover) != 2 || cover[1].Requirement != "directors" || cover[1].M != 2 || cover[1].Recoverable != cover[1].People {
		t.Errorf("coverage is %v", cover)
	}
	if short := p.Coverage(assigned[:1]); len(short) != 2 || short[1].People != 0 || !errors.Is(p.Covers(assigned[:1]), roster.ErrCoverage) {
		t.Error("people of break-glass who are not there count")
	}
}

func TestPeopleOfBreakGlassNeedARecoveryFactorAlsoLater(t *testing.T) {
	w := coretest.NewWorld(t)
	a, b, c, d := w.Admit("a"), w.Admit("b"), w.Admit("c"), w.Admit("d")
	directors := group("directors", person(c), person(d))
	w.Append(roster.KindGroupSet, directors)
	p := withBreakGlass(roster.Requirement{Name: "directors", M: 2, Principals: []roster.Principal{of(directors)}}, coretest.Need("dba", 1, a, b))
	w.SetPolicy(p)
	refuse(t, w, []refusal{{"deleted while break-glass", roster.KindGroupDelete, roster.Removal{ID: directors.ID}, roster.ErrStatement}})
	phone := w.AdmitWith("phone", []keyring.FactorKind{keyring.FactorPasskey})
	directors.Members = append(directors.Members, person(phone))
	w.Append(roster.KindGroupSet, directors)
	if e := w.Roster.Eligible(&p)[1]; len(e) != 2 {
		t.Errorf("%d people qualify for break-glass", len(e))
	}
	public := keys(w, d.ID, 2)
	w.Append(roster.KindApproverRekey, roster.ApproverRekey{
		ID: d.ID, KEM: public.KEM, Signing: public.Signing, Generation: 2, Factors: []keyring.FactorKind{keyring.FactorPasskey},
	})
	if _, err := w.Roster.Assign(&p); !errors.Is(err, roster.ErrUnmeetable) {
		t.Errorf("met without recovery factors: %v", err)
	}
}
