package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/policytext"
)

// explanation is how a policy's hold over a path is printed.
type explanation struct {
	Path         string               `json:"path"` // empty where a policy was asked for
	Policy       string               `json:"policy"`
	Pattern      string               `json:"pattern"`
	Beats        []beaten             `json:"beats"`
	Requirements []requirementExplain `json:"requirements"`
	Covered      bool                 `json:"covered"`
	Coverage     string               `json:"coverage"` // why not, where it is not
	Authors      []string             `json:"authors"`
	Consumers    []string             `json:"consumers"`
	Through      []string             `json:"plaintext_through"` // mounts among them
	Unrelated    []string             `json:"without_entity"`    // eligible, but not known by a Vault entity
	Settings     policyText           `json:"settings"`
}

// beaten is a policy that matches too, and why it is not in force.
type beaten struct {
	Policy  string `json:"policy"`
	Pattern string `json:"pattern"`
	Because string `json:"because"`
}

type requirementExplain struct {
	Name        string   `json:"name"`
	M           uint32   `json:"m"`
	BreakGlass  bool     `json:"break_glass"`
	Named       []string `json:"named"` // what the policy names, groups with what they hold
	People      []string `json:"people"`
	Elsewhere   []string `json:"counted_elsewhere"` // eligible, but counted for another requirement
	Recoverable int      `json:"recoverable"`
	Meets       bool     `json:"meets"`
}

func (a *app) policyShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Show one policy: who counts where, and what it asks",
		Example: `  stillvault policy show production
  stillvault policy show production --format json`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeNames(policyNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.roster(cmd.Context())
			if err != nil {
				return err
			}
			p, err := r.PolicyNamed(args[0])
			if err != nil {
				return err
			}
			x := explainPolicy(r, p)
			return a.Print(x, x.table)
		},
	}
}

func (a *app) policyExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain PATH",
		Short: "Say which policy is in force for a path, why, and for whom",
		Long: `Say which policy is in force for a path, and why it beats others. For each
requirement: what it names, group by group, and the people who count for it. A
person counts for one requirement only; who qualifies for several is shown at the
others as counted elsewhere.`,
		Example: `  stillvault policy explain prod/db
  stillvault policy explain prod/db --format json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.roster(cmd.Context())
			if err != nil {
				return err
			}
			x, err := explain(r, args[0])
			if err != nil {
				return err
			}
			return a.Print(x, x.table)
		},
	}
}

func explain(r *roster.Roster, path string) (*explanation, error) {
	p, err := r.PolicyFor(path)
	if err != nil {
		return nil, err
	}
	x := explainPolicy(r, p)
	x.Path = path
	for _, other := range r.Policies() {
		if also, err := roster.Matches(other.Pattern, path); err == nil && also && other.ID != p.ID {
			x.Beats = append(x.Beats, beaten{other.Name, other.Pattern, because(p.Pattern, other.Pattern)})
		}
	}
	return x, nil
}

// explainPolicy says whom a policy names, and who of them counts where.
func explainPolicy(r *roster.Roster, p *roster.Policy) *explanation {
	x := &explanation{
		Policy: p.Name, Pattern: p.Pattern, Beats: []beaten{}, Through: []string{}, Unrelated: []string{},
		Authors: namesOfConsumers(r, p.Authors), Consumers: namesOfConsumers(r, p.Consumers), Settings: writePolicy(r, p),
	}
	for _, c := range r.Consumers() {
		if c.Kind == roster.ConsumerMount && (slices.Contains(x.Authors, c.Name) || slices.Contains(x.Consumers, c.Name)) {
			x.Through = append(x.Through, c.Name)
		}
	}
	x.explainPeople(r, p)
	return x
}

func (x *explanation) explainPeople(r *roster.Roster, p *roster.Policy) {
	standing := policytext.Stand(r, p)
	x.Covered = standing.Short == nil
	if !x.Covered {
		x.Coverage = standing.Short.Error()
	}
	for _, q := range standing.Requirements {
		x.Requirements = append(x.Requirements, requirementExplain{
			Name: q.Name, M: q.M, Named: nested(r, q.Principals), BreakGlass: q.BreakGlass,
			People: namesOf(q.People, approverName), Elsewhere: namesOf(q.Elsewhere, approverName),
			Recoverable: q.Recoverable, Meets: q.Meets,
		})
	}
	x.Unrelated = namesOf(standing.Unrelated, approverName)
}

func approverName(a *roster.Approver) string { return a.Name }

// because says why one pattern is more specific than another that matches the
// same path: the first segment in which they differ decides.
func because(winner, loser string) string {
	ws, ls := strings.Split(winner, "/"), strings.Split(loser, "/")
	for i := range min(len(ws), len(ls)) {
		if ws[i] != ls[i] {
			return fmt.Sprintf("in segment %d, %s beats %s", i+1, segmentText(ws[i]), segmentText(ls[i]))
		}
	}
	return "it names more segments"
}

func segmentText(s string) string {
	switch s {
	case "+":
		return "'+', one segment,"
	case "*":
		return "'*', any rest"
	}
	return fmt.Sprintf("the literal %q", s)
}
