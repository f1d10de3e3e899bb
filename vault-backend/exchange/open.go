package exchange

import (
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// slot is where at most one request waits: one requester's, at one path, through
// one consumer. Approvers are not asked for the same thing twice because somebody
// thought of a better reason, or wants another version.
//
// Each consumer has a slot of its own, since what is sealed to one host is of no
// use to another: a fleet of hosts that share a Vault entity is not kept waiting
// for its first member. The mount is one consumer, so all reads through it share
// a slot.
type slot struct {
	who  string
	path string
	host envelope.ID // consumer id; zero for the mount
	// Breaking the glass has a slot of its own: it asks other people, and whoever
	// needs it has no time to end a request that nobody answers.
	glass bool
}

func (r *request) slot() slot {
	s := slot{who: r.who, path: r.path, glass: r.glass}
	if r.host() {
		s.host = r.consumer
	}
	return s
}

// inTheWay returns why a request may not be opened beside one that waits, nil if
// nothing does. The version is the one that is asked for. mu is held.
func (x *Exchange) inTheWay(s slot, version uint64) error {
	r := x.open[s]
	if r == nil || r.outdated(version) {
		return nil
	}
	reason := r.key.reason
	if r.host() {
		q, err := r.read()
		if err != nil {
			return err
		}
		reason = q.Reason
	}
	with := "without a reason"
	if reason != "" {
		with = fmt.Sprintf("with the reason %q", reason)
	}
	return tell(ErrOpen, "request %s for version %d of %q, %s, waits already until %s: %s; `vault delete stillvault/requests/%s` ends it",
		r.id, r.version, r.path, with, clockTime(r.deadline), r.summary(true), r.id)
}

// outdated says whether a request was made for what was the latest version, and
// a newer one is asked for: it makes room. mu is held.
func (r *request) outdated(version uint64) bool { return r.latest && version > r.version }

// makeRoom ends the request that an admitted one replaces, if there is one. The
// caller buries it once mu is free. mu is held.
func (x *Exchange) makeRoom(s slot) *request {
	r := x.open[s]
	if r != nil {
		x.finish(r, Cancelled, r.supersededBy())
	}
	return r
}

// vacate makes the slot of a request that no longer waits free. mu is held.
func (x *Exchange) vacate(r *request) {
	if x.open[r.slot()] == r {
		delete(x.open, r.slot())
	}
}
