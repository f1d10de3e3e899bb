package backend

import (
	"github.com/hashicorp/vault/sdk/framework"

	"github.com/stillvault/stillvault/core/roster"
)

func (b *broker) pathPolicies() []*framework.Path {
	return b.rosterPaths(rosterView{
		plural: "policies", singular: "policy",
		about: `
Who may release what lies under a path pattern, and to what. Segment by segment
a literal beats "+" (one segment), and that beats a trailing "*" (one or more).
Policies are set and deleted by the organisation's signer, in org/log.`,
		shown: fields{
			"id":               required(framework.TypeString, "The policy's id."),
			"name":             required(framework.TypeString, "The policy's name."),
			"hash":             required(framework.TypeString, "Hash of the policy's exact text."),
			"pattern":          required(framework.TypeString, "Pattern of the paths that the policy covers."),
			"requirements":     required(framework.TypeSlice, "Requirements, all to be met: name, m, principals."),
			"break_glass":      required(framework.TypeSlice, "The requirement for an emergency, which suffices alone; none or one: name, m, principals."),
			"authors":          required(framework.TypeSlice, "Consumers that may write: id, name."),
			"consumers":        required(framework.TypeSlice, "Consumers that may receive: id, name."),
			"refused_factors":  required(framework.TypeStringSlice, "People whose keyring opens with one of these do not count."),
			"lease_ttl":        required(framework.TypeInt64, "Seconds that a release holds, from approval."),
			"lease_max":        required(framework.TypeInt64, "Seconds, the most that a requester may ask for."),
			"request_ttl":      required(framework.TypeInt64, "Seconds that a request may wait for its people."),
			"self_approval":    required(framework.TypeBool, "Whether people may approve what they asked for."),
			"minimum_coverage": required(framework.TypeInt64, "How many people each requirement may lose and still be met."),
			"match_code":       required(framework.TypeBool, "Whether the approver types the match code."),
			"consent_first":    required(framework.TypeBool, "Whether shares wait for everybody's consent."),
			"coverage":         required(framework.TypeSlice, "How each requirement stands today: requirement, m, people, recoverable, meets."),
		},
		list: func(r *roster.Roster) ([]string, map[string]any) {
			return listView(r.Policies(), func(p *roster.Policy) (string, map[string]any) {
				return p.Name, map[string]any{"id": p.ID.String(), "pattern": p.Pattern}
			})
		},
		read: readPolicy,
	})
}

func readPolicy(r *roster.Roster, name string) (map[string]any, error) {
	p, err := r.PolicyNamed(name)
	if err != nil {
		return nil, err
	}
	hash, err := p.Hash()
	if err != nil {
		return nil, err
	}
	requirements, breakGlass := []any{}, []any{}
	for _, q := range p.Requirements {
		requirements = append(requirements, requirementView(r, q))
	}
	if p.BreakGlass != nil {
		breakGlass = append(breakGlass, requirementView(r, *p.BreakGlass))
	}
	coverage := []any{}
	if people, err := r.Assign(p); err == nil {
		coverage = coverageView(p, p.Coverage(people))
	}
	return map[string]any{
		"id": p.ID.String(), "name": p.Name, "hash": hash.String(), "pattern": p.Pattern,
		"requirements": requirements, "break_glass": breakGlass, "authors": consumerNames(r, p.Authors), "consumers": consumerNames(r, p.Consumers),
		"refused_factors": factorNames(p.RefusedFactors), "lease_ttl": p.LeaseTTL, "lease_max": p.LeaseMax,
		"request_ttl": p.RequestTTL, "self_approval": p.SelfApproval, "minimum_coverage": p.MinimumCoverage,
		"match_code": p.MatchCode, "consent_first": p.ConsentFirst, "coverage": coverage,
	}, nil
}

func requirementView(r *roster.Roster, q roster.Requirement) map[string]any {
	return map[string]any{"name": q.Name, "m": q.M, "principals": principalNames(r, q.Principals)}
}

// coverageView shows a coverage, and whether it is what the policy demands.
func coverageView(p *roster.Policy, coverage []roster.Coverage) []any {
	shown := []any{}
	for _, c := range coverage {
		shown = append(shown, map[string]any{
			"requirement": c.Requirement, "m": c.M, "people": c.People,
			"recoverable": c.Recoverable, "meets": c.Meets(p.MinimumCoverage),
		})
	}
	return shown
}
