package keyring_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

func backup(t testing.TB) *keyring.Backup {
	t.Helper()
	row, err := keyring.ParseRow(rowText(t))
	if err != nil {
		t.Fatal(err)
	}
	check, err := keyring.KeyCheck(fixedKey(t, 'p'), row.ID)
	if err != nil {
		t.Fatal(err)
	}
	return &keyring.Backup{Row: row, Organisation: organisation, Generation: 1, KeyCheck: check}
}

func TestABackupIsEnoughToOpenAKeyring(t *testing.T) {
	text, err := backup(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{text, indented.Bytes()} {
		got, err := keyring.ParseBackup(text)
		if err != nil || !reflect.DeepEqual(got, backup(t)) {
			t.Fatalf("got %v", err)
		}
		k, err := keyring.OpenWithPRF(got.Row, got.Owner(), fixedKey(t, 'p'), got.KeyCheck)
		if err != nil || signingKey(t, k) != signingKey(t, fixedKeyring(t)) {
			t.Errorf("got %v", err)
		}
	}
}

func TestABackupMadeElsewhereHasOnlyTheRow(t *testing.T) {
	text := append(append([]byte(`{"version":3,"vault":`), rowText(t)...), `,"exported_at":"today","app":{"name":"x"}}`...)
	b, err := keyring.ParseBackup(text)
	if err != nil {
		t.Fatal(err)
	}
	if !b.Organisation.IsZero() || b.Generation != 0 || !b.KeyCheck.IsZero() || b.Row.ID != rowID() {
		t.Error("something was guessed")
	}
	if _, err := keyring.OpenWithPRF(b.Row, b.Owner(), fixedKey(t, 'p'), envelope.Hash{}); !errors.Is(err, keyring.ErrOwner) {
		t.Errorf("keyring of an unknown organisation: got %v", err)
	}
	again, err := b.Encode()
	if err != nil || bytes.Contains(again, []byte("stillvault\":{")) {
		t.Errorf("got %s, %v", again, err)
	}
}

func TestMalformedBackupsAreRefused(t *testing.T) {
	row := string(rowText(t))
	org := organisation.String()
	for name, text := range map[string]string{
		"nothing":            "",
		"a bare row":         row,
		"key in other case":  `{"Vault":` + row + `}`,
		"two rows":           `{"vault":` + row + `,"vault":` + row + `}`,
		"row is null":        `{"vault":null}`,
		"row is a string":    `{"vault":"x"}`,
		"row is empty":       `{"vault":{}}`,
		"something after":    `{"vault":` + row + `}x`,
		"owner is null":      `{"vault":` + row + `,"stillvault":null}`,
		"owner is empty":     `{"vault":` + row + `,"stillvault":{}}`,
		"no generation":      `{"vault":` + row + `,"stillvault":{"organisation":"` + org + `"}}`,
		"no organisation":    `{"vault":` + row + `,"stillvault":{"generation":1}}`,
		"unknown in owner":   `{"vault":` + row + `,"stillvault":{"organisation":"` + org + `","generation":1,"x":1}}`,
		"malformed in owner": `{"vault":` + row + `,"stillvault":{"organisation":"ab","generation":1}}`,
	} {
		if _, err := keyring.ParseBackup([]byte(text)); !errors.Is(err, keyring.ErrFormat) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
