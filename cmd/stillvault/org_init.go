package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// founding is what `org init` is told.
type founding struct {
	plain          bool   // a key file without a passphrase
	recoveryFile   string // where a new recovery key goes; "" shows it
	recoveryPublic string // that of a recovery key which exists already
}

func (a *app) orgInitCommand() *cobra.Command {
	var f founding
	c := &cobra.Command{
		Use:   "init",
		Short: "Found an organisation: its identity key, recovery key and log",
		Long: `Make the Org Identity key, which signs who may approve what, in a file that
only you may read and that a passphrase opens; a recovery key, which can replace
it and is shown once; and the first statement of the organisation's log. Nothing
is sent anywhere: run 'stillvault org log push' next.

With --signer, the Org Identity key may be elsewhere, and then has to be there
already: in an ssh-agent, also on a security key; in the Transit engine of a
Vault, which should be another than the one that keeps the secrets; or behind a
program of your own. Name it again for every change of the organisation, or once
in ` + signer.Variable + `.`,
		Example: `  stillvault org init
  stillvault org init --recovery-file /media/usb/stillvault-recovery
  stillvault org init --signer 'file:/media/usb/org.key?passphrase_file=/run/keys/org'
  stillvault org init --signer ssh-agent:SHA256:Hv9nJ0Wq5cS7b1Z1vR3m9yQ2kK4tX8uA6dE0fG2hIjM
  stillvault org init --signer 'transit:organisation?address=https://keys.example.com:8200'
  stillvault org init --signer 'exec:/usr/local/bin/our-signer?sha256=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			if err := a.foundOrg(cmd.Context(), h, f); err != nil {
				return err
			}
			a.Say("next: `stillvault org log push` gives the log to the broker and has it pin the organisation")
			return a.showOrg(h)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&f.plain, "no-passphrase", false, "make a key file that opens without a passphrase: who reads it is the organisation")
	flags.StringVar(&f.recoveryFile, "recovery-file", "", "write the recovery key to this new file instead of showing it; keep it offline")
	flags.StringVar(&f.recoveryPublic, "recovery-public-key", "", "the public half, `KEY`, of a recovery key that org recovery-keygen made elsewhere")
	c.MarkFlagsMutuallyExclusive("recovery-file", "recovery-public-key")
	return c
}

// foundOrg makes the keys and the log. What can fail comes first, and the log,
// without which there is no organisation, last: before it, the recovery key is
// written down or shown, and then the identity key.
func (a *app) foundOrg(ctx context.Context, h *home.Home, f founding) error {
	if _, err := h.Pins(); !errors.Is(err, home.ErrUnpinned) {
		return errors.Join(home.ErrPinned, err)
	}
	if err := h.PrepareOrg(); err != nil {
		return err
	}
	identity, err := a.founder(ctx, h, f)
	if err != nil {
		return err
	}
	defer identity.Close()
	r, err := newRecovery(f.recoveryPublic)
	if err != nil {
		return err
	}
	defer r.key.Wipe()
	first, err := roster.Found(identity, r.public, time.Now())
	if err != nil {
		return err
	}
	log := []envelope.Signed{first}
	folded, err := roster.Fold(first.Hash(), log)
	if err != nil {
		return err
	}
	if err := a.handOut(r, f.recoveryFile); err != nil {
		return err
	}
	if err := identity.save(); err != nil {
		return err
	}
	return h.Adopt(folded, log)
}

// founder is the Org Identity key of a new organisation.
type founder struct {
	signer.Signer
	save       func() error // writes a key down that was made now
	passphrase []byte       // for that; nil for none
}

// Close closes the key and wipes the passphrase.
func (f *founder) Close() error {
	envelope.Wipe(f.passphrase)
	return f.Signer.Close()
}

// founder makes the key where it is to lie in a file, and opens any other, which
// has to be there already.
func (a *app) founder(ctx context.Context, h *home.Home, f founding) (*founder, error) {
	address, err := a.signerAddress(h)
	if err != nil {
		return nil, err
	}
	if address.Scheme != signer.File {
		if f.plain {
			return nil, fmt.Errorf("--no-passphrase is about a key file, and --signer names none: %w", signer.ErrAddress)
		}
		identity, err := a.signer(ctx, h)
		if err != nil {
			return nil, err
		}
		return &founder{Signer: identity, save: func() error { return nil }}, nil
	}
	return a.newKeyFile(address, f.plain)
}

// newKeyFile makes a key for a file that must not be there yet, and that saving
// it writes.
func (a *app) newKeyFile(address signer.Address, plain bool) (*founder, error) {
	if _, err := os.Lstat(address.Name); err == nil {
		return nil, fmt.Errorf("%s: %w", address.Name, file.ErrExists)
	}
	var passphrase []byte
	if !plain {
		var err error
		if passphrase, err = a.newPassphrase(address); err != nil {
			return nil, err
		}
	}
	key := file.New()
	return &founder{Signer: key, passphrase: passphrase, save: func() error { return key.Save(address.Name, passphrase) }}, nil
}
