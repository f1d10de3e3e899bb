package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/policytext"
)

type policyModel struct {
	ID              types.String
	Name            types.String
	Path            types.String
	Requirement     types.List
	BreakGlass      types.Object
	Authors         types.Set
	Consumers       types.Set
	RefusedFactors  types.Set
	LeaseTTL        types.String
	LeaseMax        types.String
	RequestTTL      types.String
	SelfApproval    types.Bool
	MinimumCoverage types.Int64
	MatchCode       types.Bool
	ConsentFirst    types.Bool
}

type requirementModel struct {
	Name      types.String
	M         types.Int64
	Approvers types.Set
	Groups    types.Set
}

var requirementType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"name": types.StringType, "m": types.Int64Type,
	"approvers": types.SetType{ElemType: types.StringType}, "groups": types.SetType{ElemType: types.StringType},
}}

// placed is a requirement and where it stands.
type placed struct {
	requirementModel
	at         path.Path
	breakGlass bool
}

// requirements are those of the model, break-glass last. known is false where
// their number is not known.
func (m *policyModel) requirements() (all []placed, known bool) {
	known = !m.Requirement.IsUnknown() && !m.BreakGlass.IsUnknown()
	if !m.Requirement.IsUnknown() && !m.Requirement.IsNull() {
		for i, v := range m.Requirement.Elements() {
			all = append(all, placed{requirementModel: requirementOf(v), at: path.Root("requirement").AtListIndex(i)})
		}
	}
	if !m.BreakGlass.IsUnknown() && !m.BreakGlass.IsNull() {
		all = append(all, placed{requirementModel: requirementOf(m.BreakGlass), at: path.Root("break_glass"), breakGlass: true})
	}
	return all, known
}

// named are the principals of a requirement as far as they are known.
func (q *placed) named(ctx context.Context, diags *diag.Diagnostics) (all []roster.Principal, whole bool) {
	approvers, wholeApprovers := idsOf(ctx, q.at.AtName("approvers"), q.Approvers, diags)
	groups, wholeGroups := idsOf(ctx, q.at.AtName("groups"), q.Groups, diags)
	return principals(approvers, groups), wholeApprovers && wholeGroups
}

// policy is the policy as a statement says it, as far as it is known. A
// requirement without a name is to have one yet.
func (m *policyModel) policy(ctx context.Context, diags *diag.Diagnostics) (p roster.Policy, whole bool) {
	p = roster.Policy{
		Name: m.Name.ValueString(), Pattern: m.Path.ValueString(), Requirements: []roster.Requirement{}, RefusedFactors: []keyring.FactorKind{},
		SelfApproval: m.SelfApproval.ValueBool(), MinimumCoverage: uint32(m.MinimumCoverage.ValueInt64()),
		MatchCode: m.MatchCode.ValueBool(), ConsentFirst: m.ConsentFirst.ValueBool(),
	}
	if !m.ID.IsUnknown() {
		id, err := envelope.ParseID(m.ID.ValueString())
		if err != nil {
			diags.AddAttributeError(path.Root("id"), "Not an id", err.Error())
		}
		p.ID = id
	}
	all, whole := m.requirements()
	for _, q := range all {
		named, known := q.named(ctx, diags)
		whole = whole && known && !q.M.IsUnknown()
		one := roster.Requirement{Name: q.Name.ValueString(), M: uint32(q.M.ValueInt64()), Principals: named}
		if q.breakGlass {
			p.BreakGlass = &one
		} else {
			p.Requirements = append(p.Requirements, one)
		}
	}
	var authors, consumers bool
	p.Authors, authors = idsOf(ctx, path.Root("authors"), m.Authors, diags)
	p.Consumers, consumers = idsOf(ctx, path.Root("consumers"), m.Consumers, diags)
	for _, v := range []attr.Value{m.Name, m.Path, m.RefusedFactors, m.SelfApproval, m.MinimumCoverage, m.MatchCode, m.ConsentFirst} {
		whole = whole && !v.IsUnknown()
	}
	if !m.RefusedFactors.IsUnknown() {
		for _, v := range m.RefusedFactors.Elements() {
			f, _ := v.(types.String)
			whole = whole && !f.IsUnknown()
			p.RefusedFactors = append(p.RefusedFactors, keyring.FactorKind(f.ValueString()))
		}
	}
	return p, m.times(&p, diags) && authors && consumers && whole
}

// times reads the policy's times.
func (m *policyModel) times(p *roster.Policy, diags *diag.Diagnostics) (whole bool) {
	whole = true
	for _, d := range []struct {
		name string
		from types.String
		to   *uint32
	}{{"lease_ttl", m.LeaseTTL, &p.LeaseTTL}, {"lease_max", m.LeaseMax, &p.LeaseMax}, {"request_ttl", m.RequestTTL, &p.RequestTTL}} {
		if d.from.IsUnknown() {
			whole = false
			continue
		}
		var err error
		if *d.to, err = policytext.Seconds(d.from.ValueString()); err != nil {
			diags.AddAttributeError(path.Root(d.name), "Not a duration", err.Error())
		}
	}
	return whole
}

// take takes over a policy as the roster has it. Durations stay as they are
// written where they are the same.
func (m *policyModel) take(ctx context.Context, p *roster.Policy, diags *diag.Diagnostics) {
	m.ID, m.Name, m.Path = types.StringValue(p.ID.String()), types.StringValue(p.Name), types.StringValue(p.Pattern)
	ordinary := make([]attr.Value, len(p.Requirements))
	for i, q := range p.Requirements {
		ordinary[i] = requirementValue(q)
	}
	list, problems := types.ListValue(requirementType, ordinary)
	diags.Append(problems...)
	m.Requirement, m.BreakGlass = list, types.ObjectNull(requirementType.AttrTypes)
	if p.BreakGlass != nil {
		m.BreakGlass = requirementValue(*p.BreakGlass)
	}
	m.Authors, m.Consumers = idSet(p.Authors), idSet(p.Consumers)
	factors := make([]string, len(p.RefusedFactors))
	for i, f := range p.RefusedFactors {
		factors[i] = string(f)
	}
	m.RefusedFactors = textSet(factors)
	m.LeaseTTL, m.LeaseMax, m.RequestTTL = durationOf(m.LeaseTTL, p.LeaseTTL), durationOf(m.LeaseMax, p.LeaseMax), durationOf(m.RequestTTL, p.RequestTTL)
	m.SelfApproval, m.MatchCode, m.ConsentFirst = types.BoolValue(p.SelfApproval), types.BoolValue(p.MatchCode), types.BoolValue(p.ConsentFirst)
	m.MinimumCoverage = types.Int64Value(int64(p.MinimumCoverage))
}

func requirementValue(q roster.Requirement) types.Object {
	approvers, groups := apart(q.Principals)
	return types.ObjectValueMust(requirementType.AttrTypes, map[string]attr.Value{
		"name": types.StringValue(q.Name), "m": types.Int64Value(int64(q.M)), "approvers": idSet(approvers), "groups": idSet(groups),
	})
}

// durationOf writes seconds, as before where that was the same.
func durationOf(before types.String, seconds uint32) types.String {
	if known, err := policytext.Seconds(before.ValueString()); err == nil && known == seconds {
		return before
	}
	return types.StringValue(policytext.Duration(seconds))
}

// textSet is a set of texts as Terraform has it.
func textSet(all []string) types.Set {
	texts := make([]attr.Value, len(all))
	for i, text := range all {
		texts[i] = types.StringValue(text)
	}
	return types.SetValueMust(types.StringType, texts)
}
