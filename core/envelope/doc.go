// Package envelope holds the primitives of the Stillvault protocol: the one
// suite in force, authenticated encryption and HPKE sealing bound to a
// [Context], key derivation by [Label], and signed messages ([Signed]).
//
// Most callers want [Seal] and [Open] (a symmetric key both sides hold),
// [SealTo] and [OpenWith] (a recipient's KEM key), or [Sign] and
// [OpenSigned] (a message somebody must answer for).
//
// No primitive is implemented here. HPKE, X-Wing, HKDF, AES-GCM and Ed25519
// come from Go's standard library; this package fixes how they are combined,
// so that no caller chooses a nonce, an info string or an encoding.
//
// It does no I/O, knows nothing of Vault, and does not hide the length of what
// it encrypts: padding is the caller's ([Pad]).
package envelope
