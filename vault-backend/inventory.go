package backend

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// inventory knows every secret's current version, for status. It is read from
// storage when it is first asked for and kept up to date from then on. Writes
// that happen while it is read are noted too, and are the newer truth.
type inventory struct {
	mu      sync.Mutex
	loaded  bool
	current map[string]*versionRecord // by path; nil for a path that was removed
	loading sync.Mutex
}

// note records what became of a path; nil that it was removed.
func (i *inventory) note(path string, v *versionRecord) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current == nil {
		i.current = map[string]*versionRecord{}
	}
	if v == nil && i.loaded {
		delete(i.current, path)
		return
	}
	if v != nil {
		copied := *v
		v = &copied
	}
	i.current[path] = v
}

func (i *inventory) reset() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.current, i.loaded = nil, false
}

// each calls f for every secret, in no order, under the inventory's lock.
func (i *inventory) each(f func(path string, v *versionRecord)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for path, v := range i.current {
		if v != nil {
			f(path, v)
		}
	}
}

// load reads every secret's metadata, once.
func (i *inventory) load(ctx context.Context, b *broker) error {
	i.loading.Lock()
	defer i.loading.Unlock()
	i.mu.Lock()
	loaded := i.loaded
	i.mu.Unlock()
	if loaded {
		return nil
	}
	found := map[string]*versionRecord{}
	folders := []string{""}
	for len(folders) > 0 {
		folder := folders[len(folders)-1]
		folders = folders[:len(folders)-1]
		keys, err := b.storage.List(ctx, recordPrefix+folder)
		if err != nil {
			return fmt.Errorf("list secrets: %w", err)
		}
		for _, key := range keys {
			if strings.HasSuffix(key, "/") {
				folders = append(folders, folder+key)
				continue
			}
			r, err := b.loadRecord(ctx, folder+key)
			if err != nil {
				return err
			}
			if v := r.current(); v != nil {
				found[folder+key] = v
			}
		}
	}
	i.merge(found)
	return nil
}

func (i *inventory) merge(found map[string]*versionRecord) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for path, v := range i.current {
		if v == nil {
			delete(found, path)
			continue
		}
		found[path] = v
	}
	i.current, i.loaded = found, true
}
