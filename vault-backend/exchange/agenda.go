package exchange

import (
	"container/heap"
	"context"

	"github.com/stillvault/stillvault/core/envelope"
)

// agenda holds every request by when something has to be done about it: a heap
// with one timer for its head, however many requests there are. mu guards it.
type agenda struct {
	heap  dueHeap
	armed envelope.Time // when the timer rings; 0 if there is none
	stop  func()
}

// dueHeap implements heap.Interface. Requests know their place in it.
type dueHeap []*request

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

func (h *dueHeap) Push(r any) {
	*h = append(*h, r.(*request))
	(*h)[len(*h)-1].place = len(*h)
}

func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	r.place = 0
	return r
}

func (a *agenda) disarm() {
	if a.armed != 0 {
		a.stop()
		a.armed = 0
	}
}

// schedule puts a request on the agenda, or moves it. mu is held.
func (x *Exchange) schedule(r *request, at envelope.Time) {
	r.at = at
	if r.place == 0 {
		heap.Push(&x.due.heap, r)
	} else {
		heap.Fix(&x.due.heap, r.place-1)
	}
	x.arm()
}

// unschedule takes a request off the agenda. mu is held.
func (x *Exchange) unschedule(r *request) {
	if r.place > 0 {
		heap.Remove(&x.due.heap, r.place-1)
	}
}

// arm sets the timer for the head of the agenda. One that rings too early, since
// its request was moved or is gone, finds nothing to do and is set anew. mu is
// held.
func (x *Exchange) arm() {
	a := &x.due
	if len(a.heap) == 0 || x.closed || a.armed != 0 && a.armed <= a.heap[0].at {
		return
	}
	a.disarm()
	a.armed = a.heap[0].at
	a.stop = x.cfg.Clock.AfterFunc(max(0, a.armed.Time().Sub(x.cfg.Clock.Now())), func() {
		x.mu.Lock()
		x.due.armed = 0
		x.mu.Unlock()
		x.settle(context.Background())
	})
}

// settle does everything that is due: requests past their deadline end, held
// keys are dropped, ended requests are forgotten.
func (x *Exchange) settle(ctx context.Context) {
	var buried, forgotten []*request
	x.mu.Lock()
	now := x.now()
	for len(x.due.heap) > 0 && x.due.heap[0].at <= now && !x.closed {
		r := x.due.heap[0]
		switch {
		case r.state == Waiting:
			x.finish(r, Expired, r.expired())
			buried = append(buried, r)
		case r.held:
			x.drop(r)
			buried = append(buried, r)
		default:
			x.forget(r)
			forgotten = append(forgotten, r)
		}
	}
	x.arm()
	x.mu.Unlock()
	x.bury(buried...)
	for _, r := range forgotten {
		if r.host() {
			x.eraseHost(ctx, r.folder())
		}
	}
}
