package keyring_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

func TestMalformedRowsAreRefused(t *testing.T) {
	good := string(rowText(t))
	cases := map[string]struct {
		text string
		want error
	}{
		"nothing":            {"", keyring.ErrFormat},
		"null":               {"null", keyring.ErrFormat},
		"array":              {"[]", keyring.ErrFormat},
		"empty":              {"{}", keyring.ErrFormat},
		"unknown key":        {strings.Replace(good, `{`, `{"extra":1,`, 1), keyring.ErrFormat},
		"repeated key":       {strings.Replace(good, `{`, `{"suite":1,`, 1), keyring.ErrFormat},
		"repeated as escape": {strings.Replace(good, `{`, `{"s\u0075ite":1,`, 1), keyring.ErrFormat},
		"key in other case":  {strings.Replace(good, `"suite"`, `"Suite"`, 1), keyring.ErrFormat},
		"something after it": {good + "{}", keyring.ErrFormat},
		"cut":                {good[:len(good)-1], keyring.ErrFormat},
		"not UTF-8":          {strings.Replace(good, "laptop", "lapt\xf6p", 1), keyring.ErrFormat},
		"too large":          {strings.Replace(good, "laptop", strings.Repeat("x", envelope.MaxMessage), 1), envelope.ErrTooLarge},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if row, err := keyring.ParseRow([]byte(c.text)); row != nil && err == nil || !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestBadFieldsAreRefusedByName(t *testing.T) {
	short := `\x` + strings.Repeat("00", 11)
	for _, c := range []struct {
		field string
		value any // nil: the field is left out
		want  error
	}{
		{"id", nil, keyring.ErrFormat},
		{"id", strings.ToUpper(rowID().String()), keyring.ErrFormat},
		{"id", "00000000-0000-0000-0000-000000000000", keyring.ErrFormat},
		{"id", 7, keyring.ErrFormat},
		{"user_id", nil, keyring.ErrFormat},
		{"user_id", "alice", keyring.ErrFormat},
		{"vault_label", 7, keyring.ErrFormat},
		{"kdf_salt", nil, keyring.ErrFormat},
		{"kdf_salt", short, keyring.ErrFormat},
		{"payload_ciphertext", nil, keyring.ErrFormat},
		{"payload_ciphertext", `\x` + strings.Repeat("00", 15), keyring.ErrFormat},
		{"payload_ciphertext", "", keyring.ErrFormat},
		{"payload_nonce", short, keyring.ErrFormat},
		{"payload_version", nil, keyring.ErrFormat},
		{"payload_version", 2, keyring.ErrVersion},
		{"payload_version", 0, keyring.ErrVersion},
		{"payload_version", "1", keyring.ErrFormat},
		{"payload_version", 1.5, keyring.ErrFormat},
		{"payload_version", -1, keyring.ErrFormat},
		{"pk_envelope_ciphertext", nil, keyring.ErrFormat},
		{"pk_envelope_ciphertext", `\x` + strings.Repeat("00", 47), keyring.ErrFormat},
		{"pk_envelope_nonce", nil, keyring.ErrFormat},
		{"pk_envelope_aad", nil, keyring.ErrFormat},
		{"pk_envelope_aad", short, keyring.ErrFormat},
		{"pk_envelope_version", nil, keyring.ErrFormat},
		{"pk_envelope_version", 2, keyring.ErrVersion},
		{"pwdpk_envelope_version", 2, keyring.ErrVersion},
		{"pwdpk_envelope_ciphertext", `\x` + strings.Repeat("00", 49), keyring.ErrFormat},
		{"meta_envelope_version", 2, keyring.ErrVersion},
		{"meta_envelope_ciphertext", nil, keyring.ErrFormat},
		{"argon_salt", nil, keyring.ErrFormat},
		{"argon_salt", short, keyring.ErrFormat},
		{"argon_time", nil, keyring.ErrFormat},
		{"argon_version", 2, keyring.ErrVersion},
		{"argon_version", nil, keyring.ErrFormat},
		{"suite", 2, keyring.ErrVersion},
		{"suite", 0, keyring.ErrVersion},
		{"aad_version", 2, keyring.ErrVersion},
		{"created_at", "yesterday", keyring.ErrFormat},
		{"created_at", "1969-12-31T23:59:59Z", keyring.ErrFormat},
	} {
		row := fields()
		row[c.field] = c.value
		if c.value == nil {
			delete(row, c.field)
		}
		_, err := keyring.ParseRow(encodeRow(t, row))
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%s = %v: got %v", c.field, c.value, err)
		}
	}
}

func TestFactorsGoWithTheirFields(t *testing.T) {
	drop := func(prefixes ...string) []byte {
		row := fields()
		for field := range row {
			for _, p := range prefixes {
				if strings.HasPrefix(field, p) {
					delete(row, field)
				}
			}
		}
		return encodeRow(t, row)
	}
	for name, c := range map[string]struct {
		text []byte
		want error
	}{
		"passkey only":           {drop("pwdpk_", "argon_"), nil},
		"password only":          {drop("pk_"), nil},
		"neither":                {drop("pwdpk_", "argon_", "pk_"), keyring.ErrNoFactor},
		"password without Argon": {drop("argon_"), keyring.ErrFormat},
		"Argon without password": {drop("pwdpk_"), keyring.ErrFormat},
	} {
		if _, err := keyring.ParseRow(c.text); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestArgonOutOfBoundsIsRefusedBeforeItIsComputed(t *testing.T) {
	for _, c := range []struct {
		field string
		value uint32
		want  error
	}{
		{"argon_time", 0, keyring.ErrKDFBounds},
		{"argon_time", 1, nil},
		{"argon_time", 20, nil},
		{"argon_time", 21, keyring.ErrKDFBounds},
		{"argon_mem_mib", 0, keyring.ErrKDFBounds},
		{"argon_mem_mib", 15, keyring.ErrKDFBounds},
		{"argon_mem_mib", 256, nil},
		{"argon_mem_mib", 257, keyring.ErrKDFBounds},
		{"argon_mem_mib", 1 << 22, keyring.ErrKDFBounds}, // in KiB it would wrap around
		{"argon_mem_mib", 1<<32 - 1, keyring.ErrKDFBounds},
		{"argon_parallelism", 0, keyring.ErrKDFBounds},
		{"argon_parallelism", 2, keyring.ErrKDFBounds},
		{"argon_parallelism", 257, keyring.ErrKDFBounds}, // in a byte it would be 1
	} {
		row := fields()
		row[c.field] = c.value
		if _, err := keyring.ParseRow(encodeRow(t, row)); !errors.Is(err, c.want) {
			t.Errorf("%s = %d: got %v", c.field, c.value, err)
		}
	}
	row, err := keyring.ParseRow(rowText(t))
	if err != nil {
		t.Fatal(err)
	}
	row.Argon.MemoryMiB = 1 << 21
	if err := openPassword(t, row); !errors.Is(err, keyring.ErrKDFBounds) {
		t.Errorf("set in memory: got %v", err)
	}
}

func TestBytesThatAreNeitherHexNorBase64AreRefused(t *testing.T) {
	salt := fields()["kdf_salt"].(string)
	url := envelope.Bytes(fixed(0xf0, 32)).String()
	for name, text := range map[string]string{
		"odd hex":              salt[:len(salt)-1],
		"hex with space":       salt + " ",
		"0x of nothing":        "0x",
		"bare hex":             salt[2:],
		"both alphabets":       "+_" + url[2:],
		"loose last bits":      url[:42] + "_",
		"line break":           url[:20] + "\n" + url[20:],
		"padded twice":         url + "==",
		"space":                url + " ",
		"padding in the midst": "=" + url[1:],
	} {
		row := fields()
		row["kdf_salt"] = text
		if _, err := keyring.ParseRow(encodeRow(t, row)); !errors.Is(err, keyring.ErrFormat) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, text := range map[string]string{"upper-case hex": `\x` + strings.ToUpper(salt[2:]), "0x": "0x" + salt[2:]} {
		row := fields()
		row["kdf_salt"] = text
		parsed, err := keyring.ParseRow(encodeRow(t, row))
		if err != nil || !bytes.Equal(parsed.KDFSalt[:], fixed(0x20, 32)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestRowIsWrittenInTheOrderOfTheFormat(t *testing.T) {
	row, err := keyring.ParseRow(edit(func(e *elsewhere) { e.paperKey = true }).json(t))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	want := "id user_id vault_label secret_type vault_source credential_id payload_ciphertext payload_nonce payload_version"
	for _, e := range []string{"pk", "pwdpk", "meta"} {
		want += fmt.Sprintf(" %[1]s_envelope_ciphertext %[1]s_envelope_nonce %[1]s_envelope_aad %[1]s_envelope_version", e)
	}
	want += " kdf_salt argon_salt argon_time argon_mem_mib argon_parallelism argon_version suite aad_version created_at"
	last := -1
	for _, key := range strings.Fields(want) {
		at := bytes.Index(text, []byte(`"`+key+`":`))
		if at <= last {
			t.Errorf("%s is out of order or absent", key)
		}
		last = at
	}
	if n := bytes.Count(text, []byte(`":`)); n != len(strings.Fields(want)) {
		t.Errorf("%d keys", n)
	}
	if bytes.Contains(text, []byte("paper_key")) {
		t.Error("the recovery key is written")
	}
}

func TestARowThatCouldNotBeReadIsNotWritten(t *testing.T) {
	if text, err := json.Marshal(keyring.Row{}); !errors.Is(err, keyring.ErrFormat) {
		t.Errorf("got %s, %v", text, err)
	}
	if text, err := (&keyring.Backup{Row: &keyring.Row{}}).Encode(); !errors.Is(err, keyring.ErrFormat) {
		t.Errorf("backup: got %s, %v", text, err)
	}
}
