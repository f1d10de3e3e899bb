package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// standing is where somebody counts in a policy: a person counts for one requirement.
type standing map[envelope.ID]string

// standings says where everybody counts who does, by policy. A policy that could not be
// met has nobody.
func standings(r *roster.Roster) map[envelope.ID]standing {
	all := map[envelope.ID]standing{}
	for _, p := range r.Policies() {
		all[p.ID] = standing{}
		assigned, err := r.Assign(p)
		if err != nil {
			continue
		}
		for i, q := range p.All() {
			for _, who := range assigned[i] {
				all[p.ID][who.ID] = q.Name
			}
		}
	}
	return all
}

// counting is how people counted before a group was changed.
type counting struct {
	standings map[envelope.ID]standing
	members   []*roster.Approver // of the group, at any depth
}

func countingOf(r *roster.Roster, group envelope.ID) counting {
	c := counting{standings: standings(r)}
	if g, err := r.Group(group); err == nil {
		c.members = peopleOf(r, g.Members)
	}
	return c
}

// countedNow says what a group's new members do not count for although a policy names
// the group, and who counts for something else than before because of the change.
func countedNow(before counting, after *roster.Roster, g *roster.Group) []string {
	var lines []string
	was, is := before.standings, standings(after)
	joined := slices.DeleteFunc(peopleOf(after, g.Members), func(a *roster.Approver) bool {
		return slices.ContainsFunc(before.members, func(b *roster.Approver) bool { return a.ID == b.ID })
	})
	for _, p := range after.Policies() {
		named := namedBy(after, p, g.ID)
		for _, who := range joined {
			q, counts := is[p.ID][who.ID]
			switch {
			case len(named) == 0 || slices.Contains(named, q):
			case !counts:
				lines = append(lines, fmt.Sprintf("%s counts for nothing in %s: %s", who.Name, p.Name, excluded(p)))
			case was[p.ID][who.ID] == q:
				lines = append(lines, fmt.Sprintf("%s counts for %s in %s, so nothing changes there", who.Name, q, p.Name))
			default:
				lines = append(lines, fmt.Sprintf("%s counts for %s in %s, not for %s", who.Name, q, p.Name, strings.Join(named, ", ")))
			}
		}
		for _, who := range after.Approvers() {
			q, counts := is[p.ID][who.ID]
			if old, counted := was[p.ID][who.ID]; counted && counts && old != q {
				lines = append(lines, fmt.Sprintf("%s counts for %s in %s now, no longer for %s", who.Name, q, p.Name, old))
			}
		}
	}
	return lines
}

// excluded says why somebody whom a policy names may count for nothing in it.
func excluded(p *roster.Policy) string {
	if len(p.RefusedFactors) > 0 {
		return "their keyring opens with what the policy refuses (" + strings.Join(factorTexts(p.RefusedFactors), ", ") + "), or they lack the recovery key that break-glass wants"
	}
	return "they lack the recovery key that break-glass wants, or distinct people cannot meet the policy"
}

// peopleOf are the approvers in force among principals, at any depth.
func peopleOf(r *roster.Roster, all []roster.Principal) []*roster.Approver {
	return r.Eligible(&roster.Policy{Requirements: []roster.Requirement{{Principals: all}}})[0]
}

// namedBy are the names of the requirements of a policy that name a group, at any depth.
func namedBy(r *roster.Roster, p *roster.Policy, id envelope.ID) []string {
	var names []string
	for _, q := range p.All() {
		if holds(r, q.Principals, id, map[envelope.ID]bool{}) {
			names = append(names, q.Name)
		}
	}
	return names
}

// holds says whether a group is among principals, at any depth. No group is looked
// into twice: groups that share groups would take exponential time.
func holds(r *roster.Roster, all []roster.Principal, id envelope.ID, seen map[envelope.ID]bool) bool {
	return slices.ContainsFunc(all, func(p roster.Principal) bool {
		if p.Kind != roster.PrincipalGroup || seen[p.ID] {
			return false
		}
		seen[p.ID] = true
		g, err := r.Group(p.ID)
		return err == nil && (p.ID == id || holds(r, g.Members, id, seen))
	})
}

// countedElsewhere says who would qualify for a requirement, and counts for another.
func countedElsewhere(r *roster.Roster, p *roster.Policy, requirement int, counts standing) string {
	var texts []string
	name := p.All()[requirement].Name
	for _, who := range r.Eligible(p)[requirement] {
		if q := counts[who.ID]; q != "" && q != name {
			texts = append(texts, who.Name+" for "+q)
		}
	}
	slices.Sort(texts)
	if len(texts) == 0 {
		return ""
	}
	return "; counted elsewhere: " + strings.Join(texts, ", ")
}
