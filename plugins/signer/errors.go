package signer

import "errors"

// What can go wrong with a signer. Nothing was signed, or what was signed is not
// used: the organisation's log stays as it is.
var (
	// ErrAddress means that a text names no signer that this build knows.
	ErrAddress = errors.New("signer_address_invalid: use file:PATH, ssh-agent:SHA256:…, transit:NAME or exec:PATH?sha256=…; `stillvault org init --help` shows one of each")
	// ErrPassphrase means that a key file has a passphrase and nobody said it.
	ErrPassphrase = errors.New("signer_passphrase: the key file wants its passphrase; set STILLVAULT_SIGNER_PASSPHRASE, or add ?passphrase_file=PATH to the address")
	// ErrWrongPassphrase means that what was said is not the passphrase of a key
	// file, or that somebody changed the file.
	ErrWrongPassphrase = errors.New("signer_passphrase_wrong: it is the passphrase of another key file, or somebody changed this one; see which passphrase and which file belong together")
	// ErrUnavailable means that the signer cannot be reached, or ended.
	ErrUnavailable = errors.New("signer_unavailable: nothing was signed; see that the signer is there and runs, and run this again")
	// ErrTimeout means that the signer did not answer in time.
	ErrTimeout = errors.New("signer_timeout: the signer did not answer in time and nothing was signed; if it waits for a touch or a PIN, be there, and run this again")
	// ErrRefused means that the signer would not sign this.
	ErrRefused = errors.New("signer_refused: the signer said no, and nothing was signed or changed; ask whoever runs it, and run this again")
	// ErrChanged means that an external signer's program is another than pinned.
	ErrChanged = errors.New("signer_changed: the program at this path is not the one whose SHA-256 the address pins; if it was replaced on purpose, pin the new one, and if not, do not run it")
	// ErrKeyChanged means that a signer has another key than before, or than asked for.
	ErrKeyChanged = errors.New("signer_key_changed: the signer holds another key than it did; nothing was signed; see that the address names the right key and version")
	// ErrSignature means that what came back is no signature by the signer's key.
	ErrSignature = errors.New("signer_signature_invalid: what the signer returned is no signature by its key over this statement, and was thrown away; the signer is broken, or uses another key than it says")
	// ErrKeyType means that the key is none that can be an Org Identity key.
	ErrKeyType = errors.New("signer_key_type: an Org Identity key is an Ed25519 key, or a security key that was made with `ssh-keygen -t ed25519-sk -O application=ssh:stillvault`; name one of those")
	// ErrVersion means that an external signer speaks no version of the contract
	// that this build speaks.
	ErrVersion = errors.New("signer_version: the signer speaks another version of the contract; install one that was built for this version of Stillvault")
)
