package approver

import (
	"errors"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/home"
)

// Kept is the memory of a device that is kept in the state directory.
type Kept struct {
	home *home.Home
	name string
	log  []envelope.Signed
}

var _ Memory = (*Kept)(nil)

// Keep returns the memory of an approver in a state directory. log are the
// statements that the session's roster is the fold of.
func Keep(h *home.Home, name string, log []envelope.Signed) (*Kept, error) {
	if _, err := h.Ledger(name); err != nil {
		return nil, err
	}
	return &Kept{home: h, name: name, log: log}, nil
}

// Decided reads the ledger anew: another session may have written it. A ledger
// that cannot be read has everything decided, so that nothing is decided twice.
func (k *Kept) Decided(request envelope.Hash) bool {
	l, err := k.home.Ledger(k.name)
	return err != nil || l.Decided(request)
}

// Decide stores the release, then the ledger after it.
func (k *Kept) Decide(mark envelope.Hash, request envelope.Signed, deadline, now time.Time, sign func(approval.Ledger) (approval.Release, error)) (approval.Release, error) {
	return k.home.Decide(k.name, mark, deadline, now, func(l approval.Ledger) (approval.Release, error) {
		release, err := sign(l)
		if err != nil {
			return approval.Release{}, err
		}
		return release, k.home.KeepUnsent(k.name, home.Unsent{Release: release, Request: request})
	})
}

// Unsent returns the stored answers that are in the ledger. One that is not was
// stored by a session that ended before the ledger was, and so before anything
// was sent: its number is still free.
func (k *Kept) Unsent() ([]home.Unsent, error) {
	l, err := k.home.Ledger(k.name)
	if err != nil {
		return nil, err
	}
	all, err := k.home.Unsent(k.name)
	if err != nil {
		return nil, err
	}
	var unsent []home.Unsent
	for _, answer := range all {
		rec, err := envelope.Peek[approval.Receipt](answer.Release.Receipt, envelope.TypeReceipt)
		if err != nil {
			return nil, err
		}
		if rec.Counter > l.Counter {
			if err := k.Sent(answer.Release); err != nil {
				return nil, err
			}
			continue
		}
		unsent = append(unsent, answer)
	}
	return unsent, nil
}

// Sent forgets a release.
func (k *Kept) Sent(release approval.Release) error { return k.home.DropUnsent(k.name, release) }

// Deal stores the part, then the ledger after it.
func (k *Kept) Deal(mark envelope.Hash, now time.Time, sign func(approval.Ledger) (approval.ReshareAnswer, error)) (approval.ReshareAnswer, error) {
	var answer approval.ReshareAnswer
	_, err := k.home.Decide(k.name, mark, now, now, func(l approval.Ledger) (approval.Release, error) {
		var err error
		if answer, err = sign(l); err == nil {
			err = k.home.KeepUndealt(k.name, answer)
		}
		return approval.Release{Receipt: answer.Receipt}, err
	})
	return answer, err
}

// Undealt returns the stored part if it is in the ledger, as Unsent does.
func (k *Kept) Undealt() (*approval.ReshareAnswer, error) {
	l, err := k.home.Ledger(k.name)
	if err != nil {
		return nil, err
	}
	answer, err := k.home.Undealt(k.name)
	if err != nil || answer == nil {
		return nil, err
	}
	rec, err := envelope.Peek[approval.Receipt](answer.Receipt, envelope.TypeReceipt)
	if err != nil {
		return nil, err
	}
	if rec.Counter > l.Counter {
		return nil, k.Dealt()
	}
	return answer, nil
}

// Dealt forgets the stored part.
func (k *Kept) Dealt() error { return k.home.DropUndealt(k.name) }

// Muted reads the mutes anew: the person may have muted somebody meanwhile, in
// another terminal. Mutes that cannot be read mute nothing.
func (k *Kept) Muted(q *approval.Request, now time.Time) bool {
	all, err := k.home.Mutes(k.name, now)
	return err == nil && all.Cover(q, now)
}

// Extend keeps the log. Another command may have seen more of it meanwhile: then
// that stays, if it is the same log.
func (k *Kept) Extend(r *roster.Roster, statements []envelope.Signed) error {
	k.log = append(k.log, statements...)
	err := k.home.Advance(r, k.log)
	if !errors.Is(err, roster.ErrRolledBack) {
		return err
	}
	newer, err := k.home.Log()
	if err != nil {
		return err
	}
	head := r.Head()
	if head.Seq >= uint64(len(newer)) || newer[head.Seq].Hash() != head.Hash {
		return fmt.Errorf("the log kept in %s is another: %w", k.home.Dir(), roster.ErrForked)
	}
	return nil
}
