package backend

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// inventory knows every secret's current version and who holds shares of any
// version, for status and for when people leave. It is read from
// storage when it is first asked for and kept up to date from then on. Writes
// that happen while it is read are noted too, and are the newer truth.
type inventory struct {
	mu      sync.Mutex
	loaded  bool
	stocks  map[string]*stock // by path; nil for a path that was removed
	loading sync.Mutex
}

// stock is what is known of one secret.
type stock struct {
	current versionRecord
	holders []holding // whose wraps are stored, each once
}

func stockOf(r *record) *stock {
	s := &stock{current: *r.current()}
	for _, v := range r.Versions {
		for _, h := range v.Holders {
			h.Requirement = 0
			if !h.Gone && !slices.Contains(s.holders, h) {
				s.holders = append(s.holders, h)
			}
		}
	}
	return s
}

// note records what became of a path; nil that it was removed.
func (i *inventory) note(path string, r *record) {
	var s *stock
	if r.current() != nil {
		s = stockOf(r)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.stocks == nil {
		i.stocks = map[string]*stock{}
	}
	if s == nil && i.loaded {
		delete(i.stocks, path)
		return
	}
	i.stocks[path] = s
}

func (i *inventory) reset() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.stocks, i.loaded = nil, false
}

// each calls f for every secret, in no order, under the inventory's lock.
func (i *inventory) each(f func(path string, s *stock)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for path, s := range i.stocks {
		if s != nil {
			f(path, s)
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
	found := map[string]*stock{}
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
			if r != nil {
				found[folder+key] = stockOf(r)
			}
		}
	}
	i.merge(found)
	return nil
}

// merge puts what was found in force, but for paths that were noted meanwhile.
func (i *inventory) merge(found map[string]*stock) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for path, s := range i.stocks {
		if s == nil {
			delete(found, path)
			continue
		}
		found[path] = s
	}
	i.stocks, i.loaded = found, true
}
