package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/evidence"
	"github.com/stillvault/stillvault/cmd/stillvault/internal/home"
	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

func (a *app) receiptsCommand() *cobra.Command {
	return group(groupApprove, "receipts", "Show, export and verify what approvers decided",
		`Every decision leaves a receipt: signed by the approver's device, an approval also
by their keyring, and linked to the device's receipt before. It can be verified
with the organisation's log alone, without the broker.`,
		a.receiptsListCommand(), a.receiptsShowCommand(), a.receiptsExportCommand(), a.receiptsVerifyCommand())
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
		Long: `Write every receipt with its request as JSON Lines. Nothing in it is secret but who
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
	ids, err := decidedRequests(ctx, client)
	if err != nil {
		return err
	}
	var all []approval.Evidence
	for _, id := range ids {
		some, err := client.ReadReceipts(ctx, id)
		if err != nil {
			return err
		}
		all = append(all, some...)
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
	a.Say("wrote %d receipts to %s", len(all), output)
	return nil
}

// ErrReceiptsRefused means that something in a file of receipts does not hold.
var ErrReceiptsRefused = errors.New("receipts_refused: the lines named do not hold; compare with an older export, and with the approvers' own devices")

func (a *app) receiptsVerifyCommand() *cobra.Command {
	var logFile, organisation string
	c := &cobra.Command{
		Use:   "verify FILE",
		Short: "Verify exported receipts offline, and say what they prove",
		Long: `Verify every line of a file that 'receipts export' wrote, and that no receipt of a
device is missing in between: with the organisation's log, and without the
broker or any network. It prints who released what to whom, when, and under
which policy; what does not hold is named with its line, and the command fails.

That receipts are missing at the end, only the device itself can show.`,
		Example: `  stillvault receipts verify receipts.jsonl --log org.log
  stillvault receipts verify receipts.jsonl --log org.log --organisation 4f1c…`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.auditRoster(logFile, organisation)
			if err != nil {
				return err
			}
			return a.verifyReceipts(r, args[0], cmd.InOrStdin())
		},
	}
	c.Flags().StringVar(&logFile, "log", "", "the organisation's log as `org log export` wrote it (default the copy in the state directory)")
	c.Flags().StringVar(&organisation, "organisation", "", "the organisation's id (default the one that this machine has pinned)")
	return c
}

// auditRoster folds the log that receipts are verified with.
func (a *app) auditRoster(logFile, organisation string) (*roster.Roster, error) {
	var pinned envelope.Hash
	var err error
	if organisation != "" {
		if pinned, err = envelope.ParseHash(organisation); err == nil && pinned.IsZero() {
			err = roster.ErrOrganisation // zero would stand for any
		}
		if err != nil {
			return nil, fmt.Errorf("--organisation: %w; use the id that `stillvault org show` prints", err)
		}
	} else if pinned, err = a.pinned(); err != nil {
		return nil, err
	}
	var statements []envelope.Signed
	if logFile != "" {
		statements, err = readLogFile(logFile)
	} else {
		statements, err = a.keptLog()
	}
	if err != nil {
		return nil, err
	}
	r, err := roster.Fold(pinned, statements)
	if err == nil && pinned.IsZero() {
		a.Warn("no organisation is pinned here, so the log is taken at its word: it is %s; compare that, or pass --organisation", r.Organisation())
	}
	return r, err
}

// pinned is the organisation that this machine has pinned, zero if none.
func (a *app) pinned() (envelope.Hash, error) {
	h, err := a.home()
	if err != nil {
		return envelope.Hash{}, err
	}
	pins, err := h.Pins()
	if errors.Is(err, home.ErrUnpinned) {
		return envelope.Hash{}, nil
	}
	return pins.Organisation, err
}

func (a *app) keptLog() ([]envelope.Signed, error) {
	h, err := a.home()
	if err != nil {
		return nil, err
	}
	statements, err := h.Log()
	if err == nil && len(statements) == 0 {
		err = fmt.Errorf("%s has no log of the organisation; pass --log", h.Dir())
	}
	return statements, err
}

func readLogFile(name string) ([]envelope.Signed, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	statements, err := home.ReadLog(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return statements, nil
}

func (a *app) verifyReceipts(r *roster.Roster, name string, in io.Reader) error {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	report, err := evidence.Verify(r, in)
	if err != nil {
		return err
	}
	if a.Format == terminal.JSON {
		err = a.Print(report.View(), nil)
	} else {
		err = report.Print(a.Out())
	}
	if err != nil {
		return err
	}
	for _, p := range report.Problems {
		a.Say("%s", terminal.Visible(p.Error()))
	}
	if n := len(report.Problems); n > 0 {
		return fmt.Errorf("%d of the lines: %w; the first is %w", n, ErrReceiptsRefused, report.Problems[0])
	}
	a.Say("%d receipts hold", len(report.Proven))
	return nil
}
