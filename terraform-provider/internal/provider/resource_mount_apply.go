package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/install"
)

// installer works on a mount as the command does, and tells Terraform's log what it
// does.
func (m *mountResource) installer(ctx context.Context, model *mountModel) (*install.Installer, error) {
	return install.New(m.session.broker.Vault(), install.Options{
		Name: model.PluginName.ValueString(), Path: model.Path.ValueString(),
		Say: func(line string) { tflog.Info(ctx, line) },
	})
}

// Create registers, enables and tunes the engine. A mount that is there already is not
// taken over.
func (m *mountResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan mountModel
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	in, err := m.installer(ctx, &plan)
	if err == nil {
		_, err = in.Look(ctx)
	}
	switch {
	case err == nil:
		err = fmt.Errorf("%s/: %w", plan.Path.ValueString(), errExists)
	case errors.Is(err, install.ErrNotMounted):
		err = m.run(ctx, in, &plan, &resp.Diagnostics)
	}
	if err != nil {
		m.fail("enable", &plan, err, &resp.Diagnostics)
		return
	}
	// Whatever comes now, it is mounted.
	resp.Diagnostics.Append(resp.State.Set(ctx, known(plan))...)
	m.settle(ctx, in, &plan, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, known(plan))...)
}

// Update has the mount be as planned; a version that does not start is not switched to.
func (m *mountResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan mountModel
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	in, err := m.installer(ctx, &plan)
	if err == nil {
		err = m.run(ctx, in, &plan, &resp.Diagnostics)
	}
	if err != nil {
		m.fail("change", &plan, err, &resp.Diagnostics)
		return
	}
	if m.settle(ctx, in, &plan, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, known(plan))...)
	}
}

// run carries out what a plan of the installer takes.
func (m *mountResource) run(ctx context.Context, in *install.Installer, model *mountModel, diags *diag.Diagnostics) error {
	plan, err := in.PlanDeclared(ctx, install.Declared{
		Version: model.PluginVersion.ValueString(), SHA256: model.SHA256.ValueString(),
		Command: model.Command.ValueString(), Description: model.Description.ValueString(),
	})
	if err != nil {
		return err
	}
	for _, note := range plan.Notes {
		diags.AddWarning(fmt.Sprintf("About mount %q", plan.Path), note)
	}
	_, err = in.Apply(ctx, plan)
	return err
}

// settle writes the engine's settings that are managed, and completes the model.
func (m *mountResource) settle(ctx context.Context, in *install.Installer, model *mountModel, diags *diag.Diagnostics) bool {
	engine, err := in.Engine()
	if err == nil {
		if settings := model.settings(); len(settings) > 0 {
			err = engine.WriteSettings(ctx, settings)
		}
	}
	if err == nil {
		err = m.fill(ctx, in, engine, model)
	}
	if err != nil {
		m.fail("tune", model, err, diags)
	}
	return err == nil
}

// fill completes the model with what Vault and the engine say.
func (m *mountResource) fill(ctx context.Context, in *install.Installer, engine *broker.Client, model *mountModel) error {
	installed, err := in.Look(ctx)
	if err != nil {
		return err
	}
	own, err := engine.ReadMount(ctx)
	if err != nil {
		return err
	}
	model.Description, model.Accessor = types.StringValue(installed.Description), types.StringValue(installed.Accessor)
	model.MountID, model.SigningKey = types.StringValue(own.ID.String()), types.StringValue(own.Signing.String())
	return nil
}

// known is a model without what is not known yet, for the state of a creation that
// failed in the middle.
func known(m mountModel) *mountModel {
	for _, text := range []*types.String{&m.Description, &m.Accessor, &m.MountID, &m.SigningKey} {
		if text.IsUnknown() {
			*text = types.StringNull()
		}
	}
	return &m
}

// Delete disables the engine. One that holds secrets stays.
func (m *mountResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state mountModel
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	in, err := m.installer(ctx, &state)
	if err == nil {
		err = in.Remove(ctx)
	}
	if err != nil {
		m.fail("disable", &state, err, &resp.Diagnostics)
	}
}

// fail says what could not be done with a mount.
func (*mountResource) fail(verb string, m *mountModel, err error, diags *diag.Diagnostics) {
	detail := err.Error()
	var lacks *install.PermissionError
	if errors.As(err, &lacks) {
		detail += "\nA policy that grants what the token lacks:"
		for _, line := range lacks.Policy() {
			detail += "\n  " + line
		}
	}
	diags.AddError(fmt.Sprintf("Cannot %s mount %q", verb, m.Path.ValueString()), detail)
}
