package exchange

import (
	"context"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// handOut gives a reader what its request came to. The first reader takes the
// value that the last answer was opened to; whoever comes after has it opened
// again from the release, so that no plaintext is kept in between. The key is
// kept for [Limits.HandOut] after the first time, since a connection may have
// dropped with the value in it, and then wiped.
func (x *Exchange) handOut(ctx context.Context, r *request) (*Answer, error) {
	window := x.cfg.Limits().HandOut
	x.mu.Lock()
	if r.state != Approved {
		defer x.mu.Unlock()
		if ctx.Err() == nil { // somebody is there to be told
			x.detachKey(r)
		}
		return nil, r.cause
	}
	value := r.fresh
	r.fresh = nil
	if value != nil {
		x.handedLocked(r, window)
	}
	x.mu.Unlock()
	if value == nil {
		var err error
		if value, err = x.openAgain(ctx, r); err != nil {
			return nil, err
		}
		x.mu.Lock()
		x.handedLocked(r, window)
		x.mu.Unlock()
	}
	return &Answer{Value: value, Lease: x.leaseLeft(r), Request: r.id, Version: r.version}, nil
}

// handedLocked begins the time in which the value is handed out again. mu is
// held.
func (x *Exchange) handedLocked(r *request, window time.Duration) {
	if r.held && !r.handed {
		r.handed = true
		x.schedule(r, min(r.handOutEnd(), x.now().Add(window)))
	}
}

// openAgain opens the releases of an approved request once more.
func (x *Exchange) openAgain(ctx context.Context, r *request) (*secret.Value, error) {
	lock := x.stripe(r.hash)
	lock.Lock()
	defer lock.Unlock()
	x.mu.Lock()
	var vetted []*approval.Vetted
	for i := range r.answers {
		if w := r.answers[i].vetted; w != nil {
			vetted = append(vetted, w)
		}
	}
	held := r.held
	x.mu.Unlock()
	if !held || r.pending == nil {
		return nil, tell(approval.ErrExpired, "request %s for %q was approved, and the time to hand out its value is over", r.id, r.path)
	}
	q, err := r.read()
	if err != nil {
		return nil, err
	}
	verified, err := x.version(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, w := range vetted {
		value, err := r.pending.Open(q, verified, w)
		if value != nil || err != nil {
			return value, err
		}
	}
	return nil, secret.ErrQuorum
}

// leaseLeft returns what is left of the lease, which began with the approval,
// rounded up to a second.
func (x *Exchange) leaseLeft(r *request) uint32 {
	x.mu.Lock()
	defer x.mu.Unlock()
	end := r.approved.Add(time.Duration(r.lease) * time.Second)
	left := end.Sub(envelope.At(x.cfg.Clock.Now()))
	return uint32(max(1, (left+time.Second-1)/time.Second))
}
