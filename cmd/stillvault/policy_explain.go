package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/roster"
)

// explanation is how a policy's hold over a path is printed.
type explanation struct {
	Path         string               `json:"path"`
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
	People      []string `json:"people"`
	Elsewhere   []string `json:"counted_elsewhere"` // eligible, but counted for another requirement
	Recoverable int      `json:"recoverable"`
	Meets       bool     `json:"meets"`
}

func (a *app) policyExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain PATH",
		Short: "Say which policy is in force for a path, why, and for whom",
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
	x := &explanation{
		Path: path, Policy: p.Name, Pattern: p.Pattern, Beats: []beaten{}, Through: []string{}, Unrelated: []string{},
		Authors: namesOfConsumers(r, p.Authors), Consumers: namesOfConsumers(r, p.Consumers), Settings: writePolicy(r, p),
	}
	for _, other := range r.Policies() {
		if other.ID != p.ID && matches(other.Pattern, path) {
			x.Beats = append(x.Beats, beaten{other.Name, other.Pattern, because(p.Pattern, other.Pattern)})
		}
	}
	for _, c := range r.Consumers() {
		if c.Kind == roster.ConsumerMount && (slices.Contains(x.Authors, c.Name) || slices.Contains(x.Consumers, c.Name)) {
			x.Through = append(x.Through, c.Name)
		}
	}
	x.explainPeople(r, p)
	return x, nil
}

func (x *explanation) explainPeople(r *roster.Roster, p *roster.Policy) {
	eligible := r.Eligible(p)
	assigned, err := r.Assign(p)
	if err != nil {
		x.Coverage, assigned = err.Error(), make([][]*roster.Approver, len(eligible))
	} else if err := p.Covers(assigned); err != nil {
		x.Coverage = err.Error()
	} else {
		x.Covered = true
	}
	coverage := p.Coverage(assigned)
	for i, q := range p.Requirements {
		one := requirementExplain{
			Name: q.Name, M: q.M, People: namesOf(assigned[i], approverName), Elsewhere: []string{},
			Recoverable: coverage[i].Recoverable, Meets: coverage[i].Meets(p.MinimumCoverage),
		}
		for _, who := range eligible[i] {
			if !slices.Contains(one.People, who.Name) {
				one.Elsewhere = append(one.Elsewhere, who.Name)
			}
			if len(who.Entities) == 0 && !p.SelfApproval && !slices.Contains(x.Unrelated, who.Name) {
				x.Unrelated = append(x.Unrelated, who.Name)
			}
		}
		slices.Sort(one.People)
		slices.Sort(one.Elsewhere)
		x.Requirements = append(x.Requirements, one)
	}
	slices.Sort(x.Unrelated)
}

func approverName(a *roster.Approver) string { return a.Name }

// matches says whether a pattern covers a path: the roster itself only tells
// which policy wins.
func matches(pattern, path string) bool {
	ps, segments := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, p := range ps {
		if p == "*" && i == len(ps)-1 {
			return len(segments) > i
		}
		if i >= len(segments) || p != "+" && p != segments[i] {
			return false
		}
	}
	return len(ps) == len(segments)
}

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

func (x *explanation) table(rows *terminal.Rows) {
	rows.Row("path", x.Path)
	rows.Row("policy", fmt.Sprintf("%s (%s)", x.Policy, x.Pattern))
	for _, b := range x.Beats {
		rows.Row("", fmt.Sprintf("beats %s (%s): %s", b.Policy, b.Pattern, b.Because))
	}
	for _, q := range x.Requirements {
		text := fmt.Sprintf("%s: %d of %s", q.Name, q.M, strings.Join(q.People, ", "))
		if len(q.Elsewhere) > 0 {
			text += fmt.Sprintf(" (counted elsewhere: %s)", strings.Join(q.Elsewhere, ", "))
		}
		rows.Row("approve", text)
		rows.Row("", fmt.Sprintf("%d people, %d with a recovery factor", len(q.People), q.Recoverable))
	}
	if x.Covered {
		rows.Row("coverage", "enough")
	} else {
		rows.Row("coverage", x.Coverage)
	}
	rows.Row("write", orNobody(x.Authors))
	rows.Row("receive", orNobody(x.Consumers))
	if len(x.Through) > 0 {
		rows.Row("", "plaintext passes through Vault: "+strings.Join(x.Through, ", "))
	}
	if len(x.Unrelated) > 0 {
		rows.Row("", "could approve their own, having no Vault entity: "+strings.Join(x.Unrelated, ", "))
	}
	s := x.Settings
	rows.Row("times", fmt.Sprintf("lease %s, at most %s; a request waits %s", s.LeaseTTL, s.LeaseMax, s.RequestTTL))
	if len(s.RefusedFactors) > 0 {
		rows.Row("refuses", "keyrings that open with "+strings.Join(s.RefusedFactors, ", "))
	}
	for _, rule := range []struct {
		on   bool
		text string
	}{{s.SelfApproval, "people may approve what they asked for themselves"}, {s.MatchCode, "the match code must be typed"}, {s.ConsentFirst, "shares only after enough consents"}} {
		if rule.on {
			rows.Row("rule", rule.text)
		}
	}
}

func orNobody(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}
