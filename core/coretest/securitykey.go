package coretest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
)

// SecurityKey signs as a key in hardware does that an agent asks: with what it was
// made for, whether somebody touched it, and how often it has signed.
type SecurityKey struct {
	*envelope.SigningKey
	Application string
	Flags       byte
	Counter     uint32
}

var _ envelope.Signer = (*SecurityKey)(nil)

// NewSecurityKey returns a key that may sign statements, and that is touched.
func NewSecurityKey() *SecurityKey {
	return &SecurityKey{SigningKey: envelope.NewSigningKey(envelope.NewKey()), Application: envelope.SecurityKeyApplication, Flags: 1}
}

// Sign signs PAE(t, payload) in the form of OpenSSH's PROTOCOL.u2f.
func (k *SecurityKey) Sign(t envelope.PayloadType, payload []byte) ([]byte, error) {
	k.Counter++
	application, message := sha256.Sum256([]byte(k.Application)), sha256.Sum256(envelope.PAE(t, payload))
	said := binary.BigEndian.AppendUint32([]byte{k.Flags}, k.Counter)
	signature := ed25519.Sign(ed25519.NewKeyFromSeed(k.Seed().Bytes()), slices.Concat(application[:], said, message[:]))
	return append(signature, said...), nil
}
