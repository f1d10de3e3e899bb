package value

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// ErrArguments means that arguments do not describe a secret. It carries no
// part of a value.
var ErrArguments = errors.New("value_arguments: give key=value pairs, @FILE or - for a JSON object")

// Source is where values come from beside the arguments themselves.
type Source struct {
	Stdin io.Reader
	// ReadFile reads a named file; [os.ReadFile] when nil.
	ReadFile func(name string) ([]byte, error)
	// Ask reads the value of key=- from a person, who is not to see it, instead
	// of Stdin; nil where there is nobody to ask.
	Ask func(key string) ([]byte, error)

	stdinTaken bool
}

// Read makes a secret's JSON, at most [secret.MaxValue] bytes, of arguments:
//
//	key=value   a string          key=@FILE   a file's text as a string
//	key=-       standard input    key=\@text  a string that begins with @
//	@FILE       a JSON object     -           a JSON object from standard input
//
// A JSON object that stands alone is kept byte for byte. A key that is given
// twice is [ErrArguments], as is text that is not UTF-8, which JSON cannot
// hold. The caller owns the result and wipes it.
func (s *Source) Read(args []string) ([]byte, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("nothing to store: %w", ErrArguments)
	}
	if len(args) == 1 && isWhole(args[0]) {
		return s.whole(args[0])
	}
	var members []Member
	defer func() { wipeMembers(members) }()
	for i, arg := range args {
		more, err := s.members(arg, i+1)
		members = append(members, more...)
		if err != nil {
			return nil, err
		}
	}
	if err := checkDistinct(members); err != nil {
		return nil, err
	}
	out := join(members)
	if err := secret.CheckValue(out); err != nil {
		envelope.Wipe(out)
		return nil, err
	}
	return out, nil
}

func isWhole(arg string) bool { return arg == "-" || strings.HasPrefix(arg, "@") }

// whole reads a JSON object from a file or standard input.
func (s *Source) whole(arg string) ([]byte, error) {
	b, err := s.load(arg)
	if err != nil {
		return nil, err
	}
	text := bytes.Clone(bytes.TrimSpace(b))
	envelope.Wipe(b)
	if err := secret.CheckValue(text); err != nil {
		envelope.Wipe(text)
		return nil, fmt.Errorf("%s: %w", describe(arg), err)
	}
	members, err := Object(text)
	wipeMembers(members)
	if err != nil {
		envelope.Wipe(text)
		return nil, fmt.Errorf("%s: %w", describe(arg), err)
	}
	return text, nil
}

// members reads one argument; number says which, since its text may be secret.
func (s *Source) members(arg string, number int) ([]Member, error) {
	if isWhole(arg) {
		text, err := s.whole(arg)
		if err != nil {
			return nil, err
		}
		defer envelope.Wipe(text)
		return Object(text)
	}
	key, text, found := strings.Cut(arg, "=")
	if !found || key == "" {
		return nil, fmt.Errorf("argument %d is not key=value: %w", number, ErrArguments)
	}
	var b []byte
	switch {
	case text == "-" && s.Ask != nil:
		var err error
		if b, err = s.Ask(key); err != nil {
			return nil, fmt.Errorf("key %q: %w", key, err)
		}
	case text == "-", strings.HasPrefix(text, "@"):
		var err error
		if b, err = s.load(text); err != nil {
			return nil, fmt.Errorf("key %q: %w", key, err)
		}
	default:
		if strings.HasPrefix(text, `\@`) {
			text = text[1:]
		}
		b = []byte(text)
	}
	defer envelope.Wipe(b)
	if !utf8.Valid(b) || !utf8.ValidString(key) {
		return nil, fmt.Errorf("key %q: not UTF-8, which JSON cannot hold; encode it first, with base64 for example: %w", key, ErrArguments)
	}
	return []Member{{Key: key, Raw: quote(b)}}, nil
}

// load reads a file ("@name") or standard input ("-"), which can be read once.
func (s *Source) load(arg string) ([]byte, error) {
	if arg == "-" {
		if s.stdinTaken {
			return nil, fmt.Errorf("standard input is asked for twice: %w", ErrArguments)
		}
		s.stdinTaken = true
		return readLimited(s.Stdin)
	}
	read := s.ReadFile
	if read == nil {
		read = readFile
	}
	b, err := read(arg[1:])
	if err != nil {
		return nil, fmt.Errorf("read the file of %s: %w", describe(arg), err)
	}
	return b, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLimited(f)
}

// readLimited reads at most what a secret may hold, with room for white space
// around it, and wipes what it outgrew on the way.
func readLimited(r io.Reader) ([]byte, error) {
	b := make([]byte, 0, 4096)
	for {
		if len(b) == cap(b) {
			grown := append(make([]byte, 0, 2*cap(b)), b...)
			envelope.Wipe(b)
			b = grown
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case len(b) > 2*secret.MaxValue:
			envelope.Wipe(b)
			return nil, secret.ErrValue
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			envelope.Wipe(b)
			return nil, fmt.Errorf("read the value: %w", err)
		}
	}
}

func describe(arg string) string {
	if arg == "-" {
		return "standard input"
	}
	return arg
}

// quote returns b, which is UTF-8, as a JSON string; the caller wipes it.
func quote(b []byte) []byte {
	var out bytes.Buffer
	out.Grow(6*len(b) + 3) // the most that escaping makes of it: nothing is left behind by growth
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(string(b)); err != nil {
		panic(err) // a string always encodes
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
