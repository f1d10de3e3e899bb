// Package keyring holds an approver's keys and the ways to get at them.
//
// A [Keyring] is 32 random bytes, the seed, from which a KEM key pair, a
// signing key and a metadata key are derived. It is stored only wrapped, in
// recovery-vault rows ([Row]): one per device, each openable by either of two
// independent factors, an authenticator's PRF output or a password with a
// recovery key. [Wrap] makes a row; [OpenWithPRF] and [OpenWithPassword] open
// one. [Row.OpenWithPRF] and [Row.OpenWithPassword] open any row of the
// format, also one whose payload is not a keyring.
//
// A [Device] has keys of its own that need no gesture. They open and sign what
// belongs to its inbox and nothing else; the keyring vouches for them with a
// [Certificate].
//
// The package does no I/O: who stores rows, device seeds and the software
// factor's key, and with which file mode, is the caller's concern.
package keyring
