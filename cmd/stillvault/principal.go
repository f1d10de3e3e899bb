package main

import (
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// groupPrefix marks a group's name where approvers and groups may stand.
const groupPrefix = "group:"

// principals turns names into what policies and groups bind: ids.
func principals(r *roster.Roster, names []string) ([]roster.Principal, error) {
	all := []roster.Principal{}
	for _, name := range names {
		if group, ok := strings.CutPrefix(name, groupPrefix); ok {
			g, err := r.GroupNamed(group)
			if err != nil {
				return nil, err
			}
			all = append(all, roster.Principal{Kind: roster.PrincipalGroup, ID: g.ID})
			continue
		}
		who, err := r.ApproverNamed(name)
		if err != nil {
			return nil, err
		}
		all = append(all, roster.Principal{Kind: roster.PrincipalApprover, ID: who.ID})
	}
	return all, nil
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
				if who.Revoked {
					name += " (revoked)"
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
				name += " (revoked)"
			}
			names = append(names, name)
		}
	}
	return names
}
