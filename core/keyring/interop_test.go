package keyring_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

func TestRowsMadeHereOpenElsewhere(t *testing.T) {
	w, software := wrapBoth(t)
	text, err := json.Marshal(w.Row)
	if err != nil {
		t.Fatal(err)
	}
	seed := base64.RawURLEncoding.EncodeToString(fixed('s', 32))
	salt := sha256.Sum256([]byte("keypsafe/prf/" + approver().String()))
	output, err := software.Evaluate(salt)
	if err != nil {
		t.Fatal(err)
	}
	payload, metadata := openElsewhere(t, text, "pk_envelope", "pk", func(row map[string]any, field func(string) []byte) []byte {
		return passkeyKEK(output.Bytes(), row["id"].(string), field("kdf_salt"), false)
	})
	if payload != seed {
		t.Errorf("passkey: payload is %q", payload)
	}
	payload, again := openElsewhere(t, text, "pwdpk_envelope", "pwdpk", func(row map[string]any, field func(string) []byte) []byte {
		for name, want := range map[string]float64{
			"argon_time": 3, "argon_mem_mib": 64, "argon_parallelism": 1, "argon_version": 19, "suite": 1, "aad_version": 1, "payload_version": 1,
		} {
			if row[name] != want {
				t.Errorf("%s is %v, want %v", name, row[name], want)
			}
		}
		return passwordKEK("correct horse", w.RecoveryKey.Bytes(), field("argon_salt"), 3, 64, field("kdf_salt"))
	})
	if payload != seed {
		t.Errorf("password: payload is %q", payload)
	}
	want := map[string]any{
		"vault_label": "alice, laptop", "created_at": "2026-03-04T05:06:07.890Z",
		"pk_envelope_version": 1.0, "pwdpk_envelope_version": 1.0, "meta_envelope_version": 1.0,
		"kdf_salt_b64url": base64.RawURLEncoding.EncodeToString(w.Row.KDFSalt[:]),
	}
	if !reflect.DeepEqual(metadata, want) || !reflect.DeepEqual(again, want) {
		t.Errorf("metadata is %v", metadata)
	}
}

func TestRowsMadeElsewhereOpenHere(t *testing.T) {
	encodings := map[string]func([]byte) string{
		`\x hex`:           func(b []byte) string { return `\x` + hex.EncodeToString(b) },
		"0x hex":           func(b []byte) string { return "0x" + hex.EncodeToString(b) },
		"base64":           base64.StdEncoding.EncodeToString,
		"unpadded base64":  base64.RawStdEncoding.EncodeToString,
		"base64url":        base64.RawURLEncoding.EncodeToString,
		"padded base64url": base64.URLEncoding.EncodeToString,
	}
	cases := map[string]elsewhere{"as it should be": keyringElsewhere()}
	for name, encode := range encodings {
		cases[name] = edit(func(e *elsewhere) { e.encode = encode })
	}
	cases["argon_version 1"] = edit(func(e *elsewhere) { e.argonVersion = 1 })
	cases["raw PRF"] = edit(func(e *elsewhere) { e.rawPRF = true })
	cases["recovery key in metadata"] = edit(func(e *elsewhere) { e.paperKey = true })
	cases["unknown metadata"] = edit(func(e *elsewhere) { e.metadata = map[string]any{"colour": "blue"} })
	cases["time with offset"] = edit(func(e *elsewhere) { e.created = "2026-03-04T06:06:07.890123+01:00" })
	cases["more Argon2 work"] = edit(func(e *elsewhere) { e.argonTime, e.argonMemory = 2, 17 })
	for name, e := range cases {
		t.Run(name, func(t *testing.T) { opensBothWays(t, e.json(t)) })
	}
	for name, change := range map[string]func(map[string]any){
		"suite missing":       func(r map[string]any) { delete(r, "suite") },
		"aad_version missing": func(r map[string]any) { delete(r, "aad_version") },
		"both null":           func(r map[string]any) { r["suite"], r["aad_version"] = nil, nil },
		"no credential id":    func(r map[string]any) { delete(r, "credential_id") },
		"vault_source null":   func(r map[string]any) { r["vault_source"] = nil },
	} {
		t.Run(name, func(t *testing.T) {
			row := fields()
			change(row)
			opensBothWays(t, encodeRow(t, row))
		})
	}
}

