package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/policytext"
)

// ModifyPlan names the requirements that the configuration does not name, and
// holds a changed policy against the roster, as far as both are known.
func (p *policyResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || req.Plan.Raw.Equal(req.State.Raw) {
		return
	}
	var plan, state policyModel
	resp.Diagnostics.Append(plan.read(ctx, req.Plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(state.read(ctx, req.State)...)
	}
	all, known := plan.requirements()
	before, _ := state.requirements()
	body, whole := plan.policy(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if p.session != nil {
		p.session.ahead.policyComes(plan.Path.ValueString())
	}
	var found diag.Diagnostics
	var foreseen *roster.Policy // nil where it does not stand yet
	_ = p.session.foresee(ctx, func(r *roster.Roster) error {
		found, foreseen = diag.Diagnostics{}, nil
		for i := range all {
			all[i].foreseeName(ctx, r, before)
		}
		body := naming(body, all)
		err := hold(r, body, &found)
		if whole && err == nil && !found.HasError() {
			p.session.holdPeople(ctx, r, &body, &found)
			if foreseen = &body; body.ID.IsZero() {
				foreseen.ID = envelope.NewID() // it is new, and gets one when it is signed
			}
		}
		return err
	})
	resp.Diagnostics.Append(found...)
	if foreseen != nil && !found.HasError() {
		p.session.foretell(ctx, plan.thing(), roster.KindPolicySet, *foreseen, &resp.Diagnostics)
	}
	if known {
		plan.replace(all, &resp.Diagnostics)
		resp.Diagnostics.Append(plan.write(ctx, &resp.Plan)...)
	}
}

// foreseeName is the name that a requirement without one has, or will have: that
// of the one whom it names. A name that it got stays, whatever that is called now.
func (q *placed) foreseeName(ctx context.Context, r *roster.Roster, before []placed) {
	var ignored diag.Diagnostics
	named, whole := q.named(ctx, &ignored)
	if !q.Name.IsUnknown() || !whole || len(named) != 1 {
		return
	}
	for _, b := range before {
		if was, _ := b.named(ctx, &ignored); b.breakGlass == q.breakGlass && slices.Equal(was, named) {
			q.Name = b.Name
			return
		}
	}
	if name, err := nameOf(r, roster.Requirement{Principals: named}); err == nil {
		q.Name = types.StringValue(name)
	}
}

// naming is a policy with the names that its requirements have or will have.
func naming(p roster.Policy, all []placed) roster.Policy {
	p.Requirements = slices.Clone(p.Requirements)
	for i, q := range all {
		if q.breakGlass {
			glass := *p.BreakGlass
			glass.Name = q.Name.ValueString()
			p.BreakGlass = &glass
		} else {
			p.Requirements[i].Name = q.Name.ValueString()
		}
	}
	return p
}

// replace takes over requirements that were read from the model.
func (m *policyModel) replace(all []placed, diags *diag.Diagnostics) {
	ordinary := []attr.Value{}
	for _, q := range all {
		value := types.ObjectValueMust(requirementType.AttrTypes, map[string]attr.Value{
			"name": q.Name, "m": q.M, "approvers": q.Approvers, "groups": q.Groups,
		})
		if q.breakGlass {
			m.BreakGlass = value
		} else {
			ordinary = append(ordinary, value)
		}
	}
	list, problems := types.ListValue(requirementType, ordinary)
	diags.Append(problems...)
	m.Requirement = list
}

// hold says what the roster has against a policy. Ids are made when something is
// admitted, so that one that is known and not there will not come; but groups may
// get other members by the same plan. It returns [roster.ErrUnknown] where
// something is not there.
func hold(r *roster.Roster, p roster.Policy, diags *diag.Diagnostics) (err error) {
	missing := func(at path.Path, problem error) {
		diags.AddAttributeError(at, "Not in force", fmt.Sprintf("%s. Use the `id` of a resource of this configuration, or of `data.stillvault_roster`. "+
			"Where what is left of it is to be destroyed, pass -refresh=false.", problem))
		err = errors.Join(err, problem)
	}
	for i, q := range p.All() {
		at := placeOf(&p, i)
		for _, one := range q.Principals {
			if one.Kind == roster.PrincipalGroup {
				if _, err := r.Group(one.ID); err != nil {
					missing(at.AtName("groups"), err)
				}
			} else if who, err := r.Approver(one.ID); err != nil {
				missing(at.AtName("approvers"), err)
			} else if i == len(p.Requirements) && !who.Recovery {
				diags.AddAttributeError(at.AtName("approvers"), "Break-glass without a recovery factor",
					fmt.Sprintf("Approver %q has no recovery factor, and could not act once every device is lost: have them enrol one, or name others.", who.Name))
			}
		}
	}
	for name, ids := range map[string][]envelope.ID{"authors": p.Authors, "consumers": p.Consumers} {
		for _, id := range ids {
			if _, err := r.Consumer(id); err != nil {
				missing(path.Root(name), err)
			}
		}
	}
	return err
}

// holdPeople says whether there are enough distinct people for a policy. Where this
// run changes one of its groups, only applying can say.
func (s *session) holdPeople(ctx context.Context, r *roster.Roster, p *roster.Policy, diags *diag.Diagnostics) {
	short := policytext.Stand(r, p).Short
	switch {
	case short != nil && slices.ContainsFunc(p.All(), func(q roster.Requirement) bool { return s.ahead.changes(r, q.Principals) }):
	case errors.Is(short, roster.ErrUnmeetable) && !slices.ContainsFunc(p.All(), func(q roster.Requirement) bool { return hasGroups(q.Principals) }):
		diags.AddAttributeError(placeOf(p, firstUnmet(r, p)).AtName("m"), "Too few people", short.Error())
	case errors.Is(short, roster.ErrUnmeetable):
		diags.AddAttributeWarning(placeOf(p, firstUnmet(r, p)).AtName("m"), "Too few people as yet",
			fmt.Sprintf("%s%s. The policy is refused unless its groups get other members before.", short, s.waiting(ctx, r)))
	case short != nil:
		diags.AddWarning("Nothing can be written under this policy yet", short.Error())
	}
	if len(p.Authors) == 0 || len(p.Consumers) == 0 {
		diags.AddWarning("Policy of no use yet", fmt.Sprintf("Policy %q: without `authors` nobody can write under it, without `consumers` nobody can read.", p.Name))
	}
}

// firstUnmet is the first requirement for which too few people are left by those
// before it.
func firstUnmet(r *roster.Roster, p *roster.Policy) int {
	all := p.All()
	for n := range all {
		part := *p
		part.Requirements, part.BreakGlass = all[:min(n+1, len(p.Requirements))], nil
		if n == len(p.Requirements) {
			part.BreakGlass = p.BreakGlass
		}
		if _, err := r.Assign(&part); err != nil {
			return n
		}
	}
	return len(all) - 1
}

// placeOf is where requirement i of [roster.Policy.All] stands.
func placeOf(p *roster.Policy, i int) path.Path {
	if i == len(p.Requirements) {
		return path.Root("break_glass")
	}
	return path.Root("requirement").AtListIndex(i)
}
