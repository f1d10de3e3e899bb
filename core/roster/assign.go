package roster

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/keyring"
)

// Eligible returns, by requirement, the people in force who qualify for it, by
// id; those of break-glass, where the policy has it, come last ([Policy.All]).
// Nobody whose keyring a refused factor opens is among the people of a
// requirement, and nobody without a recovery factor among those of break-glass.
// Somebody may qualify for several; see [Roster.Assign].
func (r *Roster) Eligible(p *Policy) [][]*Approver {
	all := p.All()
	eligible := make([][]*Approver, len(all))
	for i, q := range all {
		eligible[i] = slices.DeleteFunc(r.people(q.Principals), func(a *Approver) bool {
			if i == len(p.Requirements) {
				return !a.Recovery
			}
			return slices.ContainsFunc(a.Factors, func(f keyring.FactorKind) bool { return slices.Contains(p.RefusedFactors, f) })
		})
	}
	return eligible
}

// Assign gives every eligible person to exactly one requirement or to
// break-glass, so that one person holds one share and can never count twice;
// [ErrUnmeetable] if distinct people cannot meet the policy. The result is by
// requirement as in [Policy.All], by id, and the same for everyone who has the
// same roster: everybody's m first, then one person to spare each, then the rest
// where the margin is smallest.
func (r *Roster) Assign(p *Policy) ([][]*Approver, error) {
	all := p.All()
	m := newMatching(r.Eligible(p))
	for i, q := range all {
		for range q.M {
			if !m.augment(i) {
				return nil, fmt.Errorf("policy %q, requirement %q: %w", p.Name, q.Name, ErrUnmeetable)
			}
		}
	}
	for i := range all {
		m.augment(i)
	}
	m.spread(all)
	return m.result(), nil
}

// Coverage says how well a requirement stands the loss of people.
type Coverage struct {
	Requirement string `json:"requirement"`
	M           uint32 `json:"m"`
	People      int    `json:"people"`
	Recoverable int    `json:"recoverable"` // of the people, those with a recovery factor
}

// Meets says whether the requirement would still be met after losing minimum
// people, or everyone in it could recover from losing every device.
func (c Coverage) Meets(minimum uint32) bool {
	return uint64(c.People) >= uint64(c.M)+uint64(minimum) || c.People >= int(c.M) && c.Recoverable == c.People
}

// Covers returns [ErrCoverage] if an assignment of people falls below the
// policy's minimum coverage.
func (p *Policy) Covers(assigned [][]*Approver) error {
	for _, c := range p.Coverage(assigned) {
		if !c.Meets(p.MinimumCoverage) {
			return fmt.Errorf("policy %q, requirement %q: %d of %d people: %w", p.Name, c.Requirement, c.M, c.People, ErrCoverage)
		}
	}
	return nil
}

// Coverage describes an assignment of people, by requirement as in [Policy.All].
// Requirements beyond the end of assigned have nobody.
func (p *Policy) Coverage(assigned [][]*Approver) []Coverage {
	requirements := p.All()
	all := make([]Coverage, len(requirements))
	for i, q := range requirements {
		all[i] = Coverage{Requirement: q.Name, M: q.M}
		if i >= len(assigned) {
			continue
		}
		all[i].People = len(assigned[i])
		for _, a := range assigned[i] {
			if a.Recovery {
				all[i].Recoverable++
			}
		}
	}
	return all
}
