package envelope

import (
	"crypto/hpke"
	"fmt"
	"io"
)

// Opener opens several things that were sealed to one KEM key and expands the
// key from its seed only once, which takes a third of the time of opening one.
// What it expands is several kilobytes that nobody can wipe; they are erased, in
// builds that are [Confined], after the Opener is forgotten. So it lives for one
// call and is not kept while somebody waits. It prints as redacted. It is not
// safe for concurrent use.
type Opener struct {
	seed    *Key
	private hpke.PrivateKey // nil until the first use
}

// NewOpener returns an Opener for the key that seed stands for, which stays the
// caller's to wipe and has to last as long as the Opener.
func NewOpener(seed *Key) *Opener { return &Opener{seed: seed} }

// Open decrypts as [OpenWith] does.
func (o *Opener) Open(ctx Context, e Envelope) ([]byte, error) {
	if err := e.Suite.check(); err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	info, err := ctx.Encode()
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	if len(e.Bytes) < EncapsulationSize+TagSize {
		return nil, fmt.Errorf("open %s: %d bytes: %w", ctx.Purpose, len(e.Bytes), ErrOpen)
	}
	plaintext := make([]byte, len(e.Bytes)-EncapsulationSize-TagSize)
	err = o.use(func(private hpke.PrivateKey) error {
		opened, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), info, e.Bytes)
		if err != nil {
			return ErrOpen
		}
		copy(plaintext, opened)
		Wipe(opened)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", ctx.Purpose, err)
	}
	return plaintext, nil
}

// use expands the seed unless that was done before. The X-Wing private key is an
// HKDF output of the seed and not DeriveKeyPair's, whose definition for this KEM
// is still a draft's and may change under stored keys.
func (o *Opener) use(f func(hpke.PrivateKey) error) (err error) {
	if o.private == nil {
		private, err := Derive(o.seed.Bytes(), nil, LabelXWing, nil)
		if err != nil {
			return err
		}
		defer private.Wipe()
		Confine(func() {
			if o.private, err = kem().NewPrivateKey(private.Bytes()); err == nil {
				err = f(o.private)
			}
		})
		return err
	}
	Confine(func() { err = f(o.private) })
	return err
}

// Format prints "[redacted]" for every verb.
func (Opener) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON always fails with [ErrRedacted].
func (Opener) MarshalJSON() ([]byte, error) { return nil, ErrRedacted }
