package backend

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/helper/locksutil"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

// leavers are the kinds of statements by which people can lose a say in what
// they hold shares of. A policy's deletion is not among them: nobody may release
// anything of its paths then, and the policy may come back.
var leavers = []roster.Kind{
	roster.KindApproverRevoke, roster.KindApproverRekey, roster.KindGroupSet, roster.KindGroupDelete, roster.KindPolicySet,
}

// anyLeaves says whether somebody may have lost a say by these statements.
func anyLeaves(statements []envelope.Signed) bool {
	return slices.ContainsFunc(statements, func(s envelope.Signed) bool {
		st, err := envelope.Peek[roster.Statement](s, envelope.TypeStatement)
		return err == nil && slices.Contains(leavers, st.Kind)
	})
}

// deleteWraps deletes the sealed shares of people who lost their say. It is
// noted before the statements are stored that make it necessary, and may be
// repeated at any time.
func (b *broker) deleteWraps(ctx context.Context) error {
	if err := b.index.load(ctx, b); err != nil {
		return err
	}
	var paths []string
	err := b.withRoster(ctx, func(r *roster.Roster) error {
		a := reshare.NewAppraiser(r)
		b.index.each(func(path string, s *stock) {
			if slices.ContainsFunc(s.versions, func(v versionRecord) bool { return a.HasLeavers(path, &v.Shares) }) {
				paths = append(paths, path)
			}
		})
		return nil
	})
	if isUnready(err) {
		return nil
	}
	for _, path := range paths {
		if err == nil {
			err = b.deleteWrapsAt(ctx, path)
		}
	}
	return err
}

func (b *broker) deleteWrapsAt(ctx context.Context, path string) error {
	lock := locksutil.LockForKey(b.locks, path)
	lock.Lock()
	defer lock.Unlock()
	r, err := b.loadRecord(ctx, path)
	if err != nil || r == nil {
		return err
	}
	return b.deleteWrapsOf(ctx, path, r)
}

// deleteWrapsOf deletes the wraps of people without a say from a path's
// versions, and then notes in the record that they are gone. The caller holds
// the path's lock.
func (b *broker) deleteWrapsOf(ctx context.Context, path string, r *record) error {
	var changed []*versionRecord
	err := b.withRoster(ctx, func(org *roster.Roster) error {
		a := reshare.NewAppraiser(org)
		for i := range r.Versions {
			if a.Leaving(path, &r.Versions[i].Shares) {
				changed = append(changed, &r.Versions[i])
			}
		}
		return nil
	})
	if err != nil || len(changed) == 0 {
		return err
	}
	for _, v := range changed {
		if err := b.deleteWrapsFrom(ctx, path, v); err != nil {
			return fmt.Errorf("delete wraps of version %d of %q: %w", v.Number, path, err)
		}
	}
	return b.storeRecord(ctx, path, r)
}

// deleteWrapsFrom deletes from a version's ciphertext the wraps that its record
// says are gone.
func (b *broker) deleteWrapsFrom(ctx context.Context, path string, v *versionRecord) error {
	version, err := b.loadVersion(ctx, path, v.Number)
	if err != nil {
		return err
	}
	if err := v.DeleteGone(version); err != nil {
		return err
	}
	return store(ctx, b.storage, versionKey(path, v.Number), entryOf(version))
}
