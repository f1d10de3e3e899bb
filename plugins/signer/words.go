package signer

import (
	"strings"
	"unicode"
)

// maxWords is how much of somebody else's words is repeated, in characters.
const maxWords = 300

// Words makes what a signer said fit to stand in an error: on one line, nothing
// in it that a terminal would obey, and not without end.
func Words(text string) string {
	var b strings.Builder
	written := 0
	for _, r := range strings.TrimSpace(text) {
		if written == maxWords {
			return b.String() + " …"
		}
		if unicode.IsSpace(r) {
			r = ' '
		} else if !unicode.IsPrint(r) {
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
		written++
	}
	return b.String()
}
