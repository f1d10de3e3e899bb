package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/plugins/home"
)

var (
	// ErrPasswords means that a password was not typed the same twice.
	ErrPasswords = errors.New("passwords_differ: the two were not the same; try again")
	// ErrNoPassword means that a keyring was to have a recovery without a password.
	ErrNoPassword = errors.New("password_empty: without a password there is no recovery key; try again, or pass --no-recovery if you mean it")
)

// wrapKeyring makes a generation of an approver's keyring and has keep keep it,
// wrapped.
func (a *app) wrapKeyring(who *home.Approver, generation uint32, noRecovery bool, keep func(*home.Approver) error) error {
	k, err := keyring.New(who.Organisation, who.ID, generation)
	if err != nil {
		return err
	}
	defer k.Wipe()
	credential, err := who.Factor.CredentialID()
	if err != nil {
		return err
	}
	options := keyring.WrapOptions{
		Label: "Keyring of " + who.Name, Created: time.Now(), PRF: who.Factor, CredentialID: credential.String(),
	}
	if !noRecovery {
		if options.Password, err = a.newPassword(); err != nil {
			return err
		}
		defer envelope.Wipe(options.Password)
	}
	w, err := keyring.Wrap(k, options)
	if err != nil {
		return err
	}
	defer w.RecoveryKey.Wipe()
	who.Backup = &keyring.Backup{Row: w.Row, Organisation: who.Organisation, Generation: k.Generation(), KeyCheck: w.KeyCheck, Mount: who.Mount, Name: who.Name}
	if err := keep(who); err != nil {
		return err
	}
	if w.RecoveryKey != nil {
		a.showKeyringRecovery(w.RecoveryKey)
	}
	return nil
}

func (a *app) newPassword() ([]byte, error) {
	first, err := a.Hidden("password for your keyring's recovery (any length; a sentence is good):")
	if err != nil {
		return nil, a.untyped(err)
	}
	if len(first) == 0 {
		return nil, ErrNoPassword
	}
	second, err := a.Hidden("the same again:")
	defer envelope.Wipe(second)
	if err == nil && string(first) != string(second) {
		err = ErrPasswords
	}
	if err != nil {
		envelope.Wipe(first)
		return nil, a.untyped(err)
	}
	return first, nil
}

// untyped says what is missing where standard input ended before the password.
func (a *app) untyped(err error) error {
	if a.Interactive() || !errors.Is(err, terminal.ErrDeclined) {
		return err
	}
	return fmt.Errorf("%w; no password was given for the keyring's recovery: write it on two more lines of standard input, after the ticket where that is read from there too, or pass --no-recovery", err)
}

func (a *app) showKeyringRecovery(key *envelope.Key) {
	text := keyring.FormatRecoveryKey(key)
	defer envelope.Wipe(text)
	a.Say("%s", a.Bold("Your recovery key. It is shown this once and kept nowhere:"))
	a.Say("")
	a.Say("    %s", text)
	a.Say("")
	a.Say("Write it down, and keep it apart from this machine. Together with your password and")
	a.Say("the file keyring.json it opens your keyring when this machine is gone.")
	a.Say("")
}
