package value

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// The formats that a secret is printed in.
const (
	FormatTable = "table"
	FormatJSON  = "json"
)

// ErrField means that a secret has no such key.
var ErrField = errors.New("field_missing: the secret has no such key; print it without -field to see those it has")

// ErrFormat means that a format is not known.
var ErrFormat = errors.New("format_unknown: use table or json")

// Printed is a secret on its way to a person or a script.
type Printed struct {
	JSON      []byte // stays the caller's to wipe
	RequestID string
	Lease     time.Duration
}

// Style says how to print.
type Style struct {
	Format   string // [FormatTable] when empty
	Field    string // this key's value alone
	Terminal bool   // ends a field's value with a new line, as vault does
}

// Check refuses a style that nothing can be printed in, before anybody is asked
// to approve.
func (s Style) Check() error {
	if s.Format != "" && s.Format != FormatTable && s.Format != FormatJSON {
		return fmt.Errorf("%q: %w", s.Format, ErrFormat)
	}
	return nil
}

// Print writes a secret as `vault read` does: a table, -field or -format=json.
// Numbers stand as they were stored, nested values as JSON.
func Print(w io.Writer, p Printed, s Style) error {
	if err := s.Check(); err != nil {
		return err
	}
	members, err := Object(p.JSON)
	defer wipeMembers(members)
	if err != nil {
		return fmt.Errorf("print the secret: %w", err)
	}
	var text []byte
	switch {
	case s.Field != "":
		text, err = field(members, s)
	case s.Format == FormatJSON:
		text, err = document(p)
	default:
		text = table(members, p)
	}
	defer envelope.Wipe(text)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("print the secret: %w", err)
	}
	return nil
}

func field(members []Member, s Style) ([]byte, error) {
	i := slices.IndexFunc(members, func(m Member) bool { return m.Key == s.Field })
	if i < 0 {
		return nil, fmt.Errorf("%q: %w", s.Field, ErrField)
	}
	if s.Format == FormatJSON {
		return append(bytes.Clone(members[i].Raw), '\n'), nil
	}
	text := members[i].Text()
	if s.Terminal {
		text = append(text, '\n')
	}
	return text, nil
}

// document is the layout of `vault read -format=json`.
func document(p Printed) ([]byte, error) {
	var out bytes.Buffer
	head, err := envelope.Encode(struct {
		RequestID     string `json:"request_id"`
		LeaseID       string `json:"lease_id"`
		LeaseDuration int64  `json:"lease_duration"`
		Renewable     bool   `json:"renewable"`
	}{p.RequestID, "", int64(p.Lease / time.Second), false})
	if err != nil {
		return nil, fmt.Errorf("print the secret: %w", err)
	}
	whole := slices.Concat(bytes.TrimSuffix(head, []byte("}")), []byte(`,"data":`), p.JSON, []byte(`,"warnings":null}`))
	defer envelope.Wipe(whole)
	if err := json.Indent(&out, whole, "", "  "); err != nil {
		return nil, fmt.Errorf("print the secret: %w", err)
	}
	return append(out.Bytes(), '\n'), nil
}

func table(members []Member, p Printed) []byte {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b Member) int { return strings.Compare(a.Key, b.Key) })
	width := len("refresh_interval")
	for _, m := range members {
		width = max(width, len(m.Key))
	}
	var out bytes.Buffer
	line := func(key string, text []byte) { fmt.Fprintf(&out, "%-*s    %s\n", width, key, text) }
	line("Key", []byte("Value"))
	line("---", []byte("-----"))
	if p.Lease > 0 {
		line("refresh_interval", []byte(p.Lease.String()))
	}
	for _, m := range members {
		text := m.Text()
		line(m.Key, text)
		envelope.Wipe(text)
	}
	return out.Bytes()
}
