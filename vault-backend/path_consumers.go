package backend

import (
	"github.com/hashicorp/vault/sdk/framework"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func (b *broker) pathConsumers() []*framework.Path {
	return b.rosterPaths(rosterView{
		plural: "consumers", singular: "consumer",
		about: `
What may receive secrets, and write them, where a policy names it: mounts, hosts,
jobs, Terraform runs. They are admitted and revoked by the organisation's signer,
in org/log.`,
		shown: fields{
			"id":      required(framework.TypeString, "The consumer's id."),
			"name":    required(framework.TypeString, "The consumer's name."),
			"kind":    required(framework.TypeString, "What it is: mount, host, ci or terraform."),
			"signing": required(framework.TypeString, "Public key that its requests are verified with."),
			"mount":   required(framework.TypeString, "The mount's id, where it is one."),
		},
		list: func(r *roster.Roster) ([]string, map[string]any) {
			return listView(r.Consumers(), func(c *roster.Consumer) (string, map[string]any) {
				return c.Name, map[string]any{"id": c.ID.String(), "kind": string(c.Kind)}
			})
		},
		read: func(r *roster.Roster, name string) (map[string]any, error) {
			c, err := r.ConsumerNamed(name)
			if err != nil {
				return nil, err
			}
			mount := ""
			if !c.Mount.IsZero() {
				mount = c.Mount.String()
			}
			return map[string]any{
				"id": c.ID.String(), "name": c.Name, "kind": string(c.Kind),
				"signing": c.Signing.String(), "mount": mount,
			}, nil
		},
	})
}

// consumerNames shows consumers with their names, also those revoked since.
func consumerNames(r *roster.Roster, ids []envelope.ID) []any {
	shown := []any{}
	for _, id := range ids {
		shown = append(shown, map[string]any{"id": id.String(), "name": consumerName(r, id)})
	}
	return shown
}

// consumerName returns a consumer's name, its id if it was never admitted.
func consumerName(r *roster.Roster, id envelope.ID) string {
	if c, err := r.FormerConsumer(id); err == nil {
		return c.Name
	}
	return id.String()
}
