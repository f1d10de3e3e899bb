package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/orglog"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

func (a *app) orgLogCommand() *cobra.Command {
	return group("", "log", "Export and push the organisation's log",
		`The log is append-only, hash-chained, and signed statement by statement. The
broker keeps a copy; so does every machine that ran a command here.`,
		a.orgLogExportCommand(), a.orgLogPushCommand())
}

func (a *app) orgLogExportCommand() *cobra.Command {
	var output string
	var offline bool
	c := &cobra.Command{
		Use:   "export",
		Short: "Write the verified log, a statement per line",
		Long: `Write the organisation's log, brought up to date from the broker and verified.
It holds public keys and rules, and no secret.`,
		Example: `  stillvault org log export -o org-log.jsonl
  stillvault org log export --offline | sha256sum`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			var log *orglog.Copy
			if offline {
				log, err = local(h)
			} else {
				var client *broker.Client
				if client, err = a.broker(); err == nil {
					log, err = fetch(cmd.Context(), h, client)
				}
			}
			if err != nil {
				return err
			}
			if output == "" {
				return home.WriteLog(a.Out(), log.Statements)
			}
			var encoded bytes.Buffer
			if err := home.WriteLog(&encoded, log.Statements); err != nil {
				return err
			}
			return file.WritePrivate(output, encoded.Bytes())
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "file to write; standard output without it")
	c.Flags().BoolVar(&offline, "offline", false, "export what is kept here, without asking the broker")
	return c
}

func (a *app) orgLogPushCommand() *cobra.Command {
	var newMount bool
	c := &cobra.Command{
		Use:   "push [FILE]",
		Short: "Give the broker what its copy of the log lacks",
		Long: `Append to the broker's log what it lacks, from the copy kept here or from an
exported FILE. A mount that no organisation is pinned in is pinned to this one.
It needs sudo on org/log and config. Use it after 'org init', and after a Vault
was restored from an older snapshot.`,
		Example: `  stillvault org log push
  stillvault org log push org-log.jsonl`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				if err := importLog(h, args[0]); err != nil {
					return err
				}
			}
			client, err := a.broker()
			if err != nil {
				return err
			}
			if newMount {
				if err := h.ForgetMount(client.Address(), client.Mount()); err != nil {
					return err
				}
			}
			return a.push(cmd.Context(), h, client)
		},
	}
	c.Flags().BoolVar(&newMount, "new-mount", false, "the mount at this address was set up anew, on purpose")
	return c
}

// importLog takes over an exported log that extends the one kept here.
func importLog(h *home.Home, path string) error {
	statements, err := readLogFile(path)
	if err != nil {
		return err
	}
	pins, err := h.Pins()
	if err != nil {
		return err
	}
	r, err := foldFile(path)(pins.Organisation, statements)
	if err != nil {
		return err
	}
	if err := h.Advance(r, statements); err != nil && !errors.Is(err, roster.ErrRolledBack) {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// pushBatch is how many statements are pushed at a time.
const pushBatch = 50

// push appends to the broker's log what it lacks.
func (a *app) push(ctx context.Context, h *home.Home, client *broker.Client) error {
	log, err := local(h)
	if err != nil {
		return err
	}
	if log.Roster == nil {
		return fmt.Errorf("there is no log in %s to push: %w", h.Dir(), home.ErrNone)
	}
	mount, err := client.ReadMount(ctx)
	if err != nil {
		return err
	}
	if _, err := h.PinMount(client.Address(), client.Mount(), mount.ID); err != nil {
		return err
	}
	organisation := log.Roster.Organisation()
	switch mount.Organisation {
	case organisation:
	case envelope.Hash{}:
		if err := client.PinOrganisation(ctx, organisation); err != nil {
			return err
		}
		a.Say("%s at %s now belongs to organisation %s", client.Mount(), client.Address(), organisation)
	default:
		return fmt.Errorf("%s: %w", client.Where(), orglog.OtherOrganisation(mount.Organisation, organisation))
	}
	from, err := missingAt(ctx, client, log)
	if err != nil {
		return err
	}
	pushed := len(log.Statements) - from
	for ; from < len(log.Statements); from += pushBatch {
		batch := log.Statements[from:min(from+pushBatch, len(log.Statements))]
		if err := client.AppendLog(ctx, batch); err != nil {
			return err
		}
	}
	a.Say("pushed %s; the broker's log ends at statement %d", counted(pushed, "statement"), log.Roster.Head().Seq)
	return nil
}

// missingAt is where the broker's copy of the log ends, which must agree with
// the one here.
func missingAt(ctx context.Context, client *broker.Client, log *orglog.Copy) (int, error) {
	page, err := client.ReadLog(ctx, uint64(len(log.Statements)))
	if broker.NameOf(err) == "org_log_empty" {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	switch {
	case page.Head.Hash.IsZero():
		return 0, nil
	case len(page.Statements) > 0 || page.Head.Seq > log.Roster.Head().Seq:
		return 0, fmt.Errorf("the broker's log is longer than the one here: run `stillvault org log export` first, which fetches and verifies it: %w", roster.ErrBehind)
	}
	if err := log.Roster.Follows(page.Head); err != nil {
		return 0, err
	}
	return int(page.Head.Seq) + 1, nil
}
