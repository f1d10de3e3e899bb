package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/evidence"
	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/home"
)

// ErrReceiptsRefused means that something in a file of receipts does not hold.
var ErrReceiptsRefused = errors.New("receipts_refused: what is named does not hold; compare with an older export, and with the approvers' own devices")

func (a *app) receiptsVerifyCommand() *cobra.Command {
	var logFile, organisation string
	var deviceHeads []string
	c := &cobra.Command{
		Use:   "verify FILE",
		Short: "Verify exported receipts offline, and say what they prove",
		Long: `Verify every line of a file that 'receipts export' wrote, and that no receipt of a
device is missing in between: with the organisation's log, and without the
broker or any network. It prints who released what to whom, when, and under
which policy; what does not hold is named with its line, and the command fails.

What was cut off at the end shows against two things that a broker cannot make: the
checkpoints in the log ('receipts checkpoint'), and what a device says itself. That
is what 'approver show' prints on a terminal and the phone in its settings, as
DEVICE:COUNTER:HASH; pass it with --device-head. A denial that a broker kept to
itself is found so.`,
		Example: `  stillvault receipts verify receipts.jsonl --log org.log
  stillvault receipts verify receipts.jsonl --log org.log --organisation 4f1c…
  stillvault receipts verify receipts.jsonl --log org.log --device-head 8d1f…:12:5be0…`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.auditRoster(logFile, organisation)
			if err != nil {
				return err
			}
			heads := evidence.Checkpointed(r)
			for _, text := range deviceHeads {
				head, err := evidence.ReadHead(r, text)
				if err != nil {
					return fmt.Errorf("--device-head %w", err)
				}
				heads = append(heads, head)
			}
			err = a.verifyReceipts(r, args[0], cmd.InOrStdin(), heads)
			if errors.Is(err, roster.ErrBehind) && logFile != "" {
				a.Say("%s ends at statement %d, and receipts refer to later ones: export it again with `stillvault org log export`", logFile, r.Head().Seq)
			}
			return err
		},
	}
	c.Flags().StringVar(&logFile, "log", "", "the organisation's log as 'org log export' wrote it (default the copy in the state directory)")
	c.Flags().StringVar(&organisation, "organisation", "", "the organisation's id (default the one that this machine has pinned)")
	c.Flags().StringArrayVar(&deviceHeads, "device-head", nil, "DEVICE:COUNTER:HASH, the last receipt as a device itself shows it; may be repeated")
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
	fold := roster.Fold
	if logFile != "" {
		fold = foldFile(logFile)
	}
	r, err := fold(pinned, statements)
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

func (a *app) verifyReceipts(r *roster.Roster, name string, in io.Reader, heads []evidence.Head) error {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	report, err := evidence.Verify(r, in, heads)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
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
		return fmt.Errorf("%s: %w; the first is %w", counted(n, "problem"), ErrReceiptsRefused, report.Problems[0])
	}
	hold := "receipts hold"
	if len(report.Proven) == 1 {
		hold = "receipt holds"
	}
	a.Say("%d %s", len(report.Proven), hold)
	return nil
}
