package file

import (
	"crypto/rand"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
)

// sealedFile is what a file with a passphrase holds, as canonical JSON and a
// line feed:
//
//	key    = HKDF-SHA256(Argon2id(NFC(passphrase), salt), "stillvault/signer-file/v1")
//	sealed = AES-256-GCM(key, seed), bound to SHA-256 of this file with sealed left empty
//
// Everything that stands beside the ciphertext is so authenticated, the public
// key among it: whoever changes what Argon2id costs, or which key this says it
// is, makes a file that does not open.
type sealedFile struct {
	Kind      string             `json:"kind"`
	Version   int                `json:"version"`
	PublicKey envelope.VerifyKey `json:"public_key"`
	Argon     argon              `json:"argon2id"`
	Sealed    envelope.Envelope  `json:"sealed"`
}

// argon holds the parameters of Argon2id, version 1.3 (RFC 9106).
type argon struct {
	Salt        envelope.Bytes `json:"salt"` // 16 bytes
	Time        uint32         `json:"time"`
	MemoryMiB   uint32         `json:"memory_mib"`
	Parallelism uint8          `json:"parallelism"`
}

// Bounds on reading, those of a keyring's password: what a file asks for is
// computed before anything in it can be authenticated.
const (
	saltSize          = 16
	maxArgonTime      = 20
	minArgonMemoryMiB = 16
	maxArgonMemoryMiB = 256
)

// newArgon is what files are written with (RFC 9106, section 4, second
// recommendation, with one lane).
func newArgon() argon {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	return argon{Salt: salt, Time: 3, MemoryMiB: 64, Parallelism: 1}
}

func seal(key *envelope.SigningKey, passphrase []byte, a argon) (sealedFile, error) {
	f := sealedFile{Kind: identityKind, Version: sealedVersion, PublicKey: key.Public(), Argon: a}
	wrapping, err := f.wrappingKey(passphrase)
	if err != nil {
		return sealedFile{}, err
	}
	defer wrapping.Wipe()
	context, err := f.context()
	if err != nil {
		return sealedFile{}, err
	}
	f.Sealed, err = envelope.Seal(wrapping, context, key.Seed().Bytes())
	return f, err
}

// readSealed reads a file and checks what can be checked without a passphrase:
// [ErrFormat].
func readSealed(data []byte) (sealedFile, error) {
	f, err := envelope.Decode[sealedFile](data)
	if err != nil || f.Kind != identityKind || f.Version != sealedVersion {
		return sealedFile{}, ErrFormat
	}
	a := f.Argon
	if len(a.Salt) != saltSize || a.Time < 1 || a.Time > maxArgonTime ||
		a.MemoryMiB < minArgonMemoryMiB || a.MemoryMiB > maxArgonMemoryMiB || a.Parallelism != 1 {
		return sealedFile{}, fmt.Errorf("Argon2id with a salt of %d bytes, time %d, %d MiB, parallelism %d; allowed are %d, 1–%d, %d–%d, 1: %w",
			len(a.Salt), a.Time, a.MemoryMiB, a.Parallelism, saltSize, maxArgonTime, minArgonMemoryMiB, maxArgonMemoryMiB, ErrFormat)
	}
	return f, nil
}

// open returns the seed, which the caller wipes. A passphrase that does not open it
// is [signer.ErrWrongPassphrase].
func (f sealedFile) open(passphrase []byte) (*envelope.Key, error) {
	wrapping, err := f.wrappingKey(passphrase)
	if err != nil {
		return nil, err
	}
	defer wrapping.Wipe()
	context, err := f.context()
	if err != nil {
		return nil, err
	}
	plaintext, err := envelope.Open(wrapping, context, f.Sealed)
	if err != nil {
		return nil, signer.ErrWrongPassphrase
	}
	defer envelope.Wipe(plaintext)
	seed, err := envelope.KeyFrom(plaintext)
	if err != nil {
		return nil, ErrFormat
	}
	// Of a file that opens, only its maker can have written another public key
	// beside; who trusts that text would trust the wrong key.
	if envelope.NewSigningKey(seed).Public() != f.PublicKey {
		seed.Wipe()
		return nil, fmt.Errorf("its public key is not that of the key in it: %w", ErrFormat)
	}
	return seed, nil
}

// context binds the ciphertext to everything beside it.
func (f sealedFile) context() (envelope.Context, error) {
	f.Sealed = envelope.Envelope{}
	header, err := envelope.Encode(f)
	if err != nil {
		return envelope.Context{}, err
	}
	return envelope.Context{Purpose: envelope.PurposeSignerFile, Request: envelope.SumHash(header)}, nil
}

// wrappingKey is what the passphrase opens the file with; the caller wipes it.
// Argon2's working memory passes through goroutines of its own, which
// [envelope.Confine] does not reach; it is overwritten by whatever the process
// next allocates there.
func (f sealedFile) wrappingKey(passphrase []byte) (*envelope.Key, error) {
	if len(passphrase) == 0 || !utf8.Valid(passphrase) {
		return nil, fmt.Errorf("a passphrase is text, and not empty: %w", signer.ErrPassphrase)
	}
	// One passphrase may be typed as different bytes on two machines. NFC makes
	// text at most three times as long: a buffer that never grows leaves no copy.
	normal := make([]byte, 0, 3*len(passphrase))
	stretched := make([]byte, envelope.KeySize)
	defer envelope.Wipe(stretched)
	envelope.Confine(func() {
		normal = norm.NFC.Append(normal, passphrase...)
		key := argon2.IDKey(normal, f.Argon.Salt, f.Argon.Time, f.Argon.MemoryMiB<<10, f.Argon.Parallelism, envelope.KeySize)
		copy(stretched, key)
		envelope.Wipe(key)
	})
	defer envelope.Wipe(normal)
	return envelope.Derive(stretched, nil, envelope.LabelSignerFile, nil)
}
