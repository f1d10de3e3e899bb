package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// consumerResource is what receives and writes secrets.
type consumerResource struct{ session *session }

var (
	_ resource.ResourceWithConfigure      = (*consumerResource)(nil)
	_ resource.ResourceWithValidateConfig = (*consumerResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*consumerResource)(nil)
	_ resource.ResourceWithImportState    = (*consumerResource)(nil)
)

func newConsumerResource() resource.Resource { return &consumerResource{} }

// Metadata names the resource.
func (c *consumerResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_consumer"
}

// Schema describes the resource.
func (c *consumerResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	stays := stringplanmodifier.UseStateForUnknown()
	resp.Schema = schema.Schema{
		MarkdownDescription: "A consumer: a program with a signing key that may receive and write secrets where a policy names it. Policies bind its id, which stays when it is renamed; another key makes it another consumer.\n\n" +
			"Destroying it ends its key for good: a key is admitted once. A mount makes its key when it is enabled, so one whose consumer was destroyed can be none again: " +
			"nothing in it can be re-shared from then on, and `vault read` and `vault write` end there. The plan warns of that.",
		Attributes: map[string]schema.Attribute{
			"id":   schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stays}, MarkdownDescription: "Id of the consumer, for life."},
			"name": schema.StringAttribute{Required: true, Validators: []validator.String{nameForm{}}, MarkdownDescription: "Name, unique among consumers."},
			"kind": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(string(roster.ConsumerHost)),
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators:    []validator.String{stringvalidator.OneOf(string(roster.ConsumerHost), string(roster.ConsumerCI), string(roster.ConsumerTerraform), string(roster.ConsumerMount))},
				MarkdownDescription: "What it is: `host` (default), `ci`, `terraform`, or `mount` for the provider's mount itself, so that `vault read` and `vault write` work under the policies that name it, and that Vault sees what passes. " +
					"Another kind is another consumer.",
			},
			"signing_key": schema.StringAttribute{
				Optional: true, Computed: true, Validators: []validator.String{verifyKeyForm{"`stillvault consumer keygen`"}},
				PlanModifiers: []planmodifier.String{stays, stringplanmodifier.RequiresReplace()},
				MarkdownDescription: "Public half of its key, as `stillvault consumer keygen` prints it where the consumer runs. Of the mount, it is what the mount says, and not given: the plan shows it. " +
					"Another key is another consumer.",
			},
			"mount_id": schema.StringAttribute{
				Computed: true, PlanModifiers: []planmodifier.String{stays}, MarkdownDescription: "Id of the mount, where it is the consumer.",
			},
			"compromised_on_destroy": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether destroying it says that others may know its key: then nothing that the key signed is believed any more, whenever it claims to have signed it, and what it wrote has to be written again. " +
					"Set and apply it before you destroy, and before you give another key.",
			},
		},
	}
}

// Configure takes over what the provider was configured with.
func (c *consumerResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	c.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

// ValidateConfig refuses a key where the mount says it, and its lack elsewhere.
func (c *consumerResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config consumerModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &config)...); !resp.Diagnostics.HasError() {
		config.checkKey(&resp.Diagnostics)
	}
}

// ModifyPlan shows the mount's key where it is to be admitted, and warns where the
// mount has another one by now, or ends as a consumer.
func (c *consumerResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if c.session == nil {
		return
	}
	var plan, state consumerModel
	if req.Plan.Raw.IsNull() {
		if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); !resp.Diagnostics.HasError() {
			state.foreseeEnd(ctx, c.session, &resp.Diagnostics)
		}
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() || plan.Kind.IsUnknown() {
		return
	}
	if !req.State.Raw.IsNull() {
		plan.checkEnd(&state, &resp.Diagnostics)
	}
	switch {
	case !plan.isMount():
		plan.MountID = types.StringNull()
	case state.isMount():
		c.checkMount(ctx, &plan, &resp.Diagnostics)
		return
	default:
		plan.plan(ctx, c.session)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// checkMount warns where the mount is another than the one that was admitted.
func (c *consumerResource) checkMount(ctx context.Context, plan *consumerModel, diags *diag.Diagnostics) {
	mount, err := c.session.mount(ctx)
	if err != nil || plan.SigningKey.ValueString() == mount.Signing.String() && plan.MountID.ValueString() == mount.ID.String() {
		return
	}
	diags.AddAttributeWarning(path.Root("signing_key"), fmt.Sprintf("Consumer %q is another mount", plan.Name.ValueString()),
		fmt.Sprintf("The mount says that it is %s, with key %s, and another one was admitted: it receives and writes nothing. "+
			"Find out why. If it was set up anew on purpose, apply with -replace for this resource.", mount.ID, mount.Signing))
}

// Create signs the consumer's admission.
func (c *consumerResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan consumerModel
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	head, err := plan.admit(ctx, c.session)
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot admit consumer %q", plan.Name.ValueString()), fmt.Sprintf("consumer %q: %s", plan.Name.ValueString(), err))
		return
	}
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Read takes over what the consumer is now.
func (c *consumerResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state consumerModel
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	show := shown(state.ID, (*roster.Roster).Consumer, state.show)
	c.session.follow(ctx, state.thing(), req, resp, show, func() diag.Diagnostics { return resp.State.Set(ctx, &state) })
}

// Update renames the consumer; its id stays.
func (c *consumerResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state consumerModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	head, err := plan.rename(ctx, c.session, req.Private, state.Name.ValueString())
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot rename consumer to %q", plan.Name.ValueString()), fmt.Sprintf("consumer %q: %s", plan.Name.ValueString(), err))
		return
	}
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Delete signs the consumer's end.
func (c *consumerResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state consumerModel
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	if err := state.revoke(ctx, c.session, req.Private, &resp.Diagnostics); err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot revoke consumer %q", state.Name.ValueString()), fmt.Sprintf("consumer %q: %s", state.Name.ValueString(), err))
	}
}

// ImportState takes a consumer's name or id.
func (c *consumerResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importByName(ctx, c.session, req, resp, "consumer", (*roster.Roster).ConsumerNamed, func(c *roster.Consumer) envelope.ID { return c.ID })
}
