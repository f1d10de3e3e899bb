package keyring_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/internal/mutate"
	"github.com/stillvault/stillvault/core/keyring"
)

func openPRF(t testing.TB, row *keyring.Row) error {
	_, err := keyring.OpenWithPRF(row, owner(), fixedKey(t, 'p'), envelope.Hash{})
	return err
}

func openPassword(t testing.TB, row *keyring.Row) error {
	_, err := keyring.OpenWithPassword(row, owner(), []byte("correct horse"), fixedKey(t, 'r'))
	return err
}

func TestATamperedFieldIsNamed(t *testing.T) {
	other := mustID("11111111-2222-4333-8444-555555555555")
	for name, c := range map[string]struct {
		change func(*keyring.Row)
		field  string
	}{
		"stored AAD of the passkey":  {func(r *keyring.Row) { r.PRF.AAD[0] ^= 1 }, "pk_envelope_aad"},
		"stored AAD of the password": {func(r *keyring.Row) { r.Password.AAD[31] ^= 1 }, "pwdpk_envelope_aad"},
		"stored AAD of the metadata": {func(r *keyring.Row) { r.Metadata.AAD[9] ^= 1 }, "meta_envelope_aad"},
		"row id":                     {func(r *keyring.Row) { r.ID = other }, "user_id or id"},
		"metadata":                   {func(r *keyring.Row) { r.Metadata.Ciphertext[5] ^= 1 }, "meta_envelope_ciphertext or meta_envelope_nonce"},
		"metadata nonce":             {func(r *keyring.Row) { r.Metadata.Nonce[5] ^= 1 }, "meta_envelope_ciphertext or meta_envelope_nonce"},
		"payload":                    {func(r *keyring.Row) { r.Payload.Ciphertext[5] ^= 1 }, "payload_ciphertext or payload_nonce"},
		"payload nonce":              {func(r *keyring.Row) { r.Payload.Nonce[5] ^= 1 }, "payload_ciphertext or payload_nonce"},
		"label":                      {func(r *keyring.Row) { r.Label = "bob, laptop" }, "vault_label"},
		"time":                       {func(r *keyring.Row) { r.Created = r.Created.Add(1e6) }, "created_at"},
		"password removed":           {func(r *keyring.Row) { r.Password, r.Argon = nil, nil }, "pwdpk_envelope_ciphertext"},
		"metadata for payload": {func(r *keyring.Row) {
			r.Payload.Ciphertext, r.Payload.Nonce = r.Metadata.Ciphertext, r.Metadata.Nonce
		}, "payload_ciphertext or payload_nonce"},
	} {
		row, err := keyring.ParseRow(rowText(t))
		if err != nil {
			t.Fatal(err)
		}
		c.change(row)
		var tampered *keyring.TamperedError
		if err := openPRF(t, row); !errors.As(err, &tampered) || tampered.Field != c.field {
			t.Errorf("%s: got %v", name, err)
		}
	}
	row, err := keyring.ParseRow(rowText(t))
	if err != nil {
		t.Fatal(err)
	}
	row.PRF = nil
	var tampered *keyring.TamperedError
	if err := openPassword(t, row); !errors.As(err, &tampered) || tampered.Field != "pk_envelope_ciphertext" {
		t.Errorf("passkey removed: got %v", err)
	}
}

