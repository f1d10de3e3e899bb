package keyring

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// WrapOptions says how a keyring is wrapped. At least one of PRF and Password
// is given.
type WrapOptions struct {
	Row     envelope.ID // zero for a new random id
	Label   string      // shown to the person; authenticated
	Created time.Time   // kept to the millisecond

	// PRF is the authenticator, or nil. It is evaluated twice, and refused
	// with [ErrPRFChanged] if the answers differ.
	PRF PRF
	// CredentialID names the authenticator: base64url, or empty.
	CredentialID string

	// Password is the password, or nil. It stays the caller's to wipe.
	Password []byte
	// RecoveryKey goes with Password; nil for a fresh one, which is right
	// unless a person already keeps one that is to open this row too. It
	// stays the caller's to wipe.
	RecoveryKey *envelope.Key
}

// Wrapping is what [Wrap] made.
type Wrapping struct {
	Row *Row
	// RecoveryKey is shown to the person and stored nowhere; nil without a
	// password. The caller wipes it.
	RecoveryKey *envelope.Key
	// KeyCheck is stored beside the row; zero without a PRF.
	KeyCheck envelope.Hash
}

// Wrap wraps a keyring in a new row. Every row has its own DEK and salts, so
// rows of one keyring do not weaken each other.
func Wrap(k *Keyring, o WrapOptions) (*Wrapping, error) {
	if o.PRF == nil && o.Password == nil {
		return nil, fmt.Errorf("wrap keyring: %w", ErrNoFactor)
	}
	r := &Row{
		ID: o.Row, User: k.owner.Approver, Label: o.Label, SecretType: SecretTypeKeyring, Source: SourceStillvault,
		CredentialID: o.CredentialID, Created: o.Created.UTC().Truncate(time.Millisecond),
	}
	if r.ID.IsZero() {
		r.ID = envelope.NewID()
	}
	rand.Read(r.KDFSalt[:])
	dek := envelope.NewKey()
	defer dek.Wipe()
	w := &Wrapping{Row: r}
	var err error
	if o.PRF != nil {
		if w.KeyCheck, err = r.wrapWithPRF(dek, o.PRF); err != nil {
			return nil, fmt.Errorf("wrap keyring: %w", err)
		}
	}
	if o.Password != nil {
		if w.RecoveryKey, err = r.wrapWithPassword(dek, o.Password, o.RecoveryKey); err != nil {
			return nil, fmt.Errorf("wrap keyring: %w", err)
		}
	}
	if err = r.sealContents(dek, k); err == nil {
		err = r.check()
	}
	if err != nil {
		w.RecoveryKey.Wipe()
		return nil, fmt.Errorf("wrap keyring: %w", err)
	}
	return w, nil
}

func (r *Row) wrapWithPRF(dek *envelope.Key, prf PRF) (envelope.Hash, error) {
	output, err := evaluateTwice(prf, PRFSalt(r.User))
	if err != nil {
		return envelope.Hash{}, err
	}
	defer output.Wipe()
	scoped, err := ScopePRF(output, r.ID)
	if err != nil {
		return envelope.Hash{}, err
	}
	defer scoped.Wipe()
	kek, err := envelope.Derive(scoped.Bytes(), r.KDFSalt[:], labelPasskeyKEK, nil)
	if err != nil {
		return envelope.Hash{}, err
	}
	defer kek.Wipe()
	r.PRF = &Wrapped{AAD: r.aad(aadPasskey)}
	if err := r.PRF.seal(kek, r.PRF.AAD, dek.Bytes()); err != nil {
		return envelope.Hash{}, err
	}
	return KeyCheck(output, r.ID)
}

// evaluateTwice guards against authenticators that do not answer alike: what
// is wrapped with an answer that never comes again is lost.
func evaluateTwice(prf PRF, salt [32]byte) (*envelope.Key, error) {
	output, err := prf.Evaluate(salt)
	if err != nil {
		return nil, fmt.Errorf("authenticator: %w", err)
	}
	again, err := prf.Evaluate(salt)
	if err != nil {
		output.Wipe()
		return nil, fmt.Errorf("authenticator: %w", err)
	}
	defer again.Wipe()
	if !output.Equal(again) {
		output.Wipe()
		return nil, fmt.Errorf("authenticator gave two answers to one question; use another: %w", ErrPRFChanged)
	}
	return output, nil
}

func (r *Row) wrapWithPassword(dek *envelope.Key, password []byte, recovery *envelope.Key) (*envelope.Key, error) {
	normal, err := normalise(password)
	if err != nil {
		return nil, err
	}
	empty := len(trim(normal)) == 0
	envelope.Wipe(normal)
	if empty {
		return nil, fmt.Errorf("password is empty: %w", ErrPassword)
	}
	if recovery == nil {
		recovery = envelope.NewKey()
	} else {
		recovery = recovery.Clone()
	}
	argon := newArgon()
	rand.Read(argon.Salt[:])
	kek, err := passwordKey(argon, r.KDFSalt, password, recovery)
	if err != nil {
		recovery.Wipe()
		return nil, err
	}
	defer kek.Wipe()
	r.Argon, r.Password = argon, &Wrapped{AAD: r.aad(aadPassword)}
	if err := r.Password.seal(kek, r.Password.AAD, dek.Bytes()); err != nil {
		recovery.Wipe()
		return nil, err
	}
	return recovery, nil
}

// sealContents seals metadata and payload. Both are bound with the metadata's
// AAD: the format has it so, and their keys differ.
func (r *Row) sealContents(dek *envelope.Key, k *Keyring) error {
	keys, err := r.contentKeys(dek)
	if err != nil {
		return err
	}
	defer keys.wipe()
	r.Metadata.AAD = r.aad(aadMetadata)
	metadata, err := r.encodeMetadata()
	if err != nil {
		return err
	}
	if err := r.Metadata.seal(keys.metadata, r.Metadata.AAD, metadata); err != nil {
		return err
	}
	seed := encodeKey(k.seed)
	defer envelope.Wipe(seed)
	return r.Payload.seal(keys.payload, r.Metadata.AAD, seed)
}
