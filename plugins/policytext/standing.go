package policytext

import (
	"slices"
	"strings"

	"github.com/stillvault/stillvault/core/roster"
)

// Standing is what becomes of a policy with the people who are in force.
type Standing struct {
	// Requirements are those of the policy, break-glass last ([roster.Policy.All]).
	Requirements []Standings
	// Short says why the people do not suffice, [roster.ErrUnmeetable] or
	// [roster.ErrCoverage]; nil where they do.
	Short error
	// Unrelated are people who count but are not known by a Vault entity, so that
	// they could approve what they asked for themselves. None where that is allowed.
	Unrelated []*roster.Approver
}

// Standings is who counts for one requirement.
type Standings struct {
	roster.Requirement
	BreakGlass  bool
	People      []*roster.Approver // who count for it, by name
	Elsewhere   []*roster.Approver // who would, but count for another one, by name
	Recoverable int                // of the people, those with a recovery factor
	Meets       bool               // it stands the loss of people that the policy wants it to
}

// Stand says who counts where under a policy.
func Stand(r *roster.Roster, p *roster.Policy) Standing {
	var s Standing
	eligible := r.Eligible(p)
	assigned, err := r.Assign(p)
	if err != nil {
		s.Short, assigned = err, make([][]*roster.Approver, len(eligible))
	} else {
		s.Short = p.Covers(assigned)
	}
	coverage := p.Coverage(assigned)
	for i, q := range p.All() {
		one := Standings{
			Requirement: q, BreakGlass: i == len(p.Requirements), People: slices.SortedFunc(slices.Values(assigned[i]), byName),
			Recoverable: coverage[i].Recoverable, Meets: coverage[i].Meets(p.MinimumCoverage),
		}
		for _, who := range eligible[i] {
			if !slices.Contains(one.People, who) {
				one.Elsewhere = append(one.Elsewhere, who)
			}
			if len(who.Entities) == 0 && !p.SelfApproval && !slices.Contains(s.Unrelated, who) {
				s.Unrelated = append(s.Unrelated, who)
			}
		}
		slices.SortFunc(one.Elsewhere, byName)
		s.Requirements = append(s.Requirements, one)
	}
	slices.SortFunc(s.Unrelated, byName)
	return s
}

func byName(a, b *roster.Approver) int { return strings.Compare(a.Name, b.Name) }
