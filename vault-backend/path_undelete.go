package backend

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func (b *broker) pathUndelete() *framework.Path {
	return &framework.Path{
		Pattern:      "undelete/(?P<path>.+)",
		DisplayAttrs: display("secret-versions"),
		Fields:       versionsFields(),
		Operations: operations{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: b.undelete, Summary: "Bring deleted versions of a secret back.",
				Responses: nothing("Undeleted."), DisplayAttrs: verb("undelete"),
			},
		},
		HelpSynopsis:    "Brings deleted versions back.",
		HelpDescription: "Versions that were destroyed do not come back, and asking for one is refused.",
	}
}

func versionsFields() fields {
	return fields{
		"path":     field(framework.TypeString, "The secret's path."),
		"versions": field(framework.TypeCommaIntSlice, "The versions' numbers."),
	}
}

func (b *broker) undelete(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	path := data.Get("path").(string)
	return nil, b.change(ctx, path, func(r *record) error {
		versions, err := r.named(data)
		if err != nil {
			return fmt.Errorf("%q: %w", path, err)
		}
		for _, v := range versions {
			if v.Destroyed {
				return fmt.Errorf("version %d of %q: %w", v.Number, path, errDestroyed)
			}
			v.Deleted = 0
		}
		return b.storeRecord(ctx, path, r)
	})
}

// named returns the versions that a call names, each once.
func (r *record) named(data *framework.FieldData) ([]*versionRecord, error) {
	numbers := data.Get("versions").([]int)
	if len(numbers) == 0 || len(numbers) > maxVersions {
		return nil, fmt.Errorf("versions wants 1 to %d numbers: %w", maxVersions, errInput)
	}
	slices.Sort(numbers)
	var versions []*versionRecord
	for _, n := range slices.Compact(numbers) {
		if n < 1 {
			return nil, fmt.Errorf("versions count from 1: %w", errInput)
		}
		v, err := r.version(uint64(n))
		if err != nil {
			return nil, err
		}
		versions = append(versions, v)
	}
	return versions, nil
}
