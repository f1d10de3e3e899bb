package endtoend

import (
	"crypto/ecdh"
	"crypto/sha3"

	"github.com/stillvault/stillvault/core/envelope"
)

// ephemerals are the public halves of keys that consumers made for one answer
// each. Their private halves are nowhere but in the consumer, so that nobody can
// tell a search what to look for; instead, whatever could be one is tried.
type ephemerals map[[32]byte]bool

// add notes the X25519 part of an X-Wing key, its last 32 bytes: enough to tell
// it, and cheaper to compute than the whole.
func (e ephemerals) add(key envelope.KEMKey) { e[[32]byte(key[len(key)-32:])] = true }

// private says whether 32 bytes are the seed of one of the keys, or the X-Wing
// private key that the seed stands for.
func (e ephemerals) private(candidate []byte) bool {
	return e.xWing(candidate) || e.seed(candidate)
}

func (e ephemerals) seed(candidate []byte) bool {
	private, err := envelope.Derive(candidate, nil, envelope.LabelXWing, nil)
	return err == nil && e.xWing(private.Bytes())
}

// xWing expands an X-Wing private key as draft-connolly-cfrg-xwing-kem has it:
// 64 bytes for ML-KEM-768 and 32 for X25519.
func (e ephemerals) xWing(private []byte) bool {
	expanded := sha3.SumSHAKE256(private, 96)
	key, err := ecdh.X25519().NewPrivateKey(expanded[64:])
	return err == nil && e[[32]byte(key.PublicKey().Bytes())]
}

// scan tries stored or remembered bytes, each once.
type scan struct {
	keys  ephemerals
	known map[[32]byte]bool
	tried int
}

func (e ephemerals) newScan() *scan { return &scan{keys: e, known: map[[32]byte]bool{}} }

// longestEncoded is the longest decoded text that is looked at byte by byte: a
// key among its neighbours is shorter, a ciphertext longer.
const longestEncoded = 256

// found looks at a short blob, and at every short text that is encoded in one,
// byte by byte.
func (s *scan) found(blob []byte) bool {
	hit := false
	for _, layer := range layers(blob) {
		if len(layer) <= longestEncoded && s.in(layer, 1) > 0 {
			hit = true
		}
	}
	return hit
}

// in returns how many places hold a private half, looking at every step-th byte.
func (s *scan) in(b []byte, step int) (found int) {
	for i := 0; i+32 <= len(b); i += step {
		candidate := [32]byte(b[i : i+32])
		private, known := s.known[candidate]
		if !known {
			if !random(candidate[:]) {
				continue
			}
			private = s.keys.private(candidate[:])
			s.known[candidate] = private
			s.tried++
		}
		if private {
			found++
		}
	}
	return found
}

// random says whether 32 bytes could be a key: among that many random ones at
// least 20 are distinct, but for one time in many millions. Text, pointers and
// numbers are not.
func random(b []byte) bool {
	var seen [256]bool
	distinct := 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			distinct++
		}
	}
	return distinct >= 20
}
