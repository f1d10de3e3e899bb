package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// approverResource is a person who may approve, or who is to.
type approverResource struct{ session *session }

var (
	_ resource.ResourceWithConfigure   = (*approverResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*approverResource)(nil)
	_ resource.ResourceWithImportState = (*approverResource)(nil)
)

func newApproverResource() resource.Resource { return &approverResource{} }

// Metadata names the resource.
func (a *approverResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_approver"
}

// Configure takes over what the provider was configured with.
func (a *approverResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	a.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

// Create admits the person whose words are given, or notes that they are to enrol.
func (a *approverResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan approverModel
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	head, ok := a.set(ctx, stateless{}, &plan, nil, &resp.Diagnostics)
	if !ok {
		return
	}
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Update renames a person, relates them to other entities, or admits them.
func (a *approverResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state approverModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	head, ok := a.set(ctx, req.Private, &plan, &state, &resp.Diagnostics)
	if !ok {
		return
	}
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Read takes over what the approver is now. Somebody who is pending in the state,
// and was admitted meanwhile by the command, is admitted here, too.
func (a *approverResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state approverModel
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	err := a.session.viewSince(ctx, req.Private, func(r *roster.Roster) error {
		if !state.admitted() {
			if who, err := r.ApproverNamed(state.Name.ValueString()); err == nil {
				state.show(r, who)
			}
			return nil
		}
		id, err := envelope.ParseID(state.ID.ValueString())
		if err != nil {
			return err
		}
		who, err := r.Approver(id)
		if err == nil {
			state.show(r, who)
		}
		return err
	})
	switch {
	case errors.Is(err, roster.ErrUnknown), errors.Is(err, roster.ErrRevoked):
		resp.State.RemoveResource(ctx)
	case err != nil:
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot read approver %q", state.Name.ValueString()), err.Error())
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// Delete signs the revocation of an approver, and of all their devices. One whose
// loss would cost secrets is refused.
func (a *approverResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state approverModel
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() || !state.admitted() {
		return
	}
	err := a.session.end(ctx, req.Private, roster.KindApproverRevoke, state.ID.ValueString(), func(r *roster.Roster, id envelope.ID) error {
		_, err := r.Approver(id)
		return err
	})
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot revoke approver %q", state.Name.ValueString()), fmt.Sprintf("approver %q: %s", state.Name.ValueString(), err))
	}
}

// ImportState takes an approver's name or id.
func (a *approverResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	a.session.importByName(ctx, req.ID, resp, "approver", func(r *roster.Roster, name string) (envelope.ID, error) {
		who, err := r.ApproverNamed(name)
		if err != nil {
			return envelope.ID{}, err
		}
		return who.ID, nil
	})
}
