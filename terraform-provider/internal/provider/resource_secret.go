package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// secretResource is a secret that this provider writes: sealed here.
type secretResource struct{ session *session }

var (
	_ resource.ResourceWithConfigure      = (*secretResource)(nil)
	_ resource.ResourceWithValidateConfig = (*secretResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*secretResource)(nil)
	_ resource.ResourceWithImportState    = (*secretResource)(nil)
)

func newSecretResource() resource.Resource { return &secretResource{} }

type secretModel struct {
	Path            types.String `tfsdk:"path"`
	ValueWO         types.String `tfsdk:"value_wo"`
	ValueWOVersion  types.Int64  `tfsdk:"value_wo_version"`
	RemoveOnDestroy types.Bool   `tfsdk:"remove_on_destroy"`
	Version         types.Int64  `tfsdk:"version"`
	SecretID        types.String `tfsdk:"secret_id"`
	Policy          types.String `tfsdk:"policy"`
	CreatedTime     types.String `tfsdk:"created_time"`
}

// Metadata names the resource.
func (*secretResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_secret"
}

// Schema describes the resource.
func (*secretResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	computed := func(about string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: about}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A secret, sealed in this provider to the approvers whom the policy of its path names. " +
			"Writing prompts nobody. The value is in no state and no plan, and Vault does not see it; the provider's consumer key must be among the policy's authors.\n\n" +
			"Somebody else's write is drift: it is reported, and the next apply writes this configuration's value as a new version. " +
			"Where the value is rotated elsewhere, put `ignore_changes = [value_wo_version]` in its `lifecycle`.",
		Attributes: map[string]schema.Attribute{
			"path": schema.StringAttribute{
				Required: true, MarkdownDescription: "Path below the mount, such as `prod/db`. Another path is another secret.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}, Validators: []validator.String{pathForm{}},
			},
			"value_wo": schema.StringAttribute{
				Required: true, WriteOnly: true, Sensitive: true,
				MarkdownDescription: "The value: a JSON object, as `jsonencode` makes it, which is kept byte for byte. Write-only: it may come from an ephemeral variable or resource, and is not remembered.",
			},
			"value_wo_version": schema.Int64Attribute{
				Required: true, MarkdownDescription: "Any number. A change of it writes `value_wo` as the secret's next version; the value alone cannot be compared, for nothing remembers it. Null in the state after an import, or after somebody else wrote.",
			},
			"remove_on_destroy": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Remove every version for good when this is destroyed. By default its latest version is marked as deleted, and `vault write MOUNT/undelete/PATH versions=N` takes that back. " +
					"So the policy of the path stays needed, and cannot be destroyed: set this and apply it before you destroy both, or remove what is left with `vault delete MOUNT/metadata/PATH`.",
			},
			"version":      schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of the latest version."},
			"secret_id":    computed("Id of the secret: the same for all its versions, another one if the path was removed and begun anew."),
			"policy":       computed("Name of the policy that covers the path, as Vault says."),
			"created_time": computed("When the latest version was written, RFC 3339."),
		},
	}
}

// Configure takes over what the provider was configured with.
func (s *secretResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	s.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

// ValidateConfig refuses a value that no secret can have, without showing it.
func (*secretResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var value types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("value_wo"), &value)...)
	if value.IsNull() || value.IsUnknown() {
		return
	}
	if err := secret.CheckValue([]byte(value.ValueString())); err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("value_wo"), "Not a secret's value", err.Error()+"; `jsonencode` makes one")
	}
}

// ModifyPlan says what a plan leaves as it is: without a new value_wo_version, nothing
// is written. A plan that writes needs a key.
func (s *secretResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var plan, state secretModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if !req.State.Raw.IsNull() && plan.Path.Equal(state.Path) && plan.ValueWOVersion.Equal(state.ValueWOVersion) {
		plan.Version, plan.SecretID, plan.Policy, plan.CreatedTime = state.Version, state.SecretID, state.Policy, state.CreatedTime
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		return
	}
	if s.session != nil && !s.session.hasConsumerKey() {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot write secret %q", plan.Path.ValueString()), errNoConsumerKey.Error())
	}
	s.foreseePolicy(ctx, &plan, &resp.Diagnostics)
}

// foreseePolicy warns where nobody could release what is to be written, unless this
// run makes a policy that may be for it.
func (s *secretResource) foreseePolicy(ctx context.Context, plan *secretModel, diags *diag.Diagnostics) {
	if plan.Path.IsUnknown() {
		return
	}
	_ = s.session.foresee(ctx, func(r *roster.Roster) error {
		if _, err := r.PolicyFor(plan.Path.ValueString()); err != nil && !s.session.ahead.covers(plan.Path.ValueString()) {
			diags.AddAttributeWarning(path.Root("path"), "No policy covers the path as yet",
				fmt.Sprintf("Secret %q: it is refused unless a stillvault_policy whose `path` covers it is there before. Where this configuration has one, let this resource depend on it (depends_on).", plan.Path.ValueString()))
		}
		return nil
	})
}

// ImportState takes a secret's path.
func (*secretResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if err := roster.CheckPath(req.ID); err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot import secret %q", req.ID), err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("path"), req.ID)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("remove_on_destroy"), false)...)
}

// timeText is a time as the provider shows it.
func timeText(t time.Time) types.String { return types.StringValue(t.UTC().Format(time.RFC3339)) }

// pathForm checks the paths of secrets.
type pathForm struct{}

var _ validator.String = pathForm{}

// Description says what a path may be.
func (pathForm) Description(context.Context) string {
	return "segments between slashes, without a slash at either end, none of them empty, '.', '..' or '+', and without '*'"
}

// MarkdownDescription says what a path may be.
func (p pathForm) MarkdownDescription(ctx context.Context) string { return p.Description(ctx) }

// ValidateString refuses what is no path.
func (pathForm) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := roster.CheckPath(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a path", err.Error())
	}
}
