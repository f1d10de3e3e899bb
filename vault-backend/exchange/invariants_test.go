package exchange

import (
	"fmt"
	"maps"
	"testing"

	"github.com/stillvault/stillvault/core/secret"
)

// Check returns what is inconsistent in an exchange that nobody is using at the
// moment, nil if nothing is.
func (x *Exchange) Check() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	pending, held := 0, 0
	waiting, paths, live := map[string]int{}, map[string]int{}, map[*queue]int{}
	for _, r := range x.byID {
		if x.byHash[r.hash] != r {
			return fmt.Errorf("request %s is not found by its hash", r.id)
		}
		if err := x.checkRequest(r); err != nil {
			return fmt.Errorf("request %s (%s): %w", r.id, r.state, err)
		}
		if r.held {
			held++
		}
		if r.state == Waiting || r.held {
			paths[r.path]++
		}
		if r.state != Waiting {
			continue
		}
		if r.glass && x.alarms[r.id] == nil {
			return fmt.Errorf("request %s breaks the glass in silence", r.id)
		}
		if x.open[r.slot()] != r {
			return fmt.Errorf("request %s waits and is not in its slot", r.id)
		}
		pending++
		waiting[r.who]++
		for _, s := range r.seats {
			if s.may {
				live[x.queues[s.approver]]++
			}
		}
	}
	if len(x.open) != pending {
		return fmt.Errorf("%d requests wait in %d slots", pending, len(x.open))
	}
	if pending != x.pending || held != x.held {
		return fmt.Errorf("%d wait and %d are held, counted as %d and %d", pending, held, x.pending, x.held)
	}
	if !maps.Equal(waiting, x.waiting) || !maps.Equal(paths, x.paths) {
		return fmt.Errorf("requests are counted wrong by requester or path")
	}
	for approver, q := range x.queues {
		if err := q.check(live[q]); err != nil {
			return fmt.Errorf("queue of %s: %w", approver, err)
		}
		if err := x.checkEnded(q); err != nil {
			return fmt.Errorf("what ended for %s: %w", approver, err)
		}
	}
	if len(x.byHash) != len(x.byID) || len(x.due.heap) != len(x.byID) {
		return fmt.Errorf("%d requests, %d by hash, %d on the agenda", len(x.byID), len(x.byHash), len(x.due.heap))
	}
	return nil
}

func (x *Exchange) checkRequest(r *request) error {
	open := r.state == Waiting || r.held
	switch {
	case r.place == 0 || x.due.heap[r.place-1] != r:
		return fmt.Errorf("not on the agenda")
	case !x.closed && (r.pending != nil) != (open && !r.host()):
		return fmt.Errorf("its key is there or gone out of time")
	case x.closed && r.pending != nil:
		return fmt.Errorf("its key outlives the exchange")
	case r.fresh != nil && (r.waiters == 0 || !r.held):
		return fmt.Errorf("its plaintext is kept for nobody")
	case !r.host() && r.state != Denied && (x.byKey[r.key] == r) != open:
		return fmt.Errorf("reads attach to it out of time")
	case r.waiters < 0 || r.held && r.host():
		return fmt.Errorf("%d readers, held %v", r.waiters, r.held)
	case (r.cause == nil) != (r.state == Waiting || r.state == Approved):
		return fmt.Errorf("its cause is %v", r.cause)
	}
	for _, a := range r.answers {
		if a.vetted != nil && !open {
			return fmt.Errorf("what was released is kept after its end")
		}
	}
	return nil
}

func (x *Exchange) checkEnded(q *queue) error {
	if len(q.ended) > maxEnded {
		return fmt.Errorf("%d requests", len(q.ended))
	}
	for i, r := range q.ended {
		switch {
		case r.state == Waiting || r.ending == 0 || x.byID[r.id] != r:
			return fmt.Errorf("request %s is there, and %s", r.id, r.state)
		case i > 0 && q.ended[i-1].ending >= r.ending:
			return fmt.Errorf("out of order")
		}
	}
	return nil
}

func (q *queue) check(live int) error {
	n := 0
	for i, r := range q.requests {
		if r.state == Waiting {
			n++
		}
		if i > 0 && q.requests[i-1].order >= r.order {
			return fmt.Errorf("out of order")
		}
	}
	if n != live || q.live != live {
		return fmt.Errorf("%d requests wait, %d stand in it, counted as %d", live, n, q.live)
	}
	return nil
}

func TestTheLastReaderTakesTheValueWithIt(t *testing.T) {
	x := New(Config{})
	r := &request{state: Approved, held: true, fresh: &secret.Value{}, waiters: 2}
	x.readers = 2
	x.detach(r)
	if r.fresh == nil {
		t.Fatal("the value is gone while somebody waits for it")
	}
	x.detach(r)
	if r.fresh != nil {
		t.Fatal("the value is kept for nobody")
	}
}
