package dev

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"testing"
)

// shelf is a storage that a test fills.
type shelf map[string]string

func (s shelf) Walk(_ context.Context, visit func(string, []byte)) error {
	for key, value := range s {
		visit(key, []byte(value))
	}
	return nil
}

func TestExamineFindsASecretInWhateverFormItLies(t *testing.T) {
	const secret = "correct horse battery staple"
	for name, value := range map[string]string{
		"text":                   `{"password":"` + secret + `"}`,
		"hexadecimal":            hex.EncodeToString([]byte(secret)),
		"base64":                 base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64, one byte later": base64.StdEncoding.EncodeToString([]byte(" " + secret)),
		"base64, two later":      base64.RawURLEncoding.EncodeToString([]byte("  " + secret + "!")),
	} {
		found, err := examine(context.Background(), shelf{"version/x": value, "meta/x": "nothing"}, []byte(secret))
		if err != nil || found.holds != 1 || found.entries != 2 {
			t.Errorf("%s: %d of %d entries hold it, %v", name, found.holds, found.entries, err)
		}
	}
	found, err := examine(context.Background(), shelf{"version/x": "sealed"}, []byte(secret))
	if err != nil || found.holds != 0 {
		t.Errorf("found where it is not: %d, %v", found.holds, err)
	}
}
