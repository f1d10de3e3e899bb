package reshare

import (
	"context"
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// doing notes which versions' shares are about to change, at doing/<random id>. A
// version's ciphertext is stored before what is known of its shares; a crash between
// the two is made up for when the note is found.
type doing struct {
	Places []Place `json:"places"`
}

const doingFolder = "doing/"

// noted runs f with a note of the places that it changes. Where f fails the note
// stays, and the next call that settles makes up for it.
func (o *Office) noted(ctx context.Context, places []Place, f func() error) error {
	name := doingFolder + envelope.NewID().String()
	if err := o.put(ctx, name, doing{places}); err != nil {
		return fmt.Errorf("note a change of shares: %w", err)
	}
	if err := f(); err != nil {
		o.leave(name)
		return err
	}
	if err := o.cfg.Store.Delete(ctx, name); err != nil {
		o.leave(name)
		return fmt.Errorf("note the end of a change of shares: %w", err)
	}
	return nil
}

// leave keeps in mind notes of what was left half done.
func (o *Office) leave(names ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.undone = append(o.undone, names...)
}

// repairAll makes up for what an earlier process was changing.
func (o *Office) repairAll(ctx context.Context) error {
	names, err := o.cfg.Store.List(ctx, doingFolder)
	if err != nil {
		return err
	}
	for i := range names {
		names[i] = doingFolder + names[i]
	}
	return o.repair(ctx, names)
}

// repairUndone makes up for what this process left half done. Notes of what is going
// on now are not touched.
func (o *Office) repairUndone(ctx context.Context) error {
	o.mu.Lock()
	names := o.undone
	o.undone = nil
	o.mu.Unlock()
	err := o.repair(ctx, names)
	if err != nil {
		o.leave(names...)
	}
	return err
}

// repair holds what is known of shares against the ciphertexts of the places that
// notes name.
func (o *Office) repair(ctx context.Context, names []string) error {
	for _, name := range names {
		raw, err := o.cfg.Store.Get(ctx, name)
		if err != nil {
			return err
		}
		if raw == nil {
			continue
		}
		d, err := envelope.Decode[doing](raw)
		if err != nil {
			return err
		}
		for _, at := range d.Places {
			if err := o.repairOne(ctx, at); err != nil {
				return err
			}
		}
		if err := o.cfg.Store.Delete(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (o *Office) repairOne(ctx context.Context, at Place) error {
	return o.cfg.Secrets.Change(ctx, at, func(load func() (*secret.Version, error), s *Shares) (Outcome, error) {
		v, err := load()
		if err != nil {
			return Outcome{}, err
		}
		verified, err := o.verify(v, at)
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{Shares: s.catchUp(verified)}, nil
	})
}

// verify returns a version as the roster has it.
func (o *Office) verify(v *secret.Version, at Place) (verified *secret.Verified, err error) {
	err = o.cfg.Roster(func(r *roster.Roster) error {
		verified, err = v.VerifyHistory(r, o.cfg.Mount, at.Path)
		return err
	})
	return verified, err
}

// catchUp follows a version whose ciphertext is an epoch ahead, or was taken back,
// and says whether it had to.
func (s *Shares) catchUp(v *secret.Verified) bool {
	if s.WrapSet == v.WrapSet {
		return false
	}
	if !slices.ContainsFunc(s.Former, func(f Former) bool { return f.WrapSet == v.WrapSet }) {
		s.begin(epochOf(v))
		return true
	}
	for s.WrapSet != v.WrapSet && s.abandon() {
	}
	return true
}
