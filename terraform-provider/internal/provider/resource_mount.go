package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/plugins/install"
	"github.com/stillvault/stillvault/plugins/phone"
)

// mountResource is the engine in a Vault: registered, enabled and tuned.
type mountResource struct{ session *session }

var (
	_ resource.ResourceWithConfigure   = (*mountResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*mountResource)(nil)
	_ resource.ResourceWithImportState = (*mountResource)(nil)
)

func newMountResource() resource.Resource { return &mountResource{} }

type mountModel struct {
	Path             types.String `tfsdk:"path"`
	PluginName       types.String `tfsdk:"plugin_name"`
	PluginVersion    types.String `tfsdk:"plugin_version"`
	SHA256           types.String `tfsdk:"sha256"`
	Command          types.String `tfsdk:"command"`
	Description      types.String `tfsdk:"description"`
	Headers          types.Set    `tfsdk:"allowed_response_headers"`
	PublicURL        types.String `tfsdk:"public_url"`
	DefaultWait      types.String `tfsdk:"default_wait"`
	Cooldown         types.String `tfsdk:"cooldown"`
	MaxPending       types.Int64  `tfsdk:"max_pending"`
	MaxPendingEntity types.Int64  `tfsdk:"max_pending_entity"`
	Accessor         types.String `tfsdk:"accessor"`
	MountID          types.String `tfsdk:"mount_id"`
	SigningKey       types.String `tfsdk:"signing_key"`
}

// Metadata names the resource.
func (*mountResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_mount"
}

// Schema describes the resource.
func (*mountResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"path": schema.StringAttribute{
			Optional: true, Computed: true, MarkdownDescription: "Where the engine is mounted. Default the provider's `mount`. Another path is another mount.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIfConfigured(), stringplanmodifier.UseStateForUnknown()},
		},
		"plugin_name": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(install.PluginName),
			MarkdownDescription: "What the plug-in is called in Vault's catalogue. Default `" + install.PluginName + "`.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"plugin_version": schema.StringAttribute{
			Required: true, MarkdownDescription: "Version that the program reports, such as `v0.1.0`: Vault refuses another. A change is an upgrade: the new version is tried beside the one that runs, reads that wait are ended, and where it does not start, the one before runs on.",
			Validators: []validator.String{checkedForm{"a version with its v, such as `v0.1.0`, as the release and the program itself have it", install.CheckVersion}},
		},
		"sha256": schema.StringAttribute{
			Required: true, MarkdownDescription: "SHA-256 of the program, 64 hexadecimal digits, from the release's `SHA256SUMS`: Vault runs nothing else.",
			Validators: []validator.String{checkedForm{"a SHA-256, 64 hexadecimal digits in lower case, as the release's `SHA256SUMS` has it, or `sha256sum` of the program", install.CheckSum}},
		},
		"command": schema.StringAttribute{
			Optional: true, Computed: true, MarkdownDescription: "Name of the program's file in Vault's `plugin_directory`. It must lie there already, on every node. Default the name that `stillvault install` gives it, `" + install.PluginName + "_VERSION`.",
		},
		"description": schema.StringAttribute{
			Optional: true, Computed: true, MarkdownDescription: "What `vault secrets list` shows. Left out, it is left as it is.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
		"allowed_response_headers": schema.SetAttribute{
			Computed: true, ElementType: types.StringType, Default: setdefault.StaticValue(textSet(phone.AllowedHeaders())),
			MarkdownDescription: "Response headers that the engine's pages need and that the mount lets through. Others that somebody allowed stay allowed, and are not shown.",
		},
		"accessor":    schema.StringAttribute{Computed: true, MarkdownDescription: "Vault's accessor of the mount.", PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
		"mount_id":    schema.StringAttribute{Computed: true, MarkdownDescription: "The mount's own id, which every secret in it carries: the provider's `mount_id` pins it.", PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
		"signing_key": schema.StringAttribute{Computed: true, MarkdownDescription: "The mount's key as a consumer. It counts once the organisation admitted it.", PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
	}
	for name, attribute := range mountSettingsSchema() {
		attributes[name] = attribute
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The secrets engine in a Vault: its plug-in registered by SHA-256, enabled and tuned, as `stillvault install` does it. " +
			"The program itself is copied into Vault's `plugin_directory` by whoever runs Vault.\n\n" +
			"A mount that holds secrets, deleted ones too, is not destroyed. Neither is it a good idea to destroy one that holds none: the organisation's log, the approvers' wrapped keyrings and the receipts go with it, so give it `prevent_destroy`.",
		Attributes: attributes,
	}
}

// mountSettingsSchema are the engine's own settings that are managed where they are
// given.
func mountSettingsSchema() map[string]schema.Attribute {
	const unmanaged = " Left out, it is not managed."
	return map[string]schema.Attribute{
		"public_url":         schema.StringAttribute{Optional: true, MarkdownDescription: "Address of the phone app, as people reach it: that of an app served elsewhere, or of the mount's own copy, `https://VAULT/v1/PATH/app/`." + unmanaged},
		"default_wait":       schema.StringAttribute{Optional: true, MarkdownDescription: "How long `vault read` waits for approvers where it does not say, such as `50s`." + unmanaged, Validators: []validator.String{durationForm{}}, PlanModifiers: []planmodifier.String{sameDuration{}}},
		"cooldown":           schema.StringAttribute{Optional: true, MarkdownDescription: "How long nobody can ask again for what was denied, such as `5m`." + unmanaged, Validators: []validator.String{durationForm{}}, PlanModifiers: []planmodifier.String{sameDuration{}}},
		"max_pending":        schema.Int64Attribute{Optional: true, MarkdownDescription: "How many requests may wait at a time." + unmanaged},
		"max_pending_entity": schema.Int64Attribute{Optional: true, MarkdownDescription: "How many of them may be by one Vault entity." + unmanaged},
	}
}

// Configure takes over what the provider was configured with.
func (m *mountResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	m.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

// ModifyPlan fills in what follows from the rest: the path, and the file's name.
func (m *mountResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var plan, config mountModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if plan.Path.IsUnknown() && config.Path.IsNull() && m.session != nil {
		plan.Path = types.StringValue(m.session.broker.Mount())
	}
	if config.Command.IsNull() && !plan.PluginVersion.IsUnknown() {
		plan.Command = types.StringValue(install.CommandOf(plan.PluginVersion.ValueString()))
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// ImportState takes the path of a mount.
func (*mountResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	at := strings.Trim(req.ID, "/")
	if at == "" {
		resp.Diagnostics.AddError("Cannot import a mount", fmt.Sprintf("%q is no path: give one that `vault secrets list` shows", req.ID))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("path"), at)...)
}
