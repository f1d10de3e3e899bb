package terminal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/stillvault/stillvault/core/envelope"
)

// Ask puts a question and returns the answer's line, without white space around
// it. Where input ends, it is ErrDeclined.
func (t *Terminal) Ask(question string) (string, error) {
	fmt.Fprint(t.err, question+" ")
	line, err := t.lines.ReadString('\n')
	if err != nil && (line == "" || !errors.Is(err, io.EOF)) {
		fmt.Fprintln(t.err)
		return "", ErrDeclined
	}
	return strings.TrimSpace(line), nil
}

// Confirm asks whether to go on; anything but yes is ErrDeclined. Where nobody
// can be asked, it is ErrDeclined with flag named as the way out.
func (t *Terminal) Confirm(question, flag string) error {
	answer, err := t.Ask(question + " [y/N]")
	if err != nil {
		return fmt.Errorf("%w; nobody could be asked, so pass %s if you mean it", err, flag)
	}
	switch strings.ToLower(answer) {
	case "y", "yes":
		return nil
	}
	return ErrDeclined
}

// Hidden asks for something that is not shown while it is typed; where input is
// no terminal, it reads a line. The caller wipes what it returns.
func (t *Terminal) Hidden(question string) ([]byte, error) {
	fmt.Fprint(t.err, question+" ")
	if f, ok := t.in.(*os.File); ok && isTerminal(f) {
		typed, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(t.err)
		return typed, err
	}
	line, err := t.lines.ReadBytes('\n')
	fmt.Fprintln(t.err)
	if err != nil && (len(line) == 0 || !errors.Is(err, io.EOF)) {
		envelope.Wipe(line)
		return nil, ErrDeclined
	}
	end := len(line)
	for end > 0 && (line[end-1] == '\n' || line[end-1] == '\r') {
		end--
	}
	return line[:end], nil
}
