package keyring

import (
	"errors"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// OpenWithPRF opens the keyring in row with an authenticator's PRF output at
// [PRFSalt], which stays the caller's to wipe. keyCheck is what [Wrap]
// returned beside the row, or zero where it is not known; it tells
// [ErrPRFChanged] from a [TamperedError] where all that is known otherwise is
// [ErrWrongFactor]. The caller wipes the keyring, and compares its public keys
// with the roster's: they also prove owner right.
func OpenWithPRF(row *Row, owner Owner, output *envelope.Key, keyCheck envelope.Hash) (*Keyring, error) {
	return openKeyring(row, owner, func() (*Contents, error) { return row.OpenWithPRF(output, keyCheck) })
}

// OpenWithPassword opens the keyring in row with password and recovery key,
// which stay the caller's to wipe. What they do not open is [ErrWrongFactor].
// The caller wipes the keyring, and compares its public keys with the roster's.
func OpenWithPassword(row *Row, owner Owner, password []byte, recovery *envelope.Key) (*Keyring, error) {
	return openKeyring(row, owner, func() (*Contents, error) { return row.OpenWithPassword(password, recovery) })
}

func openKeyring(row *Row, owner Owner, open func() (*Contents, error)) (*Keyring, error) {
	if err := owner.Check(); err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	if row.User != owner.Approver {
		return nil, fmt.Errorf("open keyring of approver %s: row is of %s: %w", owner.Approver, row.User, ErrOwner)
	}
	contents, err := open()
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	defer contents.Wipe()
	seed, err := contents.seed(row)
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	return FromSeed(owner.Organisation, owner.Approver, owner.Generation, seed)
}

// OpenWithPRF opens a row of the format, whatever its payload is. output is
// the PRF output, or the vault-scoped one where a bridge gave no more; see
// [OpenWithPRF] for keyCheck and errors. The caller wipes the contents.
func (r *Row) OpenWithPRF(output *envelope.Key, keyCheck envelope.Hash) (*Contents, error) {
	if err := r.admit(r.PRF, "pk_envelope"); err != nil {
		return nil, err
	}
	dek, err := r.unwrapWithPRF(output)
	if errors.Is(err, ErrWrongFactor) {
		return nil, r.explain(output, keyCheck)
	}
	if err != nil {
		return nil, err
	}
	defer dek.Wipe()
	return r.open(dek)
}

// OpenWithPassword opens a row of the format, whatever its payload is, with
// password and recovery key; see [OpenWithPassword] for errors. The caller
// wipes the contents.
func (r *Row) OpenWithPassword(password []byte, recovery *envelope.Key) (*Contents, error) {
	if err := r.admit(r.Password, "pwdpk_envelope"); err != nil {
		return nil, err
	}
	kek, err := passwordKey(r.Argon, r.KDFSalt, password, recovery)
	if err != nil {
		return nil, err
	}
	defer kek.Wipe()
	dek, err := r.Password.unwrap(kek, r.aad(aadPassword))
	if err != nil {
		return nil, fmt.Errorf("password or recovery key does not open the row: %w", err)
	}
	defer dek.Wipe()
	return r.open(dek)
}

// admit checks everything about the row that needs no key.
func (r *Row) admit(factor *Wrapped, name string) error {
	if err := r.check(); err != nil {
		return err
	}
	if factor == nil {
		return fmt.Errorf("row has no %s: %w", name, ErrNoFactor)
	}
	return r.checkAADs()
}

// unwrapWithPRF tries the vault-scoped output first, which is what rows are
// made with, then output itself: rows made elsewhere have used it directly.
func (r *Row) unwrapWithPRF(output *envelope.Key) (*envelope.Key, error) {
	scoped, err := ScopePRF(output, r.ID)
	if err != nil {
		return nil, err
	}
	defer scoped.Wipe()
	for _, ikm := range []*envelope.Key{scoped, output} {
		kek, err := envelope.Derive(ikm.Bytes(), r.KDFSalt[:], labelPasskeyKEK, nil)
		if err != nil {
			return nil, err
		}
		dek, err := r.PRF.unwrap(kek, r.aad(aadPasskey))
		kek.Wipe()
		if err == nil {
			return dek, nil
		}
	}
	return nil, ErrWrongFactor
}

// explain says why output does not unwrap the row.
func (r *Row) explain(output *envelope.Key, keyCheck envelope.Hash) error {
	if keyCheck.IsZero() {
		return fmt.Errorf("authenticator does not open the row: %w", ErrWrongFactor)
	}
	got, err := KeyCheck(output, r.ID)
	if err != nil {
		return err
	}
	if got != keyCheck {
		return fmt.Errorf("authenticator is not the one that the row was made with, or answers otherwise now; "+
			"use the password and recovery key, or another device: %w", ErrPRFChanged)
	}
	return &TamperedError{Field: "pk_envelope_ciphertext or pk_envelope_nonce or kdf_salt"}
}

// unwrap returns the DEK, which the caller wipes.
func (w *Wrapped) unwrap(kek *envelope.Key, aad [32]byte) (*envelope.Key, error) {
	plaintext, ok := w.open(kek, aad)
	if !ok {
		return nil, ErrWrongFactor
	}
	defer envelope.Wipe(plaintext)
	return envelope.KeyFrom(plaintext)
}
