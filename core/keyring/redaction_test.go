package keyring_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// forms are the ways in which the first bytes of a secret may show.
func forms(secret []byte) [][]byte {
	some := secret[:9]
	return [][]byte{
		some, []byte(hex.EncodeToString(some)), []byte(strings.ToUpper(hex.EncodeToString(some))),
		[]byte(base64.RawStdEncoding.EncodeToString(some)), []byte(base64.RawURLEncoding.EncodeToString(some)),
		[]byte(strings.Trim(fmt.Sprint(some), "[]")), []byte(strings.TrimSuffix(fmt.Sprintf("%#v", some)[7:], "}")),
	}
}

func TestWhatHoldsKeysPrintsAsRedacted(t *testing.T) {
	row, err := keyring.ParseRow(rowText(t))
	if err != nil {
		t.Fatal(err)
	}
	contents, err := row.OpenWithPRF(fixedKey(t, 'p'), envelope.Hash{})
	if err != nil {
		t.Fatal(err)
	}
	k, software := fixedKeyring(t), keyring.SoftwareFrom(fixedKey(t, 'f'))
	device := keyring.DeviceFrom(rowID(), fixedKey(t, 'k'), fixedKey(t, 'd'))
	signer, err := k.Signer()
	if err != nil {
		t.Fatal(err)
	}
	var secrets [][]byte
	for _, first := range []byte("sfkd") {
		secrets = append(secrets, forms(fixed(first, 32))...)
	}
	secrets = append(secrets, forms(contents.Payload)...)
	secrets = append(secrets, forms(signer.Seed().Bytes())...)
	quiet := func(t *testing.T, how string, text []byte) {
		t.Helper()
		for _, secret := range secrets {
			if bytes.Contains(text, secret) {
				t.Errorf("%s shows a key: %s", how, text)
			}
		}
	}
	holders := map[string]any{
		"keyring": k, "keyring value": *k, "software": software, "software value": *software,
		"device": device, "device value": *device, "contents": contents, "signer": signer,
		"unexported": struct{ k, s, d any }{k, software, device},
		"wrapped":    struct{ k *keyring.Keyring }{k},
		"wrapping":   keyring.Wrapping{RecoveryKey: fixedKey(t, 's')},
	}
	for name, v := range holders {
		for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %o %c %U %t %e %T %p") {
			quiet(t, verb+" of "+name, fmt.Appendf(nil, verb, v))
		}
		var text, structured bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&structured, nil)).Info("m", "v", v)
		quiet(t, "text log of "+name, text.Bytes())
		quiet(t, "JSON log of "+name, structured.Bytes())
		encoded, _ := json.Marshal(v)
		quiet(t, "JSON of "+name, encoded)
	}
	for _, name := range []string{"keyring", "keyring value", "software", "device", "contents", "wrapping"} {
		if _, err := json.Marshal(holders[name]); !errors.Is(err, envelope.ErrRedacted) {
			t.Errorf("JSON of %s: got %v", name, err)
		}
	}
}
