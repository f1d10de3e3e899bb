package home

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// unsentFile holds what a terminal approver signed and the broker may not have:
// sealed to the consumers' keys, and of no use to anybody else.
type unsentFile struct {
	format
	Releases []approval.Release `json:"releases"`
}

var unsentFormat = format{Kind: "stillvault-unsent", Version: 1}

// Unsent are the releases that [Home.KeepUnsent] kept, oldest first.
func (h *Home) Unsent(approver string) ([]approval.Release, error) {
	f, _, err := h.loadUnsent(approver)
	return f.Releases, err
}

// KeepUnsent keeps a release until [Home.DropUnsent]. It is called within
// [Home.Decide], before the ledger is stored: a crash in between leaves a
// release here whose number the ledger does not have, which was not sent.
func (h *Home) KeepUnsent(approver string, release approval.Release) error {
	return h.changeUnsent(approver, func(all []approval.Release) []approval.Release { return append(all, release) })
}

// DropUnsent forgets a release.
func (h *Home) DropUnsent(approver string, release approval.Release) error {
	hash := release.Receipt.Hash()
	return h.changeUnsent(approver, func(all []approval.Release) []approval.Release {
		return slices.DeleteFunc(all, func(r approval.Release) bool { return r.Receipt.Hash() == hash })
	})
}

func (h *Home) changeUnsent(approver string, change func([]approval.Release) []approval.Release) error {
	unlock, err := h.lock("unsent-" + approver)
	if err != nil {
		return err
	}
	defer unlock()
	f, path, err := h.loadUnsent(approver)
	if err != nil {
		return err
	}
	f.Releases = change(f.Releases)
	return store(path, f, file.WritePrivate)
}

func (h *Home) loadUnsent(approver string) (unsentFile, string, error) {
	dir, err := h.named("approver", approver)
	if err != nil {
		return unsentFile{}, "", err
	}
	path := filepath.Join(dir, "unsent.json")
	f, err := load[unsentFile](path, unsentFormat)
	switch {
	case errors.Is(err, ErrNone):
		return unsentFile{format: unsentFormat, Releases: []approval.Release{}}, path, nil
	case err != nil:
		return f, path, fmt.Errorf("unsent answers of %q: %w", approver, err)
	}
	return f, path, nil
}
