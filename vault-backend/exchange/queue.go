package exchange

import (
	"cmp"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
)

// queue holds the requests that one approver may answer, oldest first, and wakes
// their devices. Requests that no longer wait are skipped and now and then
// cleared out, so that ending one costs nothing. mu guards it.
type queue struct {
	requests []*request
	live     int
	ended    []*request    // the last of those that no longer wait, oldest end first
	bell     chan struct{} // closed at the next change; nil if nobody listens
}

// queueOf returns an approver's queue. mu is held.
func (x *Exchange) queueOf(approver envelope.ID) *queue {
	q := x.queues[approver]
	if q == nil {
		q = &queue{}
		x.queues[approver] = q
	}
	return q
}

// listen returns a channel that is closed at the queue's next change.
func (q *queue) listen() <-chan struct{} {
	if q.bell == nil {
		q.bell = make(chan struct{})
	}
	return q.bell
}

func (q *queue) ring() {
	if q.bell != nil {
		close(q.bell)
		q.bell = nil
	}
}

// enqueue shows a request to everybody who may answer it. mu is held.
func (x *Exchange) enqueue(r *request) {
	for _, s := range r.seats {
		if s.may {
			q := x.queueOf(s.approver)
			q.requests = append(q.requests, r)
			q.live++
			q.ring()
		}
	}
}

// dequeue takes back a request that no longer waits, and has its end told of. mu
// is held.
func (x *Exchange) dequeue(r *request) {
	for _, s := range r.seats {
		if s.may {
			q := x.queueOf(s.approver)
			q.note(r)
			if q.live--; len(q.requests) > 2*q.live+64 {
				q.requests = slices.DeleteFunc(q.requests, func(r *request) bool { return r.state != Waiting })
			}
		}
	}
}

// requeue fills all queues anew after many seats changed, and wakes everybody.
// mu is held.
func (x *Exchange) requeue() {
	for _, q := range x.queues {
		q.requests, q.live = q.requests[:0], 0
		q.ring()
	}
	waiting := make([]*request, 0, x.pending)
	for _, r := range x.byID {
		if r.state == Waiting {
			waiting = append(waiting, r)
		}
	}
	slices.SortFunc(waiting, func(a, b *request) int { return cmp.Compare(a.order, b.order) })
	for _, r := range waiting {
		x.enqueue(r)
	}
	for _, q := range x.queues {
		clear(q.requests[len(q.requests):cap(q.requests)])
	}
}

// after returns the place of the first request with a higher order.
func (q *queue) after(order uint64) int {
	i, _ := slices.BinarySearchFunc(q.requests, order+1, func(r *request, o uint64) int { return cmp.Compare(r.order, o) })
	return i
}

// page returns at most limit requests that an approver may answer, after one
// they were shown. mu is held.
func (x *Exchange) page(approver, shown envelope.ID, limit int) []*request {
	q := x.queueOf(approver)
	start := 0
	if r := x.byID[shown]; r != nil {
		start = q.after(r.order)
	}
	var all []*request
	for _, r := range q.requests[start:] {
		if len(all) == limit {
			break
		}
		if r.state == Waiting && !r.decided(approver) {
			all = append(all, r)
		}
	}
	return all
}
