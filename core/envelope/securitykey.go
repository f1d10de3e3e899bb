package envelope

import (
	"crypto/ed25519"
	"crypto/sha256"
)

// SecurityKeyApplication is what a security key has to be made for, so that its
// signatures count here: ssh-keygen -t ed25519-sk -O application=ssh:stillvault.
// A key made to log in somewhere has another, and signs nothing for us by mistake.
const SecurityKeyApplication = "ssh:stillvault"

// SecurityKeySignatureSize is the length of a signature by a security key: 64
// bytes of Ed25519, one of flags, and four of the key's counter, big-endian.
const SecurityKeySignatureSize = SignatureSize + 1 + 4

// userPresent is the flag that says that somebody touched the key.
const userPresent = 0x01

// VerifyStatement is [Signed.Verify] of a statement, whose signers may be
// security keys: besides a plain signature of 64 bytes it takes one of
// [SecurityKeySignatureSize]. No other message may carry that form, hence no
// type is asked for.
//
// The flags and the counter that stand in a signature are part of what is
// signed, so that nothing around a statement is free to vary here either. The
// counter is not compared with anything: the log's own order is what counts.
func (s Signed) VerifyStatement(keys ...VerifyKey) error {
	return s.verify(TypeStatement, keys, func(key VerifyKey, pae, signature []byte) bool {
		if len(signature) == SecurityKeySignatureSize {
			return verifySecurityKey(key, pae, signature)
		}
		return verifyPlain(key, pae, signature)
	})
}

// verifySecurityKey checks a signature in the form of OpenSSH's PROTOCOL.u2f, by
// a key that was touched:
//
//	Ed25519 over SHA-256(application) ‖ flags ‖ counter ‖ SHA-256(pae)
//
// Its 69 bytes begin with a digest and PAE with "DSSEv1 ", so that neither form
// is ever the other, even for a key that signs both.
func verifySecurityKey(key VerifyKey, pae, signature []byte) bool {
	said := signature[SignatureSize:] // flags ‖ counter
	if said[0]&userPresent == 0 {
		return false
	}
	application, message := sha256.Sum256([]byte(SecurityKeyApplication)), sha256.Sum256(pae)
	over := make([]byte, 0, 2*sha256.Size+len(said))
	over = append(append(append(over, application[:]...), said...), message[:]...)
	return ed25519.Verify(key[:], over, signature[:SignatureSize])
}
