package roster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/stillvault/stillvault/core/envelope"
)

// maxName is the longest name, in bytes.
const maxName = 63

// CheckName returns [ErrName] for a name that no approver, device, group,
// policy or consumer may have.
func CheckName(name string) error {
	const first, rest = "abcdefghijklmnopqrstuvwxyz0123456789", "._-"
	ok := name != "" && len(name) <= maxName && strings.ContainsRune(first, rune(name[0])) &&
		strings.Trim(name, first+rest) == ""
	if !ok {
		return fmt.Errorf("%.80q: %w", name, ErrName)
	}
	return nil
}

// MaxPath is the longest path of a secret, in bytes.
const MaxPath = 512

// CheckPath returns [ErrPath] for a path that no secret may have. Approvers are
// shown paths, so there are none that look like another: no unprintable or
// formatting characters, no outer spaces, one spelling (NFC) of every letter.
func CheckPath(path string) error {
	if path == "" || len(path) > MaxPath || !Printable(path) || !norm.NFC.IsNormalString(path) {
		return fmt.Errorf("%.80q: %w", path, ErrPath)
	}
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".", "..", "+":
			return fmt.Errorf("%.80q: %w", path, ErrPath)
		}
		// "db*" in a pattern would be taken for a prefix, which it is not: it
		// must not pass for a literal that then covers nothing.
		if strings.Contains(segment, "*") || strings.Trim(segment, " ") != segment {
			return fmt.Errorf("%.80q: %w", path, ErrPath)
		}
	}
	return nil
}

// Printable says whether a text shows as what it is: valid UTF-8 without
// control, formatting, bidirectional or invisible characters.
func Printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, c := range s {
		if c == utf8.RuneError || !unicode.IsPrint(c) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, c) {
			return false
		}
	}
	return true
}

func checkNew(id envelope.ID, name string, exists bool) error {
	if id.IsZero() || exists {
		return fmt.Errorf("the id is missing or was used before: %w", ErrStatement)
	}
	return CheckName(name)
}

// repeated returns the first of all that stands there twice. Lists come in
// statements of up to 256 KiB: too long to compare everything with everything.
func repeated[T comparable](all []T) (v T, twice bool) {
	seen := make(map[T]bool, len(all))
	for _, v := range all {
		if seen[v] {
			return v, true
		}
		seen[v] = true
	}
	return v, false
}

func inForce[T any](all map[envelope.ID]*T, keep func(*T) bool, key func(*T) string) []*T {
	kept := slices.DeleteFunc(slices.Collect(maps.Values(all)), func(v *T) bool { return !keep(v) })
	slices.SortFunc(kept, func(a, b *T) int { return strings.Compare(key(a), key(b)) })
	return kept
}

func named[T any](what, name string, all []*T, key func(*T) string) (*T, error) {
	for _, v := range all {
		if key(v) == name {
			return v, nil
		}
	}
	return nil, fmt.Errorf("%s %.80q: %w", what, name, ErrUnknown)
}
