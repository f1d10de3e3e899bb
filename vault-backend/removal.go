package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/locksutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

// Kinds of removals.
const (
	removalDestroy = "destroy" // some versions' ciphertexts
	removalPurge   = "purge"   // everything of a secret
	removalWraps   = "wraps"   // shares of people who left, everywhere
)

// removal notes what is to be removed before the first of it is:
//
//	wal/<id>  {"type": kind, "data": {"path", "secret", "versions"}}
//
// It is deleted last. In between the removal can only go forward: it is
// finished when the engine starts, within a minute, or when the call is made
// again. Secret keeps a late repair from touching what was written at the same
// path since.
type removal struct {
	Path     string      `json:"path"`
	Secret   envelope.ID `json:"secret"`
	Versions []uint64    `json:"versions"`
}

// removeNow notes a removal, carries it out and forgets the note. The caller
// holds the path's lock.
func (b *broker) removeNow(ctx context.Context, kind string, m removal) error {
	id, err := framework.PutWAL(ctx, b.storage, kind, m)
	if err != nil {
		return fmt.Errorf("note the removal: %w", err)
	}
	if err := b.carryOut(ctx, kind, m); err != nil {
		return err
	}
	if err := framework.DeleteWAL(ctx, b.storage, id); err != nil {
		return fmt.Errorf("note the end of the removal: %w", err)
	}
	return nil
}

// finishRemoval takes up a noted removal; the framework calls it every minute.
func (b *broker) finishRemoval(ctx context.Context, _ *logical.Request, kind string, data any) error {
	encoded, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("noted removal: %w", errStored)
	}
	var m removal
	if err := json.Unmarshal(encoded, &m); err != nil || (m.Path == "" || m.Secret.IsZero()) && kind != removalWraps {
		return fmt.Errorf("noted removal: %w", errStored)
	}
	if kind == removalWraps {
		return b.deleteWraps(ctx)
	}
	defer b.versionChanged(ctx, m.Path)
	lock := locksutil.LockForKey(b.locks, m.Path)
	lock.Lock()
	defer lock.Unlock()
	if err := b.carryOut(ctx, kind, m); err != nil {
		return fmt.Errorf("finish a removal at %q: %w", m.Path, err)
	}
	return nil
}

func (b *broker) carryOut(ctx context.Context, kind string, m removal) error {
	switch kind {
	case removalDestroy:
		return b.destroy(ctx, m)
	case removalPurge:
		return b.purge(ctx, m)
	}
	return fmt.Errorf("noted removal of kind %q: %w", kind, errStored)
}

// destroy marks versions as destroyed and reduces their entries to the header.
func (b *broker) destroy(ctx context.Context, m removal) error {
	r, err := b.loadRecord(ctx, m.Path)
	if err != nil || r == nil || r.Secret != m.Secret {
		return err
	}
	for i := range r.Versions {
		if v := &r.Versions[i]; slices.Contains(m.Versions, v.Number) {
			v.Destroyed, v.Rotate, v.Shares = true, false, reshare.NoShares()
		}
	}
	if err := b.storeRecord(ctx, m.Path, r); err != nil {
		return err
	}
	for _, n := range m.Versions {
		key := versionKey(m.Path, n)
		entry, err := load[versionEntry](ctx, b.storage, key)
		if err != nil {
			return err
		}
		if entry == nil || entry.Payload == nil {
			continue
		}
		if err := store(ctx, b.storage, key, versionEntry{Header: entry.Header}); err != nil {
			return err
		}
	}
	return nil
}

// purge deletes a secret's metadata, and then every version of that secret.
func (b *broker) purge(ctx context.Context, m removal) error {
	r, err := b.loadRecord(ctx, m.Path)
	if err != nil {
		return err
	}
	if r != nil && r.Secret == m.Secret {
		if err := remove(ctx, b.storage, recordPrefix+m.Path); err != nil {
			return err
		}
		b.note(m.Path, nil)
	}
	return b.removeVersions(ctx, m.Path, func(id envelope.ID) bool { return id == m.Secret })
}

// removeVersions deletes the entries of a path's versions that belong to a
// secret of which is says so.
func (b *broker) removeVersions(ctx context.Context, path string, of func(envelope.ID) bool) error {
	numbers, err := b.storage.List(ctx, versionFolder(path))
	if err != nil {
		return fmt.Errorf("list versions: %w", err)
	}
	for _, number := range numbers {
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return fmt.Errorf("version %.20q: %w", number, errStored)
		}
		entry, err := load[versionEntry](ctx, b.storage, versionKey(path, n))
		if err != nil {
			return err
		}
		if entry == nil {
			continue
		}
		h, err := envelope.Peek[secret.Header](entry.Header, envelope.TypeHeader)
		if err != nil {
			return fmt.Errorf("header of version %d: %w", n, errStored)
		}
		if of(h.Secret) {
			if err := remove(ctx, b.storage, versionKey(path, n)); err != nil {
				return err
			}
		}
	}
	return nil
}
