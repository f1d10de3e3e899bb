package contract

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Signer is what an external signer implements. Its methods are called one at a
// time. An error of [Refuse] means that the signer will not sign; any other means
// that it cannot now, and its text is shown to whoever waits.
type Signer interface {
	// PublicKey returns the key, 32 bytes: the same each time.
	PublicKey(ctx context.Context) (ed25519.PublicKey, error)
	// Sign returns the Ed25519 signature, 64 bytes, over s.PAE().
	Sign(ctx context.Context, s Statement) ([]byte, error)
}

// Statement is what a signer is asked to sign, whole.
type Statement struct {
	// Type says what the payload is. An Org Identity key signs nothing but
	// [envelope.TypeStatement].
	Type envelope.PayloadType
	// Payload is the exact payload, canonical JSON, at most 256 KiB.
	Payload []byte
}

// PAE returns what the signature is over: DSSE's encoding of type and payload.
func (s Statement) PAE() []byte { return envelope.PAE(s.Type, s.Payload) }

// Read decodes the payload: which kind of statement it is, its place in the log
// and, still as JSON, its body. What is no statement, or has a field that this
// build does not know, is an error as [Refuse] makes it.
func (s Statement) Read() (roster.Statement, error) {
	st, err := envelope.Peek[roster.Statement](envelope.Signed{Type: s.Type, Payload: s.Payload}, envelope.TypeStatement)
	if err != nil {
		return roster.Statement{}, &refusal{reason: fmt.Sprintf("this is no statement that I can read: %v", err)}
	}
	return st, nil
}

// Refuse returns the error with which [Signer.Sign] says that it will not sign,
// and why. The reason is shown to a person: plain text, one sentence.
func Refuse(reason string) error { return &refusal{reason: reason} }

type refusal struct{ reason string }

// Error returns the reason, which the person who asked is shown.
func (r *refusal) Error() string { return r.reason }

func isRefusal(err error) bool {
	var r *refusal
	return errors.As(err, &r)
}
