package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// set makes the approver what is planned. state is nil for a new one.
func (a *approverResource) set(ctx context.Context, private privateReader, plan, state *approverModel, diags *diag.Diagnostics) (roster.Head, bool) {
	entities := a.session.entitiesOf(ctx, plan.Entities, diags)
	if diags.HasError() {
		return roster.Head{}, false
	}
	var head roster.Head
	var err error
	verb := "set"
	switch {
	case state.admitted():
		head, err = a.change(ctx, private, plan, state, entities, diags)
	case plan.Fingerprint.IsNull():
		verb = "prepare"
		head, err = a.pend(ctx, plan, diags)
	default:
		verb = "admit"
		head, err = a.admit(ctx, private, plan, entities, diags)
	}
	if err != nil {
		diags.AddError(fmt.Sprintf("Cannot %s approver %q", verb, plan.Name.ValueString()), fmt.Sprintf("approver %q: %s", plan.Name.ValueString(), err))
	}
	return head, !diags.HasError()
}

// pend says how the person is to be invited.
func (a *approverResource) pend(ctx context.Context, plan *approverModel, diags *diag.Diagnostics) (roster.Head, error) {
	a.session.ahead.awaits(plan.Name.ValueString())
	err := a.free(ctx, plan.Name.ValueString())
	var head roster.Head
	if err == nil {
		err = a.session.view(ctx, func(r *roster.Roster) error {
			head = r.Head()
			plan.pend(ctx, a.session.broker.Mount(), types.StringValue(r.Organisation().String()), diags)
			return nil
		})
	}
	if err == nil {
		diags.AddWarning(fmt.Sprintf("Approver %q is pending", plan.Name.ValueString()),
			fmt.Sprintf("Run `%s`, which makes a ticket, and hand it to them alone. When their device has answered, set `fingerprint` to the eight words that they read out from it, and apply again.", plan.Enroll.ValueString()))
	}
	return head, err
}

// free is errExists where an approver has a name already.
func (a *approverResource) free(ctx context.Context, name string) error {
	return a.session.view(ctx, func(r *roster.Roster) error {
		if _, err := r.ApproverNamed(name); err == nil {
			return errExists
		}
		return nil
	})
}

// admit admits the device whose words are given.
func (a *approverResource) admit(ctx context.Context, private privateReader, plan *approverModel, entities []string, diags *diag.Diagnostics) (roster.Head, error) {
	name := plan.Name.ValueString()
	command := plan.enrollCommand(ctx, a.session.broker.Mount(), a.organisation(ctx), diags)
	e, err := a.session.answered(ctx, func(e broker.Enrolment) bool { return e.Name == name }, plan.Fingerprint.ValueString())
	if err != nil {
		if taken := a.free(ctx, name); taken != nil {
			return roster.Head{}, taken
		}
		diags.AddAttributeError(path.Root("fingerprint"), fmt.Sprintf("Cannot admit approver %q", name), fmt.Sprintf("approver %q, `%s`: %s", name, command.ValueString(), err))
		return roster.Head{}, nil
	}
	head, err := a.session.admit(ctx, private, name, e, entities)
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
func (a *approverResource) change(ctx context.Context, private privateReader, plan, state *approverModel, entities []string, diags *diag.Diagnostics) (roster.Head, error) {
	id, err := envelope.ParseID(state.ID.ValueString())
	if err != nil {
		return roster.Head{}, err
	}
	if state.Fingerprint.IsNull() && !plan.Fingerprint.IsNull() {
		if a.confirm(ctx, plan, id, diags); diags.HasError() {
			return roster.Head{}, nil
		}
	}
	was := relation{name: state.Name.ValueString()}
	diags.Append(state.Entities.ElementsAs(ctx, &was.entities, false)...)
	planned := relation{plan.Name.ValueString(), entities}
	now := func(r *roster.Roster) (relation, error) {
		who, err := r.Approver(id)
		if err != nil {
			return relation{}, err
		}
		return relation{who.Name, who.Entities}, nil
	}
	return a.session.signSince(ctx, private, orglog.Change{Build: unlessChanged(was, planned, now, relation.same, func(r *roster.Roster) ([]orglog.Entry, error) {
		return setEntries(r, id, planned.name, planned.entities)
	})})
}

// relation is what a statement says of an approver in force.
type relation struct {
	name     string
	entities []string
}

func (r relation) same(o relation) bool { return r.name == o.name && sameSet(r.entities, o.entities) }
