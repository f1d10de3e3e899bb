// Package terminal is how the stillvault command speaks: data on standard
// output, as a table or JSON; everything said to people on standard error;
// questions to whoever sits there.
package terminal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"
)

// Format is how data is printed.
type Format string

// The formats.
const (
	Table Format = "table"
	JSON  Format = "json"
)

// ErrDeclined means that a person answered a question with no, or that nobody was
// there to answer.
var ErrDeclined = errors.New("declined: nothing was changed")

// Terminal is where a command speaks.
type Terminal struct {
	Format Format

	in     io.Reader
	lines  *bufio.Reader
	out    io.Writer
	err    io.Writer
	colour bool
	done   <-chan struct{} // closed to end every question; may be nil
}

// New makes a terminal of three streams. Colours are used only where err is a
// terminal and NO_COLOR is not set.
func New(in io.Reader, out, err io.Writer) *Terminal {
	_, plain := os.LookupEnv("NO_COLOR")
	return &Terminal{
		Format: Table, in: in, lines: bufio.NewReader(in), out: out, err: err,
		colour: !plain && isTerminal(err) && os.Getenv("TERM") != "dumb",
	}
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Interactive says whether a person can be asked.
func (t *Terminal) Interactive() bool { return isTerminal(t.in) && isTerminal(t.err) }

// OutIsTerminal says whether a person sees what goes to standard output.
func (t *Terminal) OutIsTerminal() bool { return isTerminal(t.out) }

// Out is where data goes that is not printed by Print.
func (t *Terminal) Out() io.Writer { return t.out }

// Err is where everything else goes.
func (t *Terminal) Err() io.Writer { return t.err }

// Say tells people something, on a line of standard error.
func (t *Terminal) Say(format string, args ...any) {
	fmt.Fprintf(t.err, format+"\n", args...)
}

// Warn says something that people must not overlook.
func (t *Terminal) Warn(format string, args ...any) {
	fmt.Fprintln(t.err, t.paint("33", "warning: "+fmt.Sprintf(format, args...)))
}

// Fail says why a command ends.
func (t *Terminal) Fail(err error) {
	fmt.Fprintln(t.err, t.paint("31", "stillvault: ")+Visible(err.Error()))
}

// Bold marks text where colours are on.
func (t *Terminal) Bold(text string) string { return t.paint("1", text) }

// Green marks good news where colours are on.
func (t *Terminal) Green(text string) string { return t.paint("32", text) }

// White shows text white on black where colours are on, whatever colours the
// terminal has otherwise.
func (t *Terminal) White(text string) string { return t.paint("97;40", text) }

// Red marks bad news where colours are on.
func (t *Terminal) Red(text string) string { return t.paint("31", text) }

func (t *Terminal) paint(code, text string) string {
	if !t.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Print prints data on standard output: value as JSON, or the rows that table
// writes, each with tabs between its cells.
func (t *Terminal) Print(value any, table func(rows *Rows)) error {
	if t.Format == JSON {
		encoder := json.NewEncoder(t.out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(value)
	}
	w := tabwriter.NewWriter(t.out, 0, 8, 2, ' ', 0)
	table(&Rows{w})
	return w.Flush()
}

// Rows are the lines of a table.
type Rows struct{ to io.Writer }

// Row writes a line. What would show as something else is made visible, since
// cells may come from a broker.
func (r *Rows) Row(cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = Visible(fmt.Sprint(c))
	}
	fmt.Fprintln(r.to, strings.TrimRight(strings.Join(texts, "\t"), "\t"))
}
