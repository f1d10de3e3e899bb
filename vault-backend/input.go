package backend

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/vault/sdk/framework"

	"github.com/stillvault/stillvault/core/envelope"
)

// stringList returns a list of 1 to most strings. A single string, as the vault
// command sends one, is a list of one; it is never split, for a comma may be
// part of it.
func stringList(data *framework.FieldData, name string, most int) ([]string, error) {
	list := data.Get(name).([]string)
	if len(list) == 0 || len(list) > most {
		return nil, fmt.Errorf("%s wants 1 to %d texts: %w", name, most, errInput)
	}
	return list, nil
}

// message reads a structure from the text in which it travels, of at most limit
// bytes.
func message[T any](data *framework.FieldData, name string, limit int) (T, error) {
	var zero T
	text := data.Get(name).(string)
	if text == "" {
		return zero, fmt.Errorf("%s is missing: %w", name, errInput)
	}
	if len(text) > limit {
		return zero, fmt.Errorf("%s has %d bytes, limit %d: %w", name, len(text), limit, envelope.ErrTooLarge)
	}
	v, err := envelope.Decode[T]([]byte(text))
	if err != nil {
		return zero, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

// number returns a field that counts from least, def where it is not given.
func number(data *framework.FieldData, name string, least, def int64) (uint64, error) {
	n, given := data.GetOk(name)
	if !given {
		return uint64(def), nil
	}
	if n.(int64) < least {
		return 0, fmt.Errorf("%s wants %d or more: %w", name, least, errInput)
	}
	return uint64(n.(int64)), nil
}

// idField returns a field that holds an id.
func idField(data *framework.FieldData, name string) (envelope.ID, error) {
	id, err := envelope.ParseID(data.Get(name).(string))
	if err != nil || id.IsZero() {
		return envelope.ID{}, fmt.Errorf("%s wants an id such as %s: %w", name, exampleID, errInput)
	}
	return id, nil
}

const exampleID = "b5a3c0de-0d6e-4f0c-9a51-2f1f6c6f2d11"

// fits says whether a value is of a field's type. The framework would also take
// true for 1, 1.5 for 1, and a list of one for its element.
func fits(t framework.FieldType, v any) bool {
	switch t {
	case framework.TypeString:
		_, is := v.(string)
		return is
	case framework.TypeBool:
		text, is := v.(string)
		if !is {
			_, is = v.(bool)
			return is
		}
		_, err := strconv.ParseBool(text)
		return err == nil
	case framework.TypeInt, framework.TypeInt64:
		return whole(v)
	case framework.TypeDurationSecond:
		if text, is := v.(string); !is && !whole(v) || is && text == "" {
			return false
		}
		d, err := parseutil.ParseDurationSecond(v)
		return err == nil && d >= 0
	case framework.TypeStringSlice:
		return every(v, func(e any) bool { _, is := e.(string); return is })
	case framework.TypeCommaIntSlice:
		if text, is := v.(string); is {
			return every(anys(strings.Split(text, ",")), whole)
		}
		return every(v, whole)
	}
	return false
}

func every(v any, is func(any) bool) bool {
	switch list := v.(type) {
	case []any:
		return !slices.ContainsFunc(list, func(e any) bool { return !is(e) })
	case []string:
		return every(anys(list), is)
	case []int:
		return true
	}
	return is(v)
}

func anys(list []string) []any {
	all := make([]any, len(list))
	for i, v := range list {
		all[i] = strings.TrimSpace(v)
	}
	return all
}

// whole says whether a value is a whole number, as JSON has it or in digits.
func whole(v any) bool {
	switch n := v.(type) {
	case int, int64, uint32, uint64:
		return true
	case float64:
		return n == math.Trunc(n) && math.Abs(n) < maxExact
	case json.Number:
		return whole(string(n))
	case string:
		_, err := strconv.ParseInt(n, 10, 64)
		return err == nil
	}
	return false
}

// versionNumber reads a version's number, 0 for none given.
func versionNumber(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("version wants a number from 1: %w", errInput)
	}
	return n, nil
}
