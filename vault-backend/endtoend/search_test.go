package endtoend

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
)

// search finds secrets in what is stored, in whatever encoding.
type search struct{ forms []form }

// form is one encoding of one secret.
type form struct {
	what  string
	bytes []byte
}

func newSearch(secrets canaries) *search {
	s := &search{}
	for what, secret := range secrets {
		for encoding, b := range encodings(secret) {
			s.forms = append(s.forms, form{what + ", " + encoding, b})
		}
	}
	return s
}

// encodings are the forms in which a secret may be found within something
// larger. Base64 of a part of something has one of three alignments; the
// characters at its ends, which also depend on the neighbours, are left out.
func encodings(secret []byte) map[string][]byte {
	forms := map[string][]byte{
		"raw": secret,
		"hex": []byte(hex.EncodeToString(secret)),
		"HEX": []byte(strings.ToUpper(hex.EncodeToString(secret))),
	}
	for shift, name := range []string{"base64", "base64 shifted by 1", "base64 shifted by 2"} {
		shifted := append(make([]byte, shift), secret...)
		from, to := (shift*8+5)/6, len(shifted)*8/6
		forms[name] = []byte(base64.StdEncoding.EncodeToString(shifted))[from:to]
		forms["url "+name] = []byte(base64.URLEncoding.EncodeToString(shifted))[from:to]
	}
	return forms
}

// in returns what is found in one blob and in everything that is encoded in it.
func (s *search) in(blob []byte) []string {
	var found []string
	for _, layer := range layers(blob) {
		for _, f := range s.forms {
			if bytes.Contains(layer, f.bytes) {
				found = append(found, f.what)
			}
		}
	}
	return found
}

// encoded matches text that is long enough to hold a key: 32 bytes.
var encoded = regexp.MustCompile(`[A-Za-z0-9+/_-]{40,}`)

// layers returns a blob and what is encoded in it, at any depth: a stored entry
// holds signed messages in base64 that hold envelopes in base64.
func layers(blob []byte) [][]byte {
	all := [][]byte{blob}
	for i := 0; i < len(all); i++ {
		for _, text := range encoded.FindAll(all[i], -1) {
			if inner := decodeText(text); inner != nil {
				all = append(all, inner)
			}
		}
	}
	return all
}

// decodeText reads hexadecimal digits or either alphabet of base64; nil if it
// is none.
func decodeText(text []byte) []byte {
	if inner, err := hex.DecodeString(string(text)); err == nil {
		return inner
	}
	uniform := strings.NewReplacer("-", "+", "_", "/").Replace(string(text))
	inner, err := base64.RawStdEncoding.DecodeString(uniform)
	if err != nil {
		return nil
	}
	return inner
}
