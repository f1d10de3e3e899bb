package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// ErrWhichPrincipal means that a name is an approver's and a group's.
var ErrWhichPrincipal = errors.New("principal_unclear: there is an approver and a group of this name; write approver:NAME or group:NAME")

// Where approvers and groups may stand, a name without a prefix is whichever has
// it.
const (
	groupPrefix    = "group:"
	approverPrefix = "approver:"
)

// revokedMark stands behind the name of somebody who was revoked, and is named still.
const revokedMark = " (revoked)"

// principals turns names into what policies and groups bind: ids.
func principals(r *roster.Roster, names []string) ([]roster.Principal, error) {
	all := []roster.Principal{}
	for _, name := range names {
		one, err := principal(r, name)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func principal(r *roster.Roster, name string) (roster.Principal, error) {
	plain, isGroup := strings.CutPrefix(name, groupPrefix)
	plain, isApprover := strings.CutPrefix(plain, approverPrefix)
	g, noGroup := r.GroupNamed(plain)
	who, noApprover := r.ApproverNamed(plain)
	switch {
	case isGroup && noGroup != nil:
		return roster.Principal{}, noGroup
	case isGroup || !isApprover && noGroup == nil && noApprover != nil:
		return roster.Principal{Kind: roster.PrincipalGroup, ID: g.ID}, nil
	case noApprover != nil:
		return roster.Principal{}, noApprover
	case !isApprover && noGroup == nil:
		return roster.Principal{}, fmt.Errorf("%q: %w", plain, ErrWhichPrincipal)
	}
	return roster.Principal{Kind: roster.PrincipalApprover, ID: who.ID}, nil
}

// withoutRevoked parts principals into those whom a statement may name, and the names
// of the approvers who were revoked since they were named.
func withoutRevoked(r *roster.Roster, all []roster.Principal) (kept []roster.Principal, left []string) {
	kept = []roster.Principal{}
	for _, p := range all {
		if who, err := r.FormerApprover(p.ID); p.Kind == roster.PrincipalApprover && err == nil && who.Revoked {
			left = append(left, who.Name)
			continue
		}
		kept = append(kept, p)
	}
	return kept, left
}

// withoutMarked does the same with names as lists show them: "bob (revoked)".
func withoutMarked(names []string) (kept, left []string) {
	for _, name := range names {
		if plain, revoked := strings.CutSuffix(name, revokedMark); revoked {
			left = append(left, plain)
		} else {
			kept = append(kept, name)
		}
	}
	return kept, left
}

// sayLeftOut says who is not named any more by what is written anew.
func (a *app) sayLeftOut(what string, left []string) {
	if len(left) > 0 {
		a.Say("left out of %s, being revoked: %s", what, strings.Join(distinct(left), ", "))
	}
}

// principalNames turns ids back into names, those of the revoked included.
func principalNames(r *roster.Roster, all []roster.Principal) []string {
	names := []string{}
	for _, p := range all {
		switch p.Kind {
		case roster.PrincipalGroup:
			if g, err := r.Group(p.ID); err == nil {
				names = append(names, groupPrefix+g.Name)
			}
		case roster.PrincipalApprover:
			if who, err := r.FormerApprover(p.ID); err == nil {
				name := who.Name
				if _, err := r.GroupNamed(name); err == nil {
					name = approverPrefix + name
				}
				if who.Revoked {
					name += revokedMark
				}
				names = append(names, name)
			}
		}
	}
	return names
}

// consumerIDs turns names of consumers into ids.
func consumerIDs(r *roster.Roster, names []string) ([]envelope.ID, error) {
	ids := []envelope.ID{}
	for _, name := range names {
		c, err := r.ConsumerNamed(name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, c.ID)
	}
	return ids, nil
}

func namesOfConsumers(r *roster.Roster, ids []envelope.ID) []string {
	names := []string{}
	for _, id := range ids {
		if c, err := r.FormerConsumer(id); err == nil {
			name := c.Name
			if c.Revoked {
				name += revokedMark
			}
			names = append(names, name)
		}
	}
	return names
}
