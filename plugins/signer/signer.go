// Package signer is what every holder of an Org Identity key has in common,
// wherever the key is: in a file, in an agent, in another Vault, in hardware
// behind a program of its own.
//
// An [Address] says which one; package open opens it. Whoever writes a new kind
// outside this repository begins with package contract instead.
package signer

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/stillvault/stillvault/core/envelope"
)

// Signer is an opened Org Identity key. Public is the same for as long as it is
// open; Sign returns only what verifies under it. Close ends what opening began,
// processes and connections, and wipes what it read; it may be called twice.
type Signer interface {
	envelope.Signer
	io.Closer
}

// Options are what opening a signer may need. The zero value asks nobody and
// logs nothing.
type Options struct {
	// Passphrase asks a person for the passphrase of a file. Without it, only
	// the address and the environment say. The opener wipes what it returns.
	Passphrase func(ctx context.Context, prompt string) ([]byte, error)
	// Logger takes what a signer outside this process says.
	Logger hclog.Logger
	// Timeout bounds one call of a signer outside this process, such as the time
	// that a person has to touch a key; 0 is [DefaultTimeout].
	Timeout time.Duration
}

// DefaultTimeout is how long a signer outside this process may take to answer.
const DefaultTimeout = time.Minute

// Limit is the time that one call may take.
func (o Options) Limit() time.Duration {
	if o.Timeout > 0 {
		return o.Timeout
	}
	return DefaultTimeout
}

// Log is where to log: [Options.Logger], or nowhere.
func (o Options) Log() hclog.Logger {
	if o.Logger != nil {
		return o.Logger
	}
	return hclog.NewNullLogger()
}

// Check returns [ErrSignature] unless a signature over a statement verifies
// under the key that the signer said it has. A signer that is broken, or that
// answers with another key, is found out here and not by everybody who reads
// the log later.
func Check(t envelope.PayloadType, payload []byte, public envelope.VerifyKey, signature []byte) error {
	s := envelope.Signed{Type: t, Payload: payload, Signatures: []envelope.Signature{{Key: public, Bytes: signature}}}
	verify := func() error { return s.Verify(t, public) }
	if t == envelope.TypeStatement {
		verify = func() error { return s.VerifyStatement(public) }
	}
	if err := verify(); err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return nil
}
