package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// policyResource is a policy: who may release what lies under a pattern of
// paths, and to what.
type policyResource struct{ session *session }

var (
	_ resource.ResourceWithConfigure      = (*policyResource)(nil)
	_ resource.ResourceWithImportState    = (*policyResource)(nil)
	_ resource.ResourceWithValidateConfig = (*policyResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*policyResource)(nil)
)

func newPolicyResource() resource.Resource { return &policyResource{} }

func (m *policyModel) thing() thing { return thing{"policy", m.Name.ValueString()} }

// Metadata names the resource.
func (p *policyResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_policy"
}

// Schema describes the resource.
func (p *policyResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = policySchema()
}

// Configure takes over what the provider was configured with.
func (p *policyResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	p.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

// Create signs a new policy.
func (p *policyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan policyModel
	if resp.Diagnostics.Append(plan.read(ctx, req.Plan)...); resp.Diagnostics.HasError() {
		return
	}
	plan.ID = types.StringValue(envelope.NewID().String())
	head, ok := p.set(ctx, stateless{}, &plan, nil, &resp.Diagnostics)
	if !ok {
		return
	}
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(plan.write(ctx, &resp.State)...)
}

// Update signs what the policy is from now on; its id stays.
func (p *policyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state policyModel
	resp.Diagnostics.Append(plan.read(ctx, req.Plan)...)
	if resp.Diagnostics.Append(state.read(ctx, req.State)...); resp.Diagnostics.HasError() {
		return
	}
	head, ok := p.set(ctx, req.Private, &plan, &state, &resp.Diagnostics)
	if !ok {
		return
	}
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(plan.write(ctx, &resp.State)...)
}

// set signs the policy as planned, and completes the plan by what was signed. was is
// what it was planned on; nil where it is new.
func (p *policyResource) set(ctx context.Context, private privateReader, plan, was *policyModel, diags *diag.Diagnostics) (roster.Head, bool) {
	body, whole := plan.policy(ctx, diags)
	if diags.HasError() {
		return roster.Head{}, false
	}
	if !whole {
		plan.thing().fail("set", p.session.errAbsent(ctx), diags) // all else is known by now
		return roster.Head{}, false
	}
	var signed roster.Policy
	at := path.Empty()
	build := func(r *roster.Roster) (entries []orglog.Entry, err error) {
		if signed, at, err = settle(r, body); err != nil {
			return nil, err
		}
		return []orglog.Entry{{Kind: roster.KindPolicySet, Body: signed}}, nil
	}
	if was != nil {
		build = unlessChanged(was, plan, func(r *roster.Roster) (*policyModel, error) {
			is := *was
			return &is, shown(was.ID, (*roster.Roster).Policy, func(p *roster.Policy) { is.take(ctx, p, diags); signed = *p })(r)
		}, (*policyModel).same, build)
	}
	head, err := p.session.signSince(ctx, private, p.session.guarded(build))
	switch {
	case err == nil:
		plan.take(ctx, &signed, diags)
	case len(at.Steps()) > 0:
		diags.AddAttributeError(at, fmt.Sprintf("Cannot set policy %q", body.Name), err.Error())
	case errors.Is(err, roster.ErrUnmeetable):
		_ = p.session.view(ctx, func(r *roster.Roster) error {
			err = fmt.Errorf("%w%s", err, p.session.waiting(ctx, r))
			return nil
		})
		plan.thing().fail("set", err, diags)
	default:
		plan.thing().fail("set", err, diags)
	}
	return head, !diags.HasError()
}

// errPattern means that two policies would be for the same paths.
var errPattern = errors.New("pattern_taken: of two equal patterns neither is the more specific; write the rules of both into one policy, or import the other")

// settle names what has no name yet, and refuses what another policy is. at is
// the attribute at fault.
func settle(r *roster.Roster, body roster.Policy) (p roster.Policy, at path.Path, err error) {
	if known, err := r.PolicyNamed(body.Name); err == nil && known.ID != body.ID {
		return body, path.Root("name"), fmt.Errorf("policy %q: %w", body.Name, errExists)
	}
	if known, err := r.PolicyExactly(body.Pattern); err == nil && known.ID != body.ID {
		return body, path.Root("path"), fmt.Errorf("policy %q is for %s, too: %w", known.Name, body.Pattern, errPattern)
	}
	requirements := make([]roster.Requirement, len(body.Requirements))
	for i, q := range body.Requirements {
		if q.Name, err = nameOf(r, q); err != nil {
			return body, path.Root("requirement").AtListIndex(i), err
		}
		requirements[i] = q
	}
	body.Requirements = requirements
	if body.BreakGlass != nil {
		q := *body.BreakGlass
		if q.Name, err = nameOf(r, q); err != nil {
			return body, path.Root("break_glass"), err
		}
		body.BreakGlass = &q
	}
	return body, path.Empty(), nil
}

// nameOf is a requirement's name: the one that it was given, else that of the one
// group or person it names.
func nameOf(r *roster.Roster, q roster.Requirement) (string, error) {
	switch {
	case q.Name != "":
		return q.Name, nil
	case len(q.Principals) != 1:
		return "", errors.New(nameless)
	case q.Principals[0].Kind == roster.PrincipalGroup:
		g, err := r.Group(q.Principals[0].ID)
		if err != nil {
			return "", err
		}
		return g.Name, nil
	default:
		who, err := r.Approver(q.Principals[0].ID)
		if err != nil {
			return "", err
		}
		return who.Name, nil
	}
}

// Read takes over what the policy is now.
func (p *policyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state policyModel
	if resp.Diagnostics.Append(state.read(ctx, req.State)...); resp.Diagnostics.HasError() {
		return
	}
	show := shown(state.ID, (*roster.Roster).Policy, func(policy *roster.Policy) { state.take(ctx, policy, &resp.Diagnostics) })
	p.session.follow(ctx, state.thing(), req, resp, show, func() diag.Diagnostics { return state.write(ctx, &resp.State) })
}

// Delete signs the policy's end. One that secrets would be left without is
// refused.
func (p *policyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state policyModel
	if resp.Diagnostics.Append(state.read(ctx, req.State)...); resp.Diagnostics.HasError() {
		return
	}
	finish(ctx, p.session, state.thing(), "delete", roster.KindPolicyDelete, state.ID, req, resp, (*roster.Roster).Policy)
}

// ImportState takes a policy's name or id.
func (p *policyResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importByName(ctx, p.session, req, resp, "policy", (*roster.Roster).PolicyNamed, func(p *roster.Policy) envelope.ID { return p.ID })
}
