package orglog_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/plugins/orglog"
)

func TestARecoveryKeyIsReadAsItWasWritten(t *testing.T) {
	seed := envelope.NewKey()
	text := string(orglog.FormatRecoveryKey(seed))
	if !regexp.MustCompile(`^svrecovery\.[A-Za-z0-9_-]{43}$`).MatchString(text) {
		t.Fatal("not the documented form")
	}
	for name, given := range map[string]string{
		"as shown": text, "of a file": text + "\n", "of a file of another system": "\ufeff" + text + "\r\n", "typed": "  " + text + "\t",
	} {
		if got, err := orglog.ParseRecoveryKey([]byte(given)); err != nil || !got.Equal(seed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	key := strings.TrimPrefix(text, "svrecovery.")
	for name, given := range map[string]string{
		"empty": "", "its end alone": key, "an approver's": string(keyring.FormatRecoveryKey(seed)),
		"its public half": envelope.NewSigningKey(seed).Public().String(), "short": text[:len(text)-1], "long": text + "A",
		"in capitals": "SVRECOVERY." + key, "twice": "svrecovery." + text, "broken": text[:20] + "\n" + text[20:], "without its end": "svrecovery.",
	} {
		got, err := orglog.ParseRecoveryKey([]byte(given))
		if got != nil || !errors.Is(err, keyring.ErrFormat) {
			t.Errorf("%s: got %v", name, err)
		} else if strings.Contains(err.Error(), key) {
			t.Errorf("%s: the error has the key", name)
		}
	}
}

func TestARecoveryKeyIsNeverTakenForAPublicKey(t *testing.T) {
	for range 100 { // of any bytes, some of which are a public key by chance
		text := string(orglog.FormatRecoveryKey(envelope.NewKey()))
		var k envelope.VerifyKey
		if err := k.UnmarshalText([]byte(text)); err == nil {
			t.Fatal("read as a public key")
		}
		for name, given := range map[string]string{
			"as shown": text, "of a file": text + "\n", "with what is said before it": "key: " + text, "in part": text[:30], "in capitals": strings.ToUpper(text),
		} {
			if err := orglog.RefuseRecoveryKey(given); !errors.Is(err, orglog.ErrRecoveryItself) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
	for name, given := range map[string]string{"a public key": newKey().Public().String(), "empty": "", "nonsense": "svrecovery"} {
		if err := orglog.RefuseRecoveryKey(given); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
