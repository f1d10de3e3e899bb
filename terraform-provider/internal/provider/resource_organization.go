package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// organizationResource is the organisation of the provider's mount.
type organizationResource struct{ session *session }

var (
	_ resource.ResourceWithConfigure   = (*organizationResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*organizationResource)(nil)
	_ resource.ResourceWithImportState = (*organizationResource)(nil)
)

func newOrganizationResource() resource.Resource { return &organizationResource{} }

type organizationModel struct {
	ID          types.String `tfsdk:"id"`
	Recovery    types.String `tfsdk:"recovery_public_key"`
	IdentityKey types.String `tfsdk:"identity_key"`
	Words       types.String `tfsdk:"words"`
}

// Metadata names the resource.
func (o *organizationResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_organization"
}

// Schema describes the resource.
func (o *organizationResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	stays := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The organisation: the key that signs who may release what, and the log of what it signed. Creating it founds one in the provider's mount, " +
			"with the key of the provider's `signer`, which has to be there already (`stillvault org keygen` makes one in a file), and has the mount pin it for good. Everything else in the configuration needs it to be there, so let it `depends_on` this resource, " +
			"or found the organisation by an apply of its own.\n\n" +
			"Terraform's state remembers the newest log that was seen, here and in every other resource: one that is older is refused as rolled back.\n\n" +
			"An organisation does not end: destroying this only forgets it in the state.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Computed: true, PlanModifiers: stays,
				MarkdownDescription: "Id of the organisation, 64 hexadecimal digits: what the provider's `organization`, phones, hosts and mounts pin.",
			},
			"recovery_public_key": schema.StringAttribute{
				Required: true, Validators: []validator.String{verifyKeyForm{"`stillvault org recovery-keygen`"}},
				MarkdownDescription: "Public half of the recovery key, which alone can replace the Org Identity key should that be lost or stolen: 43 characters, as `stillvault org recovery-keygen` prints them. " +
					"The key itself stays offline. The log holds a hash of it, so another one is refused here. " +
					"After `stillvault org rotate`, give what that printed: the organisation stays, and nothing is replaced.",
			},
			"identity_key": schema.StringAttribute{
				Computed: true, PlanModifiers: stays, MarkdownDescription: "Public half of the Org Identity key in force: the signer's.",
			},
			"words": schema.StringAttribute{
				Computed: true, PlanModifiers: stays,
				MarkdownDescription: "The beginning of the id in eight words. A phone shows them to whoever opens an invitation, to be compared.",
			},
		},
	}
}

// Configure takes over what the provider was configured with.
func (o *organizationResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	o.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

// errRecovery means that the log commits to another recovery key.
var errRecovery = errors.New("recovery_key_mismatch: the organisation's log commits to another recovery key; give the public half of the one in force. " +
	"If the organisation was rotated since, put here what `stillvault org rotate` printed then as the next recovery key's public half, which whoever keeps that key has. " +
	"Nothing but `stillvault org rotate`, with the recovery key in force, puts another in its place")

// ModifyPlan says what cannot happen: a second founding, another recovery key, an
// end.
func (o *organizationResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.AddWarning("The organisation goes on", "An organisation does not end. Terraform forgets it; its log, and everybody who was admitted and not revoked, stay as they are.")
		return
	}
	var plan organizationModel
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() || o.session == nil {
		return
	}
	// Whether there is a log at all, only applying can say.
	_ = o.session.view(ctx, func(r *roster.Roster) error {
		if req.State.Raw.IsNull() {
			resp.Diagnostics.AddError("Cannot found the organisation", orglog.ErrFounded.Error())
		} else if !plan.Recovery.IsUnknown() {
			plan.committed(r, &resp.Diagnostics)
		}
		return nil
	})
}

// committed refuses a recovery key that the log does not commit to.
func (m *organizationModel) committed(r *roster.Roster, diags *diag.Diagnostics) {
	key, err := parseVerifyKey(m.Recovery.ValueString())
	if err == nil && roster.RecoveryCommitment(key) != r.Recovery() {
		err = errRecovery
	}
	if err != nil {
		diags.AddAttributeError(path.Root("recovery_public_key"), "Not the recovery key in force", err.Error())
	}
}

// show takes over what the organisation is now.
func (m *organizationModel) show(r *roster.Roster) error {
	id := r.Organisation()
	m.ID, m.IdentityKey = types.StringValue(id.String()), types.StringValue(r.Identity().String())
	m.Words = types.StringValue(roster.Words(id[:2*roster.FingerprintWords]))
	return nil
}

// Create founds the organisation.
func (o *organizationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan organizationModel
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	recovery, err := parseVerifyKey(plan.Recovery.ValueString())
	if err == nil {
		err = o.session.found(ctx, recovery)
	}
	var head roster.Head
	if err == nil {
		err = o.session.view(ctx, func(r *roster.Roster) error { head = r.Head(); return plan.show(r) })
	}
	if err != nil {
		resp.Diagnostics.AddError("Cannot found the organisation", err.Error())
		return
	}
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Read takes over what the organisation is now, and remembers the newest log.
func (o *organizationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state organizationModel
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	head, err := o.session.viewSince(ctx, req.Private, func(r *roster.Roster) error {
		if r.Organisation().String() != state.ID.ValueString() {
			return fmt.Errorf("by Terraform's state this is organisation %s, and the mount has %s: %w", state.ID.ValueString(), r.Organisation(), roster.ErrOrganisation)
		}
		if key, err := parseVerifyKey(state.Recovery.ValueString()); err != nil || roster.RecoveryCommitment(key) != r.Recovery() {
			state.Recovery = types.StringNull()
		}
		return state.show(r)
	})
	if err != nil {
		resp.Diagnostics.AddError("Cannot read the organisation", err.Error())
		return
	}
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// Update takes over the recovery key that the log commits to, which an import
// cannot know.
func (o *organizationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan organizationModel
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	err := o.session.view(ctx, func(r *roster.Roster) error {
		plan.committed(r, &resp.Diagnostics)
		return nil
	})
	if err != nil {
		resp.Diagnostics.AddError("Cannot read the organisation", err.Error())
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// Delete forgets the organisation. The plan said that it goes on.
func (o *organizationResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {
}

// ImportState takes the organisation's id, or "this" for the one that the
// provider's settings pin.
func (o *organizationResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	err := o.session.view(ctx, func(r *roster.Roster) error {
		if id := r.Organisation().String(); req.ID != "this" && req.ID != id {
			return fmt.Errorf("the mount has organisation %s: give that id, or \"this\": %w", id, roster.ErrOrganisation)
		}
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), r.Organisation().String())...)
		return nil
	})
	if err != nil {
		resp.Diagnostics.AddError("Cannot import the organisation", err.Error())
	}
}
