package roster

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/stillvault/stillvault/core/envelope"
)

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// CheckName returns [ErrName] for a name that no approver, device, group,
// policy or consumer may have.
func CheckName(name string) error {
	if !nameForm.MatchString(name) {
		return fmt.Errorf("%.80q: %w", name, ErrName)
	}
	return nil
}

// MaxPath is the longest path of a secret, in bytes.
const MaxPath = 512

// CheckPath returns [ErrPath] for a path that no secret may have.
func CheckPath(path string) error {
	if path == "" || len(path) > MaxPath || !utf8.ValidString(path) || strings.ContainsFunc(path, unicode.IsControl) {
		return fmt.Errorf("%.80q: %w", path, ErrPath)
	}
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".", "..", "+", "*":
			return fmt.Errorf("%.80q: %w", path, ErrPath)
		}
	}
	return nil
}

func checkNew(id envelope.ID, name string, exists bool) error {
	if id.IsZero() || exists {
		return fmt.Errorf("the id is missing or was used before: %w", ErrStatement)
	}
	return CheckName(name)
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
