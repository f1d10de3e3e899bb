// Package sshagent signs with an Org Identity key that an ssh-agent holds: an
// Ed25519 key, or a security key that somebody has to touch.
//
// A security key is made with
//
//	ssh-keygen -t ed25519-sk -O application=ssh:stillvault
//
// and is then good for nothing else: a server that it could log in to would ask
// for another application. It signs statements only.
package sshagent

import (
	"context"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
)

// SocketVariable is the environment variable that says where the agent is.
const SocketVariable = "SSH_AUTH_SOCK"

// Signer is one key of an agent. Every signature has a connection of its own, so
// that one that was given up cannot be taken for the answer to the next. It may
// be used from several goroutines.
type Signer struct {
	agent  agent
	key    agentKey
	closed context.CancelFunc
}

var _ signer.Signer = (*Signer)(nil)

// Open finds the key with this fingerprint, SHA256: and 43 characters, in the
// agent that SSH_AUTH_SOCK names. It returns [signer.ErrUnavailable] where there
// is no agent or no such key in it, and [signer.ErrKeyType] for a key that is
// neither Ed25519 nor a security key for [envelope.SecurityKeyApplication]. ctx
// bounds opening only.
func Open(ctx context.Context, fingerprint string, o signer.Options) (*Signer, error) {
	open, closed := context.WithCancel(context.Background())
	s := &Signer{agent: agent{limit: o.Limit(), open: open}, closed: closed}
	if err := s.find(ctx, fingerprint); err != nil {
		closed()
		return nil, fmt.Errorf("open the Org Identity key in ssh-agent: %w", err)
	}
	return s, nil
}

func (s *Signer) find(ctx context.Context, fingerprint string) error {
	blobs, err := s.agent.list(ctx)
	if err != nil {
		return err
	}
	for _, blob := range blobs {
		if ssh.FingerprintSHA256(blobKey(blob)) == fingerprint {
			s.key, err = parseKey(blob)
			return err
		}
	}
	return fmt.Errorf("it holds no key %s, or is locked; `ssh-add -l` lists what it holds: %w", fingerprint, signer.ErrUnavailable)
}

// Public returns the verification key.
func (s *Signer) Public() envelope.VerifyKey { return s.key.public }

// Sign has the agent sign. For a security key it waits until somebody touches
// it: [signer.ErrTimeout] where nobody does.
func (s *Signer) Sign(t envelope.PayloadType, payload []byte) ([]byte, error) {
	signature, err := s.sign(t, payload)
	if err != nil {
		return nil, fmt.Errorf("sign with ssh-agent: %w", err)
	}
	return signature, nil
}

func (s *Signer) sign(t envelope.PayloadType, payload []byte) ([]byte, error) {
	if s.key.touched && t != envelope.TypeStatement {
		return nil, fmt.Errorf("a security key signs statements only: %w", signer.ErrRefused)
	}
	answer, err := s.agent.sign(context.Background(), s.key.blob, envelope.PAE(t, payload))
	if err != nil {
		return nil, err
	}
	signature, err := s.key.signature(answer)
	if err != nil {
		return nil, err
	}
	return signature, signer.Check(t, payload, s.key.public, signature)
}

// Close ends a signature that is being waited for. The agent keeps the key.
func (s *Signer) Close() error {
	s.closed()
	return nil
}
