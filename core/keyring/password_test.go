package keyring_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

func TestPasswordsAreNormalisedThenTrimmed(t *testing.T) {
	const composed = "caf\u00e9 \u00c5"
	row, err := keyring.ParseRow(edit(func(e *elsewhere) { e.password = composed }).json(t))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder // every white space and line end of ECMAScript
	for _, r := range "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff" {
		all.WriteRune(r)
	}
	for name, c := range map[string]struct {
		password string
		want     error
	}{
		"as it is":              {composed, nil},
		"decomposed":            {"cafe\u0301 A\u030a", nil},
		"angstrom sign":         {"caf\u00e9 \u212b", nil},
		"all white space":       {all.String() + composed + all.String(), nil},
		"byte order mark":       {"\ufeff" + composed, nil},
		"U+0085 is kept":        {composed + "\u0085", keyring.ErrWrongFactor},
		"U+200B is kept":        {composed + "\u200b", keyring.ErrWrongFactor},
		"U+180E is kept":        {composed + "\u180e", keyring.ErrWrongFactor},
		"inner space is kept":   {"caf\u00e9\u00a0\u00c5", keyring.ErrWrongFactor},
		"compatibility letters": {"\uff43af\u00e9 \u00c5", keyring.ErrWrongFactor},
		"another case":          {"Caf\u00e9 \u00c5", keyring.ErrWrongFactor},
		"not UTF-8":             {"caf\xe9 \xc5", keyring.ErrPassword},
	} {
		_, err := keyring.OpenWithPassword(row, owner(), []byte(c.password), fixedKey(t, 'r'))
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// In the longest expansion that NFC knows, four bytes of UTF-8 become twelve.
func TestPasswordsThatGrowAreNormalisedInFull(t *testing.T) {
	normal := strings.Repeat("\U0001d158\U0001d165\U0001d16e", 50)
	row, err := keyring.ParseRow(edit(func(e *elsewhere) { e.password = normal }).json(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.OpenWithPassword(row, owner(), []byte(strings.Repeat("\U0001d160", 50)), fixedKey(t, 'r')); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestPasswordStaysTheCallers(t *testing.T) {
	row, err := keyring.ParseRow(rowText(t))
	if err != nil {
		t.Fatal(err)
	}
	password, recovery := []byte(" correct horse "), fixedKey(t, 'r')
	if _, err := keyring.OpenWithPassword(row, owner(), password, recovery); err != nil {
		t.Fatal(err)
	}
	if string(password) != " correct horse " || !recovery.Equal(fixedKey(t, 'r')) {
		t.Error("input was changed")
	}
}

func TestRecoveryKeyIsShownAsBase64URL(t *testing.T) {
	key := fixedKey(t, 0xe0)
	text := string(keyring.FormatRecoveryKey(key))
	if text != envelope.Bytes(fixed(0xe0, 32)).String() || len(text) != 43 {
		t.Errorf("shown as %s", text)
	}
	for name, typed := range map[string]string{"as shown": text, "padded": text + "=", "with white space": "\n " + text + "\r\n"} {
		if got, err := keyring.ParseRecoveryKey([]byte(typed)); err != nil || !got.Equal(key) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, typed := range map[string]string{
		"empty": "", "short": text[:42], "long": text + "A", "padded twice": text + "==", "standard alphabet": strings.ReplaceAll(strings.ReplaceAll(text, "-", "+"), "_", "/"),
		"loose last bits": text[:42] + "9", "line break inside": text[:20] + "\n" + text[21:], "hex": strings.Repeat("e0", 32),
	} {
		if got, err := keyring.ParseRecoveryKey([]byte(typed)); got != nil || !errors.Is(err, keyring.ErrFormat) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
