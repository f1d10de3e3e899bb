package envelope_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
)

// leaks says whether text shows the key 0x6b, 0x6c, … in any usual form.
func leaks(text string) bool {
	key := fixed('k', envelope.KeySize)
	for _, form := range []string{
		string(key[:6]), fmt.Sprintf("%x", key[:6]), fmt.Sprintf("%X", key[:6]), fmt.Sprint(key[:4])[1:10],
		fmt.Sprintf("%#v", key[:3])[7:20], envelope.Bytes(key[:6]).String(),
	} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

func TestKeyPrintsAsRedacted(t *testing.T) {
	key := fixedKey(t, 'k')
	holder := struct {
		Key     *envelope.Key
		Value   envelope.Key
		private *envelope.Key
	}{key, *key, key}
	for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %o %b %c %U %t %e %T %p %y") {
		for name, v := range map[string]any{
			"pointer": key, "value": *key, "struct": holder, "slice": []*envelope.Key{key}, "map": map[string]*envelope.Key{"k": key},
			"signing key": envelope.NewSigningKey(key), "opener": envelope.NewOpener(key), "opener's struct": struct{ o *envelope.Opener }{envelope.NewOpener(key)}, "error": fmt.Errorf("opening: %v", key),
		} {
			if text := fmt.Sprintf(verb, v); leaks(text) {
				t.Errorf("%s of %s: %s", verb, name, text)
			}
		}
	}
	if text := fmt.Sprint(*key, key); text != "[redacted] [redacted]" {
		t.Errorf("got %s", text)
	}
}

func TestKeyIsNeverLogged(t *testing.T) {
	key := fixedKey(t, 'k')
	var text, structured bytes.Buffer
	for _, log := range []*slog.Logger{slog.New(slog.NewTextHandler(&text, nil)), slog.New(slog.NewJSONHandler(&structured, nil))} {
		log.Info("key", "pointer", key, "value", *key, "group", slog.GroupValue(slog.Any("key", key)), "signing", envelope.NewSigningKey(key), "opener", envelope.NewOpener(key))
	}
	for _, out := range []string{text.String(), structured.String()} {
		if leaks(out) || !strings.Contains(out, "[redacted]") {
			t.Errorf("logged %s", out)
		}
	}
}

func TestKeyIsNeverSerialised(t *testing.T) {
	key := fixedKey(t, 'k')
	for _, v := range []any{key, *key, struct{ K *envelope.Key }{key}, map[string]any{"k": *key}, envelope.NewOpener(key)} {
		if b, err := json.Marshal(v); !errors.Is(err, envelope.ErrRedacted) {
			t.Errorf("got %s, %v", b, err)
		}
	}
	if _, err := key.MarshalText(); !errors.Is(err, envelope.ErrRedacted) {
		t.Errorf("text: got %v", err)
	}
	//lint:ignore SA9005 that nothing is marshalled is what is tested
	if b, err := json.Marshal(envelope.NewSigningKey(key)); err != nil || leaks(string(b)) {
		t.Errorf("signing key: got %s, %v", b, err)
	}
}

func TestKeyIsCopiedComparedAndWiped(t *testing.T) {
	from := fixed('k', envelope.KeySize)
	key, err := envelope.KeyFrom(from)
	if err != nil {
		t.Fatal(err)
	}
	clone := key.Clone()
	if !key.Equal(clone) || key.Equal(fixedKey(t, 'l')) {
		t.Error("Equal is wrong")
	}
	key.Wipe()
	key.Wipe()
	if !bytes.Equal(key.Bytes(), make([]byte, envelope.KeySize)) {
		t.Error("not wiped")
	}
	if !bytes.Equal(clone.Bytes(), from) {
		t.Error("a clone or its source was wiped with the key")
	}
	(*envelope.Key)(nil).Wipe()
	for _, n := range []int{0, 31, 33} {
		if _, err := envelope.KeyFrom(make([]byte, n)); !errors.Is(err, envelope.ErrKey) {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
	if envelope.NewKey().Equal(envelope.NewKey()) {
		t.Error("two new keys are the same")
	}
}

func TestConfineRunsAndPassesOn(t *testing.T) {
	ran := false
	envelope.Confine(func() { envelope.Confine(func() { ran = true }) })
	if !ran {
		t.Error("did not run")
	}
	defer func() {
		if recover() != "panic" {
			t.Error("a panic was swallowed")
		}
	}()
	envelope.Confine(func() { panic("panic") })
}
