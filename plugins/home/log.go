package home

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

var _ orglog.Memory = (*Home)(nil)

// Log reads the org log as it was last seen; empty where none was. It is
// verified by whoever folds it.
func (h *Home) Log() ([]envelope.Signed, error) {
	f, err := os.Open(h.path("log.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	log, err := ReadLog(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", f.Name(), err, ErrFile)
	}
	return log, nil
}

// Recall returns the pinned organisation, the newest head seen of it, and its
// log; ErrUnpinned where none is pinned.
func (h *Home) Recall() (orglog.Known, error) {
	p, err := h.Pins()
	if err != nil {
		return orglog.Known{}, err
	}
	statements, err := h.Log()
	if err != nil {
		return orglog.Known{}, err
	}
	return orglog.Known{Organisation: p.Organisation, Head: p.Head, Statements: statements}, nil
}

// Advance remembers a log, and its head, of the pinned organisation. A log that
// does not follow the head remembered is [roster.ErrRolledBack] or
// [roster.ErrForked], and nothing changes.
func (h *Home) Advance(r *roster.Roster, log []envelope.Signed) error {
	unlock, err := h.lock("pins")
	if err != nil {
		return err
	}
	defer unlock()
	p, err := h.Pins()
	if err != nil {
		return err
	}
	if p.Organisation != r.Organisation() {
		return roster.ErrOrganisation
	}
	if err := r.Follows(p.Head); err != nil {
		return err
	}
	return h.remember(p, r, log)
}

// Adopt pins the organisation of a log, whole or not at all, where none is
// pinned: [ErrPinned].
func (h *Home) Adopt(r *roster.Roster, log []envelope.Signed) error {
	unlock, err := h.lock("pins")
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := h.Pins(); !errors.Is(err, ErrUnpinned) {
		return errors.Join(ErrPinned, err)
	}
	return h.remember(Pins{Organisation: r.Organisation()}, r, log)
}

// remember stores the log first: a crash in between leaves a log that is longer
// than the head remembered, which follows it.
func (h *Home) remember(p Pins, r *roster.Roster, log []envelope.Signed) error {
	var encoded bytes.Buffer
	if err := WriteLog(&encoded, log); err != nil {
		return err
	}
	if err := file.WritePrivate(h.path("log.jsonl"), encoded.Bytes()); err != nil {
		return err
	}
	p.Head = r.Head()
	return h.storePins(p)
}

// ReadLog reads statements, one line each.
func ReadLog(from io.Reader) ([]envelope.Signed, error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, envelope.MaxMessage)
	var log []envelope.Signed
	for lines.Scan() {
		s, err := envelope.Decode[envelope.Signed](lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("statement %d: %w", len(log), err)
		}
		log = append(log, s)
	}
	return log, lines.Err()
}

// WriteLog writes statements, one line each.
func WriteLog(to io.Writer, log []envelope.Signed) error {
	for _, s := range log {
		line, err := envelope.Encode(s)
		if err != nil {
			return err
		}
		if _, err := to.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}
