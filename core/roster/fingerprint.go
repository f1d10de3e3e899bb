package roster

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
)

// FingerprintWords is how many words a fingerprint has: 16 bits each.
const FingerprintWords = 8

// The letters of a proquint (arXiv:0901.4016): 16 bits as
// consonant-vowel-consonant-vowel-consonant, which people can read to each
// other without spelling.
const (
	consonants = "bdfghjklmnprstvz"
	vowels     = "aiou"
)

// Fingerprint returns 128 bits of the enrolment's hash as eight words for a
// person to read out from their own device. Somebody who wants to substitute
// keys needs a second preimage of those bits.
func (e Enrolment) Fingerprint() (string, error) {
	encoded, err := envelope.Encode(e)
	if err != nil {
		return "", err
	}
	sum := envelope.SumHash([]byte("stillvault/fingerprint/v1"), encoded)
	return Words(sum[:2*FingerprintWords]), nil
}

// Words spells an even number of bytes as proquints, two to a word, for people to
// compare or to read to each other.
func Words(b []byte) string {
	spelt := make([]string, len(b)/2)
	for i := range spelt {
		spelt[i] = proquint(binary.BigEndian.Uint16(b[2*i:]))
	}
	return strings.Join(spelt, " ")
}

func proquint(v uint16) string {
	return string([]byte{
		consonants[v>>12], vowels[v>>10&3], consonants[v>>6&15], vowels[v>>4&3], consonants[v&15],
	})
}

// MatchesFingerprint returns [ErrTicket] unless the words that a person read
// out are this enrolment's. Case, and what separates the words, do not matter.
func (e Enrolment) MatchesFingerprint(read string) error {
	want, err := e.Fingerprint()
	if err != nil {
		return err
	}
	if strings.Join(SplitWords(read), " ") != want {
		return fmt.Errorf("the words that were read out are not this enrolment's: %w", ErrTicket)
	}
	return nil
}

// SplitWords are words as [Words] spells them, as a person wrote them down: in
// capitals or not, and with spaces, hyphens, commas or lines between them. Whether
// they are such words is not checked.
func SplitWords(read string) []string {
	return strings.FieldsFunc(strings.ToLower(read), func(r rune) bool { return r == ' ' || r == '-' || r == '\t' || r == '\n' || r == ',' })
}
