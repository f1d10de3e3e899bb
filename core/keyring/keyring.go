package keyring

import (
	"fmt"
	"io"

	"github.com/stillvault/stillvault/core/envelope"
)

const redacted = "[redacted keyring]"

// Owner names whose keyring it is. It is not part of a stored row beyond the
// approver's id: who opens a row takes it from the roster they trust.
type Owner struct {
	Organisation envelope.Hash
	Approver     envelope.ID
	Generation   uint32 // from 1, raised when the keyring is replaced
}

// Check refuses an owner that lacks a part, with [ErrOwner].
func (o Owner) Check() error {
	if o.Organisation.IsZero() || o.Approver.IsZero() || o.Generation == 0 {
		return fmt.Errorf("keyring without organisation, approver or generation: %w", ErrOwner)
	}
	return nil
}

// Public is the public half of a keyring or of a device.
type Public struct {
	KEM     envelope.KEMKey    `json:"kem"`
	Signing envelope.VerifyKey `json:"signing"`
}

// Keyring is an approver's keys: a 32-byte seed, and everything derived from
// it on demand, so that nothing but the seed has to be wiped. It prints as
// redacted and refuses to be serialised. It is not safe for use while
// [Keyring.Wipe] runs.
type Keyring struct {
	owner Owner
	seed  *envelope.Key
}

// New makes a keyring with a fresh random seed. The caller wipes it.
func New(organisation envelope.Hash, approver envelope.ID, generation uint32) (*Keyring, error) {
	return FromSeed(organisation, approver, generation, envelope.NewKey())
}

// FromSeed makes the keyring of a seed, 32 bytes, and takes the seed over:
// [Keyring.Wipe] wipes it, as FromSeed does when it fails.
func FromSeed(organisation envelope.Hash, approver envelope.ID, generation uint32, seed *envelope.Key) (*Keyring, error) {
	o := Owner{Organisation: organisation, Approver: approver, Generation: generation}
	if err := o.Check(); err != nil {
		seed.Wipe()
		return nil, err
	}
	return &Keyring{owner: o, seed: seed}, nil
}

// Owner says whose keyring it is.
func (k *Keyring) Owner() Owner { return k.owner }

// Organisation is the id of the organisation that the keyring is for: another
// organisation's keys, derived from the same seed, would be others.
func (k *Keyring) Organisation() envelope.Hash { return k.owner.Organisation }

// Approver is the id of the person whose keyring it is.
func (k *Keyring) Approver() envelope.ID { return k.owner.Approver }

// Generation counts the approver's keyrings, from 1.
func (k *Keyring) Generation() uint32 { return k.owner.Generation }

// Public returns the public keys, which the organisation admits to its roster.
func (k *Keyring) Public() (Public, error) {
	kemSeed, err := k.derive(envelope.LabelKEM)
	if err != nil {
		return Public{}, err
	}
	defer kemSeed.Wipe()
	kem, err := envelope.KEMPublic(kemSeed)
	if err != nil {
		return Public{}, fmt.Errorf("keyring: %w", err)
	}
	signer, err := k.Signer()
	if err != nil {
		return Public{}, err
	}
	defer signer.Wipe()
	return Public{KEM: kem, Signing: signer.Public()}, nil
}

// Signer returns the approver's signing key, which the caller wipes.
func (k *Keyring) Signer() (*envelope.SigningKey, error) {
	seed, err := k.derive(envelope.LabelSigning)
	if err != nil {
		return nil, err
	}
	return envelope.NewSigningKey(seed), nil
}

// MetadataKey returns the key, 32 bytes, under which an approver's own notes
// about secrets are kept. The caller wipes it.
func (k *Keyring) MetadataKey() (*envelope.Key, error) { return k.derive(envelope.LabelMetadata) }

// Open decrypts what was sealed to this keyring's KEM key under ctx. A context
// of another organisation, recipient or generation is [envelope.ErrContext];
// what does not open is [envelope.ErrOpen]. The caller wipes the plaintext.
func (k *Keyring) Open(ctx envelope.Context, e envelope.Envelope) ([]byte, error) {
	if ctx.Organisation != k.owner.Organisation || ctx.Recipient != k.owner.Approver || ctx.Generation != k.owner.Generation {
		return nil, fmt.Errorf("open %s with another's keyring: %w", ctx.Purpose, envelope.ErrContext)
	}
	seed, err := k.derive(envelope.LabelKEM)
	if err != nil {
		return nil, err
	}
	defer seed.Wipe()
	return envelope.OpenWith(seed, ctx, e)
}

// Wipe overwrites the seed. It is safe on nil and may be called twice.
func (k *Keyring) Wipe() {
	if k != nil {
		k.seed.Wipe()
	}
}

// Format prints the same words for every verb.
func (Keyring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON always fails with [envelope.ErrRedacted].
func (Keyring) MarshalJSON() ([]byte, error) { return nil, envelope.ErrRedacted }

// derive binds every key to the organisation, so that one seed used with two
// organisations by mistake would still share no key between them.
func (k *Keyring) derive(label envelope.Label) (*envelope.Key, error) {
	return envelope.Derive(k.seed.Bytes(), k.owner.Organisation[:], label, nil)
}
