package backend

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/hashicorp/vault/sdk/framework"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// reserved are the keys that a secret written through secret/ cannot have: cas
// is an instruction to the write, the others to a read, and a key that is
// sometimes stored and sometimes obeyed would surprise.
var reserved = []string{"wait", "reason", "version", "code"}

// checkSecretInput refuses reserved keys, and a cas that is no version number.
// Errors name keys and never values: audit devices log errors as they stand.
func checkSecretInput(data map[string]any) error {
	for _, key := range reserved {
		if _, found := data[key]; found {
			return fmt.Errorf("%q: %w", key, errReserved)
		}
	}
	if cas, found := data["cas"]; found && !fits(framework.TypeInt64, cas) {
		return fmt.Errorf("\"cas\" wants the current version's number, 0 for a new secret: %w", errInput)
	}
	return nil
}

// valueOf returns the JSON object that a write brought, without cas. It is
// written into one buffer that is never copied or grown, so that the caller can
// wipe it: package encoding/json would leave the plaintext in a pool of buffers.
func valueOf(data map[string]any) ([]byte, error) {
	value := maps.Clone(data)
	delete(value, "cas")
	if len(value) == 0 {
		return nil, errEmpty
	}
	var size sizer
	if err := writeObject(&size, value, 0); err != nil {
		return nil, err
	}
	if int(size) > secret.MaxValue {
		return nil, fmt.Errorf("%d bytes of JSON: %w", int(size), errTooLarge)
	}
	text := filler(make([]byte, 0, int(size)))
	if err := writeObject(&text, value, 0); err != nil {
		envelope.Wipe(text)
		return nil, err
	}
	return text, nil
}

// sink takes text, piece by piece. A sizer counts it, a filler keeps it.
type sink interface {
	text(string)
	byte(byte)
}

type sizer int

func (s *sizer) text(t string) { *s += sizer(len(t)) }
func (s *sizer) byte(byte)     { *s++ }

type filler []byte

func (f *filler) text(t string) { *f = append(*f, t...) }
func (f *filler) byte(c byte)   { *f = append(*f, c) }

// maxDepth is how deep a value may be nested; Vault's own limit is lower.
const maxDepth = 512

func writeValue(s sink, v any, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("nested more than %d deep: %w", maxDepth, errInput)
	}
	switch v := v.(type) {
	case nil:
		s.text("null")
	case bool:
		s.text(strconv.FormatBool(v))
	case string:
		writeString(s, v)
	case float64:
		return writeFloat(s, v)
	case json.Number:
		return writeNumber(s, v)
	case int:
		return writeNumber(s, json.Number(strconv.Itoa(v)))
	case map[string]any:
		return writeObject(s, v, depth+1)
	case []any:
		return writeArray(s, v, depth+1)
	default:
		return fmt.Errorf("a value is of a type that JSON does not have: %w", errInput)
	}
	return nil
}

func writeObject(s sink, object map[string]any, depth int) error {
	s.byte('{')
	for i, key := range slices.Sorted(maps.Keys(object)) {
		if i > 0 {
			s.byte(',')
		}
		writeString(s, key)
		s.byte(':')
		if err := writeValue(s, object[key], depth); err != nil {
			return err
		}
	}
	s.byte('}')
	return nil
}

func writeArray(s sink, array []any, depth int) error {
	s.byte('[')
	for i, v := range array {
		if i > 0 {
			s.byte(',')
		}
		if err := writeValue(s, v, depth); err != nil {
			return err
		}
	}
	s.byte(']')
	return nil
}

// writeString writes a JSON string (RFC 8259, 7). Only what must be escaped is.
func writeString(s sink, t string) {
	const hex = "0123456789abcdef"
	s.byte('"')
	from := 0
	for i := 0; i < len(t); {
		c, n := utf8.DecodeRuneInString(t[i:])
		if c >= ' ' && c != '"' && c != '\\' && (c != utf8.RuneError || n > 1) {
			i += n
			continue
		}
		s.text(t[from:i])
		switch {
		case c == utf8.RuneError:
			s.text("\ufffd")
		case c == '"' || c == '\\':
			s.byte('\\')
			s.byte(byte(c))
		default:
			s.text(`\u00`)
			s.byte(hex[c>>4])
			s.byte(hex[c&15])
		}
		i += n
		from = i
	}
	s.text(t[from:])
	s.byte('"')
}
