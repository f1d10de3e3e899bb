package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/roster"
)

func (a *app) policyCommand() *cobra.Command {
	return group(groupManage, "policy", "Say who may release, write and receive which paths",
		`A policy says, for the paths that match its pattern, how many of whom must say
yes, and which consumers may write and receive. Segment by segment, a literal
beats '+' (one segment), which beats a trailing '*' (one or more); the most
specific policy alone is in force for a path.`,
		a.policySetCommand(), a.policyShowCommand(), a.policyExplainCommand(), a.policyListCommand(), a.policyDeleteCommand())
}

func (a *app) policyListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the policies in force",
		Long: `List the policies. As JSON, each is in the form that 'policy set --file' takes,
with its name beside it.`,
		Example: `  stillvault policy list
  stillvault policy list --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.roster(cmd.Context())
			if err != nil {
				return err
			}
			type named struct {
				Name string `json:"name"`
				policyText
			}
			views := []named{}
			for _, p := range r.Policies() {
				views = append(views, named{p.Name, writePolicy(r, p)})
			}
			return a.Print(views, func(rows *terminal.Rows) {
				rows.Row("NAME", "PATH", "REQUIRES", "AUTHORS", "CONSUMERS")
				for _, v := range views {
					rows.Row(v.Name, v.Path, v.requirementsText(), strings.Join(v.Authors, ", "), strings.Join(v.Consumers, ", "))
				}
			})
		},
	}
}

func (a *app) policyDeleteCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "delete NAME",
		Short: "End a policy",
		Long: `End a policy. What it alone covered can be neither read nor written until another
policy covers it; nothing is deleted. First it is shown what that does to the secrets,
and who would have to re-share what another policy covers then.`,
		Example:           "  stillvault policy delete databases",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeNames(policyNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.signPreviewed(cmd.Context(), force, func(r *roster.Roster) (*entry, error) {
				p, err := r.PolicyNamed(args[0])
				if err != nil {
					return nil, err
				}
				return &entry{Kind: roster.KindPolicyDelete, Body: roster.Removal{ID: p.ID}}, nil
			})
			if err != nil {
				return err
			}
			a.Say("deleted policy %s at statement %d", args[0], r.Head().Seq)
			a.reshareWaits(cmd.Context())
			return nil
		},
	}
	forceFlag(c, &force)
	return c
}

// forceFlag lets a change be made whatever it does to the secrets.
func forceFlag(c *cobra.Command, force *bool) {
	c.Flags().BoolVar(force, "force", false, "change it even if secrets are lost, or below what their policy wants")
}
