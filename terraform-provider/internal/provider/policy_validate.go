package provider

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/policytext"
)

// nameless says what a requirement of several lacks.
const nameless = "a requirement that names several approvers or groups needs a name of its own, which approvers are shown"

// ValidateConfig refuses what no organisation could make meaningful, as far as
// values are known.
func (p *policyResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config policyModel
	if resp.Diagnostics.Append(config.read(ctx, req.Config)...); resp.Diagnostics.HasError() {
		return
	}
	all, known := config.requirements()
	ordinary := 0
	names := map[string]path.Path{}
	for _, q := range all {
		if !q.breakGlass {
			ordinary++
		}
		q.validate(ctx, names, &resp.Diagnostics)
	}
	if known && (ordinary == 0 || ordinary > roster.MaxRequirements) {
		resp.Diagnostics.AddAttributeError(path.Root("requirement"), "Wrong number of requirements",
			fmt.Sprintf("A policy has 1 to %d `requirement` blocks, this one %d.", roster.MaxRequirements, ordinary))
	}
	for name, ids := range map[string]types.Set{"authors": config.Authors, "consumers": config.Consumers} {
		idsOf(ctx, path.Root(name), ids, &resp.Diagnostics)
		foreseeAbsent(path.Root(name), ids, &resp.Diagnostics)
	}
	config.validateTimes(&resp.Diagnostics)
}

// validate refuses a requirement that nobody could meet, and one whose name
// another has. names are those before it.
func (q *placed) validate(ctx context.Context, names map[string]path.Path, diags *diag.Diagnostics) {
	if name := q.Name.ValueString(); name != "" {
		if other, twice := names[name]; twice {
			diags.AddAttributeError(q.at.AtName("name"), "Name twice", fmt.Sprintf("%s is called %q, too: approvers could not tell them apart.", other, name))
		}
		names[name] = q.at
	}
	m := q.M.ValueInt64()
	if q.breakGlass && !q.M.IsUnknown() && m < roster.MinBreakGlass {
		diags.AddAttributeError(q.at.AtName("m"), "Break-glass by too few",
			fmt.Sprintf("Break-glass needs at least %d people: it is no way for one person around the others.", roster.MinBreakGlass))
	}
	named, whole := q.named(ctx, diags)
	foreseeAbsent(q.at.AtName("approvers"), q.Approvers, diags)
	foreseeAbsent(q.at.AtName("groups"), q.Groups, diags)
	if diags.HasError() || !whole {
		return
	}
	switch {
	case len(named) == 0:
		diags.AddAttributeError(q.at, "Requirement of nobody", "It names neither approvers nor groups, so that nobody could meet it.")
	case len(named) > 1 && q.Name.IsNull():
		diags.AddAttributeError(q.at.AtName("name"), "Name missing", "Give it a name: "+nameless+".")
	case !q.M.IsUnknown() && m > int64(len(named)) && !hasGroups(named):
		diags.AddAttributeError(q.at.AtName("m"), "More people than there are",
			fmt.Sprintf("It wants %d distinct people and names %d, and no group.", m, len(named)))
	}
}

// validateTimes holds the times against each other. What is left out has its
// default.
func (m *policyModel) validateTimes(diags *diag.Diagnostics) {
	read := func(text types.String, standard time.Duration) (seconds time.Duration, ok bool) {
		if text.IsNull() {
			return standard, true
		}
		n, err := policytext.Seconds(text.ValueString())
		return time.Duration(n) * time.Second, err == nil && !text.IsUnknown()
	}
	lease, okLease := read(m.LeaseTTL, roster.DefaultLeaseTTL)
	most, okMost := read(m.LeaseMax, roster.DefaultLeaseMax)
	if okMost && most > roster.MaxLease {
		diags.AddAttributeError(path.Root("lease_max"), "Lease too long", fmt.Sprintf("A lease is at most %s.", roster.MaxLease))
	}
	if okLease && okMost && lease > most {
		// Of the two, the one that was written.
		at, standard := "lease_ttl", ""
		switch {
		case m.LeaseTTL.IsNull():
			at, standard = "lease_max", " lease_ttl is the default; set it, too."
		case m.LeaseMax.IsNull():
			standard = " lease_max is the default; set it, too."
		}
		diags.AddAttributeError(path.Root(at), "Lease longer than the longest", fmt.Sprintf("lease_ttl, %s, is more than lease_max, %s.%s",
			policytext.Duration(uint32(lease/time.Second)), policytext.Duration(uint32(most/time.Second)), standard))
	}
	if wait, ok := read(m.RequestTTL, roster.DefaultRequestTTL); ok && wait > roster.MaxRequestTTL {
		diags.AddAttributeError(path.Root("request_ttl"), "Request waits too long", fmt.Sprintf("A request waits at most %s.", roster.MaxRequestTTL))
	}
}

// hasGroups says whether there is a group among principals.
func hasGroups(all []roster.Principal) bool {
	return slices.ContainsFunc(all, func(p roster.Principal) bool { return p.Kind == roster.PrincipalGroup })
}
