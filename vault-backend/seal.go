package backend

import (
	"context"
	"fmt"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

// written is what a write answers.
type written struct {
	record *versionRecord
	secret envelope.ID
	policy string
}

// sealValue seals a value as the path's next version, in the mount's name, and
// stores it. The value stays the caller's to wipe; the caller holds the path's
// lock. r is the path's record, nil for a new path.
func (b *broker) sealValue(ctx context.Context, path string, r *record, value []byte, call string) (*written, error) {
	me, err := b.self(ctx)
	if err != nil {
		return nil, err
	}
	draft := secret.Draft{Mount: me.id, Path: path, Version: 1}
	if current := r.current(); current != nil {
		draft.Secret, draft.Version, draft.Previous = r.Secret, current.Number+1, current.Header
	} else {
		draft.Secret = envelope.NewID()
	}
	var v *secret.Version
	err = b.withRoster(ctx, func(org *roster.Roster) error {
		consumer, err := me.consumer(org)
		if err != nil {
			return err
		}
		draft.Author = consumer.ID
		v, err = secret.Seal(org, draft, value, me.signer, b.now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return b.storeVersion(ctx, path, r, v, call)
}

// takeSealed checks a version that a client sealed, and stores it as the path's
// next one. The caller holds the path's lock.
func (b *broker) takeSealed(ctx context.Context, path string, r *record, v *secret.Version, call string) (*written, error) {
	me, err := b.self(ctx)
	if err != nil {
		return nil, err
	}
	err = b.withRoster(ctx, func(org *roster.Roster) error {
		if err := org.Fresh(b.now()); err != nil {
			return err
		}
		verified, err := v.Verify(org, me.id, path)
		if err != nil {
			return err
		}
		if verified.Epoch != 0 {
			return fmt.Errorf("epoch %d of a new version: %w", verified.Epoch, secret.ErrWrapSet)
		}
		h := &verified.Header
		if h.Created > envelope.At(b.now()).Add(approval.MaxClockSkew) {
			return fmt.Errorf("created %s: %w", h.Created.Time(), approval.ErrFuture)
		}
		if err := follows(r, h); err != nil {
			return err
		}
		return checkHolders(org, path, verified)
	})
	if err != nil {
		return nil, err
	}
	return b.storeVersion(ctx, path, r, v, call)
}

// follows refuses a header that does not continue a path's versions.
func follows(r *record, h *secret.Header) error {
	current := r.current()
	switch {
	case current == nil && h.Version != 1:
		return fmt.Errorf("version %d of a new secret: %w", h.Version, errSuccession)
	case current != nil && (h.Secret != r.Secret || h.Version != current.Number+1 || h.Previous != current.Header):
		return fmt.Errorf("version %d, current is %d: %w", h.Version, current.Number, errSuccession)
	}
	return nil
}

// checkHolders refuses a version whose shares went to others than today's
// policy names, or to too few.
func checkHolders(org *roster.Roster, path string, v *secret.Verified) error {
	for _, h := range v.Seats {
		if !v.HasWrap(h.Approver) {
			return fmt.Errorf("a share is missing: %w", secret.ErrWrapSet)
		}
	}
	s := recordOf(&v.Header, v.HeaderHash, reshare.SharesOf(v)).standing(reshare.NewAppraiser(org), path)
	if s.Exposed {
		return errHolders
	}
	if !s.Covered {
		return fmt.Errorf("policy %q: %w", s.Policy.Name, roster.ErrCoverage)
	}
	return nil
}

// recordOf returns what is kept of a version beside its ciphertext.
func recordOf(h *secret.Header, hash envelope.Hash, shares reshare.Shares) *versionRecord {
	return &versionRecord{
		Number: h.Version, Header: hash, Created: h.Created, Author: h.Author, Policy: h.Policy, Shares: shares,
	}
}

// storeVersion stores the ciphertext and then the metadata that refers to it.
func (b *broker) storeVersion(ctx context.Context, path string, r *record, v *secret.Version, call string) (*written, error) {
	h, err := envelope.Peek[secret.Header](v.Header, envelope.TypeHeader)
	if err != nil {
		return nil, err
	}
	w, err := envelope.Peek[secret.WrapSet](v.WrapSet, envelope.TypeWrapSet)
	if err != nil {
		return nil, err
	}
	next := &record{Secret: h.Secret}
	if r != nil {
		next.Versions = append(next.Versions, r.Versions...)
	}
	added := recordOf(&h, v.Header.Hash(), reshare.Authored(&w, v.WrapSet.Hash()))
	added.Call = call
	next.Versions = append(next.Versions, *added)
	next.trim()
	if len(next.Versions) > maxVersions {
		return nil, fmt.Errorf("%q has %d versions: %w", path, maxVersions, errVersionsFull)
	}
	ciphertext, err := encode(versionKey(path, h.Version), entryOf(v))
	if err != nil {
		return nil, fmt.Errorf("version %d of %q: %w", h.Version, path, err)
	}
	// Encoded before anything is stored: what storage would not take must not
	// be found out half-way.
	if _, err := encode(recordPrefix+path, next); err != nil {
		return nil, fmt.Errorf("metadata of %q: %w", path, errVersionsFull)
	}
	if err := put(ctx, b.storage, ciphertext); err != nil {
		return nil, fmt.Errorf("version %d of %q: %w", h.Version, path, err)
	}
	if err := b.storeRecord(ctx, path, next); err != nil {
		return nil, err
	}
	if err := b.deleteWrapsOfLatecomer(ctx, path, next, added); err != nil {
		return nil, err
	}
	return b.writtenAs(ctx, added, h.Secret)
}

// writtenAs completes the answer to a write with the policy's name.
func (b *broker) writtenAs(ctx context.Context, v *versionRecord, id envelope.ID) (*written, error) {
	w := &written{record: v, secret: id, policy: v.Policy.String()}
	return w, b.withRoster(ctx, func(org *roster.Roster) error {
		if p, err := org.Policy(v.Policy); err == nil {
			w.policy = p.Name
		}
		return nil
	})
}

// deleteWrapsOfLatecomer looks at a version that was just stored or shared anew once
// more: somebody may have left since the roster was read to seal to them, and the
// wraps of those who leave were deleted before this was there.
func (b *broker) deleteWrapsOfLatecomer(ctx context.Context, path string, r *record, v *versionRecord) error {
	left := false
	err := b.withRoster(ctx, func(org *roster.Roster) error {
		left = reshare.NewAppraiser(org).HasLeavers(path, &v.Shares)
		return nil
	})
	if err != nil || !left {
		return err
	}
	return b.deleteWrapsOf(ctx, path, r)
}
