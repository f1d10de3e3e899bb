package approver

import (
	"errors"
	"io"

	"github.com/stillvault/stillvault/core/envelope"
)

// Typed is a line from a person, without its end; whoever receives it wipes it
// if it was hidden.
type Typed struct {
	Text []byte
	Err  error
}

// Input reads lines from a person, one at a time and only when asked to, so that
// a hidden one is never read ahead in the clear.
type Input struct {
	// ReadLine reads a line; ReadHidden one that the terminal does not show.
	ReadLine   func() ([]byte, error)
	ReadHidden func() ([]byte, error)

	typed chan Typed
	busy  bool
}

// maxLine is more than any reason, code, password or recovery key needs.
const maxLine = 4096

// Lines reads lines from r byte by byte: what is left belongs to the next
// reader of the same terminal.
func Lines(r io.Reader) func() ([]byte, error) {
	return func() ([]byte, error) {
		line := make([]byte, 0, maxLine)
		var b [1]byte
		for {
			n, err := r.Read(b[:])
			switch {
			case n == 1 && b[0] == '\n':
				return line, nil
			case n == 1 && len(line) < maxLine && b[0] != '\r':
				line = append(line, b[0])
			case errors.Is(err, io.EOF) && len(line) > 0:
				return line, nil
			case err != nil:
				envelope.Wipe(line)
				return nil, err
			}
		}
	}
}

// next starts reading a line and returns where it will arrive. A read that was
// given up goes on: its line is what next returns then.
func (in *Input) next(hidden bool) <-chan Typed {
	if in.typed == nil {
		in.typed = make(chan Typed, 1)
	}
	if !in.busy {
		in.busy = true
		read := in.ReadLine
		if hidden {
			read = in.ReadHidden
		}
		go func() {
			text, err := read()
			in.typed <- Typed{text, err}
		}()
	}
	return in.typed
}

// taken notes that the line arrived.
func (in *Input) taken() { in.busy = false }
