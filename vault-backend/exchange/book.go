package exchange

import (
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// enter puts a new request where everybody finds it. mu is held.
func (x *Exchange) enter(r *request) {
	x.order++
	r.order = x.order
	x.byID[r.id], x.byHash[r.hash] = r, r
	if !r.host() {
		x.byKey[r.key] = r
	}
	x.open[r.slot()] = r
	x.pending++
	x.waiting[r.who]++
	x.paths[r.path]++
	x.enqueue(r)
	x.schedule(r, r.deadline)
}

// finish ends a request's waiting. An approved mount request keeps its key for
// the hand-out; of every other the caller wipes the key, under its stripe, once
// mu is free. mu is held.
func (x *Exchange) finish(r *request, state State, cause error) {
	x.endings++
	r.state, r.cause, r.ended, r.ending = state, cause, x.now(), x.endings
	x.pending--
	if x.waiting[r.who]--; x.waiting[r.who] == 0 {
		delete(x.waiting, r.who)
	}
	x.vacate(r)
	x.dequeue(r)
	close(r.done)
	if state == Approved {
		r.approved = x.now()
		if !r.host() {
			r.held = true
			x.held++
			x.schedule(r, r.handOutEnd())
			return
		}
	}
	x.retire(r)
}

// handOutEnd returns when a value that nobody has taken yet is no longer handed
// out: with the deadline, or the lease, which begins with the approval. mu is
// held.
func (r *request) handOutEnd() envelope.Time {
	return min(r.deadline, r.approved.Add(time.Duration(r.lease)*time.Second))
}

// drop ends the time in which an approved value is handed out. The caller wipes
// the key. mu is held.
func (x *Exchange) drop(r *request) {
	r.held = false
	x.held--
	r.dropValue()
	x.retire(r)
}

// retire keeps an ended request only to tell how it ended. mu is held.
func (x *Exchange) retire(r *request) {
	if x.paths[r.path]--; x.paths[r.path] == 0 {
		delete(x.paths, r.path)
	}
	for i := range r.answers {
		r.answers[i].vetted = nil
	}
	// A host could post an ended request again until its deadline: it must be
	// remembered until then.
	x.schedule(r, max(r.deadline, x.now()).Add(keepEnded))
	if r.host() {
		return
	}
	// A requester whose read was between two calls when somebody said no has been
	// told nothing: the next call gets the denial, not the cooldown after it.
	if r.state != Denied {
		x.detachKey(r)
	}
	x.over = append(x.over, r)
	for len(x.over) > maxOver || len(x.over) > 0 && x.over[0].place == 0 {
		oldest := x.over[0]
		x.over[0] = nil
		x.over = x.over[1:]
		if oldest.place > 0 {
			x.forget(oldest)
		}
	}
}

// detachKey keeps further reads from attaching to a mount request. mu is held.
func (x *Exchange) detachKey(r *request) {
	if x.byKey[r.key] == r {
		delete(x.byKey, r.key)
	}
}

// forget removes an ended request. mu is held.
func (x *Exchange) forget(r *request) {
	x.detachKey(r)
	x.unschedule(r)
	x.unnote(r)
	delete(x.byID, r.id)
	delete(x.byHash, r.hash)
}

// expired says that nobody answered in time.
func (r *request) expired() error {
	return tell(approval.ErrExpired, "request %s for %q was not answered by %s", r.id, r.path, clockTime(r.deadline))
}

func clockTime(t envelope.Time) string { return t.Time().Format(time.RFC3339) }
