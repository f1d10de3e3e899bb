package backend

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/locksutil"
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
	lock := locksutil.LockForKey(b.locks, path)
	lock.Lock()
	defer lock.Unlock()
	r, versions, err := b.namedVersions(ctx, path, data)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		if v.Destroyed {
			return nil, fmt.Errorf("version %d of %q: %w", v.Number, path, errDestroyed)
		}
	}
	for _, v := range versions {
		v.Deleted = 0
	}
	if err := b.storeRecord(ctx, path, r); err != nil {
		return nil, err
	}
	b.versionChanged(path)
	return nil, nil
}

// namedVersions returns a path's record and, of it, the versions that a call
// names. The caller holds the path's lock.
func (b *broker) namedVersions(ctx context.Context, path string, data *framework.FieldData) (*record, []*versionRecord, error) {
	numbers := data.Get("versions").([]int)
	if len(numbers) == 0 || len(numbers) > maxVersions {
		return nil, nil, fmt.Errorf("versions wants 1 to %d numbers: %w", maxVersions, errInput)
	}
	r, err := b.loadRecord(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	versions := make([]*versionRecord, len(numbers))
	for i, n := range numbers {
		if n < 1 {
			return nil, nil, fmt.Errorf("versions count from 1: %w", errInput)
		}
		if versions[i], err = r.version(uint64(n)); err != nil {
			return nil, nil, fmt.Errorf("%q: %w", path, err)
		}
	}
	return r, versions, nil
}
