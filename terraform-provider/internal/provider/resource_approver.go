package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
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
	head, ok := a.set(ctx, &plan, nil, &resp.Diagnostics)
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
	head, ok := a.set(ctx, &plan, &state, &resp.Diagnostics)
	if !ok {
		return
	}
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// set makes the approver what is planned. state is nil for a new one.
func (a *approverResource) set(ctx context.Context, plan, state *approverModel, diags *diag.Diagnostics) (roster.Head, bool) {
	entities := a.session.entitiesOf(ctx, plan.Entities, diags)
	if diags.HasError() {
		return roster.Head{}, false
	}
	var head roster.Head
	var err error
	verb := "set"
	switch {
	case state.admitted():
		head, err = a.change(ctx, plan, state, entities, diags)
	case plan.Fingerprint.IsNull():
		verb = "prepare"
		head, err = a.pend(ctx, plan, diags)
	default:
		verb = "admit"
		head, err = a.admit(ctx, plan, entities, diags)
	}
	if err != nil {
		diags.AddError(fmt.Sprintf("Cannot %s approver %q", verb, plan.Name.ValueString()), fmt.Sprintf("approver %q: %s", plan.Name.ValueString(), err))
	}
	return head, !diags.HasError()
}

// pend says how the person is to be invited.
func (a *approverResource) pend(ctx context.Context, plan *approverModel, diags *diag.Diagnostics) (roster.Head, error) {
	plan.pend(ctx, a.session.broker.Mount(), diags)
	var head roster.Head
	err := a.session.view(ctx, func(r *roster.Roster) error {
		head = r.Head()
		if _, err := r.ApproverNamed(plan.Name.ValueString()); err == nil {
			return errExists
		}
		return nil
	})
	if err == nil {
		diags.AddWarning(fmt.Sprintf("Approver %q is pending", plan.Name.ValueString()),
			fmt.Sprintf("Run `%s`, which makes a ticket, and hand it to them alone. When their device has answered, set `fingerprint` to the eight words that they read out from it, and apply again.", plan.Enroll.ValueString()))
	}
	return head, err
}

// admit admits the device whose words are given.
func (a *approverResource) admit(ctx context.Context, plan *approverModel, entities []string, diags *diag.Diagnostics) (roster.Head, error) {
	name := plan.Name.ValueString()
	command := plan.enrollCommand(ctx, a.session.broker.Mount(), diags)
	e, err := a.session.answered(ctx, name, plan.Fingerprint.ValueString(), command.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("fingerprint"), fmt.Sprintf("Cannot admit approver %q", name), fmt.Sprintf("approver %q: %s", name, err))
		return roster.Head{}, nil
	}
	head, err := a.session.admit(ctx, name, e, entities)
	if err != nil {
		return head, err
	}
	return head, a.session.view(ctx, func(r *roster.Roster) error {
		who, err := r.Approver(e.Approver)
		if err != nil {
			return err
		}
		// Somebody who renames them meanwhile is seen by the next plan.
		given, related := plan.Name, plan.Entities
		plan.show(r, who)
		plan.Name, plan.Entities = given, related
		return nil
	})
}

// change renames an admitted approver and relates them to other entities.
func (a *approverResource) change(ctx context.Context, plan, state *approverModel, entities []string, diags *diag.Diagnostics) (roster.Head, error) {
	id, err := envelope.ParseID(state.ID.ValueString())
	if err != nil {
		return roster.Head{}, err
	}
	if state.Fingerprint.IsNull() && !plan.Fingerprint.IsNull() {
		if err := a.confirm(ctx, plan, state); err != nil {
			diags.AddAttributeError(path.Root("fingerprint"), fmt.Sprintf("Cannot confirm approver %q", plan.Name.ValueString()), err.Error())
			return roster.Head{}, nil
		}
	}
	return a.session.sign(ctx, orglog.Change{Build: func(r *roster.Roster) ([]orglog.Entry, error) {
		return setEntries(r, id, plan.Name.ValueString(), entities)
	}})
}

// errUnconfirmed means that words cannot be compared any more.
var errUnconfirmed = errors.New("fingerprint_unconfirmed: the broker has no answer of theirs any more, in this name and with these words, so nothing says whether they are right; " +
	"they are admitted already, and need no fingerprint: leave it out")

// confirm compares words that are given for somebody who is admitted already.
func (a *approverResource) confirm(ctx context.Context, plan, state *approverModel) error {
	e, err := a.session.answered(ctx, state.Name.ValueString(), plan.Fingerprint.ValueString(), "")
	if err != nil && !errors.Is(err, errUnanswered) && !errors.Is(err, errWords) {
		return err
	}
	if err != nil || e.Approver.String() != state.ID.ValueString() || e.Signing.String() != state.SigningKey.ValueString() {
		return errUnconfirmed
	}
	return nil
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
	err := a.session.end(ctx, roster.KindApproverRevoke, state.ID.ValueString(), func(r *roster.Roster, id envelope.ID) error {
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
		plan.pend(ctx, a.session.broker.Mount(), &resp.Diagnostics)
	default:
		plan.unknown()
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// sameWords refuses other words for somebody who is admitted.
func (m *approverModel) sameWords(state *approverModel, diags *diag.Diagnostics) {
	was, is := state.Fingerprint, m.Fingerprint
	if was.IsNull() || is.IsNull() || is.IsUnknown() || heard(was.ValueString()) == heard(is.ValueString()) {
		return
	}
	diags.AddAttributeError(path.Root("fingerprint"), "Other words for an approver who is admitted", fmt.Sprintf(
		"approver %[1]q: they were admitted by the words of their first device. A further device of theirs waits for `stillvault approver admit %[1]s`, and so do new keys after a leak; "+
			"neither changes this resource's fingerprint. Somebody who lost all devices and cannot restore is another approver, with keys of their own: "+
			"replace this one with -replace, once what depends on them is re-shared.", m.Name.ValueString()))
}
