package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// Create seals the first version, or the next one where the secret was deleted. One
// that is there already is not taken over.
func (s *secretResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan secretModel
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	after, err := s.vacant(ctx, plan.Path.ValueString())
	if err != nil {
		s.fail("write", &plan, err, &resp.Diagnostics)
		return
	}
	if s.write(ctx, req.Config, &plan, secretMemory{}, after, resp.Private, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// vacant is the version that a new secret at a path follows: none, or one that is
// deleted.
func (s *secretResource) vacant(ctx context.Context, path string) (uint64, error) {
	known, err := s.session.broker.ReadMetadata(ctx, path)
	if errors.Is(err, broker.ErrMissing) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if !gone(known) {
		return 0, fmt.Errorf("%q is at version %d: %w", path, known.Current, errExists)
	}
	return known.Current, nil
}

// gone says whether the latest version is deleted or destroyed.
func gone(m *broker.Metadata) bool {
	current := m.Versions[strconv.FormatUint(m.Current, 10)]
	return current.Deletion != "" || current.Destroyed
}

// Update seals the next version where the plan wants one. What somebody wrote since
// the plan was made is not overwritten.
func (s *secretResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state secretModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	kept := recallSecret(ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	// Who was revoked since must not be sealed to because the log that says so is
	// withheld.
	if _, err := s.session.viewSince(ctx, req.Private, anything); err != nil {
		s.fail("write", &plan, err, &resp.Diagnostics)
		return
	}
	if !plan.ValueWOVersion.Equal(state.ValueWOVersion) &&
		!s.write(ctx, req.Config, &plan, kept, uint64(state.Version.ValueInt64()), resp.Private, &resp.Diagnostics) {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// write seals the configuration's value as the version after the given one, and
// completes the model.
func (s *secretResource) write(ctx context.Context, config tfsdk.Config, m *secretModel, kept secretMemory, after uint64, private privateWriter, diags *diag.Diagnostics) bool {
	var given secretModel
	if diags.Append(config.Get(ctx, &given)...); diags.HasError() {
		return false
	}
	value := []byte(given.ValueWO.ValueString())
	defer envelope.Wipe(value)
	next, written, err := s.put(ctx, m.Path.ValueString(), value, kept, after)
	if err != nil {
		s.fail("write", m, err, diags)
		return false
	}
	next.remember(ctx, private, diags)
	_ = s.session.view(ctx, func(r *roster.Roster) error {
		rememberHead(ctx, private, r.Head(), diags)
		return nil
	})
	m.Version, m.SecretID = types.Int64Value(int64(written.Version)), types.StringValue(written.Secret)
	m.Policy, m.CreatedTime = types.StringValue(written.Policy), timeText(written.Created)
	return true
}

// put seals a value that stays the caller's to wipe.
func (s *secretResource) put(ctx context.Context, path string, value []byte, kept secretMemory, after uint64) (secretMemory, *broker.Written, error) {
	key, err := s.session.consumerKey()
	if err != nil {
		return kept, nil, err
	}
	defer key.Wipe()
	h, err := s.session.host(ctx, key)
	if err == nil {
		err = kept.teach(h, path)
	}
	if err != nil {
		return kept, nil, err
	}
	written, err := h.Put(ctx, path, value, &after)
	if err != nil {
		return kept, nil, err
	}
	seen, err := h.Memory.Seen(path)
	return secretMemory{Mount: h.Mount, Seen: seen, Written: seen.Header}, written, err
}

// Delete marks the latest version as deleted, or removes all of them.
func (s *secretResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state secretModel
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	end := s.session.broker.DeleteSecret
	if state.RemoveOnDestroy.ValueBool() {
		end = s.session.broker.RemoveSecret
	}
	err := end(ctx, state.Path.ValueString())
	if code := broker.StatusOf(err); code == http.StatusNotFound || code == http.StatusGone || errors.Is(err, broker.ErrMissing) {
		err = nil
	}
	if err != nil {
		s.fail("delete", &state, err, &resp.Diagnostics)
	}
}

// fail says what could not be done with a secret.
func (*secretResource) fail(verb string, m *secretModel, err error, diags *diag.Diagnostics) {
	if errors.Is(err, roster.ErrNoPolicy) {
		err = fmt.Errorf("%w; here, a stillvault_policy whose `path` covers it", err)
	}
	diags.AddError(fmt.Sprintf("Cannot %s secret %q", verb, m.Path.ValueString()), err.Error())
}
