package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/plugins/broker"
)

func (a *app) reshareCommand() *cobra.Command {
	c := group(groupManage, "reshare", "Hand shares on when people or policies change",
		`When people or numbers of a policy change, what is stored does not change by itself:
the people who hold shares deal them anew to those whom the policy names now, as many
of them as the shares demand. A signed policy alone weakens nothing. The shares from
before are kept until enough of the new ones have opened the secret.`,
		a.reshareListCommand(), a.reshareShowCommand(), a.reshareRunCommand(), a.reshareAbandonCommand(), a.reshareAcknowledgeCommand())
	return c
}

func (a *app) reshareListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the policies under which something is re-shared, and who is waited for",
		Example: `  stillvault reshare list
  stillvault reshare list -format=json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := a.reshares(cmd.Context())
			if err != nil {
				return err
			}
			if err := a.Print(all, func(rows *terminal.Rows) {
				rows.Row("POLICY", "PATH", "WAITING", "DONE", "WAITS FOR", "UNPROVEN")
				for _, r := range all {
					rows.Row(r.Policy, r.Pattern, r.Waiting, r.Done, orNobody(dealers(r.Missing)), unproven(r))
				}
			}); err != nil {
				return err
			}
			for _, r := range all {
				if r.Problem != "" {
					a.Warn("nobody can be asked to re-share under %s: %s", r.Policy, r.Problem)
				}
			}
			return nil
		},
	}
}

// reshares reads every re-share there is.
func (a *app) reshares(ctx context.Context) ([]*broker.Reshare, error) {
	client, err := a.broker()
	if err != nil {
		return nil, err
	}
	lines, err := client.ListReshares(ctx)
	if err != nil {
		return nil, err
	}
	all := []*broker.Reshare{}
	for _, line := range lines {
		r, err := client.ReadReshare(ctx, line.Policy)
		if errors.Is(err, broker.ErrMissing) {
			continue // done meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// dealers says who deals, and how many versions: "alice (12), bob (3)".
func dealers(all []broker.ReshareBy) []string {
	texts := make([]string, len(all))
	for i, d := range all {
		texts[i] = fmt.Sprintf("%s (%d)", d.Name, d.Versions)
	}
	return texts
}

func unproven(r *broker.Reshare) string {
	if r.Unproven == 0 {
		return "-"
	}
	return fmt.Sprintf("%d, %d of %d shares proven", r.Unproven, r.Proven, r.Shares)
}

func (a *app) reshareShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "show POLICY",
		Short:             "Show one re-share: from, to, who dealt, who is missing",
		Example:           "  stillvault reshare show production",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeNames(policyNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := a.broker()
			if err != nil {
				return err
			}
			r, err := client.ReadReshare(cmd.Context(), args[0])
			if errors.Is(err, broker.ErrMissing) {
				return fmt.Errorf("%w: nothing under %s is re-shared or unproven", err, args[0])
			}
			if err != nil {
				return err
			}
			return a.Print(r, func(rows *terminal.Rows) { reshareTable(rows, r) })
		},
	}
}

func reshareTable(rows *terminal.Rows, r *broker.Reshare) {
	rows.Row("policy", fmt.Sprintf("%s (%s)", r.Policy, r.Pattern))
	rows.Row("request", orNone(r.Request))
	rows.Row("from", orNone(strings.Join(r.From, "; or ")))
	rows.Row("to", r.To)
	rows.Row("people", orNobody(r.People))
	rows.Row("versions", fmt.Sprintf("%d of %d re-shared", r.Done, r.Total))
	rows.Row("dealt", orNobody(dealers(r.Dealt)))
	rows.Row("waits for", orNobody(dealers(r.Missing)))
	rows.Row("unproven", unproven(r))
	if len(r.Stuck) > 0 {
		rows.Row("stuck", examples(r.Stuck, len(r.Stuck), statusExamples)+": too few of those who hold shares can deal; have it written again")
	}
	if r.Problem != "" {
		rows.Row("problem", r.Problem)
	}
}

func (a *app) reshareAbandonCommand() *cobra.Command {
	return a.reshareUpdate(&cobra.Command{
		Use:   "abandon POLICY",
		Short: "Take back what is not proven yet, and have it re-shared again",
		Long: `Take back the re-shares under a policy that are not proven yet, for when a dealer was
found to have lied: the shares from before are in force again, and the holders are
asked to deal anew. What is proven stays.`,
		Example: "  stillvault reshare abandon production",
	}, (*broker.Client).AbandonReshare, "took back what was not proven under %s; its holders are asked again")
}

func (a *app) reshareAcknowledgeCommand() *cobra.Command {
	return a.reshareUpdate(&cobra.Command{
		Use:   "acknowledge POLICY",
		Short: "Say that you looked into who is said to have lied when they dealt",
		Long: `Where a host says that somebody dealt something else than their share, status names
them. A host can prove that to nobody: have others read the secret, which proves the
shares, or take them back with 'reshare abandon'. This ends the notice.`,
		Example: "  stillvault reshare acknowledge production",
	}, (*broker.Client).AcknowledgeSuspects, "acknowledged what was said of dealers under %s")
}

// reshareUpdate makes a command that does something to a policy's re-shares, and says
// what it did.
func (a *app) reshareUpdate(c *cobra.Command, do func(*broker.Client, context.Context, string) error, said string) *cobra.Command {
	c.Args, c.ValidArgsFunction = cobra.ExactArgs(1), a.completeNames(policyNames)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		client, err := a.broker()
		if err != nil {
			return err
		}
		if err := do(client, cmd.Context(), args[0]); err != nil {
			return err
		}
		a.Say(said, args[0])
		return nil
	}
	return c
}
