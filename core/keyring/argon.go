package keyring

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/stillvault/stillvault/core/envelope"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Argon holds the Argon2id parameters of a row's password factor.
type Argon struct {
	Salt        [16]byte
	Time        uint32
	MemoryMiB   uint32
	Parallelism uint32
	Version     uint32 // 1 or 19; both mean Argon2 v1.3
}

// Bounds on reading: a row is stored by parties that are not trusted, and what
// it asks for is computed before anything in it can be authenticated.
const (
	maxArgonTime      = 20
	minArgonMemoryMiB = 16
	maxArgonMemoryMiB = 256
)

// newArgon returns what rows are written with, less the salt (RFC 9106,
// section 4, second recommendation, with one lane).
func newArgon() *Argon {
	return &Argon{Time: 3, MemoryMiB: 64, Parallelism: 1, Version: argon2.Version}
}

func (a *Argon) check() error {
	if a.Version != 1 && a.Version != argon2.Version {
		return fmt.Errorf("row: argon_version is %d, known are 1 and %d: %w", a.Version, argon2.Version, ErrVersion)
	}
	if a.Time < 1 || a.Time > maxArgonTime || a.MemoryMiB < minArgonMemoryMiB || a.MemoryMiB > maxArgonMemoryMiB || a.Parallelism != 1 {
		return fmt.Errorf("row: argon_time %d, argon_mem_mib %d, argon_parallelism %d, allowed 1–%d, %d–%d, 1: %w",
			a.Time, a.MemoryMiB, a.Parallelism, maxArgonTime, minArgonMemoryMiB, maxArgonMemoryMiB, ErrKDFBounds)
	}
	return nil
}

// passwordKey derives the key that wraps a DEK from password and recovery key,
// 32 bytes that the caller wipes. Argon2's working memory passes through
// goroutines of its own, which [envelope.Confine] does not reach; it is
// overwritten by whatever the process next allocates there.
func passwordKey(a *Argon, kdfSalt [32]byte, password []byte, recovery *envelope.Key) (*envelope.Key, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	normal, err := normalise(password)
	if err != nil {
		return nil, err
	}
	defer envelope.Wipe(normal)
	ikm := make([]byte, 2*envelope.KeySize)
	defer envelope.Wipe(ikm)
	envelope.Confine(func() {
		stretched := argon2.IDKey(trim(normal), a.Salt[:], a.Time, a.MemoryMiB<<10, uint8(a.Parallelism), envelope.KeySize)
		copy(ikm, stretched)
		envelope.Wipe(stretched)
	})
	copy(ikm[envelope.KeySize:], recovery.Bytes())
	return envelope.Derive(ikm, kdfSalt[:], labelPasswordKEK, nil)
}

// normalise returns the NFC form of password in memory of its own, which the
// caller wipes. A password that is no text has no such form: [ErrPassword].
func normalise(password []byte) ([]byte, error) {
	if !utf8.Valid(password) {
		return nil, fmt.Errorf("password is not UTF-8: %w", ErrPassword)
	}
	// NFC makes text at most three times as long; a buffer that is never grown
	// leaves no copy behind.
	normal := make([]byte, 0, 3*len(password))
	envelope.Confine(func() { normal = norm.NFC.Append(normal, password...) })
	return normal, nil
}

// trim cuts off what ECMAScript's String.prototype.trim does: the format's
// first implementation is in that language. Go's notion of white space differs
// (it has U+0085 and lacks U+FEFF).
func trim(text []byte) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if !isECMAScriptSpace(r) {
			break
		}
		text = text[size:]
	}
	for len(text) > 0 {
		r, size := utf8.DecodeLastRune(text)
		if !isECMAScriptSpace(r) {
			break
		}
		text = text[:len(text)-size]
	}
	return text
}

// ecmaScriptSpace is WhiteSpace and LineTerminator of ECMA-262, 12.2 and 12.3.
var ecmaScriptSpace = []rune{
	'\t', '\n', '\v', '\f', '\r', ' ', '\u00a0', '\u1680',
	'\u2000', '\u2001', '\u2002', '\u2003', '\u2004', '\u2005', '\u2006', '\u2007', '\u2008', '\u2009', '\u200a',
	'\u2028', '\u2029', '\u202f', '\u205f', '\u3000', '\ufeff',
}

func isECMAScriptSpace(r rune) bool { return slices.Contains(ecmaScriptSpace, r) }