// opensBothWays checks that both factors of keyringElsewhere open the row, as
// it is and after this package has written it again.
func opensBothWays(t *testing.T, text []byte) {
	t.Helper()
	row, err := keyring.ParseRow(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := row.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	rewritten, err := keyring.ParseRow(again)
	if err != nil || !reflect.DeepEqual(row, rewritten) {
		t.Errorf("a rewritten row is another: %s, %v", again, err)
	}
	if twice, err := rewritten.MarshalJSON(); err != nil || !slices.Equal(twice, again) {
		t.Errorf("written in two ways: %s and %s", again, twice)
	}
	want := signingKey(t, fixedKeyring(t))
	k, err := keyring.OpenWithPRF(rewritten, owner(), fixedKey(t, 'p'), envelope.Hash{})
	if err != nil {
		t.Errorf("PRF: %v", err)
	} else if signingKey(t, k) != want {
		t.Error("PRF: another keyring")
	}
	k, err = keyring.OpenWithPassword(rewritten, owner(), []byte("correct horse"), fixedKey(t, 'r'))
	if err != nil {
		t.Errorf("password: %v", err)
	} else if signingKey(t, k) != want {
		t.Error("password: another keyring")
	}
}

func edit(change func(*elsewhere)) elsewhere {
	e := keyringElsewhere()
	change(&e)
	return e
}

func TestAnyPayloadOfTheFormatOpens(t *testing.T) {
	e := edit(func(e *elsewhere) {
		e.secretType, e.payload, e.label = "mnemonic", "some words of a wallet", "wallet"
		e.metadata = map[string]any{"created_at": "long ago"}
	})
	row, err := keyring.ParseRow(e.json(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (*keyring.Contents, error){
		"PRF": func() (*keyring.Contents, error) { return row.OpenWithPRF(fixedKey(t, 'p'), envelope.Hash{}) },
		"vault-scoped PRF": func() (*keyring.Contents, error) {
			scoped, err := keyring.ScopePRF(fixedKey(t, 'p'), row.ID)
			if err != nil {
				return nil, err
			}
			return row.OpenWithPRF(scoped, envelope.Hash{})
		},
		"password": func() (*keyring.Contents, error) {
			return row.OpenWithPassword([]byte("correct horse"), fixedKey(t, 'r'))
		},
	} {
		c, err := open()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if string(c.Payload) != e.payload || c.Label != "wallet" || !c.Created.IsZero() {
			t.Errorf("%s: got %q, %q, %v", name, c.Payload, c.Label, c.Created)
		}
		payload := c.Payload
		c.Wipe()
		if !slices.Equal(payload, make([]byte, len(payload))) {
			t.Errorf("%s: payload is not wiped", name)
		}
	}
	if _, err := keyring.OpenWithPRF(row, owner(), fixedKey(t, 'p'), envelope.Hash{}); err == nil {
		t.Error("a wallet was opened as a keyring")
	}
	(*keyring.Contents)(nil).Wipe()
}

func TestSaltsAndScopesAreThoseOfTheFormat(t *testing.T) {
	want := sha256.Sum256([]byte("keypsafe/prf/0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab"))
	if keyring.PRFSalt(approver()) != want {
		t.Error("PRF salt differs")
	}
	scoped, err := keyring.ScopePRF(fixedKey(t, 'p'), rowID())
	if err != nil || !slices.Equal(scoped.Bytes(), kdf(fixed('p', 32), []byte(rowID().String()), "keypsafe/prf/vault/v1")) {
		t.Errorf("vault-scoped PRF differs, %v", err)
	}
	check, err := keyring.KeyCheck(fixedKey(t, 'p'), rowID())
	if err != nil || !slices.Equal(check[:], kdf(fixed('p', 32), []byte(rowID().String()), "stillvault/key-check/v1")) {
		t.Errorf("key check differs, %v", err)
	}
}
