package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// What an approver's status can be.
const (
	approverPending  = "pending"
	approverAdmitted = "admitted"
)

type approverModel struct {
	ID          types.String `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	Entities    types.Set    `tfsdk:"entities"`
	Fingerprint types.String `tfsdk:"fingerprint"`
	Status      types.String `tfsdk:"status"`
	Enroll      types.String `tfsdk:"enroll_command"`
	SigningKey  types.String `tfsdk:"signing_key"`
	Generation  types.Int64  `tfsdk:"generation"`
	Factors     types.Set    `tfsdk:"factors"`
	Recovery    types.Bool   `tfsdk:"recovery"`
	Devices     types.List   `tfsdk:"devices"`
}

var deviceType = types.ObjectType{AttrTypes: map[string]attr.Type{"id": types.StringType, "name": types.StringType, "kind": types.StringType}}

func (m *approverModel) thing() thing { return thing{"approver", m.Name.ValueString()} }

// admitted says whether the model is of somebody who was admitted.
func (m *approverModel) admitted() bool { return m != nil && m.ID.ValueString() != "" }

// pend makes the model one of somebody who is not admitted yet.
func (m *approverModel) pend(ctx context.Context, mount string, organisation types.String, diags *diag.Diagnostics) {
	m.ID, m.SigningKey, m.Generation, m.Recovery = types.StringNull(), types.StringNull(), types.Int64Null(), types.BoolNull()
	m.Factors, m.Devices = types.SetNull(types.StringType), types.ListNull(deviceType)
	m.Status, m.Enroll = types.StringValue(approverPending), m.enrollCommand(ctx, mount, organisation, diags)
}

// enrollCommand is the line that makes the person's ticket, unknown while that
// depends on something that is. It names the organisation, which a machine that
// only Terraform signs on may have pinned nowhere.
func (m *approverModel) enrollCommand(ctx context.Context, mount string, organisation types.String, diags *diag.Diagnostics) types.String {
	var entities []types.String
	if m.Name.IsUnknown() || m.Entities.IsUnknown() || organisation.IsUnknown() {
		return types.StringUnknown()
	}
	diags.Append(m.Entities.ElementsAs(ctx, &entities, false)...)
	words := []string{"stillvault", "approver", "enroll", m.Name.ValueString()}
	ids := []string{}
	for _, e := range entities {
		if e.IsUnknown() {
			return types.StringUnknown()
		}
		ids = append(ids, e.ValueString())
	}
	slices.Sort(ids)
	for _, id := range ids {
		words = append(words, "--entity", id)
	}
	if len(ids) == 0 {
		words = append(words, "--no-entity")
	}
	words = append(words, "--organization", organisation.ValueString())
	return types.StringValue(onMount(mount, words...))
}

// onMount is a command that is for a mount.
func onMount(mount string, words ...string) string {
	if mount != broker.DefaultMount {
		words = append(words, "--mount", mount)
	}
	return strings.Join(words, " ")
}

// keep takes over from an admitted approver what no configuration says.
func (m *approverModel) keep(from *approverModel) {
	m.ID, m.SigningKey, m.Generation, m.Recovery = from.ID, from.SigningKey, from.Generation, from.Recovery
	m.Factors, m.Devices, m.Status, m.Enroll = from.Factors, from.Devices, from.Status, from.Enroll
}

// open leaves open what only the admission will say, and whether there is one where
// the words are unknown.
func (m *approverModel) open() {
	m.ID, m.SigningKey, m.Generation, m.Recovery = types.StringUnknown(), types.StringUnknown(), types.Int64Unknown(), types.BoolUnknown()
	m.Factors, m.Devices = types.SetUnknown(types.StringType), types.ListUnknown(deviceType)
	m.Status, m.Enroll = types.StringValue(approverAdmitted), types.StringNull()
	if m.Fingerprint.IsUnknown() {
		m.Status, m.Enroll = types.StringUnknown(), types.StringUnknown()
	}
}

// show takes over what the roster says of an approver.
func (m *approverModel) show(r *roster.Roster, who *roster.Approver) {
	m.ID, m.Name, m.Entities = types.StringValue(who.ID.String()), types.StringValue(who.Name), textSet(who.Entities)
	m.Status, m.Enroll = types.StringValue(approverAdmitted), types.StringNull()
	m.SigningKey, m.Generation = types.StringValue(who.Signing.String()), types.Int64Value(int64(who.Generation))
	factors := make([]string, len(who.Factors))
	for i, f := range who.Factors {
		factors[i] = string(f)
	}
	m.Factors, m.Recovery = textSet(factors), types.BoolValue(who.Recovery)
	devices := []attr.Value{}
	for _, d := range r.Devices(who.ID) {
		devices = append(devices, types.ObjectValueMust(deviceType.AttrTypes, map[string]attr.Value{
			"id": types.StringValue(d.Device.String()), "name": types.StringValue(d.Name), "kind": types.StringValue(string(d.Kind)),
		}))
	}
	m.Devices = types.ListValueMust(deviceType, devices)
}
