package provider

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// source is a configuration, plan or state.
type source interface {
	Get(ctx context.Context, target any) diag.Diagnostics
}

// read takes the model out of a configuration, plan or state; out of what is null,
// nothing. By hand, since the framework's way to fill a struct compiles a regular
// expression for every field of it, every time.
func (m *policyModel) read(ctx context.Context, from source) diag.Diagnostics {
	var o types.Object
	diags := from.Get(ctx, &o)
	if diags.HasError() || o.IsNull() {
		return diags
	}
	a := o.Attributes()
	m.ID, m.Name, m.Path = textIn(a, "id"), textIn(a, "name"), textIn(a, "path")
	m.Requirement, _ = a["requirement"].(types.List)
	m.BreakGlass, _ = a["break_glass"].(types.Object)
	m.Authors, m.Consumers, m.RefusedFactors = setIn(a, "authors"), setIn(a, "consumers"), setIn(a, "refused_factors")
	m.LeaseTTL, m.LeaseMax, m.RequestTTL = textIn(a, "lease_ttl"), textIn(a, "lease_max"), textIn(a, "request_ttl")
	m.SelfApproval, m.MatchCode, m.ConsentFirst = flagIn(a, "self_approval"), flagIn(a, "match_code"), flagIn(a, "consent_first")
	m.MinimumCoverage = numberIn(a, "minimum_coverage")
	return diags
}

var policyType = sync.OnceValue(func() map[string]attr.Type {
	return policySchema().Type().(types.ObjectType).AttrTypes
})

// object is the reverse of read.
func (m *policyModel) object() (types.Object, diag.Diagnostics) {
	return types.ObjectValue(policyType(), map[string]attr.Value{
		"id": m.ID, "name": m.Name, "path": m.Path, "requirement": m.Requirement, "break_glass": m.BreakGlass,
		"authors": m.Authors, "consumers": m.Consumers, "refused_factors": m.RefusedFactors,
		"lease_ttl": m.LeaseTTL, "lease_max": m.LeaseMax, "request_ttl": m.RequestTTL,
		"self_approval": m.SelfApproval, "minimum_coverage": m.MinimumCoverage, "match_code": m.MatchCode, "consent_first": m.ConsentFirst,
	})
}

// same says whether two models say the same of a policy.
func (m *policyModel) same(o *policyModel) bool {
	mine, _ := m.object()
	theirs, _ := o.object()
	return mine.Equal(theirs)
}

// sink is a plan or state.
type sink interface {
	Set(ctx context.Context, value any) diag.Diagnostics
}

// write puts the model into a plan or state.
func (m *policyModel) write(ctx context.Context, to sink) diag.Diagnostics {
	o, diags := m.object()
	if !diags.HasError() {
		diags.Append(to.Set(ctx, o)...)
	}
	return diags
}

func textIn(a map[string]attr.Value, name string) types.String {
	v, _ := a[name].(types.String)
	return v
}

func flagIn(a map[string]attr.Value, name string) types.Bool {
	v, _ := a[name].(types.Bool)
	return v
}

func numberIn(a map[string]attr.Value, name string) types.Int64 {
	v, _ := a[name].(types.Int64)
	return v
}

func setIn(a map[string]attr.Value, name string) types.Set {
	v, _ := a[name].(types.Set)
	return v
}

func requirementOf(v attr.Value) requirementModel {
	o, _ := v.(types.Object)
	a := o.Attributes()
	return requirementModel{Name: textIn(a, "name"), M: numberIn(a, "m"), Approvers: setIn(a, "approvers"), Groups: setIn(a, "groups")}
}
