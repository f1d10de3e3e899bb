package backend

import (
	"github.com/hashicorp/vault/sdk/framework"

	"github.com/stillvault/stillvault/core/roster"
)

func (b *broker) pathGroups() []*framework.Path {
	return b.rosterPaths(rosterView{
		plural: "groups", singular: "group",
		about: `
Groups of approvers and of other groups, for policies to name. They are set and
deleted by the organisation's signer, in org/log.`,
		shown: fields{
			"id":      required(framework.TypeString, "The group's id."),
			"name":    required(framework.TypeString, "The group's name."),
			"members": required(framework.TypeSlice, "Members: kind, id, name."),
		},
		list: func(r *roster.Roster) ([]string, map[string]any) {
			return listView(r.Groups(), func(g *roster.Group) (string, map[string]any) {
				return g.Name, map[string]any{"id": g.ID.String(), "members": len(g.Members)}
			})
		},
		read: func(r *roster.Roster, name string) (map[string]any, error) {
			g, err := r.GroupNamed(name)
			if err != nil {
				return nil, err
			}
			return map[string]any{"id": g.ID.String(), "name": g.Name, "members": principalNames(r, g.Members)}, nil
		},
	})
}
