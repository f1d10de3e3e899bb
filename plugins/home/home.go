// Package home is the state directory of the stillvault command: keys, the org
// log and what must be remembered so that a broker cannot turn back time.
//
//	pins.json                  organisation, last roster head, mount ids
//	log.jsonl                  the org log, a statement per line
//	org/identity.json          Org Identity key (package plugins/signer/file)
//	org/tickets/NAME.json      enrolment tickets that wait for an admission
//	approver/NAME/device.json  a terminal approver: device keys, software factor
//	approver/NAME/keyring.json the wrapped keyring, a recovery-vault backup
//	approver/NAME/ledger.json  the last receipt, and what was decided
//	approver/NAME/unsent.json  answers that the broker may not have yet
//	approver/NAME/undealt.json a part of a re-share that the broker may not have yet
//	approver/NAME/next/        the keyring that waits for its admission, and its device
//	approver/NAME/former-N.json an earlier keyring, until its shares were dealt
//	approver/NAME/retired-…    what an earlier device left: its receipts' ledger
//	approver/NAME/mutes.json   whose requests are not announced, and until when
//	consumer/NAME/key.json     a consumer's signing key
//	consumer/NAME/seen.json    the newest version seen of each path
//
// Directories have mode 0700 and files 0600. Every file is replaced in one step
// and on the disk before a method returns. The package does no network I/O.
package home

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/filename"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// Variable is the environment variable that names the state directory.
const Variable = "STILLVAULT_HOME"

var (
	// ErrNone means that nothing of a kind is kept here under a name.
	ErrNone = errors.New("not_kept_here: the state directory has nothing of this name")
	// ErrFile means that a file is not what this build reads.
	ErrFile = errors.New("state_file_invalid: the file was changed, or a newer version of Stillvault wrote it; restore it from a backup")
)

// Home is a state directory.
type Home struct{ dir string }

// Open uses dir as the state directory and creates it where it is missing. Empty
// means STILLVAULT_HOME, or stillvault in the user's configuration directory.
func Open(dir string) (*Home, error) {
	if dir == "" {
		dir = os.Getenv(Variable)
	}
	if dir == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			return nil, fmt.Errorf("find the state directory: %w; name one with --home or %s", err, Variable)
		}
		dir = filepath.Join(base, "stillvault")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the state directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the state directory: %w", err)
	}
	return &Home{dir: dir}, nil
}

// Dir is the state directory.
func (h *Home) Dir() string { return h.dir }

// IdentityPath is where the Org Identity key lies unless somebody says otherwise.
func (h *Home) IdentityPath() string { return filepath.Join(h.dir, "org", "identity.json") }

// PrepareOrg creates the directory of the Org Identity key.
func (h *Home) PrepareOrg() error { return os.MkdirAll(filepath.Join(h.dir, "org"), 0o700) }

func (h *Home) path(parts ...string) string {
	return filepath.Join(append([]string{h.dir}, parts...)...)
}

// named returns the directory of an approver or consumer, whose name is checked
// so that it cannot lead elsewhere.
func (h *Home) named(kind, name string) (string, error) {
	if err := roster.CheckName(name); err != nil {
		return "", err
	}
	return h.path(kind, name), nil
}

// names lists the directories of a kind that have a file.
func (h *Home) names(kind, file string) ([]string, error) {
	entries, err := os.ReadDir(h.path(kind))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if _, err := os.Stat(h.path(kind, e.Name(), file)); err == nil && e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// format heads every file, so that nothing is taken for something else.
type format struct {
	Kind    string `json:"kind"`
	Version int    `json:"version"`
}

func (f format) heads() format { return f }

type headed interface{ heads() format }

// load reads a private file of one kind; ErrNone where there is none.
func load[T headed](path string, want format) (T, error) {
	var zero T
	data, err := file.ReadPrivate(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return zero, fmt.Errorf("%s: %w", filename.Shown(path), ErrNone)
	case err != nil:
		return zero, err
	}
	defer envelope.Wipe(data)
	v, err := envelope.Decode[T](bytes.TrimSuffix(data, []byte{'\n'}))
	if err != nil || v.heads() != want {
		return zero, fmt.Errorf("%s: %w", path, ErrFile)
	}
	return v, nil
}

type publish func(path string, data []byte) error

// store writes a private file and the directories it lies in.
func store(path string, v any, how publish) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	encoded, err := envelope.Encode(v)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	encoded = append(encoded, '\n')
	defer envelope.Wipe(encoded)
	return how(path, encoded)
}
