package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
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
	was := state
	show := func(r *roster.Roster) error {
		if state.admitted() {
			return shown(state.ID, (*roster.Roster).Approver, func(who *roster.Approver) { state.show(r, who) })(r)
		}
		if who, err := r.ApproverNamed(state.Name.ValueString()); err == nil {
			state.show(r, who)
		} else {
			a.session.ahead.awaits(state.Name.ValueString())
		}
		return nil
	}
	a.session.follow(ctx, state.thing(), req, resp, show, func() diag.Diagnostics {
		state.warnOfKeys(&was, a.session.broker.Mount(), &resp.Diagnostics)
		return resp.State.Set(ctx, &state)
	})
}

// Delete signs the revocation of an approver, and of all their devices. One whose
// loss would cost secrets is refused. Somebody who is pending is only forgotten.
func (a *approverResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state approverModel
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	if !state.admitted() {
		a.forget(ctx, req.Private, state.thing(), &resp.Diagnostics)
		return
	}
	finish(ctx, a.session, state.thing(), "revoke", roster.KindApproverRevoke, state.ID, req, resp, (*roster.Roster).Approver)
}

// ImportState takes an approver's name or id.
func (a *approverResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importByName(ctx, a.session, req, resp, "approver", (*roster.Roster).ApproverNamed, func(who *roster.Approver) envelope.ID { return who.ID })
}
