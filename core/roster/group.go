package roster

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
)

// PrincipalKind says what a [Principal] is.
type PrincipalKind string

// The kinds of principals.
const (
	PrincipalApprover PrincipalKind = "approver"
	PrincipalGroup    PrincipalKind = "group"
)

// Principal names an approver or a group by its immutable id.
type Principal struct {
	Kind PrincipalKind `json:"kind"`
	ID   envelope.ID   `json:"id"`
}

// Group is the body of [KindGroupSet] and a group as the roster knows it.
// Setting an id again replaces its members; groups may hold groups.
type Group struct {
	ID      envelope.ID `json:"id"`
	Name    string      `json:"name"`
	Members []Principal `json:"members"`
}

const maxMembers = 1000

func applyGroupSet(r *Roster, _ Statement, b Group) error {
	if err := checkNew(b.ID, b.Name, false); err != nil {
		return err
	}
	for _, g := range r.groups {
		if g.Name == b.Name && g.ID != b.ID {
			return fmt.Errorf("a group named %q exists: %w", b.Name, ErrStatement)
		}
	}
	if len(b.Members) > maxMembers {
		return fmt.Errorf("%d members, limit %d: %w", len(b.Members), maxMembers, ErrStatement)
	}
	if err := r.checkPrincipals(b.Members); err != nil {
		return err
	}
	seen := map[envelope.ID]bool{}
	for _, m := range b.Members {
		if m.Kind == PrincipalGroup && r.reaches(m.ID, b.ID, seen) {
			return fmt.Errorf("group %q would contain itself: %w", b.Name, ErrStatement)
		}
	}
	r.groups[b.ID] = &b
	return nil
}

func applyGroupDelete(r *Roster, _ Statement, b Removal) error {
	g, err := r.Group(b.ID)
	if err != nil {
		return err
	}
	self := Principal{PrincipalGroup, b.ID}
	for _, other := range r.groups {
		if slices.Contains(other.Members, self) {
			return fmt.Errorf("group %q is a member of group %q: %w", g.Name, other.Name, ErrStatement)
		}
	}
	for _, p := range r.Policies() {
		for _, q := range p.All() {
			if slices.Contains(q.Principals, self) {
				return fmt.Errorf("policy %q names group %q: %w", p.Name, g.Name, ErrStatement)
			}
		}
	}
	delete(r.groups, b.ID)
	return nil
}

func (r *Roster) checkPrincipals(all []Principal) error {
	if p, twice := repeated(all); twice {
		return fmt.Errorf("%s %s is named twice: %w", p.Kind, p.ID, ErrStatement)
	}
	for _, p := range all {
		var err error
		switch p.Kind {
		case PrincipalApprover:
			_, err = r.Approver(p.ID)
		case PrincipalGroup:
			_, err = r.Group(p.ID)
		default:
			err = fmt.Errorf("principal of kind %q: %w", p.Kind, ErrStatement)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reaches says whether group from is group to or contains it at any depth.
// What was seen is not walked twice: groups that share groups would otherwise
// take time exponential in their depth.
func (r *Roster) reaches(from, to envelope.ID, seen map[envelope.ID]bool) bool {
	if from == to {
		return true
	}
	g := r.groups[from]
	if g == nil || seen[from] {
		return false
	}
	seen[from] = true
	return slices.ContainsFunc(g.Members, func(m Principal) bool {
		return m.Kind == PrincipalGroup && r.reaches(m.ID, to, seen)
	})
}

// Group returns a group by id.
func (r *Roster) Group(id envelope.ID) (*Group, error) {
	if g := r.groups[id]; g != nil {
		return g, nil
	}
	return nil, fmt.Errorf("group %s: %w", id, ErrUnknown)
}

// Groups returns all groups, by name.
func (r *Roster) Groups() []*Group {
	return inForce(r.groups, func(*Group) bool { return true }, func(g *Group) string { return g.Name })
}

// GroupNamed returns the group that has a name.
func (r *Roster) GroupNamed(name string) (*Group, error) {
	return named("group", name, r.Groups(), func(g *Group) string { return g.Name })
}

// people returns the approvers in force among principals, at any depth, once
// each and by id. The slice is the caller's.
func (r *Roster) people(principals []Principal) []*Approver {
	found := map[envelope.ID]*Approver{}
	seen := map[envelope.ID]bool{}
	var walk func([]Principal)
	walk = func(members []Principal) {
		for _, m := range members {
			if m.Kind == PrincipalApprover {
				if a := r.approvers[m.ID]; a != nil && !a.Revoked {
					found[m.ID] = a
				}
			} else if g := r.groups[m.ID]; g != nil && !seen[m.ID] {
				seen[m.ID] = true
				walk(g.Members)
			}
		}
	}
	walk(principals)
	return slices.SortedFunc(maps.Values(found), func(a, b *Approver) int { return bytes.Compare(a.ID[:], b.ID[:]) })
}
