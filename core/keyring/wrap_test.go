package keyring_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// wrapBoth wraps fixedKeyring by a software factor and a password, at the full
// cost of Argon2.
func wrapBoth(t testing.TB) (*keyring.Wrapping, *keyring.Software) {
	t.Helper()
	software := keyring.SoftwareFrom(fixedKey(t, 'f'))
	w, err := keyring.Wrap(fixedKeyring(t), keyring.WrapOptions{
		Label: "alice, laptop", Created: created, PRF: software, Password: []byte("correct horse"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, software
}

func evaluate(t testing.TB, prf keyring.PRF) *envelope.Key {
	t.Helper()
	output, err := prf.Evaluate(keyring.PRFSalt(approver()))
	if err != nil {
		t.Fatal(err)
	}
	return output
}

func TestEitherFactorOpensWhatBothWrap(t *testing.T) {
	w, software := wrapBoth(t)
	want := signingKey(t, fixedKeyring(t))
	k, err := keyring.OpenWithPRF(w.Row, owner(), evaluate(t, software), w.KeyCheck)
	if err != nil || signingKey(t, k) != want {
		t.Errorf("PRF: %v", err)
	}
	k, err = keyring.OpenWithPassword(w.Row, owner(), []byte(" correct horse\n"), w.RecoveryKey)
	if err != nil || signingKey(t, k) != want {
		t.Errorf("password: %v", err)
	}
}

func TestARowMayHaveOneFactor(t *testing.T) {
	software := keyring.NewSoftware()
	onlyPRF, err := keyring.Wrap(fixedKeyring(t), keyring.WrapOptions{Label: "a", Created: created, PRF: software})
	if err != nil {
		t.Fatal(err)
	}
	if onlyPRF.RecoveryKey != nil || onlyPRF.KeyCheck.IsZero() || onlyPRF.Row.Password != nil || onlyPRF.Row.Argon != nil {
		t.Error("something of a password is there")
	}
	if _, err := keyring.OpenWithPRF(reread(t, onlyPRF.Row), owner(), evaluate(t, software), onlyPRF.KeyCheck); err != nil {
		t.Errorf("PRF: %v", err)
	}
	if _, err := keyring.OpenWithPassword(onlyPRF.Row, owner(), []byte("x"), fixedKey(t, 'r')); !errors.Is(err, keyring.ErrNoFactor) {
		t.Errorf("password that it does not have: %v", err)
	}

	recovery := fixedKey(t, 'r')
	onlyPassword, err := keyring.Wrap(fixedKeyring(t), keyring.WrapOptions{
		Row: rowID(), Label: "b", Created: created, Password: []byte("correct horse"), RecoveryKey: recovery,
	})
	if err != nil {
		t.Fatal(err)
	}
	if onlyPassword.RecoveryKey == recovery || !onlyPassword.RecoveryKey.Equal(recovery) || !onlyPassword.KeyCheck.IsZero() || onlyPassword.Row.PRF != nil {
		t.Error("recovery key is not a copy of the given one, or something of a PRF is there")
	}
	if onlyPassword.Row.ID != rowID() {
		t.Errorf("row id is %s", onlyPassword.Row.ID)
	}
	if _, err := keyring.OpenWithPassword(reread(t, onlyPassword.Row), owner(), []byte("correct horse"), recovery); err != nil {
		t.Errorf("password: %v", err)
	}
	if _, err := keyring.OpenWithPRF(onlyPassword.Row, owner(), evaluate(t, software), envelope.Hash{}); !errors.Is(err, keyring.ErrNoFactor) {
		t.Errorf("PRF that it does not have: %v", err)
	}
}

func reread(t testing.TB, row *keyring.Row) *keyring.Row {
	t.Helper()
	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	var again keyring.Row
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	return &again
}

func TestNoFactorOpensWithAnothersInput(t *testing.T) {
	row, err := keyring.ParseRow(rowText(t))
	if err != nil {
		t.Fatal(err)
	}
	flipped := fixedKey(t, 'r')
	flipped.Bytes()[31] ^= 1
	for name, c := range map[string]struct {
		password string
		recovery *envelope.Key
	}{
		"wrong password":             {"correct horsf", fixedKey(t, 'r')},
		"no password":                {"", fixedKey(t, 'r')},
		"wrong recovery key":         {"correct horse", flipped},
		"PRF output as recovery key": {"correct horse", fixedKey(t, 'p')},
		"seed as recovery key":       {"correct horse", fixedKey(t, 's')},
	} {
		if k, err := keyring.OpenWithPassword(row, owner(), []byte(c.password), c.recovery); k != nil || !errors.Is(err, keyring.ErrWrongFactor) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, output := range map[string]*envelope.Key{
		"another authenticator": fixedKey(t, 'q'), "recovery key as PRF output": fixedKey(t, 'r'), "seed as PRF output": fixedKey(t, 's'),
	} {
		if k, err := keyring.OpenWithPRF(row, owner(), output, envelope.Hash{}); k != nil || !errors.Is(err, keyring.ErrWrongFactor) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAnAuthenticatorThatChangedIsToldFromAChangedRow(t *testing.T) {
	software := keyring.NewSoftware()
	w, err := keyring.Wrap(fixedKeyring(t), keyring.WrapOptions{Label: "a", Created: created, PRF: software})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.OpenWithPRF(w.Row, owner(), fixedKey(t, 'x'), w.KeyCheck); !errors.Is(err, keyring.ErrPRFChanged) {
		t.Errorf("another answer: got %v", err)
	}
	if _, err := keyring.OpenWithPRF(w.Row, owner(), evaluate(t, software), envelope.Hash{1}); err != nil {
		t.Errorf("the right answer is right whatever was noted beside the row: %v", err)
	}
	for _, change := range []func(*keyring.Row){
		func(r *keyring.Row) { r.PRF.Ciphertext[0] ^= 1 },
		func(r *keyring.Row) { r.PRF.Nonce[0] ^= 1 },
		func(r *keyring.Row) { r.KDFSalt[0] ^= 1 },
	} {
		row := reread(t, w.Row)
		change(row)
		var tampered *keyring.TamperedError
		if _, err := keyring.OpenWithPRF(row, owner(), evaluate(t, software), w.KeyCheck); !errors.As(err, &tampered) ||
			tampered.Field != "pk_envelope_ciphertext or pk_envelope_nonce or kdf_salt" {
			t.Errorf("changed row: got %v", err)
		}
	}
}

// answers is an authenticator that gives one answer after the other.
type answers struct {
	list []byte
	err  error
}

func (a *answers) Evaluate([32]byte) (*envelope.Key, error) {
	if len(a.list) == 0 {
		return nil, a.err
	}
	k, err := envelope.KeyFrom(fixed(a.list[0], envelope.KeySize))
	a.list = a.list[1:]
	return k, err
}

func TestNothingIsWrappedThatWouldNotOpen(t *testing.T) {
	errGone := errors.New("authenticator is gone")
	for name, c := range map[string]struct {
		o    keyring.WrapOptions
		want error
	}{
		"no factor":                 {keyring.WrapOptions{}, keyring.ErrNoFactor},
		"two answers":               {keyring.WrapOptions{PRF: &answers{list: []byte{1, 2}}}, keyring.ErrPRFChanged},
		"no answer":                 {keyring.WrapOptions{PRF: &answers{err: errGone}}, errGone},
		"no second answer":          {keyring.WrapOptions{PRF: &answers{list: []byte{1}, err: errGone}}, errGone},
		"empty password":            {keyring.WrapOptions{Password: []byte{}}, keyring.ErrPassword},
		"password of white space":   {keyring.WrapOptions{Password: []byte(" \t\u00a0\ufeff")}, keyring.ErrPassword},
		"password that is no UTF-8": {keyring.WrapOptions{Password: []byte("\xff\xfe")}, keyring.ErrPassword},
	} {
		if w, err := keyring.Wrap(fixedKeyring(t), c.o); w != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestRowsOfOneKeyringShareNothing(t *testing.T) {
	o := keyring.WrapOptions{Label: "a", Created: created, PRF: keyring.SoftwareFrom(fixedKey(t, 'f'))}
	a, err := keyring.Wrap(fixedKeyring(t), o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := keyring.Wrap(fixedKeyring(t), o)
	if err != nil {
		t.Fatal(err)
	}
	if a.Row.ID == b.Row.ID || a.Row.KDFSalt == b.Row.KDFSalt || a.KeyCheck == b.KeyCheck ||
		a.Row.PRF.Nonce == b.Row.PRF.Nonce || slices.Equal(a.Row.PRF.Ciphertext, b.Row.PRF.Ciphertext) ||
		slices.Equal(a.Row.Payload.Ciphertext, b.Row.Payload.Ciphertext) {
		t.Error("two rows share an id, a salt, a nonce, a ciphertext or a key check")
	}
}

func TestARowShowsNothingOfWhatItWraps(t *testing.T) {
	w, software := wrapBoth(t)
	b := keyring.Backup{Row: w.Row, Organisation: organisation, Generation: 1, KeyCheck: w.KeyCheck}
	text, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{
		"seed": fixed('s', 32), "software key": software.Key().Bytes(), "PRF output": evaluate(t, software).Bytes(), "recovery key": w.RecoveryKey.Bytes(),
	} {
		for _, form := range forms(secret) {
			if bytes.Contains(text, form) {
				t.Errorf("%s is in the backup as %s", name, form)
			}
		}
	}
}

func TestARowOpensForItsOwnerOnly(t *testing.T) {
	row, err := keyring.ParseRow(rowText(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*keyring.Owner){
		"another approver": func(o *keyring.Owner) { o.Approver[0] ^= 1 },
		"no approver":      func(o *keyring.Owner) { o.Approver = envelope.ID{} },
		"no organisation":  func(o *keyring.Owner) { o.Organisation = envelope.Hash{} },
		"no generation":    func(o *keyring.Owner) { o.Generation = 0 },
	} {
		o := owner()
		change(&o)
		if _, err := keyring.OpenWithPRF(row, o, fixedKey(t, 'p'), envelope.Hash{}); !errors.Is(err, keyring.ErrOwner) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	other := owner()
	other.Organisation[0] ^= 1
	k, err := keyring.OpenWithPRF(row, other, fixedKey(t, 'p'), envelope.Hash{})
	if err != nil {
		t.Fatal(err)
	}
	if signingKey(t, k) == signingKey(t, fixedKeyring(t)) {
		t.Error("one seed has one key in two organisations")
	}
}
