package backend

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/stillvault/stillvault/vault-backend/reshare"
)

// inventory knows every secret's readable versions and who holds their shares,
// for status, for when people leave and for what is to be shared anew. It is read
// from storage when it is first asked for and kept up to date from then on. Writes
// that happen while it is read are noted too, and are the newer truth.
type inventory struct {
	mu      sync.Mutex
	loaded  bool
	stocks  map[string]*stock // by path; nil for a path that was removed
	loading sync.Mutex
}

// stock is what is known of one secret: the versions that have a value to give,
// or will have again if they are undeleted, newest first.
type stock struct {
	versions []versionRecord
}

func stockOf(r *record) *stock {
	s := &stock{}
	for _, v := range slices.Backward(r.Versions) {
		if v.Destroyed {
			continue
		}
		v.Shares = v.Shares.Clone()
		s.versions = append(s.versions, v)
	}
	return s
}

// list shows the readable versions to the office for re-shares.
func (s *stock) list() []reshare.Stock {
	if s == nil {
		return nil
	}
	var all []reshare.Stock
	s.readable(func(v *versionRecord, _ bool) {
		all = append(all, reshare.Stock{Version: v.Number, Header: v.Header, Shares: &v.Shares})
	})
	return all
}

// readable calls f with every version that is not deleted, newest first; latest
// for the first of them.
func (s *stock) readable(f func(v *versionRecord, latest bool)) {
	latest := true
	for i := range s.versions {
		if v := &s.versions[i]; v.readable() == nil {
			f(v, latest)
			latest = false
		}
	}
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

// of returns what is known of a path, nil if there is no secret. What is returned
// never changes.
func (i *inventory) of(path string) *stock {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.stocks[path]
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
