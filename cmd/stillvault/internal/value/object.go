package value

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// Member is one key of a secret with its value as JSON text.
type Member struct {
	Key string
	Raw json.RawMessage
}

// Object takes a secret apart, its keys in the order of the text. The values
// are copies, which the caller wipes. A key that stands twice is
// [ErrArguments]: two readers could take different values for it.
func Object(text []byte) ([]Member, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if t, err := decoder.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("not a JSON object: %w", ErrArguments)
	}
	var members []Member
	for decoder.More() {
		t, err := decoder.Token()
		key, isString := t.(string)
		if err != nil || !isString {
			return members, fmt.Errorf("not a JSON object: %w", ErrArguments)
		}
		m := Member{Key: key}
		if err := decoder.Decode(&m.Raw); err != nil {
			return members, fmt.Errorf("not a JSON object: %w", ErrArguments)
		}
		members = append(members, m)
	}
	return members, checkDistinct(members)
}

// Text returns a member as text: a string without its quotes, anything else as
// the JSON that it is. The caller wipes it.
func (m Member) Text() []byte {
	var s string
	if json.Unmarshal(m.Raw, &s) == nil && len(m.Raw) > 0 && m.Raw[0] == '"' {
		return []byte(s)
	}
	var out bytes.Buffer
	if json.Compact(&out, m.Raw) != nil {
		return bytes.Clone(m.Raw)
	}
	return out.Bytes()
}

func checkDistinct(members []Member) error {
	seen := map[string]bool{}
	for _, m := range members {
		if seen[m.Key] {
			return fmt.Errorf("key %q is given twice: %w", m.Key, ErrArguments)
		}
		seen[m.Key] = true
	}
	return nil
}

// join returns the object of members, in one buffer that never grows.
func join(members []Member) []byte {
	size := 2
	keys := make([][]byte, len(members))
	for i, m := range members {
		keys[i] = quote([]byte(m.Key))
		size += len(keys[i]) + len(m.Raw) + 2
	}
	out := append(make([]byte, 0, size), '{')
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, keys[i]...), ':'), m.Raw...)
	}
	return append(out, '}')
}

func wipeMembers(members []Member) {
	for _, m := range members {
		envelope.Wipe(m.Raw)
	}
}
