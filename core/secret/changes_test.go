package secret_test

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// change does to people and policy what organisations do, until the version has to
// be re-shared for it.
func (l *life) change() {
	l.T.Helper()
	for range 1000 {
		switch l.dice.IntN(8) {
		case 0:
			l.rekey(l.people[l.dice.IntN(len(l.people))])
		case 1:
			l.regroup(l.dice.IntN(len(l.groups)))
		case 2:
			l.replace()
		default:
			l.redraft()
		}
		target, err := secret.TargetFor(l.Roster, path)
		if err != nil { // not enough people by now, so that nothing can be dealt
			continue
		}
		v, err := l.version.VerifyHistory(l.Roster, l.Mount, path)
		l.Must(err)
		if !v.Follows(target) {
			return
		}
	}
	l.T.Fatal("nothing changes")
}

// redraft changes one thing about the policy: who, how many, a requirement more or
// less, break-glass or not. What the roster refuses changes nothing.
func (l *life) redraft() {
	p := l.policy
	p.Requirements = slices.Clone(p.Requirements)
	for i := range p.Requirements {
		p.Requirements[i].Principals = l.inForce(p.Requirements[i].Principals)
	}
	if p.BreakGlass != nil {
		p.BreakGlass = &roster.Requirement{Name: p.BreakGlass.Name, M: p.BreakGlass.M, Principals: l.inForce(p.BreakGlass.Principals)}
	}
	i := l.dice.IntN(len(p.Requirements))
	switch l.dice.IntN(7) {
	case 0:
		p.Requirements[i].M++
	case 1:
		p.Requirements[i].M--
	case 2:
		q := l.requirement(fmt.Sprintf("q%d", l.dice.IntN(1000)), 1+l.dice.IntN(2))
		p.Requirements = slices.Insert(p.Requirements, i, q)
	case 3:
		p.Requirements = slices.Delete(p.Requirements, i, i+1)
	case 4:
		p.BreakGlass = l.glass()
	case 5:
		p.BreakGlass = nil
	default:
		p.Requirements[i] = l.requirement(p.Requirements[i].Name, int(p.Requirements[i].M))
	}
	if len(p.Requirements) <= 3 && l.TryAppend(roster.KindPolicySet, p) == nil {
		l.policy = p
	}
}

// inForce leaves out whom the roster would refuse to see named again.
func (l *life) inForce(principals []roster.Principal) []roster.Principal {
	return slices.DeleteFunc(slices.Clone(principals), func(p roster.Principal) bool {
		_, err := l.Roster.Approver(p.ID)
		return p.Kind == roster.PrincipalApprover && err != nil
	})
}

// rekey replaces a keyring; the old one deals what is sealed to it.
func (l *life) rekey(p *coretest.Person) {
	a, err := l.Roster.Approver(p.ID)
	l.Must(err)
	k, err := keyring.New(l.Roster.Organisation(), p.ID, a.Generation+1)
	l.Must(err)
	public, err := k.Public()
	l.Must(err)
	l.Append(roster.KindApproverRekey, roster.ApproverRekey{
		ID: p.ID, KEM: public.KEM, Signing: public.Signing, Generation: a.Generation + 1,
		Factors: []keyring.FactorKind{keyring.FactorPassword, keyring.FactorSoftware}, Recovery: true,
	})
	p.Keyring = k
	l.rings[p.ID] = append(l.rings[p.ID], k)
}

// replace revokes somebody without whom the version can still be re-shared, deletes
// their share, and admits somebody else.
func (l *life) replace() {
	i := l.dice.IntN(len(l.people))
	leaves, now := l.people[i], l.epochs[len(l.epochs)-1]
	stay := slices.DeleteFunc(slices.Clone(now.Seats), func(s secret.Seat) bool { return s.Approver == leaves.ID })
	if !now.suffice(slices.DeleteFunc(stay, func(s secret.Seat) bool { return !l.mayDeal(s) })) {
		return
	}
	l.Append(roster.KindApproverRevoke, roster.Removal{ID: leaves.ID})
	_, err := l.version.DeleteWraps(func(id envelope.ID) bool { return id != leaves.ID })
	l.Must(err)
	l.people = slices.Delete(l.people, i, i+1)
	l.enter(l.Admit(fmt.Sprintf("n%d", l.Roster.Head().Seq)))
}

func (l *life) mayDeal(s secret.Seat) bool {
	v, err := l.version.VerifyHistory(l.Roster, l.Mount, path)
	l.Must(err)
	_, err = v.MayDeal(l.Roster, s.Approver)
	return err == nil
}

// dealers draws as many as suffice to deal, and sometimes one more: those of the
// requirements, or those who may break the glass.
func (l *life) dealers(now *epoch) []secret.Seat {
	l.T.Helper()
	var may []secret.Seat
	for _, i := range l.dice.Perm(len(now.Seats)) {
		if l.mayDeal(now.Seats[i]) {
			may = append(may, now.Seats[i])
		}
	}
	draw := func(glass bool) []secret.Seat {
		var some []secret.Seat
		for q, a := range now.Access {
			want := int(a.M) + l.dice.IntN(2)
			for _, s := range may {
				if int(s.Requirement) == q && a.BreakGlass == glass && want > 0 {
					some, want = append(some, s), want-1
				}
			}
		}
		return some
	}
	glass := l.dice.IntN(3) == 0
	for _, glass := range []bool{glass, !glass} {
		if some := draw(glass); now.suffice(some) {
			return some
		}
	}
	l.T.Fatal("nobody is left to deal")
	return nil
}
