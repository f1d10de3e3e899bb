package home

import (
	"bytes"
	"errors"
	"fmt"
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
	path, err := h.ConsumerPath(name)
	if err != nil {
		return nil, err
	}
	seed := envelope.NewKey()
	if err := store(path, consumerFile{consumerFormat, file.KeyText{Key: seed}}, file.CreatePrivate); err != nil {
		seed.Wipe()
		return nil, fmt.Errorf("consumer %q: %w", name, err)
	}
	return envelope.NewSigningKey(seed), nil
}

// Consumer reads a consumer's signing key; ErrNone where there is none. The
// caller wipes it.
func (h *Home) Consumer(name string) (*envelope.SigningKey, error) {
	path, err := h.ConsumerPath(name)
	if err != nil {
		return nil, err
	}
	key, err := ReadConsumer(path)
	if err != nil {
		return nil, fmt.Errorf("consumer %q: %w", name, err)
	}
	return key, nil
}

// ConsumerPath is where a consumer's key lies, whether there is one or not.
func (h *Home) ConsumerPath(name string) (string, error) {
	dir, err := h.named("consumer", name)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "key.json"), nil
}

// ReadConsumer reads a consumer's signing key from a file such as CreateConsumer
// makes, wherever that lies: ErrNone, ErrFile, or [file.ErrExposed] where others may
// read it. The caller wipes it.
func ReadConsumer(path string) (*envelope.SigningKey, error) {
	f, err := load[consumerFile](path, consumerFormat)
	if err != nil {
		return nil, err
	}
	return envelope.NewSigningKey(f.Seed.Key), nil
}

// ErrKeyText means that a text is not what a consumer's file holds.
var ErrKeyText = errors.New("consumer_key_invalid: this is not the text of a file that `stillvault consumer keygen` makes; store that file whole")

// ParseConsumer reads a consumer's signing key from the text of such a file, which
// stays the caller's to wipe: ErrKeyText. The caller wipes the key.
func ParseConsumer(text []byte) (*envelope.SigningKey, error) {
	f, err := envelope.Decode[consumerFile](bytes.TrimSpace(text))
	if err != nil || f.heads() != consumerFormat {
		// What the parser says might quote the key.
		return nil, ErrKeyText
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
