package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/pflag"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/file"
	"github.com/stillvault/stillvault/plugins/signer/open"
)

var (
	// ErrTwoSigners means that two flags name the Org Identity key.
	ErrTwoSigners = errors.New("signer_ambiguous: --signer and --identity both say where the Org Identity key is; use one of them")
	// ErrPassphrases means that somebody typed two passphrases.
	ErrPassphrases = errors.New("passphrases_differ: the two passphrases differ; nothing was made, try again")
	// ErrEmptyPassphrase means that somebody only pressed Enter.
	ErrEmptyPassphrase = errors.New("passphrase_empty: nothing was made; try again, or pass --no-passphrase if whoever reads the file may be the organisation")
	// ErrShortPassphrase means that a passphrase for a new key file could be guessed.
	ErrShortPassphrase = fmt.Errorf("passphrase_short: it has fewer than %d characters and nothing was made; take several random words, which are easy to type and hard to guess", minPassphrase)
	// ErrNoPassphrase means that a key file was to be made, and nobody said
	// whether with a passphrase.
	ErrNoPassphrase = errors.New("passphrase_missing: nobody can be asked for the passphrase of the new Org Identity key; set " +
		file.PassphraseVariable + ", or pass --no-passphrase if whoever reads the file may be the organisation")
)

// minPassphrase is how many characters the passphrase of a new key file has at
// least: who copied the file may try as many as they can compute. Nothing else is
// asked of it, and files that are there open with any.
const minPassphrase = 12

// signerFlags say where the Org Identity key is, and how long it may take.
type signerFlags struct {
	address  string
	identity string // shorthand for a file's address
	timeout  time.Duration
}

func (f *signerFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.address, "signer", "", "where the Org Identity key is: file:PATH, ssh-agent:FINGERPRINT, transit:NAME or exec:PATH?sha256=HEX (default $"+signer.Variable+", else org/identity.json in the state directory)")
	flags.StringVar(&f.identity, "identity", "", "file of the Org Identity key, short for --signer file:FILE")
	flags.DurationVar(&f.timeout, "signer-timeout", signer.DefaultTimeout, "how long an agent, Vault or program may take to sign")
}

// signerAddress says where the Org Identity key is.
func (a *app) signerAddress(h *home.Home) (signer.Address, error) {
	switch {
	case a.key.address != "" && a.key.identity != "":
		return signer.Address{}, ErrTwoSigners
	case a.key.address != "":
		return signer.ParseAddress(a.key.address)
	case a.key.identity != "":
		return signer.FileAddress(a.key.identity), nil
	}
	if said := os.Getenv(signer.Variable); said != "" {
		return signer.ParseAddress(said)
	}
	return signer.FileAddress(h.IdentityPath()), nil
}

// signer opens the Org Identity key; the caller closes it.
func (a *app) signer(ctx context.Context, h *home.Home) (signer.Signer, error) {
	address, err := a.signerAddress(h)
	if err != nil {
		return nil, err
	}
	s, err := a.openSigner(ctx, address)
	if address.Scheme == signer.File && errors.Is(err, fs.ErrNotExist) && !errors.Is(err, signer.ErrPassphrase) {
		return nil, fmt.Errorf("%w; organisation changes are signed where `stillvault org init` ran, or with the key that --signer names", err)
	}
	return s, err
}

// openSigner opens the key at an address; the caller closes it. Ctrl-C closes it
// too, so that nobody waits for a touch that will not come.
func (a *app) openSigner(ctx context.Context, address signer.Address) (signer.Signer, error) {
	s, err := open.Signer(ctx, address.String(), a.signerOptions())
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

func (a *app) signerOptions() signer.Options {
	o := signer.Options{
		Timeout: a.key.timeout,
		Logger:  hclog.New(&hclog.LoggerOptions{Level: hclog.Info, Output: a.Err(), DisableTime: true}),
	}
	// Standard input that is no terminal may be data for the command.
	if a.Interactive() {
		o.Passphrase = func(_ context.Context, prompt string) ([]byte, error) { return a.Hidden(prompt) }
	}
	return o
}

// newPassphrase is what a new key file is to be encrypted under: [minPassphrase]
// characters or more. The caller wipes it.
func (a *app) newPassphrase(address signer.Address) ([]byte, error) {
	said, err := file.Passphrase(address.Value("passphrase_file"))
	if err != nil {
		return nil, err
	}
	if said != nil {
		return longEnough(said)
	}
	if !a.Interactive() {
		return nil, ErrNoPassphrase
	}
	first, err := a.Hidden(fmt.Sprintf("a passphrase for the Org Identity key, %d characters or more, such as several random words:", minPassphrase))
	if err != nil {
		return nil, err
	}
	if len(first) == 0 {
		return nil, ErrEmptyPassphrase
	}
	if first, err = longEnough(first); err != nil {
		return nil, err
	}
	second, err := a.Hidden("the same again:")
	defer envelope.Wipe(second)
	if err == nil && !bytes.Equal(first, second) {
		err = ErrPassphrases
	}
	if err != nil {
		envelope.Wipe(first)
		return nil, err
	}
	return first, nil
}

// longEnough returns passphrase, or wipes it and returns [ErrShortPassphrase].
func longEnough(passphrase []byte) ([]byte, error) {
	if utf8.RuneCount(passphrase) < minPassphrase {
		envelope.Wipe(passphrase)
		return nil, ErrShortPassphrase
	}
	return passphrase, nil
}
