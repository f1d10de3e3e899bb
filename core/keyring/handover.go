package keyring

import (
	"encoding/binary"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// Passage is one handover of a keyring from a device of its owner to a further
// one.
type Passage struct {
	Organisation envelope.Hash
	Mount        envelope.ID
	Approver     envelope.ID
	// Shared is a key of 32 bytes that nobody but the two devices knows: it came
	// from one screen to the other. It stays its owner's to wipe.
	Shared *envelope.Key
	// Offer is the hash of what the new device offered, its name and its KEM key
	// for this handover, whose words the owner typed.
	Offer envelope.Hash
}

// generationSize is how many bytes the generation has before the seed.
const generationSize = 4

// HandOver seals the keyring to a further device. to is that device's KEM key for
// this one handover. There are two layers, since each key alone is within reach of
// somebody: [Passage.Shared], of whoever photographs the first screen, and who then
// lacks the private half of to; and to, of the broker that carries the offer, and
// who could otherwise seal a keyring of its own to it.
func (k *Keyring) HandOver(p Passage, to envelope.KEMKey) (envelope.Envelope, error) {
	if p.Organisation != k.owner.Organisation || p.Approver != k.owner.Approver {
		return envelope.Envelope{}, fmt.Errorf("hand over the keyring: %w", ErrOwner)
	}
	plaintext := binary.BigEndian.AppendUint32(make([]byte, 0, generationSize+envelope.KeySize), k.owner.Generation)
	plaintext = append(plaintext, k.seed.Bytes()...)
	defer envelope.Wipe(plaintext)
	inner, err := envelope.Seal(p.Shared, p.context(envelope.PurposeHandoverSeed), plaintext)
	if err != nil {
		return envelope.Envelope{}, err
	}
	return envelope.SealTo(to, p.context(envelope.PurposeHandover), inner.Bytes)
}

// TakeOver opens what [Keyring.HandOver] made. seed is the KEM seed of the new
// device for this handover, which stays the caller's to wipe, as the keyring
// becomes. What was made for another handover, offer or device, or without the
// shared key, is [envelope.ErrOpen].
func TakeOver(p Passage, seed *envelope.Key, sealed envelope.Envelope) (*Keyring, error) {
	inner, err := envelope.OpenWith(seed, p.context(envelope.PurposeHandover), sealed)
	if err != nil {
		return nil, fmt.Errorf("take over the keyring: %w", err)
	}
	plaintext, err := envelope.Open(p.Shared, p.context(envelope.PurposeHandoverSeed), envelope.Envelope{Suite: sealed.Suite, Bytes: inner})
	if err != nil {
		return nil, fmt.Errorf("take over the keyring: %w", err)
	}
	defer envelope.Wipe(plaintext)
	if len(plaintext) != generationSize+envelope.KeySize {
		return nil, fmt.Errorf("take over the keyring: %d bytes: %w", len(plaintext), ErrFormat)
	}
	key, err := envelope.KeyFrom(plaintext[generationSize:])
	if err != nil {
		return nil, err
	}
	return FromSeed(p.Organisation, p.Approver, binary.BigEndian.Uint32(plaintext), key)
}

func (p Passage) context(purpose envelope.Purpose) envelope.Context {
	return envelope.Context{Purpose: purpose, Organisation: p.Organisation, Mount: p.Mount, Recipient: p.Approver, Request: p.Offer}
}
