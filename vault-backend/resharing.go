package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/vault-backend/exchange"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

// resharing holds the office for re-shares, which is made once the mount knows who
// it is.
type resharing struct {
	mu     sync.Mutex
	office *reshare.Office
}

// reshares returns the office.
func (b *broker) reshares(ctx context.Context) (*reshare.Office, error) {
	b.resharing.mu.Lock()
	defer b.resharing.mu.Unlock()
	if b.resharing.office != nil {
		return b.resharing.office, nil
	}
	me, err := b.self(ctx)
	if err != nil {
		return nil, err
	}
	b.resharing.office = reshare.New(reshare.Config{
		Mount: me.id, Consumer: b.asConsumer, Secrets: stocked{b}, Store: entries{b.storage, resharesPrefix},
		Roster: func(use func(*roster.Roster) error) error { return b.withRoster(context.Background(), use) },
		Record: b.recordReshare,
		Ring: func(approvers ...envelope.ID) {
			b.ifRouted(func(x *exchange.Exchange) { x.Ring(approvers...) })
		},
		Now: b.now, Logger: b.Logger().Named("reshare"),
	})
	return b.resharing.office, nil
}

// resharesPrefix is where the office keeps its entries:
//
//	reshare/<name>  requests, deals in waiting, and notes of changes that were begun,
//	                as package reshare names them
const resharesPrefix = "reshare/"

func (b *broker) ifResharing(f func(*reshare.Office)) {
	b.resharing.mu.Lock()
	o := b.resharing.office
	b.resharing.mu.Unlock()
	if o != nil {
		f(o)
	}
}

// settleReshares asks for what has to be shared anew since the roster changed. It is
// called with no lock held; where it fails the next call of a device tries again.
func (b *broker) settleReshares(ctx context.Context) {
	o, err := b.reshares(ctx)
	if err == nil {
		err = o.Settle(ctx)
	}
	if err != nil && !isUnready(err) {
		b.Logger().Warn("what has to be shared anew was not asked for; the next minute tries again", "error", err)
	}
}

// tidyReshares deletes requests for re-shares that are over for long.
func (b *broker) tidyReshares(ctx context.Context) error {
	o, err := b.reshares(ctx)
	if err != nil {
		return err
	}
	return o.Tidy(ctx)
}

func (b *broker) recordReshare(ctx context.Context, e approval.Evidence, refused string) error {
	x, err := b.routed(ctx)
	if err != nil {
		return err
	}
	return x.Record(ctx, e, refused)
}

// noticesFor returns what an approver is asked to share anew, for their inbox.
func (b *broker) noticesFor(approver envelope.ID) []approval.ReshareNotice {
	ctx := context.Background()
	o, err := b.reshares(ctx)
	if err != nil {
		return nil
	}
	notices, err := o.Notices(ctx, approver)
	if err != nil && !isUnready(err) {
		b.Logger().Warn("an inbox is shown without what has to be shared anew", "error", err)
	}
	return notices
}

// opened is told what shares that were put together came to.
func (b *broker) opened(ctx context.Context, path string, opening exchange.Opening) {
	at := reshare.Place{Path: path, Version: opening.Version}
	if err := b.takeOpening(ctx, at, opening); err != nil {
		b.Logger().Error("what became of a version's shares was not noted", "error", err)
	}
}

func (b *broker) takeOpening(ctx context.Context, at reshare.Place, opening exchange.Opening) error {
	o, err := b.reshares(ctx)
	if err != nil {
		return err
	}
	if opening.BreakGlass && opening.Accused.IsZero() {
		if err := b.markForRotation(ctx, at); err != nil {
			return err
		}
	}
	if opening.Accused.IsZero() {
		return o.Prove(ctx, at, opening.WrapSet, opening.Approvers)
	}
	return b.takeAccusation(ctx, o, at, opening)
}

// takeAccusation believes what the mount itself found. Of what a host says people are
// told, and no more: its word proves nothing.
func (b *broker) takeAccusation(ctx context.Context, o *reshare.Office, at reshare.Place, opening exchange.Opening) error {
	who := []any{"approver", opening.Accused.String(), "version", at.Version, "epoch", opening.Epoch}
	if opening.ByHost {
		news, err := o.Suspect(ctx, at, opening.WrapSet, opening.Accused, opening.Epoch)
		if err == nil && news {
			b.Logger().Warn("a host says that a dealer lied in a re-share: see reshares/ and find out whether others can open it", who...)
		}
		return err
	}
	did, err := o.Accuse(ctx, at, opening.WrapSet, opening.Accused, opening.Epoch)
	if err != nil {
		return err
	}
	if !did {
		b.Logger().Error("a dealer lied in a re-share, and the shares from before are no way back: see reshares/", who...)
		return nil
	}
	b.Logger().Error("a dealer lied in a re-share: what they dealt was taken back and is asked for again without them", who...)
	return o.Settle(ctx)
}

// markForRotation notes that break-glass was used for a version.
func (b *broker) markForRotation(ctx context.Context, at reshare.Place) error {
	return b.change(ctx, at.Path, func(r *record) error {
		v, err := r.version(at.Version)
		if err != nil || v.Rotate || v.Destroyed {
			return nil
		}
		v.Rotate = true
		return b.storeRecord(ctx, at.Path, r)
	})
}

// stocked shows the stored versions to the office.
type stocked struct{ b *broker }

// Load reads every secret's record, once.
func (s stocked) Load(ctx context.Context) error { return s.b.index.load(ctx, s.b) }

// Each calls f for every secret, under the inventory's lock.
func (s stocked) Each(f func(path string, all []reshare.Stock)) {
	s.b.index.each(func(path string, known *stock) { f(path, known.list()) })
}

// Of returns what is known of one secret, nothing if there is none.
func (s stocked) Of(path string) []reshare.Stock { return s.b.index.of(path).list() }

// Version returns a stored version, whoever may read it.
func (s stocked) Version(ctx context.Context, at reshare.Place) (*secret.Version, error) {
	v, _, err := s.b.versionFor(ctx, at.Path, at.Version)
	return v, err
}

// Change stores what f makes of a version and its shares, under the path's lock; the
// version first, then the record.
func (s stocked) Change(ctx context.Context, at reshare.Place, f func(load func() (*secret.Version, error), shares *reshare.Shares) (reshare.Outcome, error)) error {
	b := s.b
	// Two entries are written. Whoever called may hang up, but not in between.
	ctx = context.WithoutCancel(ctx)
	return b.change(ctx, at.Path, func(r *record) error {
		if r == nil {
			return nil
		}
		i := slices.IndexFunc(r.Versions, func(v versionRecord) bool { return v.Number == at.Version })
		if i < 0 || r.Versions[i].readable() != nil {
			return nil
		}
		v := &r.Versions[i]
		shares := v.Shares.Clone()
		out, err := f(func() (*secret.Version, error) { return b.loadVersion(ctx, at.Path, at.Version) }, &shares)
		if err != nil {
			return err
		}
		if out.Version != nil {
			err := store(ctx, b.storage, versionKey(at.Path, at.Version), entryOf(out.Version))
			if errors.Is(err, errTooLarge) {
				err = secret.ErrSize
			}
			if err != nil {
				return fmt.Errorf("version %d of %q: %w", at.Version, at.Path, err)
			}
		}
		if !out.Shares {
			return nil
		}
		v.Shares = shares
		if err := b.storeRecord(ctx, at.Path, r); err != nil {
			return err
		}
		return b.deleteWrapsOfLatecomer(ctx, at.Path, r, v)
	})
}
