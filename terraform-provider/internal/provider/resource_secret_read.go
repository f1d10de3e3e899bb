package provider

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/consumer"
)

// Read looks what is at the path, and prompts nobody. Where that is not what the state
// remembers, it is verified: what follows it is somebody else's write, and anything
// else is refused.
func (s *secretResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state secretModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	kept := recallSecret(ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	// First of all: what is said to be gone is forgotten, and with it what the state
	// remembers of the log.
	var known *broker.Metadata
	head, err := s.session.viewSince(ctx, req.Private, anything)
	if err == nil {
		known, err = s.session.broker.ReadMetadata(ctx, state.Path.ValueString())
	}
	if errors.Is(err, broker.ErrMissing) || err == nil && gone(known) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err == nil {
		kept, err = s.look(ctx, state.Path.ValueString(), known, kept)
	}
	disbelieved := errors.Is(err, consumer.ErrDisbelieved)
	if err != nil && !disbelieved {
		s.fail("read", &state, err, &resp.Diagnostics)
		return
	}
	current := known.Versions[strconv.FormatUint(known.Current, 10)]
	if !kept.Written.IsZero() && !state.ValueWOVersion.IsNull() && (disbelieved || current.Disbelieved || kept.Seen.Header != kept.Written) {
		warnDrift(&state, known.Current, current, &resp.Diagnostics)
		state.ValueWOVersion = types.Int64Null()
	}
	state.Version, state.SecretID = types.Int64Value(int64(known.Current)), types.StringValue(known.Secret)
	state.Policy, state.CreatedTime = types.StringValue(known.Policy), timeText(current.Created)
	kept.remember(ctx, resp.Private, &resp.Diagnostics)
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// look verifies the latest version where it is not the one that was seen last, and
// returns what to remember.
func (s *secretResource) look(ctx context.Context, path string, known *broker.Metadata, kept secretMemory) (secretMemory, error) {
	current := known.Versions[strconv.FormatUint(known.Current, 10)]
	if kept.Seen.Version == known.Current && kept.Seen.Header.String() == current.Header {
		return kept, nil
	}
	h, err := s.session.host(ctx, nil)
	if err == nil {
		err = kept.teach(h, path)
	}
	if err != nil {
		return kept, err
	}
	v, err := h.Look(ctx, path)
	if err != nil {
		return kept, err
	}
	kept.Mount, kept.Seen = h.Mount, v.Seen()
	// Shares count as seen once they opened a version; nothing is opened here.
	kept.Seen.Epoch, kept.Seen.WrapSet = 0, [32]byte{}
	return kept, nil
}

// warnDrift says who wrote last, and how to have it so.
func warnDrift(m *secretModel, version uint64, v broker.VersionMetadata, diags *diag.Diagnostics) {
	author := broker.Plain(v.Author)
	const next = " The next apply writes this configuration's value as a new version."
	why := fmt.Sprintf("Version %d is by %s, of %s, and not by this resource."+next+
		" To leave it as it is, put ignore_changes = [value_wo_version] in the resource's lifecycle.", version, author, timeText(v.Created).ValueString())
	if v.Disbelieved {
		why = fmt.Sprintf("Version %d is by %s, whose key is compromised: no reader believes it any more."+next, version, author)
	}
	diags.AddAttributeWarning(path.Root("value_wo_version"), fmt.Sprintf("Secret %q is not what was written here", m.Path.ValueString()), why)
}
