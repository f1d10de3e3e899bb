package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// headKey is where a resource's private state has the head of the newest log that it
// was read from, or that its last change led to. Terraform's state so remembers what
// was signed, whoever signed it, even where nothing else does: a log that is older
// was rolled back. A plan hands what it has read to its apply.
const headKey = "head"

type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// rememberHead keeps the head that was seen, or that a change led to.
func rememberHead(ctx context.Context, private privateWriter, head roster.Head, diags *diag.Diagnostics) {
	encoded, err := json.Marshal(head)
	if err != nil {
		diags.AddError("Cannot remember the log's head", err.Error())
		return
	}
	diags.Append(private.SetKey(ctx, headKey, encoded)...)
}

// checkHead refuses a log that does not follow the head that this resource
// remembers.
func checkHead(ctx context.Context, private privateReader, r *roster.Roster) error {
	kept, diags := private.GetKey(ctx, headKey)
	if diags.HasError() || len(kept) == 0 {
		return nil
	}
	var head roster.Head
	if err := json.Unmarshal(kept, &head); err != nil {
		return fmt.Errorf("the head that the state remembers: %w", err)
	}
	switch err := r.Follows(head); {
	case errors.Is(err, roster.ErrForked):
		return fmt.Errorf("by Terraform's state, another log was seen, be it another organisation's; is this the Vault (VAULT_ADDR, or the provider's address) that the state was applied to? %w", err)
	case err != nil:
		return fmt.Errorf("by Terraform's state, a newer log was seen: %w", err)
	}
	return nil
}

// viewSince is view for a resource that is in Terraform's state: a log that does
// not follow what the resource remembers is refused, and so is none at all. The head
// of the one that was seen is to be remembered. Only an error of look keeps its
// identity: a broker whose answer has the name of one, such as "revoked", has not
// shown a log that says so.
func (s *session) viewSince(ctx context.Context, private privateReader, look func(*roster.Roster) error) (head roster.Head, err error) {
	var found error
	err = s.view(ctx, func(r *roster.Roster) error {
		if err := checkHead(ctx, private, r); err != nil {
			return err
		}
		head, found = r.Head(), look(r)
		return nil
	})
	if err == nil {
		return head, found
	}
	if errors.Is(err, orglog.ErrUnfounded) {
		if kept, diags := private.GetKey(ctx, headKey); !diags.HasError() && len(kept) > 0 {
			return head, fmt.Errorf("by Terraform's state, there was a log, and the broker has none: %w", roster.ErrRolledBack)
		}
	}
	return head, errors.New(err.Error())
}

// anything is what a look sees that is for the log's head alone.
func anything(*roster.Roster) error { return nil }

// signSince is sign for a resource that is in Terraform's state. A plan and its
// apply are two programs: what the one has refused, or never seen, the other could
// be shown. What follows an older log than the resource remembers is signed neither
// way.
func (s *session) signSince(ctx context.Context, private privateReader, change orglog.Change) (roster.Head, error) {
	build := change.Build
	change.Build = func(r *roster.Roster) ([]orglog.Entry, error) {
		if err := checkHead(ctx, private, r); err != nil {
			return nil, err
		}
		return build(r)
	}
	return s.sign(ctx, change)
}

// stateless is what a resource that is new remembers.
type stateless struct{}

// GetKey finds nothing.
func (stateless) GetKey(context.Context, string) ([]byte, diag.Diagnostics) { return nil, nil }
