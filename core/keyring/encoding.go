package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stillvault/stillvault/core/envelope"
)

func encodeBytes(b []byte) *string { return text(`\x` + hex.EncodeToString(b)) }

// decodeBytes reads the four ways in which rows have bytes: a database's `\x…`
// hex, `0x…` hex, base64 and base64url, padded or not. Base64 can begin with
// "0x" as well; that the rest of one of 12 bytes or more is hex by chance, at
// full length, does not happen.
func decodeBytes(s string) ([]byte, error) {
	if digits, ok := strings.CutPrefix(s, `\x`); ok {
		return hex.DecodeString(digits)
	}
	if digits, ok := strings.CutPrefix(s, "0x"); ok {
		if b, err := hex.DecodeString(digits); err == nil {
			return b, nil
		}
	}
	if strings.ContainsAny(s, "\r\n") { // which the decoder would skip
		return nil, ErrFormat
	}
	alphabet, padded := base64.RawURLEncoding, strings.HasSuffix(s, "=")
	if strings.ContainsAny(s, "+/") {
		alphabet = base64.RawStdEncoding
	}
	if padded {
		alphabet = alphabet.WithPadding(base64.StdPadding)
	}
	return alphabet.Strict().DecodeString(s)
}

const timeLayout = "2006-01-02T15:04:05.000Z07:00"

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeLayout)
}

// parseTime reads an RFC 3339 time to the millisecond, which is as much of it
// as survives the tools that rows pass through.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.UTC().Year() < 1970 || t.UTC().Year() > 9999 {
		return time.Time{}, formatError("created_at", "not an RFC 3339 time")
	}
	return t.UTC().Truncate(time.Millisecond), nil
}

// jsonKeys returns the keys of a struct type's JSON object.
func jsonKeys[T any]() map[string]bool {
	keys := make(map[string]bool)
	t := reflect.TypeFor[T]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		keys[name] = true
	}
	return keys
}

// checkKeys refuses what encoding/json would let pass: text that is not UTF-8,
// repeated keys, keys in another case, unknown keys (unless known is nil), and
// anything after the object.
func checkKeys(data []byte, known map[string]bool) error {
	if len(data) > envelope.MaxMessage {
		return fmt.Errorf("%d bytes, limit %d: %w", len(data), envelope.MaxMessage, envelope.ErrTooLarge)
	}
	if !utf8.Valid(data) {
		return fmt.Errorf("not UTF-8: %w", ErrFormat)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("not a JSON object: %w", ErrFormat)
	}
	seen := make(map[string]bool)
	for d.More() {
		t, err := d.Token()
		key, isString := t.(string)
		if err != nil || !isString {
			return fmt.Errorf("not a JSON object: %w", ErrFormat)
		}
		if seen[key] || known != nil && !known[key] {
			return fmt.Errorf("key %q is repeated or unknown: %w", key, ErrFormat)
		}
		seen[key] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return fmt.Errorf("value of %q is not JSON: %w", key, ErrFormat)
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("JSON object does not end: %w", ErrFormat)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something follows the JSON object: %w", ErrFormat)
	}
	return nil
}
