package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/broker"
)

// ErrWhichNotice means that nothing was named to be acknowledged.
var ErrWhichNotice = errors.New("id_missing: name the ids to acknowledge, or pass --all once you have looked at all of them")

func (a *app) alarmsCommand() *cobra.Command {
	return group(groupManage, "alarms", "Show and acknowledge uses of break-glass",
		`Whenever somebody asks to break the glass, every approver is told and status shows it
until somebody acknowledges it here. Acknowledging says that you know, and changes
nothing else: the version stays marked for rotation until the secret is written again.`,
		a.alarmsListCommand(), a.acknowledgeCommand("alarms", (*broker.Client).AcknowledgeAlarm,
			func(ctx context.Context, c *broker.Client) ([]string, error) {
				return noticeIDs(c.ListAlarms(ctx))(func(n broker.Alarm) string { return n.ID })
			}))
}

func (a *app) alarmsListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the alarms that nobody has acknowledged, oldest first",
		Example: `  stillvault alarms list
  stillvault alarms list -format=json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.broker()
			if err != nil {
				return err
			}
			all, err := wholeAlarms(cmd.Context(), client)
			if err != nil {
				return err
			}
			return a.Print(all, func(rows *terminal.Rows) {
				rows.Row("ALARM", "PATH", "STATE", "REQUESTER", "AT", "REASON", "DECISIONS")
				for _, n := range all {
					rows.Row(n.ID, fmt.Sprintf("%s, version %d", n.Path, n.Version), n.State, requesterText(n.Requester, n.Entity, n.Host),
						n.Created.Format(time.RFC3339), n.Reason, orNone(decisionTexts(n.Decisions)))
				}
			})
		},
	}
}

// wholeAlarms reads each alarm of the list: only there it is told who decided.
func wholeAlarms(ctx context.Context, client *broker.Client) ([]broker.Alarm, error) {
	listed, err := client.ListAlarms(ctx)
	if err != nil {
		return nil, err
	}
	return whole(ctx, listed, func(n *broker.Alarm) *string { return &n.ID }, client.ReadAlarm)
}

// wholeReports reads each report of the list: only there it is told why it was asked.
func wholeReports(ctx context.Context, client *broker.Client) ([]broker.Report, error) {
	listed, err := client.ListReports(ctx)
	if err != nil {
		return nil, err
	}
	return whole(ctx, listed, func(n *broker.Report) *string { return &n.ID }, client.ReadReport)
}

// whole reads what is listed, one by one, leaving out what was acknowledged meanwhile.
func whole[T any](ctx context.Context, listed []T, id func(*T) *string, read func(context.Context, envelope.ID) (*T, error)) ([]T, error) {
	all := []T{}
	for i := range listed {
		text := *id(&listed[i])
		known, err := requestID(text)
		if err != nil {
			return nil, err
		}
		one, err := read(ctx, known)
		switch {
		case errors.Is(err, broker.ErrMissing) || broker.StatusOf(err) == http.StatusNotFound:
			continue
		case err != nil:
			return nil, err
		}
		*id(one) = text
		all = append(all, *one)
	}
	return all, nil
}

func requesterText(name, entity, host string) string {
	text := name
	if entity != "" {
		text += " (" + entity + ")"
	}
	if host != "" {
		text += " on " + host
	}
	return orNone(text)
}

func decisionTexts(all []broker.Decision) string {
	texts := make([]string, len(all))
	for i, d := range all {
		texts[i] = fmt.Sprintf("%s by %s", d.Decision, d.Name)
	}
	return strings.Join(texts, ", ")
}

func (a *app) reportsCommand() *cobra.Command {
	return group(groupManage, "reports", "Show and acknowledge what approvers reported",
		`An approver who denies a request may report it: nobody should have asked. Until
somebody looked into it and acknowledges it here, or for a day, nobody is asked for
the same by the same requester.`,
		a.reportsListCommand(), a.acknowledgeCommand("reports", (*broker.Client).AcknowledgeReport,
			func(ctx context.Context, c *broker.Client) ([]string, error) {
				return noticeIDs(c.ListReports(ctx))(func(n broker.Report) string { return n.ID })
			}))
}

func (a *app) reportsListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the reports that nobody has acknowledged, oldest first",
		Example: `  stillvault reports list
  stillvault reports list -format=json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.broker()
			if err != nil {
				return err
			}
			all, err := wholeReports(cmd.Context(), client)
			if err != nil {
				return err
			}
			return a.Print(all, func(rows *terminal.Rows) {
				rows.Row("REPORT", "PATH", "REQUESTER", "BECAUSE", "BY", "SAYING", "AT")
				for _, n := range all {
					rows.Row(n.ID, fmt.Sprintf("%s, version %d", n.Path, n.Version), requesterText(n.Requester, n.Entity, n.Host),
						orNone(n.Reason), n.By, orNone(n.Text), n.Time.Format(time.RFC3339))
				}
			})
		},
	}
}

// noticeIDs returns the ids of a list, or why there is none.
func noticeIDs[T any](all []T, err error) func(id func(T) string) ([]string, error) {
	return func(id func(T) string) ([]string, error) {
		ids := make([]string, len(all))
		for i, n := range all {
			ids[i] = id(n)
		}
		return ids, err
	}
}

func (a *app) acknowledgeCommand(of string, acknowledge func(*broker.Client, context.Context, envelope.ID) error,
	list func(context.Context, *broker.Client) ([]string, error)) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "acknowledge [ID…]",
		Short: "Say that you know and have looked into it",
		Example: fmt.Sprintf(`  stillvault %s acknowledge 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed
  stillvault %s acknowledge --all`, of, of),
		RunE: func(cmd *cobra.Command, ids []string) error {
			client, err := a.broker()
			if err != nil {
				return err
			}
			if all {
				if ids, err = list(cmd.Context(), client); err != nil {
					return err
				}
			} else if len(ids) == 0 {
				return ErrWhichNotice
			}
			for _, text := range ids {
				id, err := requestID(text)
				if err != nil {
					return err
				}
				if err := acknowledge(client, cmd.Context(), id); err != nil {
					return err
				}
			}
			a.Say("acknowledged %d", len(ids))
			return nil
		},
	}
	c.Flags().BoolVar(&all, "all", false, "all there are")
	return c
}
