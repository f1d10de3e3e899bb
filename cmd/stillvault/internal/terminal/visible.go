package terminal

import (
	"fmt"
	"strings"
	"unicode"
)

// Visible replaces what a terminal would obey or hide (escape sequences, control
// and formatting characters) by its code point. Line feeds become spaces.
func Visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case r == unicode.ReplacementChar || !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r):
			fmt.Fprintf(&b, "\\u{%x}", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
