package backend

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func (b *broker) pathDestroy() *framework.Path {
	return &framework.Path{
		Pattern:      "destroy/(?P<path>.+)",
		DisplayAttrs: display("secret-versions"),
		Fields:       versionsFields(),
		Operations: operations{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: b.destroyVersions, Summary: "Destroy versions of a secret for good.",
				Responses: nothing("Destroyed."), DisplayAttrs: verb("destroy"),
			},
		},
		HelpSynopsis: "Removes the ciphertext of versions for good.",
		HelpDescription: `
Of a destroyed version the signed header stays, which says who wrote what when
and links the versions around it, and nothing of the value. Whoever was given the
value before, or kept the ciphertext and a share of its key, still has that.`,
	}
}

func (b *broker) destroyVersions(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	path := data.Get("path").(string)
	return nil, b.change(ctx, path, func(r *record) error {
		versions, err := r.named(data)
		if err != nil {
			return fmt.Errorf("%q: %w", path, err)
		}
		m := removal{Path: path, Secret: r.Secret}
		for _, v := range versions {
			m.Versions = append(m.Versions, v.Number)
		}
		return b.removeNow(ctx, removalDestroy, m)
	})
}
