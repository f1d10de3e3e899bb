package orglog

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// An organisation's recovery key as text is
//
//	svrecovery. ‖ unpadded base64url of its 32 bytes, 43 characters
//
// while its public half is 43 characters alone. The full stop is none of
// base64url's, so the key is never taken for its public half: a log that
// committed to that could not be taken back, and the key would lie wherever
// public keys may. Nor is it taken for an approver's recovery key, whose form is
// the 43 characters alone, or that one for it.
const recoveryPrefix = "svrecovery."

// ErrRecoveryItself means that a text is the recovery key, where a public key is
// wanted.
var ErrRecoveryItself = errors.New("recovery_key_private: this is the recovery key itself, which is to stay offline; give its public half, " +
	"the 43 characters that `stillvault org recovery-keygen` printed with it. A file, a repository, a log or a shell's history may have the key now: " +
	"then make another one, and give the public half of that")

// FormatRecoveryKey returns the text of an organisation's recovery key, in which
// it is shown and kept in files. The caller wipes it.
func FormatRecoveryKey(seed *envelope.Key) []byte {
	key := keyring.FormatRecoveryKey(seed)
	defer envelope.Wipe(key)
	return append([]byte(recoveryPrefix), key...)
}

// ParseRecoveryKey reads what [FormatRecoveryKey] wrote, tolerating white space
// around it. Anything else is [keyring.ErrFormat], a public half or an approver's
// recovery key too. The caller wipes the result and still owns text.
func ParseRecoveryKey(text []byte) (*envelope.Key, error) {
	key, ok := bytes.CutPrefix(bytes.TrimFunc(text, isAround), []byte(recoveryPrefix))
	if !ok {
		return nil, fmt.Errorf("an organisation's recovery key begins with %q: %w", recoveryPrefix, keyring.ErrFormat)
	}
	return keyring.ParseRecoveryKey(key)
}

// isAround says whether a character before or after the key is nothing that
// somebody typed: an editor may begin a file with a byte order mark.
func isAround(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }

// RefuseRecoveryKey returns [ErrRecoveryItself] for a text with a recovery key in
// it, whole or not, in whatever case. It is for what wants a public key, and says
// nothing of whether the text is one.
func RefuseRecoveryKey(text string) error {
	if strings.Contains(strings.ToLower(text), recoveryPrefix) {
		return ErrRecoveryItself
	}
	return nil
}
