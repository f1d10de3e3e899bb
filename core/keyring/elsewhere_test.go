package keyring_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/argon2"
)

// elsewhere makes and opens rows from the format's table alone, with nothing
// of the package under test: the other side of interoperability. Its rows ask
// for the least Argon2 work that is accepted, so that tests stay quick.
type elsewhere struct {
	user, id, label, created string
	secretType               string
	payload                  string
	prf                      []byte // nil: no passkey
	rawPRF                   bool   // as some have done
	password                 string // normalised by whoever sets it
	recovery                 []byte // nil: no password
	argonTime, argonMemory   uint32
	argonVersion             int
	paperKey                 bool // keep the recovery key in the metadata
	metadata                 map[string]any
	encode                   func([]byte) string
}

// keyringElsewhere wraps the seed of fixedKeyring by both factors.
func keyringElsewhere() elsewhere {
	return elsewhere{
		user: approver().String(), id: rowID().String(), label: "alice, laptop", created: "2026-03-04T05:06:07.890Z",
		secretType: "stillvault-keyring", payload: base64.RawURLEncoding.EncodeToString(fixed('s', 32)),
		prf: fixed('p', 32), password: "correct horse", recovery: fixed('r', 32),
		argonTime: 1, argonMemory: 16, argonVersion: 19,
		encode: func(b []byte) string { return `\x` + hex.EncodeToString(b) },
	}
}

// fields returns the row of keyringElsewhere, for the caller to change. It is
// made once: Argon2 costs tests more than all else.
func fields() map[string]any { return maps.Clone(onceFields()) }

var onceFields = sync.OnceValue(func() map[string]any { return keyringElsewhere().row() })

// rowText returns fields as JSON.
func rowText(t testing.TB) []byte { return encodeRow(t, fields()) }

func kdf(ikm, salt []byte, info string) []byte {
	k, err := hkdf.Key(sha256.New, ikm, salt, info, 32)
	if err != nil {
		panic(err)
	}
	return k
}

func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

func factorAAD(user, id, factor string) []byte {
	sum := sha256.Sum256([]byte(user + "|" + id + "|" + factor + "|1|aes-gcm-256"))
	return sum[:]
}

func passkeyKEK(prf []byte, id string, salt []byte, raw bool) []byte {
	if !raw {
		prf = kdf(prf, []byte(id), "keypsafe/prf/vault/v1")
	}
	return kdf(prf, salt, "keypsafe/kek/pk/v1")
}

func passwordKEK(password string, recovery, argonSalt []byte, time, memory uint32, salt []byte) []byte {
	stretched := argon2.IDKey([]byte(password), argonSalt, time, memory*1024, 1, 32)
	return kdf(append(stretched, recovery...), salt, "keypsafe/kek/pwdpk/v1")
}

func (e elsewhere) row() map[string]any {
	dek, salt, argonSalt := fixed('d', 32), fixed(0x20, 32), fixed(0x60, 16)
	row := map[string]any{
		"id": e.id, "user_id": e.user, "vault_label": e.label, "secret_type": e.secretType, "vault_source": "elsewhere",
		"kdf_salt": e.encode(salt), "suite": 1, "aad_version": 1, "created_at": e.created,
	}
	seal := func(field string, key []byte, nonce byte, factor string, plaintext []byte) {
		n := fixed(nonce, 12)
		row[field+"_ciphertext"] = e.encode(gcm(key).Seal(nil, n, plaintext, factorAAD(e.user, e.id, factor)))
		row[field+"_nonce"], row[field+"_version"] = e.encode(n), 1
		if field != "payload" {
			row[field+"_aad"] = e.encode(factorAAD(e.user, e.id, factor))
		}
	}
	metadata := map[string]any{
		"vault_label": e.label, "created_at": e.created, "meta_envelope_version": 1,
		"kdf_salt_b64url": base64.RawURLEncoding.EncodeToString(salt),
	}
	if e.prf != nil {
		seal("pk_envelope", passkeyKEK(e.prf, e.id, salt, e.rawPRF), 1, "pk", dek)
		row["credential_id"] = "Y3JlZGVudGlhbA"
		metadata["pk_envelope_version"] = 1
	}
	if e.recovery != nil {
		kek := passwordKEK(e.password, e.recovery, argonSalt, e.argonTime, e.argonMemory, salt)
		seal("pwdpk_envelope", kek, 2, "pwdpk", dek)
		row["argon_salt"], row["argon_time"], row["argon_mem_mib"] = e.encode(argonSalt), e.argonTime, e.argonMemory
		row["argon_parallelism"], row["argon_version"] = 1, e.argonVersion
		metadata["pwdpk_envelope_version"] = 1
	}
	if e.paperKey {
		metadata["paper_key_b64url"] = base64.RawURLEncoding.EncodeToString(e.recovery)
	}
	for k, v := range e.metadata {
		metadata[k] = v
	}
	text, err := json.Marshal(metadata)
	if err != nil {
		panic(err)
	}
	seal("meta_envelope", kdf(dek, salt, "keypsafe/meta/v1"), 3, "meta", text)
	seal("payload", kdf(dek, salt, "keypsafe/dek/payload/v1"), 4, "meta", []byte(e.payload))
	return row
}

func (e elsewhere) json(t testing.TB) []byte { return encodeRow(t, e.row()) }

func encodeRow(t testing.TB, row map[string]any) []byte {
	t.Helper()
	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// read decodes a row that the package under test wrote: `\x` hex only.
func read(t testing.TB, text []byte) (row map[string]any, field func(string) []byte) {
	t.Helper()
	if err := json.Unmarshal(text, &row); err != nil {
		t.Fatal(err)
	}
	return row, func(name string) []byte {
		s, _ := row[name].(string)
		digits, ok := strings.CutPrefix(s, `\x`)
		b, err := hex.DecodeString(digits)
		if !ok || err != nil {
			t.Fatalf("%s is %q", name, s)
		}
		return b
	}
}

// openElsewhere opens a row as its recovery tool would, given the function
// that makes the key of one factor's envelope from the row.
func openElsewhere(t testing.TB, text []byte, factor, aadName string, kek func(row map[string]any, field func(string) []byte) []byte) (payload string, metadata map[string]any) {
	t.Helper()
	row, field := read(t, text)
	aad := func(name string) []byte { return factorAAD(row["user_id"].(string), row["id"].(string), name) }
	open := func(name string, key, aad []byte) []byte {
		plaintext, err := gcm(key).Open(nil, field(name+"_nonce"), field(name+"_ciphertext"), aad)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return plaintext
	}
	dek := open(factor, kek(row, field), aad(aadName))
	if err := json.Unmarshal(open("meta_envelope", kdf(dek, field("kdf_salt"), "keypsafe/meta/v1"), aad("meta")), &metadata); err != nil {
		t.Fatal(err)
	}
	for _, e := range []struct{ name, aad string }{{factor, aadName}, {"meta_envelope", "meta"}} {
		if !bytes.Equal(field(e.name+"_aad"), aad(e.aad)) {
			t.Errorf("%s_aad is not that of the format", e.name)
		}
	}
	return string(open("payload", kdf(dek, field("kdf_salt"), "keypsafe/dek/payload/v1"), aad("meta"))), metadata
}
