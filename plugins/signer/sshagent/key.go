package sshagent

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"

	"golang.org/x/crypto/ssh"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
)

// agentKey is a key as the agent names it.
type agentKey struct {
	blob    []byte // by which the agent knows it
	public  envelope.VerifyKey
	touched bool // a security key
}

// blobKey lets package ssh take the fingerprint of a key of any kind.
type blobKey []byte

// Type is not asked for: the agent finds a key by its blob.
func (k blobKey) Type() string { return "" }

// Marshal returns the blob.
func (k blobKey) Marshal() []byte { return k }

// Verify refuses: a signature is checked by package signer.
func (k blobKey) Verify(_ []byte, _ *ssh.Signature) error { return signer.ErrKeyType }

// parseKey reads a public key in the form of RFC 8709, or of a security key in
// that of OpenSSH's PROTOCOL.u2f.
func parseKey(blob []byte) (agentKey, error) {
	k := agentKey{blob: blob}
	var kind struct {
		Type string
		Rest []byte `ssh:"rest"`
	}
	if err := ssh.Unmarshal(blob, &kind); err != nil {
		return k, fmt.Errorf("not a key: %w", signer.ErrKeyType)
	}
	var key []byte
	switch kind.Type {
	case ssh.KeyAlgoED25519:
		var plain struct {
			Type string
			Key  []byte
		}
		if err := ssh.Unmarshal(blob, &plain); err != nil {
			return k, fmt.Errorf("not an Ed25519 key: %w", signer.ErrKeyType)
		}
		key = plain.Key
	case ssh.KeyAlgoSKED25519:
		var security struct {
			Type        string
			Key         []byte
			Application string
		}
		if err := ssh.Unmarshal(blob, &security); err != nil {
			return k, fmt.Errorf("not a security key: %w", signer.ErrKeyType)
		}
		if security.Application != envelope.SecurityKeyApplication {
			return k, fmt.Errorf("this security key was made for %q: %w", signer.Words(security.Application), signer.ErrKeyType)
		}
		key, k.touched = security.Key, true
	default:
		return k, fmt.Errorf("it is of type %q: %w", signer.Words(kind.Type), signer.ErrKeyType)
	}
	if len(key) != ed25519.PublicKeySize {
		return k, fmt.Errorf("a key of %d bytes: %w", len(key), signer.ErrKeyType)
	}
	k.public = envelope.VerifyKey(key)
	if err := k.public.Check(); err != nil {
		return k, fmt.Errorf("%w: %w", err, signer.ErrKeyType)
	}
	return k, nil
}

// signature turns the agent's signature into that of a statement: 64 bytes, or
// those with the flags and the counter of a security key behind them.
func (k agentKey) signature(answer []byte) ([]byte, error) {
	var s struct {
		Format string
		Blob   []byte
		Rest   []byte `ssh:"rest"`
	}
	want, said := ssh.KeyAlgoED25519, 0
	if k.touched {
		want, said = ssh.KeyAlgoSKED25519, envelope.SecurityKeySignatureSize-envelope.SignatureSize
	}
	if err := ssh.Unmarshal(answer, &s); err != nil || s.Format != want || len(s.Blob) != envelope.SignatureSize || len(s.Rest) != said {
		return nil, fmt.Errorf("not a signature of this kind of key: %w", signer.ErrSignature)
	}
	return slices.Concat(s.Blob, bytes.Clone(s.Rest)), nil
}
