package keyring

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
)

// FactorKind says what kind of thing unwraps a keyring. The roster records the
// kinds an approver has, and a policy may refuse some.
type FactorKind string

// The factor kinds.
const (
	// FactorPasskey is a passkey whose PRF needs a gesture with user verification.
	FactorPasskey FactorKind = "passkey"
	// FactorPassword is a password together with a recovery key.
	FactorPassword FactorKind = "password"
	// FactorSoftware is a random key in a file, for terminal approvers: no
	// gesture, no hardware ([Software]).
	FactorSoftware FactorKind = "software"
)

// FactorKinds lists every known kind, in the order of the constants.
func FactorKinds() []FactorKind {
	return []FactorKind{FactorPasskey, FactorPassword, FactorSoftware}
}

// Check refuses a kind that is not known, with [ErrFactorKind].
func (k FactorKind) Check() error {
	if !slices.Contains(FactorKinds(), k) {
		return fmt.Errorf("factor %q is none of %q: %w", string(k), FactorKinds(), ErrFactorKind)
	}
	return nil
}

// MarshalText writes the kind; one that is not known is [ErrFactorKind].
func (k FactorKind) MarshalText() ([]byte, error) { return []byte(k), k.Check() }

// UnmarshalText reads a known kind; any other is [ErrFactorKind].
func (k *FactorKind) UnmarshalText(text []byte) error {
	got := FactorKind(text)
	if err := got.Check(); err != nil {
		return err
	}
	*k = got
	return nil
}

// PRF is an authenticator's pseudo-random function: a passkey behind its
// gesture, or [Software]. Evaluate returns 32 bytes that only this
// authenticator can compute from salt; the caller owns and wipes them.
type PRF interface {
	Evaluate(salt [32]byte) (*envelope.Key, error)
}

// PRFSalt is the salt at which an authenticator's PRF is evaluated for an
// approver: one for all their rows, so that one gesture can serve any of them.
func PRFSalt(approver envelope.ID) [32]byte {
	return envelope.SumHash([]byte("keypsafe/prf/" + approver.String()))
}

// ScopePRF derives from a PRF output what opens the one row with this id and
// no other: this, never the PRF output, may be handed to a party that is to
// open one row. The caller owns the result and still owns output.
func ScopePRF(output *envelope.Key, row envelope.ID) (*envelope.Key, error) {
	return envelope.Derive(output.Bytes(), []byte(row.String()), labelScopedPRF, nil)
}

// KeyCheck returns a value that tells whether an authenticator still answers
// as it did when the row was made. It is public and stored beside the row: an
// HKDF output under its own label says nothing about the input or about the
// keys derived from it.
func KeyCheck(output *envelope.Key, row envelope.ID) (envelope.Hash, error) {
	k, err := envelope.Derive(output.Bytes(), []byte(row.String()), envelope.LabelKeyCheck, nil)
	if err != nil {
		return envelope.Hash{}, fmt.Errorf("key check: %w", err)
	}
	defer k.Wipe()
	return envelope.Hash(k.Bytes()), nil
}
