package exchange

import (
	"errors"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// Limits of what an inbox tells of requests that have ended. They are told of
// from what is remembered of them anyway, so that they cost no memory of their
// own.
const (
	tellEnded    = 10 * time.Minute // after the end
	maxEnded     = 64               // per approver, the newest
	maxEndedPage = 128 << 10        // bytes of one page
)

// gatherEnded is how long a call that waits stays after the first news of an
// end, so that many ends make one answer.
const gatherEnded = time.Second

// supersession is [ErrCancelled] because the same is to be asked anew.
var supersession = superseded{}

type superseded struct{}

// Error is that of [ErrCancelled]: to the reader it is the same.
func (superseded) Error() string { return ErrCancelled.Error() }

// Unwrap makes it [ErrCancelled] for errors.Is.
func (superseded) Unwrap() error { return ErrCancelled }

// endState is how a request ended, as devices are told. mu is held.
func (r *request) endState() approval.EndState {
	switch r.state {
	case Approved:
		return approval.EndApproved
	case Denied:
		return approval.EndDenied
	case Expired:
		return approval.EndExpired
	}
	if errors.Is(r.cause, supersession) {
		return approval.EndSuperseded
	}
	return approval.EndCancelled
}

// note remembers that a request ended which the approver might have answered. mu
// is held.
func (q *queue) note(r *request) {
	if len(q.ended) >= maxEnded {
		q.ended = slices.Delete(q.ended, 0, len(q.ended)-maxEnded+1)
	}
	q.ended = append(q.ended, r)
	q.ring()
}

// unnote forgets a request with all else that is known of it. mu is held.
func (x *Exchange) unnote(r *request) {
	for _, s := range r.seats {
		if q := x.queues[s.approver]; q != nil {
			q.ended = slices.DeleteFunc(q.ended, func(e *request) bool { return e == r })
		}
	}
}

// recent returns the requests that ended lately, oldest end first. mu is held.
func (q *queue) recent(now envelope.Time) []*request {
	first := slices.IndexFunc(q.ended, func(r *request) bool { return now.Sub(r.ended) < tellEnded })
	if first < 0 {
		return nil
	}
	return q.ended[first:]
}

// tellEndings lists on the last page what became of requests.
func (x *Exchange) tellEndings(v *visit, page *approval.Inbox) error {
	x.mu.Lock()
	var all []approval.Ended
	for _, r := range v.recent {
		e := approval.Ended{Request: r.hash, State: r.endState(), Decisions: make([]envelope.Signed, len(r.answers))}
		for i := range r.answers {
			e.Decisions[i] = r.answers[i].receipt
		}
		all = append(all, e)
	}
	d := x.calls.of(v.call.Device)
	d.told = max(d.told, v.ending)
	x.mu.Unlock()
	all, err := newest(all)
	page.Ended = append(page.Ended, all...)
	return err
}
