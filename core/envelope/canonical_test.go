package envelope_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
)

// message has a field of every type that messages are made of.
type message struct {
	Name   string          `json:"name"`
	Number uint32          `json:"number"`
	ID     envelope.ID     `json:"id"`
	Hash   envelope.Hash   `json:"hash"`
	Bytes  envelope.Bytes  `json:"bytes"`
	List   []string        `json:"list"`
	Time   envelope.Time   `json:"time"`
	Raw    json.RawMessage `json:"raw"`
	Inner  *inner          `json:"inner,omitempty"`
}

type inner struct {
	Flag bool `json:"flag"`
}

const canonical = `{"name":"a<b>&\u2028é","number":7,"id":"0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab",` +
	`"hash":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","bytes":"Zg","list":["x"],` +
	`"time":-5,"raw":{"k":1},"inner":{"flag":true}}`

func TestCanonicalMessageIsReadAndWrittenUnchanged(t *testing.T) {
	m, err := envelope.Decode[message]([]byte(canonical))
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "a<b>&\u2028é" || m.Number != 7 || string(m.Bytes) != "f" || m.Inner == nil || !m.Inner.Flag {
		t.Errorf("read otherwise than written: %q %d %q", m.Name, m.Number, m.Bytes)
	}
	if again, err := envelope.Encode(m); err != nil || string(again) != canonical {
		t.Errorf("got %s, %v", again, err)
	}
}

func TestEveryOtherSpellingIsRefused(t *testing.T) {
	replace := func(old, new string) string {
		out := strings.Replace(canonical, old, new, 1)
		if out == canonical {
			t.Fatalf("%q is not in the message", old)
		}
		return out
	}
	for name, bad := range map[string]string{
		"nothing":              "",
		"null":                 "null",
		"an array":             "[]",
		"empty object":         "{}",
		"duplicate key":        replace(`"number":7`, `"number":7,"number":7`),
		"case variant":         replace(`"number":7`, `"Number":7`),
		"case variant besides": replace(`"number":7`, `"number":7,"NUMBER":8`),
		"unknown key":          replace(`"number":7`, `"number":7,"extra":1`),
		"unknown inner key":    replace(`"flag":true`, `"flag":true,"x":1`),
		"missing key":          replace(`"number":7,`, ``),
		"other order":          replace(`"name":"a<b>&\u2028é","number":7`, `"number":7,"name":"a<b>&\u2028é"`),
		"space":                replace(`:7`, `: 7`),
		"leading space":        " " + canonical,
		"trailing line break":  canonical + "\n",
		"trailing object":      canonical + "{}",
		"trailing byte":        canonical + "x",
		"truncated":            canonical[:len(canonical)-1],
		"escaped letter":       replace(`"name":"a`, `"name":"\u0061`),
		"escaped HTML":         replace(`<`, `\u003c`),
		"escaped slash in key": replace(`"id"`, `"\u0069d"`),
		"bare U+2028":          replace(`\u2028`, "\u2028"),
		"upper-case escape":    replace(`é`, `\u00E9`),
		"invalid UTF-8":        replace(`é`, "\xe9"),
		"lone surrogate":       replace(`é`, `\ud800`),
		"exponent":             replace(`:7`, `:7e0`),
		"fraction":             replace(`:7`, `:7.0`),
		"leading zero":         replace(`:7`, `:07`),
		"number as string":     replace(`:7`, `:"7"`),
		"number out of range":  replace(`:7`, `:4294967296`),
		"negative zero":        replace(`:-5`, `:-0`),
		"upper-case UUID":      replace(`0a1b2c3d`, `0A1B2C3D`),
		"upper-case hex":       replace(`ba7816bf`, `BA7816BF`),
		"padded base64":        replace(`"Zg"`, `"Zg=="`),
		"loose base64":         replace(`"Zg"`, `"Zh"`),
		"base64 line break":    replace(`"Zg"`, `"Z\ng"`),
		"null string":          replace(`"name":"a<b>&\u2028é"`, `"name":null`),
		"null UUID":            replace(`"id":"0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab"`, `"id":null`),
		"null bytes":           replace(`"bytes":"Zg"`, `"bytes":null`),
		"null inner":           replace(`"inner":{"flag":true}`, `"inner":null`),
		"raw with space":       replace(`{"k":1}`, `{"k": 1}`),
		"raw with HTML escape": replace(`{"k":1}`, `{"k" :1}`),
	} {
		t.Run(name, func(t *testing.T) {
			if m, err := envelope.Decode[message]([]byte(bad)); !errors.Is(err, envelope.ErrEncoding) || m.Name != "" || m.Number != 0 {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOversizeMessageIsRefusedBeforeItIsRead(t *testing.T) {
	large := `"` + strings.Repeat("x", envelope.MaxMessage-2) + `"`
	if _, err := envelope.Decode[string]([]byte(large)); err != nil {
		t.Errorf("largest message: %v", err)
	}
	if _, err := envelope.Decode[string]([]byte(large[:1] + "x" + large[1:])); !errors.Is(err, envelope.ErrTooLarge) {
		t.Errorf("one byte over: %v", err)
	}
}

func TestErrorsDoNotRepeatWhatWasRead(t *testing.T) {
	_, err := envelope.Decode[message]([]byte(`{"name":"hunter2","number":"hunter2"}`))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}
