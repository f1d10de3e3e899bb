package provider

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/install"
	"github.com/stillvault/stillvault/plugins/phone"
	"github.com/stillvault/stillvault/plugins/policytext"
)

// Read takes over what is mounted and how it is tuned.
func (m *mountResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state mountModel
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	in, err := m.installer(ctx, &state)
	if err == nil && state.PluginName.IsNull() { // after an import
		in, err = m.named(ctx, in, &state)
	}
	if err == nil {
		err = m.look(ctx, in, &state)
	}
	switch {
	case errors.Is(err, install.ErrNotMounted):
		resp.State.RemoveResource(ctx)
	case err != nil:
		m.fail("read", &state, err, &resp.Diagnostics)
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// named takes over what the plug-in of a mount is called.
func (m *mountResource) named(ctx context.Context, in *install.Installer, state *mountModel) (*install.Installer, error) {
	name, err := in.Type(ctx)
	if err != nil {
		return nil, err
	}
	state.PluginName = types.StringValue(name)
	return m.installer(ctx, state)
}

// look reads what Vault says of the mount, and the engine of itself where it runs.
func (m *mountResource) look(ctx context.Context, in *install.Installer, state *mountModel) error {
	installed, err := in.Look(ctx)
	if err != nil {
		return err
	}
	state.PluginVersion, state.SHA256 = types.StringValue(installed.Version), types.StringValue(installed.SHA256)
	state.Command, state.Description = types.StringValue(installed.Command), types.StringValue(installed.Description)
	state.Accessor = types.StringValue(installed.Accessor)
	state.Headers = textSet(slices.DeleteFunc(phone.AllowedHeaders(), func(h string) bool { return slices.Contains(installed.Missing, h) }))
	if installed.Version == "" {
		return nil // nothing answers; the plan will have the version run that is wanted
	}
	engine, err := in.Engine()
	if err != nil {
		return err
	}
	own, err := engine.ReadMount(ctx)
	if err != nil {
		return err
	}
	state.MountID, state.SigningKey = types.StringValue(own.ID.String()), types.StringValue(own.Signing.String())
	if len(state.settings()) == 0 {
		return nil
	}
	settings, err := engine.ReadSettings(ctx)
	if err != nil {
		return err
	}
	state.take(settings)
	return nil
}

// settings are those that are managed, as the API has them.
func (m *mountModel) settings() map[string]any {
	all := map[string]any{}
	for name, text := range map[string]types.String{"public_url": m.PublicURL, "default_wait": m.DefaultWait, "cooldown": m.Cooldown} {
		if !text.IsNull() && !text.IsUnknown() {
			all[name] = text.ValueString()
		}
	}
	for name, number := range map[string]types.Int64{"max_pending": m.MaxPending, "max_pending_entity": m.MaxPendingEntity} {
		if !number.IsNull() && !number.IsUnknown() {
			all[name] = number.ValueInt64()
		}
	}
	return all
}

// take takes over the settings that are managed.
func (m *mountModel) take(s *broker.Settings) {
	if !m.PublicURL.IsNull() {
		m.PublicURL = types.StringValue(s.PublicURL)
	}
	for text, is := range map[*types.String]time.Duration{&m.DefaultWait: s.DefaultWait, &m.Cooldown: s.Cooldown} {
		if text.IsNull() {
			continue
		}
		if seconds, err := policytext.Seconds(text.ValueString()); err != nil || time.Duration(seconds)*time.Second != is {
			*text = types.StringValue(policytext.Duration(uint32(is / time.Second)))
		}
	}
	for number, is := range map[*types.Int64]int{&m.MaxPending: s.MaxPending, &m.MaxPendingEntity: s.MaxPendingEntity} {
		if !number.IsNull() {
			*number = types.Int64Value(int64(is))
		}
	}
}
