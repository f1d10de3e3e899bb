package backend

import (
	"sync"
	"time"
)

// limiter bounds how often an address may be refused on the paths that need no
// token. Calls that were signed or carried their ticket's token are not counted:
// many approvers may share an address, and what they send is admitted anyway.
type limiter struct {
	mu    sync.Mutex
	since time.Time
	count map[string]int
}

const (
	refusalWindow = time.Minute
	maxRefusals   = 60
	// maxAddresses bounds the memory that strangers can take. Further ones are
	// not counted: refusing them would let strangers shut everybody out.
	maxAddresses = 10000
)

// check returns errCap for an address that was refused too often.
func (l *limiter) check(address string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetLocked(now)
	if l.count[address] >= maxRefusals {
		return errCap
	}
	return nil
}

// refused counts a refused call.
func (l *limiter) refused(address string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetLocked(now)
	if l.count == nil {
		l.count, l.since = map[string]int{}, now
	}
	if l.count[address] > 0 || len(l.count) < maxAddresses {
		l.count[address]++
	}
}

// forget drops counts that are older than the window.
func (l *limiter) forget(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetLocked(now)
}

func (l *limiter) forgetLocked(now time.Time) {
	if now.Sub(l.since) >= refusalWindow {
		l.count = nil
	}
}
