package main

import (
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
)

// How many of many are named where people read it; as JSON, all are.
const (
	previewExamples = 5
	statusExamples  = 10
)

// examples names the first few of total, of which all may be only a part:
// "prod/a, prod/b and 198 more". What comes from a broker is made visible.
func examples(all []string, total, most int) string {
	shown := all[:min(len(all), most)]
	text := terminal.Visible(strings.Join(shown, ", "))
	if more := max(total, len(all)) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
