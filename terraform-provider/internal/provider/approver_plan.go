package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/roster"
)

// ModifyPlan says what is known before the approver is admitted, and what cannot
// change after.
func (a *approverResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || req.Plan.Raw.Equal(req.State.Raw) || a.session == nil {
		return
	}
	var plan approverModel
	var state *approverModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		state = &approverModel{}
		resp.Diagnostics.Append(req.State.Get(ctx, state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	switch {
	case state.admitted():
		plan.keep(state)
		plan.sameWords(state, &resp.Diagnostics)
	case plan.Fingerprint.IsNull():
		a.session.ahead.awaits(plan.Name.ValueString())
		plan.pend(ctx, a.session.broker.Mount(), a.organisation(ctx), &resp.Diagnostics)
	default:
		plan.open()
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// organisation is the id of the organisation, unknown where there is none yet.
func (a *approverResource) organisation(ctx context.Context) types.String {
	id := types.StringUnknown()
	_ = a.session.foresee(ctx, func(r *roster.Roster) error {
		id = types.StringValue(r.Organisation().String())
		return nil
	})
	return id
}

// sameWords refuses other words for somebody who is admitted.
func (m *approverModel) sameWords(state *approverModel, diags *diag.Diagnostics) {
	was, is := state.Fingerprint, m.Fingerprint
	if was.IsNull() || is.IsNull() || is.IsUnknown() || heard(was.ValueString()) == heard(is.ValueString()) {
		return
	}
	diags.AddAttributeError(path.Root("fingerprint"), "Other words for an approver who is admitted", fmt.Sprintf(
		"approver %[1]q: Terraform's state has other words for them. If that is a slip, put back %[2]q. "+
			"A further device of theirs waits for `stillvault approver admit %[1]s`, and so do new keys after a leak; "+
			"neither changes this resource's fingerprint. Somebody who lost all devices and cannot restore is another approver, with keys of their own: "+
			"replace this one with -replace, once what depends on them is re-shared.", m.Name.ValueString(), was.ValueString()))
}