// The metadata is sealed under the row's own DEK, so these rows are those of a
// writer that held it and put in something else.
func TestMetadataIsHeldAgainstTheRow(t *testing.T) {
	for name, c := range map[string]struct {
		metadata map[string]any
		field    string // empty: malformed
	}{
		"another salt":              {map[string]any{"kdf_salt_b64url": envelope.Bytes(fixed(9, 32)).String()}, "kdf_salt"},
		"shorter salt":              {map[string]any{"kdf_salt_b64url": envelope.Bytes(fixed(0x20, 31)).String()}, "kdf_salt"},
		"no salt":                   {map[string]any{"kdf_salt_b64url": nil}, "kdf_salt"},
		"unreadable salt":           {map[string]any{"kdf_salt_b64url": "*"}, ""},
		"another passkey version":   {map[string]any{"pk_envelope_version": 2}, "pk_envelope_version"},
		"another password version":  {map[string]any{"pwdpk_envelope_version": 2}, "pwdpk_envelope_version"},
		"another metadata version":  {map[string]any{"meta_envelope_version": 0}, "meta_envelope_version"},
		"label of another type":     {map[string]any{"vault_label": 5}, ""},
		"another label":             {map[string]any{"vault_label": "bob, laptop"}, "vault_label"},
		"another time":              {map[string]any{"created_at": "2026-03-04T05:06:07.891Z"}, "created_at"},
		"password never wrapped it": {map[string]any{"pwdpk_envelope_version": nil}, "pwdpk_envelope_ciphertext"},
	} {
		row, err := keyring.ParseRow(edit(func(e *elsewhere) { e.metadata = c.metadata }).json(t))
		if err != nil {
			t.Fatal(err)
		}
		err = openPRF(t, row)
		var tampered *keyring.TamperedError
		switch {
		case c.field == "" && !errors.Is(err, keyring.ErrFormat):
			t.Errorf("%s: got %v", name, err)
		case c.field != "" && (!errors.As(err, &tampered) || tampered.Field != c.field):
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAPayloadThatIsNoSeedIsRefused(t *testing.T) {
	good := keyringElsewhere().payload
	for name, payload := range map[string]string{
		"empty": "", "short": good[:42], "long": good + "A", "padded": good + "=", "raw": string(fixed('s', 32)),
		"loose last bits": good[:42] + "p", "line break": good[:42] + "\n", "standard alphabet": "+" + good[1:],
	} {
		row, err := keyring.ParseRow(edit(func(e *elsewhere) { e.payload = payload }).json(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := openPRF(t, row); !errors.Is(err, keyring.ErrFormat) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// withoutUnbound returns the row less what opening it with one factor does not
// depend on: its source, the name of its credential, and what only the other
// factor uses. The AAD of the other factor is not among them.
func withoutUnbound(r *keyring.Row, prf bool) keyring.Row {
	c := *r
	c.Source, c.CredentialID = "", ""
	if prf {
		password := *r.Password
		password.Ciphertext, password.Nonce = nil, [12]byte{}
		c.Password, c.Argon = &password, nil
	} else {
		passkey := *r.PRF
		passkey.Ciphertext, passkey.Nonce = nil, [12]byte{}
		c.PRF = &passkey
		argon := *r.Argon
		argon.Version = 19 // 1 means the same
		c.Argon = &argon
	}
	return c
}

// TestNoChangedRowOpens changes every byte of a row. A mutant is refused, or
// it is the same row in all that opening depends on: another spelling of the
// same bytes, or a change of what nothing is derived from.
func TestNoChangedRowOpens(t *testing.T) {
	original, err := keyring.ParseRow(rowText(t))
	if err != nil {
		t.Fatal(err)
	}
	text, err := original.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	want := signingKey(t, fixedKeyring(t))
	check := func(mutant []byte, what string) bool {
		row, err := keyring.ParseRow(mutant)
		if err != nil {
			return true
		}
		for _, prf := range []bool{true, false} {
			same := row.PRF != nil && row.Password != nil && reflect.DeepEqual(withoutUnbound(row, prf), withoutUnbound(original, prf))
			if same && !prf {
				continue // Argon2 of the original would be computed once more
			}
			k, err := openMutant(t, row, prf)
			if (err == nil) != same {
				t.Errorf("%s, PRF %t: same %t, got %v", what, prf, same, err)
			}
			if err == nil && signingKey(t, k) != want {
				t.Errorf("%s, PRF %t: opened another keyring", what, prf)
			}
		}
		return !t.Failed()
	}
	mutate.Each(text, check)
}

func openMutant(t testing.TB, row *keyring.Row, prf bool) (*keyring.Keyring, error) {
	if prf {
		return keyring.OpenWithPRF(row, owner(), fixedKey(t, 'p'), envelope.Hash{})
	}
	return keyring.OpenWithPassword(row, owner(), []byte("correct horse"), fixedKey(t, 'r'))
}

// TestNoChangedFieldOpens changes the decoded bytes themselves, which a change
// of their text does only half of the time.
func TestNoChangedFieldOpens(t *testing.T) {
	parse := func() *keyring.Row {
		row, err := keyring.ParseRow(rowText(t))
		if err != nil {
			t.Fatal(err)
		}
		return row
	}
	for name, c := range map[string]struct {
		get func(*keyring.Row) []byte
		set func(*keyring.Row, []byte)
	}{
		"pk ciphertext":   {func(r *keyring.Row) []byte { return r.PRF.Ciphertext }, func(r *keyring.Row, b []byte) { r.PRF.Ciphertext = b }},
		"meta ciphertext": {func(r *keyring.Row) []byte { return r.Metadata.Ciphertext }, func(r *keyring.Row, b []byte) { r.Metadata.Ciphertext = b }},
		"payload":         {func(r *keyring.Row) []byte { return r.Payload.Ciphertext }, func(r *keyring.Row, b []byte) { r.Payload.Ciphertext = b }},
		"pk nonce":        {func(r *keyring.Row) []byte { return r.PRF.Nonce[:] }, func(r *keyring.Row, b []byte) { fill(r.PRF.Nonce[:], b) }},
		"meta nonce":      {func(r *keyring.Row) []byte { return r.Metadata.Nonce[:] }, func(r *keyring.Row, b []byte) { fill(r.Metadata.Nonce[:], b) }},
		"payload nonce":   {func(r *keyring.Row) []byte { return r.Payload.Nonce[:] }, func(r *keyring.Row, b []byte) { fill(r.Payload.Nonce[:], b) }},
		"pk AAD":          {func(r *keyring.Row) []byte { return r.PRF.AAD[:] }, func(r *keyring.Row, b []byte) { fill(r.PRF.AAD[:], b) }},
		"pwdpk AAD":       {func(r *keyring.Row) []byte { return r.Password.AAD[:] }, func(r *keyring.Row, b []byte) { fill(r.Password.AAD[:], b) }},
		"meta AAD":        {func(r *keyring.Row) []byte { return r.Metadata.AAD[:] }, func(r *keyring.Row, b []byte) { fill(r.Metadata.AAD[:], b) }},
		"KDF salt":        {func(r *keyring.Row) []byte { return r.KDFSalt[:] }, func(r *keyring.Row, b []byte) { fill(r.KDFSalt[:], b) }},
		"id":              {func(r *keyring.Row) []byte { return r.ID[:] }, func(r *keyring.Row, b []byte) { fill(r.ID[:], b) }},
	} {
		mutate.Each(slices.Clone(c.get(parse())), func(mutant []byte, what string) bool {
			row := parse()
			c.set(row, mutant)
			if err := openPRF(t, row); err == nil {
				t.Errorf("%s, %s: opened", name, what)
			}
			return !t.Failed()
		})
	}
}

// fill sets an array to b; where the length differs, to something else than it was.
func fill(array, b []byte) {
	if len(b) != len(array) {
		array[0] ^= 0xff
		return
	}
	copy(array, b)
}
