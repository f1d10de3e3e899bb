package external

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/hashicorp/go-hclog"

	"github.com/stillvault/stillvault/plugins/signer"
)

const (
	maxLine = 8 << 10  // bytes of a line that are logged
	maxCall = 64 << 10 // bytes that are logged from one call to the next
)

// voice logs what a signer writes to standard error: plain lines as information,
// for they are meant for people, and lines of hclog's JSON form at their level. It
// reads everything, so that a signer that says too much is not held up, but logs
// only so much of it for each call.
type voice struct {
	log hclog.Logger

	mu   sync.Mutex
	left int // bytes that may still be logged before the next call
	last string
}

func newVoice(log hclog.Logger) *voice { return &voice{log: log, left: maxCall} }

// refill begins a call.
func (v *voice) refill() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.left = maxCall
}

// lastWords is the last line that was said, made printable.
func (v *voice) lastWords() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last
}

// line logs one line, without its end.
func (v *voice) line(text []byte) {
	level, message, ok := structured(text)
	if !ok {
		level, message = hclog.Info, string(text)
	}
	message = printable(message)
	if message == "" {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last = signer.Words(message)
	switch before := v.left; {
	case before <= 0:
		return
	case before < len(message):
		v.left = 0
		v.log.Warn("the signer says too much; the rest is left out until the next statement")
		return
	}
	v.left -= len(message)
	v.log.Log(level, message)
}

// printable leaves nothing in a line that a terminal would obey, or that misleads
// who reads it.
func printable(text string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case !unicode.IsPrint(c):
			return unicode.ReplacementChar
		}
		return c
	}, text))
}

// structured reads a line of hclog's JSON form.
func structured(text []byte) (hclog.Level, string, bool) {
	var fields map[string]any
	if !bytes.HasPrefix(text, []byte("{")) || json.Unmarshal(text, &fields) != nil {
		return hclog.NoLevel, "", false
	}
	message, _ := fields["@message"].(string)
	name, _ := fields["@level"].(string)
	level := hclog.LevelFromString(name)
	if message == "" || level == hclog.NoLevel || level == hclog.Off {
		return hclog.NoLevel, "", false
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !strings.HasPrefix(key, "@") {
			message += fmt.Sprintf(" %s=%v", key, fields[key])
		}
	}
	return level, message, true
}

// stream is one of the two ways in which standard error arrives: the pipe, and,
// once go-plugin serves in the signer, a stream of its own. Each has lines of its
// own, which must not be mixed.
type stream struct {
	to    *voice
	begun []byte // of a line that has not ended; its first maxLine bytes
}

var _ io.Writer = (*stream)(nil)

// Write takes any part of a text; it never fails.
func (s *stream) Write(p []byte) (int, error) {
	n := len(p)
	for {
		line, rest, ended := bytes.Cut(p, []byte("\n"))
		s.begun = append(s.begun, line[:min(len(line), maxLine-len(s.begun))]...)
		if !ended {
			return n, nil
		}
		s.flush()
		p = rest
	}
}

// flush says the line that has begun, if any.
func (s *stream) flush() {
	if len(s.begun) > 0 {
		s.to.line(s.begun)
		s.begun = s.begun[:0]
	}
}

// listener hands all that it reads to a voice, and nothing on: go-plugin would log
// it otherwise, as it comes and without bounds.
type listener struct {
	from io.Reader
	to   *stream
}

// Read returns when all was read.
func (l *listener) Read([]byte) (int, error) {
	_, err := io.Copy(l.to, l.from)
	l.to.flush()
	if err == nil {
		err = io.EOF
	}
	return 0, err
}
