package home

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// Unsent is what a terminal approver signed and the broker may not have: sealed
// to a consumer's key, and of no use to anybody else. Request is what it is
// about, which the broker may have forgotten when it gets it.
type Unsent struct {
	Release approval.Release `json:"release"`
	Request envelope.Signed  `json:"request"`
}

type unsentFile struct {
	format
	Answers []Unsent `json:"answers"`
}

var unsentFormat = format{Kind: "stillvault-unsent", Version: 1}

// Unsent is what [Home.KeepUnsent] kept, oldest first.
func (h *Home) Unsent(approver string) ([]Unsent, error) {
	f, _, err := h.loadUnsent(approver)
	return f.Answers, err
}

// KeepUnsent keeps a release until [Home.DropUnsent]. It is called within
// [Home.Decide], before the ledger is stored: a crash in between leaves a
// release here whose number the ledger does not have, which was not sent.
func (h *Home) KeepUnsent(approver string, u Unsent) error {
	return h.changeUnsent(approver, func(all []Unsent) []Unsent { return append(all, u) })
}

// DropUnsent forgets a release.
func (h *Home) DropUnsent(approver string, release approval.Release) error {
	hash := release.Receipt.Hash()
	return h.changeUnsent(approver, func(all []Unsent) []Unsent {
		return slices.DeleteFunc(all, func(u Unsent) bool { return u.Release.Receipt.Hash() == hash })
	})
}

func (h *Home) changeUnsent(approver string, change func([]Unsent) []Unsent) error {
	unlock, err := h.lock("unsent-" + approver)
	if err != nil {
		return err
	}
	defer unlock()
	f, path, err := h.loadUnsent(approver)
	if err != nil {
		return err
	}
	f.Answers = change(f.Answers)
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
		return unsentFile{format: unsentFormat, Answers: []Unsent{}}, path, nil
	case err != nil:
		return f, path, fmt.Errorf("unsent answers of %q: %w", approver, err)
	}
	return f, path, nil
}
