package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/stillvault/stillvault/plugins/signer/file"
)

// pinVariable holds the PIN where no file does.
const pinVariable = "STILLVAULT_SIGNER_PKCS11_PIN"

// settings say which key of which token.
type settings struct {
	module  string // path of the token's C library
	label   string // of the token
	serial  string // of the token
	key     string // label of the key
	id      []byte // of the key
	pinFile string
}

// parse reads the arguments. It sets the variables that --setenv names, for the
// library to read: the host hands down none but a few.
func parse(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("stillvault-signer-pkcs11", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.module, "module", "", "")
	flags.StringVar(&s.label, "token", "", "")
	flags.StringVar(&s.serial, "serial", "", "")
	flags.StringVar(&s.key, "key", "", "")
	flags.StringVar(&s.pinFile, "pin-file", "", "")
	flags.Func("id", "", func(text string) (err error) {
		s.id, err = hex.DecodeString(text)
		return err
	})
	flags.Func("setenv", "", func(text string) error {
		name, value, found := strings.Cut(text, "=")
		if !found || name == "" {
			return errors.New("write it as NAME=VALUE")
		}
		return os.Setenv(name, value)
	})
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return settings{}, errors.New("it is started by Stillvault, as a signer: exec:PATH?sha256=HEX&arg=--module=PATH&arg=--token=LABEL&arg=--key=LABEL&arg=--pin-file=PATH; " +
			"in place of a label --serial and --id, and --setenv=NAME=VALUE for the library; docs/operations.md has more")
	}
	if err != nil {
		return settings{}, fmt.Errorf("%w; the arguments are --module, --token or --serial, --key or --id, --pin-file and --setenv", err)
	}
	switch {
	case flags.NArg() > 0:
		return settings{}, fmt.Errorf("%q is no argument that it knows", flags.Arg(0))
	case s.module == "":
		return settings{}, errors.New("--module is missing: the path of the token's PKCS#11 library")
	case s.label == "" && s.serial == "":
		return settings{}, errors.New("--token (its label) or --serial is missing: which token?")
	case s.key == "" && len(s.id) == 0:
		return settings{}, errors.New("--key (its label) or --id (in hexadecimal) is missing: which key?")
	}
	return s, nil
}

// pin reads the PIN, which the caller wipes. The environment forgets it.
func (s settings) pin() ([]byte, error) {
	if s.pinFile != "" {
		pin, err := file.ReadPrivate(s.pinFile)
		if err != nil {
			return nil, fmt.Errorf("the PIN: %w", err)
		}
		return bytes.TrimRight(pin, "\r\n"), nil
	}
	pin, set := os.LookupEnv(pinVariable)
	if !set {
		return nil, fmt.Errorf("the PIN is missing; name a file that only you may read with --pin-file=PATH, or set %s", pinVariable)
	}
	if err := os.Unsetenv(pinVariable); err != nil {
		return nil, err
	}
	return []byte(pin), nil
}
