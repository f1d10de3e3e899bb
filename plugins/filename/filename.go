// Package filename keeps a key out of error messages that stands where the name of
// its file belongs: a CI system that hands out a secret as text, and not as a file,
// puts it there, and its log is read by many.
package filename

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"unicode"
)

// Hidden stands in an error where a name is not repeated.
const Hidden = "(not repeated: this looks like the text of a file, not like a file's path)"

// longest is how many bytes a name has that is repeated; PEM and JSON have more.
const longest = 1024

// placed and extended are the two forms that people give names of files, and that
// keys, tokens and passphrases do not have, whether as JSON, PEM or base64.
var (
	placed   = regexp.MustCompile(`^(/|\\|~|\.\.?[/\\]|[A-Za-z]:[/\\])`)
	extended = regexp.MustCompile(`[^.]\.[A-Za-z0-9]{1,5}$`)
)

// Plain says whether text has the form of a file's name, so that an error may
// repeat it. Of a name in another form it says no, too: that costs a reader a look
// at what they wrote, and repeating a key costs the key.
func Plain(text string) bool {
	printed := !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
	return printed && len(text) <= longest && !strings.Contains(text, "{") &&
		(placed.MatchString(text) || extended.MatchString(text))
}

// Shown is name where it is plain, and [Hidden] otherwise.
func Shown(name string) string {
	if Plain(name) {
		return name
	}
	return Hidden
}

// Error is err, what opening a file returned, without the file's name where that is
// not plain. It stays what it is for [errors.Is] as far as the system's reason goes.
func Error(err error) error {
	var failed *fs.PathError
	if !errors.As(err, &failed) || Plain(failed.Path) {
		return err
	}
	return fmt.Errorf("%s %s: %w", failed.Op, Hidden, failed.Err)
}
