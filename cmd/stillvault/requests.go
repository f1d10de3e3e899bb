package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/broker"
)

func (a *app) requestsCommand() *cobra.Command {
	return group(groupUse, "requests", "Show and cancel requests that wait",
		`Requests wait until their people decided, their deadline is past, or somebody
cancels them. Those that ended are remembered for a while.`,
		a.requestsListCommand(), a.requestsShowCommand(), a.requestsCancelCommand())
}

func (a *app) requestsListCommand() *cobra.Command {
	type view struct {
		ID       string              `json:"request_id"`
		Path     string              `json:"path"`
		Version  uint64              `json:"version"`
		State    broker.RequestState `json:"state"`
		Created  time.Time           `json:"created"`
		Deadline time.Time           `json:"deadline"`
	}
	var waiting bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List requests, oldest first",
		Example: `  stillvault requests list
  stillvault requests list --waiting -format=json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.broker()
			if err != nil {
				return err
			}
			all, err := client.ListRequests(cmd.Context())
			if err != nil {
				return err
			}
			views := []view{}
			for _, r := range all {
				if !waiting || r.State == broker.RequestWaiting {
					views = append(views, view{r.ID, r.Path, r.Version, r.State, r.Created, r.Deadline})
				}
			}
			return a.Print(views, func(rows *terminal.Rows) {
				rows.Row("REQUEST", "STATE", "PATH", "VERSION", "CREATED", "TIME LEFT")
				for _, v := range views {
					rows.Row(v.ID, v.State, v.Path, v.Version, v.Created.Format(time.RFC3339), timeLeft(v.State, v.Deadline))
				}
			})
		},
	}
	c.Flags().BoolVar(&waiting, "waiting", false, "only those that still wait")
	return c
}

func timeLeft(state broker.RequestState, deadline time.Time) string {
	if state != broker.RequestWaiting {
		return "-"
	}
	return max(time.Until(deadline), 0).Truncate(time.Second).String()
}

func (a *app) requestsShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show ID",
		Short:   "Show one request: who asks, who decided, what is missing",
		Example: "  stillvault requests show 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := requestID(args[0])
			if err != nil {
				return err
			}
			client, err := a.broker()
			if err != nil {
				return err
			}
			r, err := client.ReadRequest(cmd.Context(), id)
			if err != nil {
				return err
			}
			return a.printRequest(r)
		},
	}
}

// requestView is a request with the code that people compare.
type requestView struct {
	*broker.Request
	MatchCode string `json:"match_code"`
}

func (a *app) printRequest(r *broker.Request) error {
	v := requestView{Request: r}
	if hash, err := envelope.ParseHash(r.Hash); err == nil {
		v.MatchCode = approval.MatchCode(hash)
	}
	return a.Print(v, func(rows *terminal.Rows) {
		rows.Row("request", r.ID)
		rows.Row("state", r.State)
		if r.Cause != "" {
			rows.Row("cause", r.Cause)
		}
		rows.Row("secret", fmt.Sprintf("%s, version %d", r.Path, r.Version))
		rows.Row("requester", r.Requester)
		rows.Row("entity", orNone(r.Entity))
		rows.Row("from", orNone(strings.TrimSpace(r.Host+" "+r.Remote)))
		rows.Row("consumer", r.Consumer)
		rows.Row("reason", orNone(r.Reason))
		rows.Row("created", r.Created.Format(time.RFC3339))
		rows.Row("time left", timeLeft(r.State, r.Deadline))
		rows.Row("match code", v.MatchCode)
		if r.State == broker.RequestWaiting {
			rows.Row("waits for", r.Summary)
		}
		for _, n := range r.Requirements {
			text := fmt.Sprintf("%d of %d %s", n.Have, n.Want, n.Requirement)
			if len(n.Decided) > 0 {
				text += ": " + strings.Join(n.Decided, ", ")
			}
			rows.Row("tally", text)
		}
		for _, d := range r.Decisions {
			text := fmt.Sprintf("%s by %s at %s", d.Decision, d.Name, d.Time.Format(time.RFC3339))
			if d.Reason != "" {
				text += ": " + d.Reason
			}
			rows.Row("decision", text)
		}
	})
}

func (a *app) requestsCancelCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel ID",
		Short: "End a request; whoever waits for it is told so",
		Long: `End a request. Approvers' cards disappear, and whoever waits is told so. One that
has ended already stays as it ended.`,
		Example: "  stillvault requests cancel 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.cancelRequest(cmd.Context(), args[0]) },
	}
}

func (a *app) cancelRequest(ctx context.Context, text string) error {
	id, err := requestID(text)
	if err != nil {
		return err
	}
	client, err := a.broker()
	if err != nil {
		return err
	}
	if err := client.CancelRequest(ctx, id); err != nil {
		return err
	}
	r, err := client.ReadRequest(ctx, id)
	if err != nil {
		a.Say("request %s has ended", id)
		return nil // it was cancelled, and may not be looked at
	}
	a.Say("request %s is %s", id, r.State)
	return nil
}
