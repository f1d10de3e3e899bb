package home

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// Former is an earlier generation of a terminal approver's keyring, as it was
// wrapped, with the software factor that opens it. It is kept until what is sealed to
// it was dealt to others.
type Former struct {
	Backup *keyring.Backup
	Factor *keyring.Software
}

// Wipe wipes the factor.
func (f *Former) Wipe() { f.Factor.Wipe() }

type formerFile struct {
	format
	Factor file.KeyText `json:"factor"`
	Backup string       `json:"backup"` // JSON
}

var formerFormat = format{Kind: "stillvault-former-keyring", Version: 1}

const formerPrefix = "former-"

// Former reads the earlier generations that are kept, newest first. The caller wipes
// them.
func (h *Home) Former(approver string) ([]*Former, error) {
	dir, err := h.named("approver", approver)
	if err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(dir, formerPrefix+"*.json"))
	if err != nil {
		return nil, err
	}
	var all []*Former
	for _, path := range paths {
		one, err := readFormer(path)
		if err != nil {
			for _, f := range all {
				f.Wipe()
			}
			return nil, fmt.Errorf("earlier keyring of %q: %w", approver, err)
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b *Former) int { return int(b.Backup.Generation) - int(a.Backup.Generation) })
	return all, nil
}

func readFormer(path string) (*Former, error) {
	f, err := load[formerFile](path, formerFormat)
	if err != nil {
		return nil, err
	}
	backup, err := keyring.ParseBackup([]byte(f.Backup))
	if err != nil {
		f.Factor.Key.Wipe()
		return nil, err
	}
	return &Former{Backup: backup, Factor: keyring.SoftwareFrom(f.Factor.Key)}, nil
}

// keepFormer keeps an approver's keyring as an earlier one.
func keepFormer(dir string, a *Approver) error {
	encoded, err := a.Backup.Encode()
	if err != nil {
		return err
	}
	return store(formerPath(dir, a.Backup.Generation), formerFile{
		format: formerFormat, Factor: file.KeyText{Key: a.Factor.Key()}, Backup: strings.TrimSpace(string(encoded)),
	}, file.WritePrivate)
}

func formerPath(dir string, generation uint32) string {
	return filepath.Join(dir, fmt.Sprintf("%s%d.json", formerPrefix, generation))
}

// WipeFormer overwrites and removes the earlier generations of a keyring. What is
// still sealed to them can be opened by nobody from then on.
func (h *Home) WipeFormer(approver string) error {
	dir, err := h.named("approver", approver)
	if err != nil {
		return err
	}
	paths, err := filepath.Glob(filepath.Join(dir, formerPrefix+"*.json"))
	if err != nil {
		return err
	}
	var errs []error
	for _, path := range paths {
		errs = append(errs, shred(path))
	}
	return errors.Join(errs...)
}

// shred overwrites a file before it removes it. Where the disk keeps what was
// overwritten, as flash does, that is not for it to see.
func shred(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Write(make([]byte, info.Size()))
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close(), os.Remove(path))
}

// nextName is where, in an approver's directory, the next generation of their keyring
// waits for its admission, as an approver of its own.
const nextName = "next"

// PrepareNext keeps the next generation of an approver's keyring, with the device that
// it is for, beside the one in use; one that waits already is replaced.
func (h *Home) PrepareNext(a *Approver) error {
	dir, err := h.named("approver", a.Name)
	if err != nil {
		return err
	}
	next := filepath.Join(dir, nextName)
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	return createApprover(next, a)
}

// Next reads what PrepareNext kept; ErrNone where nothing waits. The caller wipes it.
func (h *Home) Next(name string) (*Approver, error) {
	dir, err := h.named("approver", name)
	if err != nil {
		return nil, err
	}
	return readApprover(filepath.Join(dir, nextName), name)
}

// Promote puts the next generation in the place of the one in use, which is kept as an
// earlier one; its device's receipts stay, beside. A call that was cut short is made
// again.
func (h *Home) Promote(name string) error {
	dir, err := h.named("approver", name)
	if err != nil {
		return err
	}
	unlock, err := h.lock("ledger-" + name)
	if err != nil {
		return err
	}
	defer unlock()
	next, err := h.Next(name)
	if err != nil {
		return err
	}
	defer next.Wipe()
	used, err := h.Approver(name)
	if err != nil {
		return err
	}
	defer used.Wipe()
	if used.Device.ID() != next.Device.ID() {
		// The keyring first, then what the new device must not go on with, then the
		// new one: whatever is cut short here is done again.
		if used.Backup.Generation != next.Backup.Generation {
			if err := keepFormer(dir, used); err != nil {
				return err
			}
		}
		for _, name := range []string{"ledger.json", "unsent.json", "undealt.json"} {
			kept := fmt.Sprintf("retired-%s-%s", used.Device.ID(), name)
			if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, kept)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if err := writeApprover(dir, next, file.WritePrivate); err != nil {
			return err
		}
	}
	return os.RemoveAll(filepath.Join(dir, nextName))
}
