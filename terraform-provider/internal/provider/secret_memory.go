package provider

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/consumer"
)

// secretKey is where a secret's private state has what was seen of it.
const secretKey = "secret"

// secretMemory is what Terraform's state remembers of a secret, none of it secret: the
// newest version seen, and the one that this resource wrote.
type secretMemory struct {
	Mount   envelope.ID   `json:"mount"`
	Seen    secret.Seen   `json:"seen"`
	Written envelope.Hash `json:"written"` // header of the version written here, zero after an import
}

// recallSecret reads what the state remembers; the zero value where that is nothing.
func recallSecret(ctx context.Context, private privateReader, diags *diag.Diagnostics) secretMemory {
	var m secretMemory
	kept, more := private.GetKey(ctx, secretKey)
	diags.Append(more...)
	if len(kept) == 0 {
		return m
	}
	if err := json.Unmarshal(kept, &m); err != nil {
		diags.AddError("Cannot read what the state remembers of the secret", err.Error())
	}
	return m
}

// remember has the state remember it.
func (m secretMemory) remember(ctx context.Context, private privateWriter, diags *diag.Diagnostics) {
	encoded, err := json.Marshal(m)
	if err != nil {
		diags.AddError("Cannot remember what was seen of the secret", err.Error())
		return
	}
	diags.Append(private.SetKey(ctx, secretKey, encoded)...)
}

// teach has a host hold on to what the state remembers, unless it knows better.
func (m secretMemory) teach(h *consumer.Host, path string) error {
	if m.Seen.Version == 0 {
		return nil
	}
	if m.Mount != h.Mount {
		return fmt.Errorf("the state remembers mount %s: %w", m.Mount, errMountChanged)
	}
	known, err := h.Memory.Seen(path)
	if err != nil {
		return err
	}
	// Begun anew since: the host has seen a later beginning than the state.
	if known.Version != 0 && known.Secret != m.Seen.Secret && known.Created >= m.Seen.Created {
		return nil
	}
	return h.Memory.Remember(path, m.Seen)
}
