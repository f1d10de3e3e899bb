package home_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

func TestAConsumersKeyIsReadFromItsFileAndItsText(t *testing.T) {
	h := open(t)
	made, err := h.CreateConsumer("ci")
	must(t, err)
	defer made.Wipe()
	path, err := h.ConsumerPath("ci")
	must(t, err)
	read, err := home.ReadConsumer(path)
	must(t, err)
	defer read.Wipe()
	text, err := os.ReadFile(path)
	must(t, err)
	parsed, err := home.ParseConsumer(text)
	must(t, err)
	defer parsed.Wipe()
	trimmed, err := home.ParseConsumer(bytes.TrimSpace(text))
	must(t, err)
	defer trimmed.Wipe()
	if read.Public() != made.Public() || parsed.Public() != made.Public() || trimmed.Public() != made.Public() {
		t.Error("another key came out than went in")
	}
}

func TestAKeyInPlaceOfItsFileIsNotRepeated(t *testing.T) {
	_, err := home.ReadConsumer(`{"kind":"stillvault-consumer","version":1,"seed":"secret"}`)
	wants(t, err, home.ErrNone)
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("it says %v", err)
	}
}

func TestTextsThatAreNoConsumersKeyAreRefusedWithoutBeingQuoted(t *testing.T) {
	h := open(t)
	key, err := h.CreateConsumer("ci")
	must(t, err)
	key.Wipe()
	path, err := h.ConsumerPath("ci")
	must(t, err)
	kept, err := os.ReadFile(path)
	must(t, err)
	text := string(kept)
	for name, text := range map[string]string{
		"nothing":           "",
		"the seed alone":    text[strings.Index(text, `"seed":"`)+8:][:43],
		"another kind":      strings.Replace(text, "stillvault-consumer", "stillvault-device", 1),
		"another version":   strings.Replace(text, `"version":1`, `"version":2`, 1),
		"a further field":   strings.Replace(text, `"}`, `","x":1}`, 1),
		"more than one key": text + text,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := home.ParseConsumer([]byte(text))
			wants(t, err, home.ErrKeyText)
			if len(text) > 20 && strings.Contains(err.Error(), text[len(text)-20:]) {
				t.Error("the error quotes the key")
			}
		})
	}
	must(t, os.Chmod(path, 0o644))
	_, err = home.ReadConsumer(path)
	wants(t, err, file.ErrExposed)
	_, err = home.ReadConsumer(filepath.Join(t.TempDir(), "none"))
	wants(t, err, home.ErrNone)
}
