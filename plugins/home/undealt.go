package home

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

type undealtFile struct {
	format
	Answer approval.ReshareAnswer `json:"answer"`
}

var undealtFormat = format{Kind: "stillvault-undealt", Version: 1}

// Undealt is the part of a re-share that a terminal approver signed and the broker
// may not have; nil where there is none.
func (h *Home) Undealt(approver string) (*approval.ReshareAnswer, error) {
	path, err := h.undealtPath(approver)
	if err != nil {
		return nil, err
	}
	f, err := load[undealtFile](path, undealtFormat)
	switch {
	case errors.Is(err, ErrNone):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("part of a re-share by %q that was not sent: %w", approver, err)
	}
	return &f.Answer, nil
}

// KeepUndealt keeps a part of a re-share until [Home.DropUndealt]. Like
// [Home.KeepUnsent], it is called within [Home.Decide]; one part is sent before the
// next is made.
func (h *Home) KeepUndealt(approver string, answer approval.ReshareAnswer) error {
	path, err := h.undealtPath(approver)
	if err != nil {
		return err
	}
	return store(path, undealtFile{undealtFormat, answer}, file.WritePrivate)
}

// DropUndealt forgets what KeepUndealt kept.
func (h *Home) DropUndealt(approver string) error {
	path, err := h.undealtPath(approver)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (h *Home) undealtPath(approver string) (string, error) {
	dir, err := h.named("approver", approver)
	return filepath.Join(dir, "undealt.json"), err
}
