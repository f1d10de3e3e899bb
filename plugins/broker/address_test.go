package broker

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

func TestAnAddressSaysHowVaultIsSpokenTo(t *testing.T) {
	for address, good := range map[string]bool{
		"https://vault.example.com": true, "http://127.0.0.1:8200": true, "unix:///run/vault.sock": true,
		"127.0.0.1:8200": false, "vault.example.com": false,
	} {
		t.Setenv("VAULT_ADDR", "")
		if _, err := New(Config{Address: address}); (err == nil) != good {
			t.Errorf("%s as an address: %v", address, err)
		}
		t.Setenv("VAULT_ADDR", address)
		_, err := New(Config{})
		if (err == nil) != good {
			t.Errorf("%s in VAULT_ADDR: %v", address, err)
		}
		if !good && (err == nil || !strings.Contains(err.Error(), "begin it with https://")) {
			t.Errorf("%v does not say how to write it", err)
		}
	}
}

// Vault's client repeats what it could not open.
func TestAKeyInTheVariableForItsFileIsNotRepeated(t *testing.T) {
	t.Setenv("VAULT_CLIENT_CERT", "client.go")
	t.Setenv("VAULT_CLIENT_KEY", "-----BEGIN "+"PRIVATE KEY-----\nsecret\n-----END "+"PRIVATE KEY-----\n")
	_, err := New(Config{})
	if err == nil || strings.Contains(err.Error(), "secret") || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
