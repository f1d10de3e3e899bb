package backend

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/roster"
)

// rosterView is one kind of thing in the roster, as it is listed and read. The
// four kinds differ in what they show and in nothing else.
type rosterView struct {
	plural, singular string
	about            string
	shown            fields
	// list returns names in order, and what is shown beside each.
	list func(*roster.Roster) ([]string, map[string]any)
	// read returns what is shown of a name; roster.ErrUnknown if it is not in
	// force.
	read func(*roster.Roster, string) (map[string]any, error)
	// beside adds what is not in the roster; nil for nothing.
	beside func(context.Context, map[string]any) error
}

func (b *broker) rosterPaths(v rosterView) []*framework.Path {
	return []*framework.Path{
		{
			Pattern:      v.plural + "/?",
			DisplayAttrs: display(v.plural),
			Operations: operations{
				logical.ListOperation: &framework.PathOperation{
					Callback: func(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
						return b.listRoster(ctx, v)
					},
					Summary:   "List the " + v.plural + " in force.",
					Responses: listed("Names, with ids."),
				},
			},
			HelpSynopsis: "The " + v.plural + " in force.", HelpDescription: v.about,
		},
		{
			Pattern:      v.plural + "/(?P<name>[^/]+)",
			DisplayAttrs: display(v.singular),
			Fields:       fields{"name": field(framework.TypeString, "Name of the "+v.singular+".")},
			Operations: operations{
				logical.ReadOperation: &framework.PathOperation{
					Callback: func(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
						return b.readRoster(ctx, v, data.Get("name").(string))
					},
					Summary:   "Read one of the " + v.plural + ".",
					Responses: answers("What the roster knows.", v.shown),
				},
			},
			HelpSynopsis: "One of the " + v.plural + " in force.", HelpDescription: v.about,
		},
	}
}

func (b *broker) listRoster(ctx context.Context, v rosterView) (*logical.Response, error) {
	var resp *logical.Response
	err := b.withRoster(ctx, func(r *roster.Roster) error {
		names, info := v.list(r)
		resp = logical.ListResponseWithInfo(names, info)
		return nil
	})
	if isUnready(err) {
		return logical.ListResponse(nil), nil
	}
	return resp, err
}

func (b *broker) readRoster(ctx context.Context, v rosterView, name string) (*logical.Response, error) {
	if err := roster.CheckName(name); err != nil {
		return nil, err
	}
	var data map[string]any
	err := b.withRoster(ctx, func(r *roster.Roster) error {
		var err error
		data, err = v.read(r, name)
		return err
	})
	if isUnready(err) || errors.Is(err, roster.ErrUnknown) {
		return nil, nil
	}
	if err == nil && v.beside != nil {
		err = v.beside(ctx, data)
	}
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: data}, nil
}

// listView lists anything that has a name and something to show beside it.
func listView[T any](all []T, show func(T) (string, map[string]any)) ([]string, map[string]any) {
	names, info := []string{}, map[string]any{}
	for _, v := range all {
		name, beside := show(v)
		names, info[name] = append(names, name), beside
	}
	return names, info
}

// principalNames shows principals with the names they have now.
func principalNames(r *roster.Roster, principals []roster.Principal) []any {
	shown := []any{}
	for _, p := range principals {
		name := ""
		if p.Kind == roster.PrincipalGroup {
			if g, err := r.Group(p.ID); err == nil {
				name = g.Name
			}
		} else if a, err := r.FormerApprover(p.ID); err == nil {
			name = a.Name
		}
		shown = append(shown, map[string]any{"kind": string(p.Kind), "id": p.ID.String(), "name": name})
	}
	return shown
}
