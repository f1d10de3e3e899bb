package desk_test

import (
	"encoding/json"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

const (
	rpID   = "vault.example"
	origin = "https://vault.example:8200"
)

// authenticator answers gestures as a platform authenticator does, with one
// passkey. What it gets wrong can be told to it.
type authenticator struct {
	credential envelope.Bytes
	prf        *keyring.Software
	flags      byte
	rpID       string
	origin     string
	cross      bool
}

func newAuthenticator() *authenticator {
	return &authenticator{credential: envelope.Bytes("credential-0123456789"), prf: keyring.NewSoftware(), flags: 0x05, rpID: rpID, origin: origin}
}

// answer makes the structures of one gesture.
func (a *authenticator) answer(kind, challenge string) desk.Assertion {
	site := envelope.SumHash([]byte(a.rpID))
	data := append(append([]byte{}, site[:]...), a.flags, 0, 0, 0, 7)
	client, _ := json.Marshal(map[string]any{
		"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": a.cross, "other_keys_can_be_added_here": "yes",
	})
	return desk.Assertion{CredentialID: a.credential, AuthenticatorData: data, ClientDataJSON: client}
}

// evaluate returns the PRF output at a salt, as the browser hands it over.
func (a *authenticator) evaluate(salt string) []byte {
	var b envelope.Bytes
	if err := b.UnmarshalText([]byte(salt)); err != nil {
		panic(err)
	}
	out, err := a.prf.Evaluate([32]byte(b))
	if err != nil {
		panic(err)
	}
	return out.Bytes()
}
