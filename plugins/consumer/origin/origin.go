// Package origin finds out what a host says of itself in a request: its name,
// the program that wants the secret, and who runs it.
//
// It is the host's own word, under the host's own key: an approver learns what
// an honest host saw, and nothing from one that lies.
package origin

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// maxText is the longest text about a requester that a request may carry.
const maxText = 256

// Program is a running program: its file, that file's SHA-256, and its process.
type Program struct {
	Path string
	Hash envelope.Hash
	PID  int64
}

// Find says who asks: the program that called this one where the system tells
// which file that runs, this program otherwise. Requester and entity are the
// caller's to fill in. Texts that an approver's screen would not show as they
// are come out quoted, those that are too long with their end.
func Find() (approval.Origin, error) {
	host, err := os.Hostname()
	if err != nil {
		return approval.Origin{}, fmt.Errorf("find this host's name: %w", err)
	}
	program, err := caller()
	if err != nil {
		if program, err = own(); err != nil {
			return approval.Origin{}, fmt.Errorf("find the program that asks: %w", err)
		}
	}
	uid := int64(os.Getuid())
	return approval.Origin{
		Host: shown(host), Executable: shown(program.Path), ExecutableHash: program.Hash,
		UID: max(uid, -1), PID: program.PID,
	}, nil
}

var errUnknown = errors.New("the system does not say which program called")

// caller is the parent process. Linux alone shows the file that a process was
// started from, even after the file's name was given to another.
func caller() (Program, error) {
	if runtime.GOOS != "linux" {
		return Program{}, errUnknown
	}
	parent := os.Getppid()
	link := fmt.Sprintf("/proc/%d/exe", parent)
	path, err := os.Readlink(link)
	if err != nil {
		return Program{}, errUnknown
	}
	hash, err := hashFile(link)
	if err != nil {
		return Program{}, errUnknown
	}
	// A parent that ended in between was replaced by another, with another file.
	if again, err := os.Readlink(link); err != nil || again != path || os.Getppid() != parent {
		return Program{}, errUnknown
	}
	return Program{Path: path, Hash: hash, PID: int64(parent)}, nil
}

func own() (Program, error) {
	path, err := os.Executable()
	if err != nil {
		return Program{}, err
	}
	hash, err := hashFile(path)
	return Program{Path: path, Hash: hash, PID: int64(os.Getpid())}, err
}

func hashFile(name string) (envelope.Hash, error) {
	f, err := os.Open(name)
	if err != nil {
		return envelope.Hash{}, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return envelope.Hash{}, err
	}
	return envelope.Hash(h.Sum(nil)), nil
}

// shown makes a text fit for a request.
func shown(s string) string {
	if !approval.Printable(s) {
		s = fmt.Sprintf("%+q", s)
	}
	if len(s) > maxText {
		const cut = "..."
		s = s[len(s)-maxText+len(cut):]
		for len(s) > 0 && s[0]&0xC0 == 0x80 { // not in the middle of a character
			s = s[1:]
		}
		s = cut + s
	}
	return s
}
