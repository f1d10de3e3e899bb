package backend

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/helper/locksutil"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
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
		d := newDoorman(r)
		b.index.each(func(path string, s *stock) {
			p := d.policy(path)
			if slices.ContainsFunc(s.holders, func(h holding) bool { return !d.stays(p, h) }) {
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
	gone := make([][]envelope.ID, len(r.Versions))
	err := b.withRoster(ctx, func(org *roster.Roster) error {
		d := newDoorman(org)
		for i := range r.Versions {
			gone[i] = d.leaving(d.policy(path), &r.Versions[i])
		}
		return nil
	})
	if err != nil {
		return err
	}
	changed := false
	for i, leave := range gone {
		if len(leave) == 0 {
			continue
		}
		v := &r.Versions[i]
		if err := b.deleteWrapsFrom(ctx, path, v.Number, leave); err != nil {
			return fmt.Errorf("delete wraps of version %d of %q: %w", v.Number, path, err)
		}
		for j := range v.Holders {
			h := &v.Holders[j]
			h.Gone = h.Gone || slices.Contains(leave, h.Approver)
		}
		changed = true
	}
	if !changed {
		return nil
	}
	return b.storeRecord(ctx, path, r)
}

func (b *broker) deleteWrapsFrom(ctx context.Context, path string, n uint64, gone []envelope.ID) error {
	version, err := b.loadVersion(ctx, path, n)
	if err != nil {
		return err
	}
	if _, err := version.DeleteWraps(func(a envelope.ID) bool { return !slices.Contains(gone, a) }); err != nil {
		return err
	}
	return store(ctx, b.storage, versionKey(path, n), entryOf(version))
}

// doorman says who stays. What it found of a policy it keeps while it lives.
type doorman struct {
	roster *roster.Roster
	says   map[envelope.ID]map[envelope.ID]bool // approvers who have a say, by policy
}

func newDoorman(r *roster.Roster) doorman {
	return doorman{roster: r, says: map[envelope.ID]map[envelope.ID]bool{}}
}

// policy returns the policy that covers a path, nil if none does.
func (d doorman) policy(path string) *roster.Policy {
	p, err := d.roster.PolicyFor(path)
	if err != nil {
		return nil
	}
	return p
}

// admitted says whether a holder is in force with the keyring that the share is
// sealed to. Who is not never will be again: a new admission makes a new person,
// and a replaced keyring does not come back.
func (d doorman) admitted(h holding) bool {
	a, err := d.roster.Approver(h.Approver)
	return err == nil && a.Generation == h.Generation
}

// stays says whether a holder still has a say in what a policy covers; without
// a policy there is nothing that they could have fallen out of.
func (d doorman) stays(p *roster.Policy, h holding) bool {
	switch {
	case !d.admitted(h):
		return false
	case p == nil:
		return true
	}
	if d.says[p.ID] == nil {
		d.says[p.ID] = map[envelope.ID]bool{}
		for _, people := range d.roster.Eligible(p) {
			for _, a := range people {
				d.says[p.ID][a.ID] = true
			}
		}
	}
	return d.says[p.ID][h.Approver]
}

// leaving returns whose wraps are to be deleted from a version. Who was revoked
// or re-keyed loses theirs in any case. Who only fell out of the policy loses
// theirs as long as enough people remain to release the version: a group that
// was emptied by mistake must not cost the secret. Their share is not served to
// them in the meantime, since they are no principals.
func (d doorman) leaving(p *roster.Policy, v *versionRecord) []envelope.ID {
	var never, out []envelope.ID
	remaining := make([]uint32, len(v.Access))
	for _, h := range v.Holders {
		switch {
		case h.Gone:
		case !d.admitted(h):
			never = append(never, h.Approver)
		case !d.stays(p, h):
			out = append(out, h.Approver)
		case int(h.Requirement) < len(remaining):
			remaining[h.Requirement]++
		}
	}
	for i, access := range v.Access {
		if remaining[i] < access.M {
			return never
		}
	}
	return append(never, out...)
}
