package home

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

type consumerFile struct {
	format
	Seed file.KeyText `json:"seed"`
}

var consumerFormat = format{Kind: "stillvault-consumer", Version: 1}

// CreateConsumer makes a consumer's signing key; one of the same name is never
// replaced ([file.ErrExists]). The caller wipes it.
func (h *Home) CreateConsumer(name string) (*envelope.SigningKey, error) {
	dir, err := h.named("consumer", name)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	seed := envelope.NewKey()
	if err := store(filepath.Join(dir, "key.json"), consumerFile{consumerFormat, file.KeyText{Key: seed}}, file.CreatePrivate); err != nil {
		seed.Wipe()
		return nil, fmt.Errorf("consumer %q: %w", name, err)
	}
	return envelope.NewSigningKey(seed), nil
}

// Consumer reads a consumer's signing key; ErrNone where there is none. The
// caller wipes it.
func (h *Home) Consumer(name string) (*envelope.SigningKey, error) {
	dir, err := h.named("consumer", name)
	if err != nil {
		return nil, err
	}
	f, err := load[consumerFile](filepath.Join(dir, "key.json"), consumerFormat)
	if err != nil {
		return nil, fmt.Errorf("consumer %q: %w", name, err)
	}
	return envelope.NewSigningKey(f.Seed.Key), nil
}

// Consumers lists the consumers whose keys are kept here.
func (h *Home) Consumers() ([]string, error) { return h.names("consumer", "key.json") }

type seenFile struct {
	format
	Paths []seenPath `json:"paths"`
}

type seenPath struct {
	Mount envelope.ID `json:"mount"`
	Path  string      `json:"path"`
	Seen  secret.Seen `json:"seen"`
}

var seenFormat = format{Kind: "stillvault-seen", Version: 1}

// Seen is the newest version of a path that a consumer was shown and verified;
// the zero value where it was shown none.
func (h *Home) Seen(consumer string, mount envelope.ID, path string) (secret.Seen, error) {
	f, _, err := h.loadSeen(consumer)
	if err != nil {
		return secret.Seen{}, err
	}
	for _, p := range f.Paths {
		if p.Mount == mount && p.Path == path {
			return p.Seen, nil
		}
	}
	return secret.Seen{}, nil
}

// RememberSeen remembers the newest version of a path, and its newest shares. What is
// older than what is remembered of the same secret changes nothing.
func (h *Home) RememberSeen(consumer string, mount envelope.ID, path string, seen secret.Seen) error {
	unlock, err := h.lock("seen-" + consumer)
	if err != nil {
		return err
	}
	defer unlock()
	f, stored, err := h.loadSeen(consumer)
	if err != nil {
		return err
	}
	i, found := slices.BinarySearchFunc(f.Paths, seenPath{Mount: mount, Path: path}, func(a, b seenPath) int {
		return strings.Compare(a.Mount.String()+a.Path, b.Mount.String()+b.Path)
	})
	entry := seenPath{Mount: mount, Path: path, Seen: seen}
	switch {
	case !found:
		f.Paths = slices.Insert(f.Paths, i, entry)
	case f.Paths[i].Seen.Covers(seen):
		return nil
	default:
		f.Paths[i] = entry
	}
	return store(stored, f, file.WritePrivate)
}

func (h *Home) loadSeen(consumer string) (seenFile, string, error) {
	dir, err := h.named("consumer", consumer)
	if err != nil {
		return seenFile{}, "", err
	}
	path := filepath.Join(dir, "seen.json")
	f, err := load[seenFile](path, seenFormat)
	if errors.Is(err, ErrNone) {
		return seenFile{format: seenFormat, Paths: []seenPath{}}, path, nil
	}
	return f, path, err
}
