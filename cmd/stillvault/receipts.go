package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/evidence"
	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

func (a *app) receiptsCommand() *cobra.Command {
	return group(groupApprove, "receipts", "Show, export and verify what approvers decided",
		`Every decision leaves a receipt: signed by the approver's device, an approval also
by their keyring, and linked to the device's receipt before. It can be verified
with the organisation's log alone, without the broker.`,
		a.receiptsListCommand(), a.receiptsShowCommand(), a.receiptsExportCommand(), a.receiptsVerifyCommand(), a.receiptsCheckpointCommand())
}

func (a *app) receiptsListCommand() *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use:   "list",
		Short: "List decisions, oldest first, each verified here",
		Example: `  stillvault receipts list
  stillvault receipts list --last 500 -format=json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.showReceipts(cmd.Context(), func(client *broker.Client) ([]envelope.ID, error) {
				ids, err := decidedRequests(cmd.Context(), client)
				if err != nil {
					return nil, err
				}
				if left := len(ids) - limit; left > 0 {
					a.Say("showing the last %d of %d requests; see --last", limit, len(ids))
					ids = ids[left:]
				}
				return ids, nil
			})
		},
	}
	c.Flags().IntVar(&limit, "last", 50, "of this many requests, the newest")
	return c
}

func (a *app) receiptsShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show REQUEST",
		Short:   "Show the decisions about one request, verified here",
		Example: "  stillvault receipts show 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := requestID(args[0])
			if err != nil {
				return err
			}
			return a.showReceipts(cmd.Context(), func(*broker.Client) ([]envelope.ID, error) { return []envelope.ID{id}, nil })
		},
	}
}

// showReceipts verifies, one by one, the decisions about requests, and prints
// them. That none is missing in between, only an export shows.
func (a *app) showReceipts(ctx context.Context, which func(*broker.Client) ([]envelope.ID, error)) error {
	r, err := a.roster(ctx)
	if err != nil {
		return err
	}
	client, err := a.broker()
	if err != nil {
		return err
	}
	ids, err := which(client)
	if err != nil {
		return err
	}
	lines := []evidence.Line{}
	for _, id := range ids {
		all, err := client.ReadReceipts(ctx, id)
		if err != nil {
			return err
		}
		for _, e := range all {
			proven, err := evidence.One(r, e)
			if err != nil {
				return fmt.Errorf("a receipt of request %s does not hold: %w", id, err)
			}
			lines = append(lines, proven.Describe())
		}
	}
	return a.Print(lines, func(rows *terminal.Rows) {
		for _, l := range lines {
			rows.Row(l)
		}
	})
}

// decidedRequests lists every request that was decided, oldest first.
func decidedRequests(ctx context.Context, client *broker.Client) ([]envelope.ID, error) {
	var all []envelope.ID
	known := map[envelope.ID]bool{}
	for after := (envelope.ID{}); ; {
		page, err := client.ListReceipts(ctx, after)
		if err != nil {
			return nil, err
		}
		before := len(all)
		for _, id := range page {
			if !known[id] {
				known[id] = true
				all = append(all, id)
			}
		}
		if len(all) == before {
			return all, nil
		}
		after = page[len(page)-1]
	}
}

func (a *app) receiptsExportCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "export",
		Short: "Write all receipts, one per line, for `receipts verify`",
		Long: `Write every receipt with its request as JSON Lines; that of a re-share with the
versions that were dealt. Nothing in it is secret but who
asked for what, when and why. Keep it beside 'org log export', away from Vault:
together they prove what was released.`,
		Example: `  stillvault receipts export -o receipts.jsonl
  stillvault org log export -o org.log`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.exportReceipts(cmd.Context(), output) },
	}
	c.Flags().StringVarP(&output, "output", "o", "", "file to write; standard output without it")
	return c
}

func (a *app) exportReceipts(ctx context.Context, output string) error {
	client, err := a.broker()
	if err != nil {
		return err
	}
	all, err := allEvidence(ctx, client)
	if err != nil {
		return err
	}
	if output == "" {
		return evidence.Write(a.Out(), all)
	}
	var encoded bytes.Buffer
	if err := evidence.Write(&encoded, all); err != nil {
		return err
	}
	if err := file.WritePrivate(output, encoded.Bytes()); err != nil {
		return err
	}
	a.Say("wrote %s to %s", counted(len(all), "receipt"), output)
	return nil
}

// allEvidence reads every receipt that the broker has, oldest request first.
func allEvidence(ctx context.Context, client *broker.Client) ([]approval.Evidence, error) {
	ids, err := decidedRequests(ctx, client)
	if err != nil {
		return nil, err
	}
	var all []approval.Evidence
	for _, id := range ids {
		some, err := client.ReadReceipts(ctx, id)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}
