package envelope_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

func TestIDHasOneSpelling(t *testing.T) {
	const text = "0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab"
	id, err := envelope.ParseID(text)
	if err != nil || id.String() != text || id.IsZero() {
		t.Fatalf("got %s, %v", id, err)
	}
	for name, bad := range map[string]string{
		"empty":            "",
		"upper case":       strings.ToUpper(text),
		"one upper digit":  "0A1b2c3d-4e5f-4a6b-8c7d-0123456789ab",
		"no hyphens":       strings.ReplaceAll(text, "-", ""),
		"hyphens moved":    "0a1b2c3d4-e5f-4a6b-8c7d-0123456789ab",
		"braces":           "{" + text + "}",
		"urn":              "urn:uuid:" + text,
		"short":            text[:35],
		"long":             text + "0",
		"no digit":         "0a1b2c3d-4e5f-4a6b-8c7d-0123456789ag",
		"hyphen for digit": "0a1b2c3d-4e5f-4a6b-8c7d-01234567-9ab",
		"space":            "0a1b2c3d-4e5f-4a6b-8c7d-0123456789a ",
	} {
		if _, err := envelope.ParseID(bad); !errors.Is(err, envelope.ErrEncoding) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestNewIDsAreRandomUUIDs(t *testing.T) {
	a, b := envelope.NewID(), envelope.NewID()
	if a == b || a.IsZero() || a[6]>>4 != 4 || a[8]>>6 != 2 {
		t.Errorf("got %s and %s", a, b)
	}
}

func TestHashHasOneSpelling(t *testing.T) {
	// SHA-256 of "abc", FIPS 180-4.
	const text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	h, err := envelope.ParseHash(text)
	if err != nil || h.String() != text || h != envelope.SumHash([]byte("ab"), []byte("c")) || h.IsZero() {
		t.Fatalf("got %s, %v", h, err)
	}
	for name, bad := range map[string]string{
		"empty": "", "upper case": strings.ToUpper(text), "short": text[:63], "long": text + "0", "no digit": text[:63] + "g", "prefix": "0x" + text[2:],
	} {
		if _, err := envelope.ParseHash(bad); !errors.Is(err, envelope.ErrEncoding) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestBytesHaveOneSpelling(t *testing.T) {
	for text, want := range map[string]string{"": "", "Zg": "f", "Zm8": "fo", "Zm9v": "foo", "-_8": "\xfb\xff"} {
		var b envelope.Bytes
		if err := b.UnmarshalText([]byte(text)); err != nil || string(b) != want || b.String() != text {
			t.Errorf("%q: got %q, %v", text, b, err)
		}
	}
	for name, bad := range map[string]string{
		"padding": "Zg==", "standard alphabet": "+/8", "loose last bits": "Zh", "one digit": "Z",
		"line break inside": "Zm\n9v", "line break after": "Zm9v\n", "carriage return": "Zm9v\r", "space": "Zm9 ", "no digit": "Zm9*",
	} {
		var b envelope.Bytes
		if err := b.UnmarshalText([]byte(bad)); !errors.Is(err, envelope.ErrEncoding) || b != nil {
			t.Errorf("%s: got %q, %v", name, b, err)
		}
	}
}

func TestPublicKeysHaveOneLength(t *testing.T) {
	for n, want := range map[int]error{0: envelope.ErrKey, 31: envelope.ErrKey, 32: nil, 33: envelope.ErrKey} {
		var k envelope.VerifyKey
		if err := k.UnmarshalText([]byte(envelope.Bytes(fixed(1, n)).String())); !errors.Is(err, want) {
			t.Errorf("verification key of %d bytes: got %v", n, err)
		}
	}
	for n, want := range map[int]error{0: envelope.ErrKey, 1215: envelope.ErrKey, 1216: nil, 1217: envelope.ErrKey} {
		var k envelope.KEMKey
		if err := k.UnmarshalText([]byte(envelope.Bytes(fixed(1, n)).String())); !errors.Is(err, want) {
			t.Errorf("KEM key of %d bytes: got %v", n, err)
		}
	}
}

func TestTimeIsMilliseconds(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 890_999_999, time.FixedZone("", 3600))
	got := envelope.At(at)
	if !got.Time().Equal(at.Truncate(time.Millisecond)) || got.Time().Location() != time.UTC {
		t.Errorf("got %v", got.Time())
	}
	if later := got.Add(90 * time.Second); later.Sub(got) != 90*time.Second || later-got != 90_000 {
		t.Errorf("got %d", later-got)
	}
}
