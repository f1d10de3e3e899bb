package filename_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/filename"
)

func TestOnlyWhatLooksLikeANameIsRepeated(t *testing.T) {
	key := `{"kind":"stillvault-consumer","version":1,"seed":"aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789-_aBcDe"}`
	pem := "-----BEGIN " + "PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END " + "PRIVATE KEY-----"
	for text, plain := range map[string]bool{
		"/run/secrets/consumer": true, "./key": true, "../key": true, "~/key": true, `C:\keys\org`: true, `\\host\keys`: true,
		"key.json": true, "keys/org.key": true, "größe 1.pem": true,

		"": false, key: false, "/" + key: false, key + ".json": false,
		"aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789-_aBcDe":                      false,
		"eyJraW5kIjoic3RpbGx2YXVsdC1jb25zdW1lciIsInZlcnNpb24iOjF9":         false,
		"MC4CAQAwBQYDK2VwBCIEIA/abcdefghijklmnopqrstuvwxyz0123456789+/abc": false,
		pem: false, strings.ReplaceAll(pem, "\n", `\n`): false,
		"/run/key\n": false, "hvs" + ".CAESIJ0123456789abcdef": false, "correct horse battery staple": false, "123456": false,
		"/" + strings.Repeat("a", 2000): false,
	} {
		if filename.Plain(text) != plain {
			t.Errorf("%q: plain is %v", text, !plain)
		}
		if shown := filename.Shown(text); (shown == text) != plain {
			t.Errorf("%q: shown as %q", text, shown)
		}
	}
}

func TestAnErrorKeepsItsReasonWithoutTheName(t *testing.T) {
	for name, repeated := range map[string]bool{`{"seed":"secret"}`: false, strings.Repeat("secret", 1000): false, "./secret.json": true} {
		_, err := os.Open(name)
		shown := filename.Error(fmt.Errorf("read it: %w", err))
		if strings.Contains(shown.Error(), "secret") != repeated {
			t.Errorf("it says %v", shown)
		}
		if errors.Is(err, fs.ErrNotExist) != errors.Is(shown, fs.ErrNotExist) {
			t.Errorf("%v is another reason than %v", shown, err)
		}
	}
	if other := errors.New("another"); filename.Error(other) != other || filename.Error(nil) != nil {
		t.Error("an error that is about no file is another now")
	}
}
