package envelope

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// MaxMessage is the largest encoded message that is read, in bytes.
const MaxMessage = 2 << 20

// Encode returns the canonical JSON of v: fields in the order in which the type
// declares them, no white space, no escaping for HTML. v must not hold floats.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Decode reads canonical JSON and nothing else. It decodes, encodes again and
// compares: a duplicate, unknown or case-variant key, white space, a second
// spelling of a number or string, or trailing data cannot survive that, so two
// readers cannot take the same signed bytes for different messages.
func Decode[T any](data []byte) (T, error) {
	var v, zero T
	if len(data) > MaxMessage {
		return zero, fmt.Errorf("decode %T: %d bytes, limit %d: %w", v, len(data), MaxMessage, ErrTooLarge)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return zero, fmt.Errorf("decode %T: %w", v, ErrEncoding)
	}
	again, err := Encode(v)
	if err != nil || !bytes.Equal(again, data) {
		return zero, fmt.Errorf("decode %T: %w", v, ErrEncoding)
	}
	return v, nil
}
