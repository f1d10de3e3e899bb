package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/approver"
	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/home"
)

func (a *app) inboxCommand() *cobra.Command {
	var name string
	var all bool
	c := &cobra.Command{
		Use:     "inbox",
		GroupID: groupApprove,
		Short:   "List what waits for you as an approver, and ask nothing",
		Long: `List the requests that wait for this terminal's approver, each verified here as
'approve' does. Those of whoever was muted are left out, and counted; --all lists
them, too.`,
		Example: `  stillvault inbox
  stillvault inbox --all -format=json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.inbox(cmd.Context(), name, all) },
	}
	a.approverFlag(c, &name)
	c.Flags().BoolVar(&all, "all", false, "list requests of those who are muted, too")
	return c
}

// approverFlag lets a command be one of several approvers of the state directory.
func (a *app) approverFlag(c *cobra.Command, name *string) {
	c.Flags().StringVar(name, "approver", "", "which approver to be (default the only one in the state directory)")
	a.completeFlag(c, "approver", (*home.Home).Approvers)
}

// waitingView is a request that waits for an approver.
type waitingView struct {
	ID        envelope.ID `json:"request_id"`
	Path      string      `json:"path"`
	Version   uint64      `json:"version"`
	Requester string      `json:"requester"`
	Entity    string      `json:"entity"`
	Consumer  string      `json:"consumer"`
	Reason    string      `json:"reason"`
	Policy    string      `json:"policy"`
	Deadline  time.Time   `json:"deadline"`
	Muted     bool        `json:"muted"`
}

func viewWaiting(l approver.Listed) waitingView {
	q := l.Case.Request
	return waitingView{
		ID: q.ID, Path: q.Path, Version: q.Version, Requester: q.Origin.Requester, Entity: q.Origin.Entity,
		Consumer: l.Case.Consumer.Name, Reason: q.Reason, Policy: l.Case.Policy.Name, Deadline: q.Deadline.Time(), Muted: l.Muted,
	}
}

func (a *app) inbox(ctx context.Context, name string, all bool) error {
	desk, err := a.desk(ctx, name)
	if err != nil {
		return err
	}
	defer desk.Wipe()
	listed, err := desk.session.Look(ctx)
	if err != nil {
		return desk.explain(err)
	}
	views, muted := []waitingView{}, 0
	for _, l := range listed {
		if l.Muted {
			muted++
		}
		if all || !l.Muted {
			views = append(views, viewWaiting(l))
		}
	}
	if muted > 0 && !all {
		a.Say("%s of those whom you muted left out; see --all", counted(muted, "request"))
	}
	return a.Print(views, func(rows *terminal.Rows) {
		rows.Row("REQUEST", "PATH", "REQUESTER", "CONSUMER", "TIME LEFT", "REASON")
		for _, v := range views {
			left := max(time.Until(v.Deadline), 0).Truncate(time.Second).String()
			if v.Muted {
				left += ", muted"
			}
			rows.Row(v.ID, fmt.Sprintf("%s, version %d", approver.Shown(v.Path), v.Version), orNone(v.Requester), v.Consumer, left, orNone(v.Reason))
		}
	})
}

func (a *app) denyCommand() *cobra.Command {
	var name, reason string
	var report bool
	c := &cobra.Command{
		Use:     "deny REQUEST",
		GroupID: groupApprove,
		Short:   "Deny one request, without being asked",
		Long: `Deny a request that waits for this terminal's approver. Your keyring is not needed:
saying no is never harder than saying yes. One denial ends a request, whoever else
has approved.

With --report, you also say that the request was not right. It is listed by
'stillvault reports' and status until somebody has looked into it, and nobody is
asked for the same by the same requester for a day.`,
		Example: `  stillvault deny 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed --reason "not during the freeze"
  stillvault deny 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed --report --reason "that was not me"`,
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(c, args); err != nil {
				return err
			}
			if len(reason) > approval.MaxReason || !approval.Printable(reason) {
				return ErrReason
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := requestID(args[0])
			if err != nil {
				return err
			}
			desk, err := a.desk(cmd.Context(), name)
			if err != nil {
				return err
			}
			defer desk.Wipe()
			return desk.explain(desk.session.Deny(cmd.Context(), id, reason, report))
		},
	}
	a.approverFlag(c, &name)
	c.Flags().StringVar(&reason, "reason", "", "shown to the requester")
	c.Flags().BoolVar(&report, "report", false, "say that the request was not right")
	return c
}
