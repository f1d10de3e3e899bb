package external

import (
	"strings"

	"github.com/stillvault/stillvault/core/roster"
)

// maxWords is how many characters of what a signer says stand in an error.
const maxWords = 300

// words makes a signer's text fit to show: on one line, bounded, and without
// characters that would steer a terminal or mislead who reads it.
func words(text string, limit int) string {
	var b strings.Builder
	var n int
	for _, c := range strings.TrimSpace(text) {
		if n == limit {
			b.WriteRune('…')
			break
		}
		switch {
		case c == '\n' || c == '\r' || c == '\t':
			c = ' '
		case !roster.Printable(string(c)):
			c = '?'
		}
		b.WriteRune(c)
		n++
	}
	return b.String()
}
