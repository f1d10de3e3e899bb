package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/policytext"
)

type policyDataModel struct {
	ID              types.String     `tfsdk:"id"`
	Name            types.String     `tfsdk:"name"`
	EffectiveFor    types.String     `tfsdk:"effective_for"`
	Path            types.String     `tfsdk:"path"`
	Requirements    []standingModel  `tfsdk:"requirements"`
	BreakGlass      *standingModel   `tfsdk:"break_glass"`
	Covered         types.Bool       `tfsdk:"covered"`
	Coverage        types.String     `tfsdk:"coverage"`
	Authors         []recipientModel `tfsdk:"authors"`
	ReleasesTo      []recipientModel `tfsdk:"releases_to"`
	RefusedFactors  []string         `tfsdk:"refused_factors"`
	LeaseTTL        types.String     `tfsdk:"lease_ttl"`
	LeaseMax        types.String     `tfsdk:"lease_max"`
	RequestTTL      types.String     `tfsdk:"request_ttl"`
	SelfApproval    types.Bool       `tfsdk:"self_approval"`
	MinimumCoverage types.Int64      `tfsdk:"minimum_coverage"`
	MatchCode       types.Bool       `tfsdk:"match_code"`
	ConsentFirst    types.Bool       `tfsdk:"consent_first"`
}

type standingModel struct {
	Name        types.String `tfsdk:"name"`
	M           types.Int64  `tfsdk:"m"`
	Approvers   []string     `tfsdk:"approvers"`
	Groups      []string     `tfsdk:"groups"`
	People      []string     `tfsdk:"people"`
	Elsewhere   []string     `tfsdk:"elsewhere"`
	Recoverable types.Int64  `tfsdk:"recoverable"`
	Meets       types.Bool   `tfsdk:"meets"`
}

type recipientModel struct {
	ID   types.String `tfsdk:"id"`
	Name types.String `tfsdk:"name"`
	Kind types.String `tfsdk:"kind"`
}

func (m *policyDataModel) show(r *roster.Roster, p *roster.Policy) {
	m.ID, m.Name, m.Path = types.StringValue(p.ID.String()), types.StringValue(p.Name), types.StringValue(p.Pattern)
	standing := policytext.Stand(r, p)
	m.Covered, m.Coverage = types.BoolValue(standing.Short == nil), types.StringValue("")
	if standing.Short != nil {
		m.Coverage = types.StringValue(standing.Short.Error())
	}
	m.Requirements = []standingModel{}
	for _, q := range standing.Requirements {
		one := standingOf(q)
		if q.BreakGlass {
			m.BreakGlass = &one
		} else {
			m.Requirements = append(m.Requirements, one)
		}
	}
	m.Authors, m.ReleasesTo = recipients(r, p.Authors), recipients(r, p.Consumers)
	m.RefusedFactors = factorTexts(p.RefusedFactors)
	m.LeaseTTL, m.LeaseMax = types.StringValue(policytext.Duration(p.LeaseTTL)), types.StringValue(policytext.Duration(p.LeaseMax))
	m.RequestTTL = types.StringValue(policytext.Duration(p.RequestTTL))
	m.SelfApproval, m.MatchCode, m.ConsentFirst = types.BoolValue(p.SelfApproval), types.BoolValue(p.MatchCode), types.BoolValue(p.ConsentFirst)
	m.MinimumCoverage = types.Int64Value(int64(p.MinimumCoverage))
}

func standingOf(q policytext.Standings) standingModel {
	approvers, groups := apart(q.Principals)
	return standingModel{
		Name: types.StringValue(q.Name), M: types.Int64Value(int64(q.M)), Approvers: idTexts(approvers), Groups: idTexts(groups),
		People: peopleNames(q.People), Elsewhere: peopleNames(q.Elsewhere), Recoverable: types.Int64Value(int64(q.Recoverable)), Meets: types.BoolValue(q.Meets),
	}
}

func peopleNames(all []*roster.Approver) []string {
	names := []string{}
	for _, a := range all {
		names = append(names, a.Name)
	}
	return names
}

// recipients are the consumers that are in force among ids.
func recipients(r *roster.Roster, ids []envelope.ID) []recipientModel {
	all := []recipientModel{}
	for _, id := range ids {
		if c, err := r.Consumer(id); err == nil {
			all = append(all, recipientModel{types.StringValue(id.String()), types.StringValue(c.Name), types.StringValue(string(c.Kind))})
		}
	}
	return all
}
