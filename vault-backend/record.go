package backend

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/helper/locksutil"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

const recordPrefix = "meta/"

// record is what is kept of a secret beside its ciphertexts:
//
//	meta/<path>  {"secret": id, "versions": [oldest … newest]}
//
// The last element is the current version; numbers run without a gap up to it.
// A version's ciphertext is written before its element here: a crash between
// the two leaves a ciphertext that nothing refers to, and the next write of the
// path takes its place.
type record struct {
	Secret   envelope.ID     `json:"secret"`
	Versions []versionRecord `json:"versions"`
}

// versionRecord says of a version what can be said without its ciphertext.
// Rotate says that break-glass was used for it, so that what it protects is to be
// changed and the secret written again. Call is the Vault request that wrote it:
// Vault may send a request twice when a plug-in restarts.
type versionRecord struct {
	Number    uint64        `json:"number"`
	Header    envelope.Hash `json:"header"`
	Created   envelope.Time `json:"created"`
	Deleted   envelope.Time `json:"deleted"` // 0 while it is not
	Destroyed bool          `json:"destroyed"`
	Author    envelope.ID   `json:"author"`
	Policy    envelope.ID   `json:"policy"`
	Rotate    bool          `json:"rotate"`
	Call      string        `json:"call"`
	reshare.Shares
}

// current returns the newest version's record; r may be nil.
func (r *record) current() *versionRecord {
	if r == nil || len(r.Versions) == 0 {
		return nil
	}
	return &r.Versions[len(r.Versions)-1]
}

// version returns a version's record, the current one for 0.
func (r *record) version(n uint64) (*versionRecord, error) {
	if r == nil {
		return nil, errMissing
	}
	if n == 0 {
		return r.current(), nil
	}
	i := slices.IndexFunc(r.Versions, func(v versionRecord) bool { return v.Number == n })
	if i < 0 {
		return nil, fmt.Errorf("version %d: %w", n, errVersionMissing)
	}
	return &r.Versions[i], nil
}

// readable returns errDeleted or errDestroyed for a version that has no value
// to give.
func (v *versionRecord) readable() error {
	switch {
	case v.Destroyed:
		return fmt.Errorf("version %d: %w", v.Number, errDestroyed)
	case v.Deleted != 0:
		return fmt.Errorf("version %d: %w", v.Number, errDeleted)
	}
	return nil
}

// trim makes room in a record that grew too large, by forgetting the oldest
// versions as long as they are destroyed. Their headers stay in storage, so the
// chain of versions can still be shown.
func (r *record) trim() {
	for len(r.Versions) > maxVersions && r.Versions[0].Destroyed {
		r.Versions = r.Versions[1:]
	}
}

// maxVersions is how many versions a secret's record holds.
const maxVersions = 1000

// checkPath returns roster.ErrPath for a path that no secret may have. Beyond
// what core refuses, Vault's storage takes no two dots in a row.
func checkPath(path string) error {
	if err := roster.CheckPath(path); err != nil {
		return err
	}
	if strings.Contains(path, "..") {
		return fmt.Errorf("%.80q has two dots in a row: %w", path, roster.ErrPath)
	}
	return nil
}

// loadRecord returns a path's record, nil if there is none.
func (b *broker) loadRecord(ctx context.Context, path string) (*record, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	r, err := load[record](ctx, b.storage, recordPrefix+path)
	if err != nil {
		return nil, fmt.Errorf("metadata of %q: %w", path, err)
	}
	if r != nil && len(r.Versions) == 0 {
		return nil, fmt.Errorf("metadata of %q: %w", path, errStored)
	}
	return r, nil
}

// storeRecord stores a path's record.
func (b *broker) storeRecord(ctx context.Context, path string, r *record) error {
	if err := store(ctx, b.storage, recordPrefix+path, r); err != nil {
		return fmt.Errorf("metadata of %q: %w", path, err)
	}
	b.note(path, r)
	return nil
}

// note lets those who keep an overview know what became of a path; nil that it was
// removed.
func (b *broker) note(path string, r *record) {
	b.index.note(path, r)
	b.ifResharing(func(o *reshare.Office) { o.Changed(path) })
}

// change runs f with a path's record, nil for a new path, while nobody else
// changes it. Whoever waits for the path is told afterwards, whatever came of
// it, and with no lock held: they may want to read it.
func (b *broker) change(ctx context.Context, path string, f func(*record) error) error {
	if err := checkPath(path); err != nil {
		return err
	}
	defer b.versionChanged(ctx, path)
	lock := locksutil.LockForKey(b.locks, path)
	lock.Lock()
	defer lock.Unlock()
	r, err := b.loadRecord(ctx, path)
	if err != nil {
		return err
	}
	return f(r)
}
