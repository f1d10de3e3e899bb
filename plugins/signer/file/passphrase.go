package file

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
)

// PassphraseVariable is the environment variable that holds the passphrase of a
// key file where its address names no file for it.
const PassphraseVariable = "STILLVAULT_SIGNER_PASSPHRASE"

// Passphrase returns what passphraseFile holds, a file that only its owner may
// read, without the end of its line; where that is "", what the environment
// says. It is nil where neither says anything. The caller wipes it.
func Passphrase(passphraseFile string) ([]byte, error) {
	if passphraseFile == "" {
		if said := os.Getenv(PassphraseVariable); said != "" {
			return []byte(said), nil
		}
		return nil, nil
	}
	data, err := ReadPrivate(passphraseFile)
	if err != nil {
		return nil, fmt.Errorf("read the passphrase: %w: %w", err, signer.ErrPassphrase)
	}
	line := bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	if len(line) == 0 || bytes.ContainsAny(line, "\r\n") {
		envelope.Wipe(data)
		return nil, fmt.Errorf("%s does not hold a passphrase on one line: %w", passphraseFile, signer.ErrPassphrase)
	}
	return line, nil
}

// passphraseOf finds the passphrase of the file at path: in what the address
// names, in the environment, and at last from a person. source says for an error
// which of them it was.
func passphraseOf(ctx context.Context, path, passphraseFile string, o signer.Options) (passphrase []byte, source string, err error) {
	passphrase, err = Passphrase(passphraseFile)
	switch {
	case err != nil:
		return nil, "", err
	case passphrase != nil && passphraseFile != "":
		return passphrase, "what is in " + passphraseFile, nil
	case passphrase != nil:
		return passphrase, PassphraseVariable, nil
	case o.Passphrase == nil:
		return nil, "", fmt.Errorf("%s: %w", path, signer.ErrPassphrase)
	}
	passphrase, err = o.Passphrase(ctx, fmt.Sprintf("passphrase of the Org Identity key in %s:", path))
	if err != nil {
		return nil, "", fmt.Errorf("ask for the passphrase: %w", err)
	}
	return passphrase, "what was typed", nil
}
