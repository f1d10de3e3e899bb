package keyring_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/stillvault/stillvault/core/keyring"
)

func FuzzParseRow(f *testing.F) {
	f.Add(edit(func(e *elsewhere) { e.recovery = nil }).json(f)) // rows with a password are in testdata
	f.Fuzz(func(t *testing.T, data []byte) {
		row, err := keyring.ParseRow(data)
		if err != nil {
			return
		}
		text, err := row.MarshalJSON()
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		again, err := keyring.ParseRow(text)
		if err != nil || !reflect.DeepEqual(again, row) {
			t.Errorf("written as another row: %s, %v", text, err)
		}
	})
}

func FuzzParseBackup(f *testing.F) {
	row := edit(func(e *elsewhere) { e.recovery = nil }).json(f)
	f.Add(append(append([]byte(`{"vault":`), row...), '}'))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := keyring.ParseBackup(data)
		if err != nil {
			return
		}
		text, err := b.Encode()
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		again, err := keyring.ParseBackup(text)
		if err != nil || !reflect.DeepEqual(again, b) {
			t.Errorf("written as another backup: %s, %v", text, err)
		}
		if twice, err := again.Encode(); err != nil || !bytes.Equal(twice, text) {
			t.Errorf("written in two ways: %s and %s, %v", text, twice, err)
		}
	})
}

func FuzzParseRecoveryKey(f *testing.F) {
	f.Add(keyring.FormatRecoveryKey(fixedKey(f, 'r')))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := keyring.ParseRecoveryKey(text)
		if err == nil && !bytes.Contains(text, keyring.FormatRecoveryKey(k)) {
			t.Errorf("%q is read as another key", text)
		}
	})
}
