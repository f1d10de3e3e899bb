package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/roster"
)

func (b *broker) pathMount() *framework.Path {
	return &framework.Path{
		Pattern:      "mount",
		DisplayAttrs: display("mount"),
		Operations: operations{
			logical.ReadOperation: &framework.PathOperation{
				Callback: b.readMount, Summary: "Read who this mount is.",
				Responses: answers("The mount.", fields{
					"mount_id":     required(framework.TypeString, "The mount's id; everything sealed here is bound to it."),
					"organisation": required(framework.TypeString, "The pinned organisation's id, empty before it is pinned."),
					"signing":      required(framework.TypeString, "Public key of the mount as a consumer and author."),
					"consumer_id":  required(framework.TypeString, "The mount's id as a consumer, empty while it is not admitted."),
					"version":      required(framework.TypeString, "Version of the plug-in that answers."),
				}),
			},
		},
		HelpSynopsis: "The mount's id, public key and version.",
		HelpDescription: `
The organisation's signer admits the mount as a consumer with this id and public
key. Only then can it ask people to share anew what is stored, which it signs; and
only where a policy names it besides can the mount write secrets that it is given
in plaintext, or receive them for "vault read".`,
	}
}

func (b *broker) readMount(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	me, err := b.self(ctx)
	if err != nil {
		return nil, err
	}
	data := map[string]any{
		"mount_id": me.id.String(), "organisation": "", "signing": me.signer.Public().String(),
		"consumer_id": "", "version": Version,
	}
	c, err := b.config(ctx)
	if err != nil {
		return nil, err
	}
	data["organisation"] = idText(c.Organisation)
	err = b.withRoster(ctx, func(r *roster.Roster) error {
		if consumer, err := me.consumer(r); err == nil {
			data["consumer_id"] = consumer.ID.String()
		}
		return nil
	})
	if err != nil && !isUnready(err) {
		return nil, err
	}
	return &logical.Response{Data: data}, nil
}
