package dev

import (
	"fmt"
	"strings"
)

// say prints an indented line.
func (s Stage) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if line != "" {
		line = "  " + line
	}
	_, _ = fmt.Fprintln(s.Out, line) // who closed the terminal reads nothing anyway
}

// title prints what all of it is about.
func (s Stage) title(text string) { _, _ = fmt.Fprintln(s.Out, s.bold(text)) }

// act begins a part.
func (s Stage) act(title string) { _, _ = fmt.Fprintf(s.Out, "\n%s\n", s.bold(title)) }

// shell prints a command as it is typed.
func (s Stage) shell(format string, args ...any) {
	s.say("%s %s", s.dim("$"), fmt.Sprintf(format, args...))
}

// quote prints what a command printed.
func (s Stage) quote(text []byte) {
	for line := range strings.Lines(strings.Trim(string(text), "\n")) {
		s.say("%s", strings.TrimRight(line, "\n"))
	}
}

func (s Stage) bold(text string) string  { return s.paint("1", text) }
func (s Stage) dim(text string) string   { return s.paint("2", text) }
func (s Stage) green(text string) string { return s.paint("32", text) }

func (s Stage) paint(code, text string) string {
	if !s.Colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
