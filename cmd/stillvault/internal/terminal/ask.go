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
	line, err := t.typed(func() ([]byte, error) { return t.lines.ReadBytes('\n') })
	if errors.Is(err, errStopped) {
		return "", err
	}
	if err != nil && (len(line) == 0 || !errors.Is(err, io.EOF)) {
		fmt.Fprintln(t.err)
		return "", ErrDeclined
	}
	return strings.TrimSpace(string(line)), nil
}

// errStopped is ErrDeclined by Ctrl-C in the middle of a question.
var errStopped = fmt.Errorf("stopped; %w", ErrDeclined)

// Until ends every question once done is closed: the signal that Ctrl-C sends
// does not end the read of a terminal, so without it nothing would happen until
// Enter, which would then be taken for an answer.
func (t *Terminal) Until(done <-chan struct{}) { t.done = done }

// typed returns what read reads, unless the question ends before: then the read
// goes on alone, and with it the process is about to end.
func (t *Terminal) typed(read func() ([]byte, error)) ([]byte, error) {
	type answer struct {
		text []byte
		err  error
	}
	given := make(chan answer, 1)
	go func() {
		text, err := read()
		given <- answer{text, err}
	}()
	select {
	case a := <-given:
		return a.text, a.err
	case <-t.done:
		fmt.Fprintln(t.err)
		return nil, errStopped
	}
}

// Confirm asks whether to go on; anything but yes is ErrDeclined. Where nobody
// can be asked, it is ErrDeclined with flag named as the way out.
func (t *Terminal) Confirm(question, flag string) error {
	answer, err := t.Ask(question + " [y/N]")
	switch {
	case errors.Is(err, errStopped):
		return err
	case err != nil:
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
		return t.hidden(int(f.Fd()))
	}
	line, err := t.typed(func() ([]byte, error) { return t.lines.ReadBytes('\n') })
	if errors.Is(err, errStopped) {
		return nil, err
	}
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

func (t *Terminal) hidden(terminal int) ([]byte, error) {
	shown, err := term.GetState(terminal)
	if err != nil {
		return nil, err
	}
	text, err := t.typed(func() ([]byte, error) { return term.ReadPassword(terminal) })
	if errors.Is(err, errStopped) {
		_ = term.Restore(terminal, shown)
		return nil, err
	}
	fmt.Fprintln(t.err)
	return text, err
}
