package external

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"sync"
)

// maxHello bounds the line with which a signer says where it listens; one with a
// certificate has about a thousand bytes.
const maxHello = 16 << 10

// hello is a signer's standard output. go-plugin reads the first line and returns
// errors without types where it dislikes it, so that line is kept, to say what
// was wrong; the rest is read and thrown away, so that the signer is not held up.
type hello struct {
	from io.Reader

	mu    sync.Mutex
	line  []byte // the first, as far as it came
	ended bool   // the first line
}

// Read hands on the first line.
func (h *hello) Read(p []byte) (int, error) {
	for {
		n, err := h.from.Read(p)
		n = h.keep(p[:n])
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// keep returns how many of the bytes are still of the first line.
func (h *hello) keep(p []byte) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return 0
	}
	if end := bytes.IndexByte(p, '\n'); end >= 0 {
		h.ended, p = true, p[:end+1]
	}
	if len(h.line)+len(p) >= maxHello { // then it is no greeting, and ends here
		p = p[:maxHello-len(h.line)]
		h.ended, p[len(p)-1] = true, '\n'
	}
	h.line = append(h.line, p...)
	return len(p)
}

// greeting is what a program's first line makes of it.
type greeting int

const (
	silent  greeting = iota // no line
	foreign                 // a line, but none as a plug-in writes
	another                 // a plug-in of another protocol or version
	ours
)

// says reads the line: core protocol, contract version, network, address, kind.
func (h *hello) says(version int) greeting {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.line) == 0 {
		return silent
	}
	parts := strings.Split(strings.TrimSpace(string(h.line)), "|")
	if len(parts) < 4 {
		return foreign
	}
	if _, err := strconv.Atoi(parts[1]); err != nil {
		return foreign
	}
	if parts[1] != strconv.Itoa(version) || parts[0] != "1" || len(parts) < 5 || parts[4] != "grpc" {
		return another
	}
	return ours
}
