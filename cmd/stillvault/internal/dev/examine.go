package dev

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// findings are what was seen of the server's storage.
type findings struct {
	entries int
	bytes   int
	holds   int    // entries that hold what was searched for
	sample  string // the beginning of a version as it is stored
}

// examine looks through the storage for a secret.
func examine(ctx context.Context, storage Storage, secret []byte) (findings, error) {
	var f findings
	forms := encodings(secret)
	err := storage.Walk(ctx, func(key string, value []byte) {
		f.entries++
		f.bytes += len(value)
		for _, form := range forms {
			if bytes.Contains(value, form) {
				f.holds++
				break
			}
		}
		if at := strings.Index(key, "version/"); at >= 0 && f.sample == "" {
			f.sample = abridged(key[at:], value)
		}
	})
	return f, err
}

// abridged shows where an entry lies and how it ends: in the sealed shares and
// the encrypted payload.
func abridged(key string, value []byte) string {
	const shown = 48
	tail := value[max(0, len(value)-shown):]
	return key[:min(len(key), len("version/")+8)] + "… " + strings.ToValidUTF8(string(tail), "?")
}

// encodings are the forms in which a secret may lie within something larger. In
// base64 it has one of three alignments; the characters that also depend on its
// neighbours are left out.
func encodings(secret []byte) [][]byte {
	digits := hex.EncodeToString(secret)
	forms := [][]byte{secret, []byte(digits), []byte(strings.ToUpper(digits))}
	for shift := range 3 {
		shifted := append(make([]byte, shift), secret...)
		from, to := (shift*8+5)/6, len(shifted)*8/6
		for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			forms = append(forms, []byte(alphabet.EncodeToString(shifted)[from:to]))
		}
	}
	return forms
}
