package desk

import (
	"encoding/json"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// Assertion is what the browser returned for a gesture: the two structures of
// WebAuthn that say what the person did, and where.
type Assertion struct {
	CredentialID      envelope.Bytes `json:"credentialId"`
	AuthenticatorData envelope.Bytes `json:"authenticatorData"`
	ClientDataJSON    envelope.Bytes `json:"clientDataJSON"`
}

// Expected is what an assertion has to be of.
type Expected struct {
	Type       string // typeCreate or typeGet
	RPID       string
	Origin     string
	Credential string // base64url; empty for one that is being made
}

// The types of client data.
const (
	typeCreate = "webauthn.create"
	typeGet    = "webauthn.get"
)

// The layout of authenticator data (WebAuthn level 3, 6.1), as far as it is read:
//
//	SHA-256 of the relying party's id (32) ‖ flags (1) ‖ counter (4) ‖ …
const (
	flagsAt   = envelope.HashSize
	leastData = flagsAt + 1 + 4
	flagUP    = 0x01 // somebody was there
	flagUV    = 0x04 // and was verified: biometric or PIN
)

type clientData struct {
	Type        string         `json:"type"`
	Challenge   envelope.Bytes `json:"challenge"`
	Origin      string         `json:"origin"`
	CrossOrigin bool           `json:"crossOrigin"`
}

// ReadAssertion checks that a gesture was made at this app, on this credential,
// with user verification, and returns the challenge that it answers. Errors are
// [ErrUserVerification] and [ErrGesture].
//
// No signature is checked, on purpose. The page is its own relying party: there is
// no server that a signature could convince, and a page that lies could as well
// claim to have checked. What proves the person is that the PRF output, which the
// authenticator gives for the same gesture, opens the keyring. What is read here
// keeps honest browsers and weak authenticators from passing by mistake. A
// WebAuthn library for that would triple the size of the program.
func ReadAssertion(a Assertion, want Expected) (challenge envelope.Hash, err error) {
	var c clientData
	if json.Unmarshal(a.ClientDataJSON, &c) != nil || len(c.Challenge) != envelope.HashSize {
		return envelope.Hash{}, fmt.Errorf("client data: %w", ErrGesture)
	}
	if c.Type != want.Type || c.Origin != want.Origin || c.CrossOrigin {
		return envelope.Hash{}, fmt.Errorf("made by another page, or for another purpose: %w", ErrGesture)
	}
	if want.Credential != "" && a.CredentialID.String() != want.Credential {
		return envelope.Hash{}, fmt.Errorf("made with another passkey: %w", ErrGesture)
	}
	if len(a.AuthenticatorData) < leastData {
		return envelope.Hash{}, fmt.Errorf("authenticator data of %d bytes: %w", len(a.AuthenticatorData), ErrGesture)
	}
	if envelope.Hash(a.AuthenticatorData[:flagsAt]) != envelope.SumHash([]byte(want.RPID)) {
		return envelope.Hash{}, fmt.Errorf("made for another site: %w", ErrGesture)
	}
	if flags := a.AuthenticatorData[flagsAt]; flags&flagUP == 0 || flags&flagUV == 0 {
		return envelope.Hash{}, ErrUserVerification
	}
	return envelope.Hash(c.Challenge), nil
}
