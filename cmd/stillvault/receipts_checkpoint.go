package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/evidence"
	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// headsAStatement is how many devices one checkpoint names; where more moved,
// another follows.
const headsAStatement = 500

func (a *app) receiptsCheckpointCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "checkpoint",
		Short: "Sign how far every device's receipts have come",
		Long: `Verify every receipt that the broker has, against the checkpoints before too, and
sign the last one of each device whose receipts went on since. From then on nobody
can cut receipts off at the end unseen: 'receipts verify' finds each of them, or says
what is missing. Run it from a scheduled job, and keep an export with it.

Nothing is signed where anything does not hold.`,
		Example: `  stillvault receipts checkpoint
  stillvault receipts export -o receipts.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.checkpointReceipts(cmd.Context()) },
	}
}

func (a *app) checkpointReceipts(ctx context.Context) error {
	_, client, log, err := a.fetched(ctx)
	if err != nil {
		return err
	}
	all, err := allEvidence(ctx, client)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := evidence.Write(&file, all); err != nil {
		return err
	}
	report, err := evidence.Verify(log.Roster, &file, evidence.Checkpointed(log.Roster))
	if errors.Is(err, evidence.ErrEmpty) && len(log.Roster.ReceiptHeads()) == 0 {
		a.Say("nobody has decided anything yet; nothing was signed")
		return nil
	}
	if err != nil {
		return err
	}
	if n := len(report.Problems); n > 0 {
		for _, p := range report.Problems {
			a.Say("%s", terminal.Visible(p.Error()))
		}
		return fmt.Errorf("nothing was signed; %s: %w; the first is %w", counted(n, "problem"), ErrReceiptsRefused, report.Problems[0])
	}
	signed := 0
	r, err := a.sign(ctx, func(r *roster.Roster) ([]entry, error) {
		moved := movedHeads(r, report)
		signed = len(moved)
		var entries []entry
		for part := range slices.Chunk(moved, headsAStatement) {
			entries = append(entries, entry{Kind: roster.KindReceiptsCheckpoint, Body: roster.ReceiptsCheckpoint{Heads: part}})
		}
		return entries, nil
	})
	if err != nil {
		return err
	}
	a.Say("verified %s", counted(len(report.Proven), "receipt"))
	if signed == 0 {
		a.Say("no device has decided anything since the last checkpoint; nothing was signed")
		return nil
	}
	a.Say("signed the last receipt of %s at statement %d", counted(signed, "device"), r.Head().Seq)
	return nil
}

// movedHeads are the last receipts of the devices that have more of them than the
// roster's checkpoints name.
func movedHeads(r *roster.Roster, report *evidence.Report) []roster.ReceiptHead {
	before := map[envelope.ID]uint64{}
	for _, h := range r.ReceiptHeads() {
		before[h.Device] = h.Counter
	}
	moved := []roster.ReceiptHead{}
	for _, h := range report.Heads() {
		if h.Counter > before[h.Device] {
			moved = append(moved, h)
		}
	}
	return moved
}
