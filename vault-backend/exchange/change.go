package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/roster"
)

// chunk is how many requests are held against the roster under one read lock.
const chunk = 256

// review is a request and how it stood before and stands now.
type review struct {
	request *request
	before  standing
	now     standing
}

// RosterChanged holds every request against the roster as it is now: whoever may
// no longer answer is no longer shown it, and one that cannot be met any more, or
// whose consumer may no longer receive it, ends. Call it after the change,
// without the roster's lock.
func (x *Exchange) RosterChanged(ctx context.Context) {
	x.changes.Lock()
	defer x.changes.Unlock()
	x.mu.Lock()
	x.epoch++ // requests that are being opened now are held against it as well
	all := make([]review, 0, x.pending+x.held)
	for _, r := range x.byID {
		if r.state == Waiting || r.held {
			all = append(all, review{request: r, before: standing{policy: r.policyHash, seats: r.seats}})
		}
	}
	x.mu.Unlock()
	for rest := all; len(rest) > 0; rest = rest[min(chunk, len(rest)):] {
		part := rest[:min(chunk, len(rest))]
		err := x.cfg.Roster(func(known *roster.Roster) error {
			b := newBench(known, x.cfg.Clock.Now())
			for i := range part {
				part[i].now = b.stands(part[i].request, part[i].before)
			}
			return nil
		})
		if err != nil {
			x.cfg.Logger.Error("requests could not be held against the changed roster", "error", err)
			return
		}
	}
	x.end(ctx, x.restand(all))
}

// restand puts the results of a review in force and returns the requests that
// ended by it.
func (x *Exchange) restand(all []review) []*request {
	x.mu.Lock()
	defer x.mu.Unlock()
	var ended []*request
	for _, v := range all {
		r := v.request
		switch {
		case r.state == Waiting:
			err := v.now.err
			if err == nil {
				err = r.lostAnswer(v.now.seats)
			}
			if err == nil {
				r.policyHash, r.seats = v.now.policy, v.now.seats
				continue
			}
			x.finish(r, Cancelled, fmt.Errorf("request %s for %q ended while it waited: %w", r.id, r.path, err))
			ended = append(ended, r)
		case r.held && v.now.err != nil && !answerable(v.now.err):
			x.drop(r)
			ended = append(ended, r)
		}
	}
	x.requeue()
	return ended
}

// lostAnswer says whether somebody whose approval counted is not among the
// policy's people any more. mu is held.
func (r *request) lostAnswer(seats []seat) error {
	for i := range r.answers {
		for _, s := range seats {
			if s.approver == r.answers[i].approver && !s.may {
				return tell(ErrCancelled, "approver %s had answered and is not among the policy's people any more", s.approver)
			}
		}
	}
	return nil
}

// VersionChanged holds the requests for a path against its versions as they are
// now: one whose version is gone ends, and so do one for what was the latest
// version, with its last reader, and one that was asked under shares of which too
// few are left. Call it after every change of a version, of its sealed shares too.
func (x *Exchange) VersionChanged(ctx context.Context, path string) {
	x.changes.Lock()
	defer x.changes.Unlock()
	x.mu.Lock()
	x.epoch++ // what is being opened now is loaded anew
	var all []review
	if x.paths[path] > 0 { // as with almost no write
		for _, r := range x.byID {
			if r.path == path && (r.state == Waiting || r.held) {
				all = append(all, review{request: r, before: standing{policy: r.policyHash}})
			}
		}
	}
	x.mu.Unlock()
	if len(all) == 0 {
		return
	}
	_, latest, err := x.cfg.Version(ctx, path, 0)
	if err != nil {
		latest = 0
	}
	var ended []*request
	for i := range all {
		all[i].now = x.standsNow(ctx, all[i].request, all[i].before)
		if x.versionIs(all[i].request, latest, all[i].now) {
			ended = append(ended, all[i].request)
		}
	}
	x.end(ctx, ended)
}

// standsNow holds a request against its version and the roster as they are now.
func (x *Exchange) standsNow(ctx context.Context, r *request, before standing) standing {
	verified, anew, err := x.fetch(ctx, r)
	if err != nil {
		return standing{err: err}
	}
	now := standing{seats: r.seatsIn(verified)}
	err = x.cfg.Roster(func(known *roster.Roster) error {
		now = newBench(known, x.cfg.Clock.Now()).stands(r, standing{policy: before.policy, seats: now.seats})
		return now.err
	})
	if anew && errors.Is(err, ErrApprovers) {
		err = r.sharedAnew()
	}
	now.err = err
	return now
}

// versionIs tells a request how its version is now, and says whether that ended
// it.
func (x *Exchange) versionIs(r *request, latest uint64, now standing) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case r.state == Waiting && now.err != nil:
		x.finish(r, Cancelled, fmt.Errorf("request %s ended while it waited: %w", r.id, now.err))
		return true
	case r.held && now.err != nil && !answerable(now.err):
		x.drop(r)
		return true
	case r.state == Waiting && r.latest && latest > r.version && r.waiters == 0:
		x.finish(r, Cancelled, r.supersededBy())
		return true
	}
	if r.state == Waiting {
		r.superseded = r.latest && latest > r.version
		if !slices.Equal(r.seats, now.seats) {
			r.policyHash, r.seats = now.policy, now.seats
			x.requeue()
		}
	}
	return false
}

// answerable says whether all that speaks against a request is who could answer
// it: one that was answered is handed out nevertheless.
func answerable(err error) bool {
	return errors.Is(err, ErrApprovers) || errors.Is(err, approval.ErrSelfApproval) || errors.Is(err, supersession)
}

// end does for requests that have ended what cannot be done under mu: it wipes
// their keys, and notes at hosts' requests that they must stay ended.
func (x *Exchange) end(ctx context.Context, ended []*request) {
	x.bury(ended...)
	for _, r := range ended {
		if !r.host() {
			continue
		}
		if err := x.noteEnded(ctx, r); err != nil {
			x.cfg.Logger.Warn("could not note that a request ended; it is looked at again after the next start", "request", r.id.String(), "error", err)
		}
	}
}

func (x *Exchange) noteEnded(ctx context.Context, r *request) error {
	lock := x.stripe(r.hash)
	lock.Lock()
	defer lock.Unlock()
	x.mu.Lock()
	cause := r.cause.Error()
	x.mu.Unlock()
	return x.storeHost(ctx, r, Cancelled, cause)
}
