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
	v := new(T)
	if err := decode(data, v); err != nil {
		var zero T
		return zero, fmt.Errorf("decode %T: %w", zero, err)
	}
	return *v, nil
}

// decode is apart from Decode so that there is one of it, and not one for each of
// the forty types that phones would download.
func decode(data []byte, into any) error {
	if len(data) > MaxMessage {
		return fmt.Errorf("%d bytes, limit %d: %w", len(data), MaxMessage, ErrTooLarge)
	}
	if json.Unmarshal(data, into) != nil {
		return ErrEncoding
	}
	again, err := Encode(into)
	if err != nil || !bytes.Equal(again, data) {
		return ErrEncoding
	}
	return nil
}
