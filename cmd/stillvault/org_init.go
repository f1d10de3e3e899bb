package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

func (a *app) orgInitCommand() *cobra.Command {
	var recoveryFile string
	c := &cobra.Command{
		Use:   "init",
		Short: "Found an organisation: its identity key, recovery key and log",
		Long: `Make the Org Identity key, which signs who may approve what, in a file that
only you may read; a recovery key, which can replace it and is shown once; and
the first statement of the organisation's log. Nothing is sent anywhere: run
'stillvault org log push' next.`,
		Example: `  stillvault org init
  stillvault org init --recovery-file /media/usb/stillvault-recovery`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			recovery := envelope.NewSigningKey(envelope.NewKey())
			defer recovery.Wipe()
			if err := a.foundOrg(h, recovery, recoveryFile); err != nil {
				return err
			}
			if recoveryFile == "" {
				a.showRecovery(recovery)
			}
			a.Say("next: `stillvault org log push` gives the log to the broker and has it pin the organisation")
			return a.showOrg(h)
		},
	}
	c.Flags().StringVar(&recoveryFile, "recovery-file", "", "write the recovery key to this new file instead of showing it; keep it offline")
	return c
}

// foundOrg makes the keys and the log. The recovery key is written first: an
// organisation must not come to be without it.
func (a *app) foundOrg(h *home.Home, recovery *envelope.SigningKey, recoveryFile string) error {
	if _, err := h.Pins(); !errors.Is(err, home.ErrUnpinned) {
		return errors.Join(home.ErrPinned, err)
	}
	if err := h.PrepareOrg(); err != nil {
		return err
	}
	path := a.identity
	if path == "" {
		path = h.IdentityPath()
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w", path, file.ErrExists)
	}
	if recoveryFile != "" {
		text := append(keyring.FormatRecoveryKey(recovery.Seed()), '\n')
		defer envelope.Wipe(text)
		if err := file.CreatePrivate(recoveryFile, text); err != nil {
			return fmt.Errorf("write the recovery key: %w", err)
		}
		a.Say("the recovery key is in %s: move it offline, and delete it here", recoveryFile)
	}
	identity, err := file.Create(path)
	if err != nil {
		return err
	}
	defer identity.Wipe()
	first, err := roster.Found(identity, recovery.Public(), time.Now())
	if err != nil {
		return err
	}
	log := []envelope.Signed{first}
	r, err := roster.Fold(first.Hash(), log)
	if err != nil {
		return err
	}
	return h.Adopt(r, log)
}

func (a *app) showRecovery(recovery *envelope.SigningKey) {
	text := keyring.FormatRecoveryKey(recovery.Seed())
	defer envelope.Wipe(text)
	a.Say("%s", a.Bold("The organisation's recovery key. It is shown this once and kept nowhere:"))
	a.Say("")
	a.Say("    %s", text)
	a.Say("")
	a.Say("Write it down, and keep it offline, apart from this machine. Should the Org Identity")
	a.Say("key be lost or stolen, this key alone can replace it; whoever has it can do so, too.")
	a.Say("")
}
