package exchange

import (
	"context"
	"fmt"
	"time"
)

// waitOf returns how long a call may block.
func (x *Exchange) waitOf(asked time.Duration) (time.Duration, error) {
	switch {
	case asked < 0:
		return 0, tell(ErrWait, "%s is no time to wait", asked)
	case asked == 0:
		asked = x.cfg.Limits().DefaultWait
	}
	return min(asked, MaxWait), nil
}

// await blocks until the request has ended, or one of the things that end only
// the wait: its time, the client's going away, a drain.
func (x *Exchange) await(ctx context.Context, r *request, ended <-chan struct{}) error {
	configured := x.cfg.Limits().Drain
	x.mu.Lock()
	draining, state := x.draining, r.state
	x.mu.Unlock()
	switch {
	case state != Waiting:
		return nil
	case configured:
		return x.drainingNow(r)
	}
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("request %s goes on: %w", r.id, ctx.Err())
	case <-draining:
		return x.drainingNow(r)
	case <-ended:
		return x.stillWaiting(r)
	}
}

// stillWaiting is the answer to a wait that ended; nil if the request ended in
// the same moment.
func (x *Exchange) stillWaiting(r *request) error {
	code := r.code.of(r.hash)
	if code != "" {
		code = "; tell your approvers the code " + code
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if r.state != Waiting {
		return nil
	}
	return tell(ErrWaiting, "%s (request %s for %q, until %s%s)", r.summary(true), r.id, r.path, clockTime(r.deadline), code)
}

// drainingNow is the answer to a wait that draining ended; nil if the request
// ended in the same moment. It promises nothing about the request: one of the
// mount's own does not outlive the process.
func (x *Exchange) drainingNow(r *request) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if r.state != Waiting {
		return nil
	}
	return tell(ErrDraining, "request %s for %q is not decided yet", r.id, r.path)
}

// detach counts a reader out. The last one takes with it a value that nobody
// took, and a request whose answer nobody would be given any more.
func (x *Exchange) detach(r *request) {
	x.mu.Lock()
	r.waiters--
	x.readers--
	superseded := false
	if r.waiters == 0 {
		r.dropValue()
		if superseded = r.superseded && r.state == Waiting; superseded {
			x.finish(r, Cancelled, r.supersededBy())
		}
	}
	x.mu.Unlock()
	if superseded {
		x.bury(r)
	}
}

func (r *request) supersededBy() error {
	return tell(supersession, "request %s for version %d of %q ended, a newer version was written", r.id, r.version, r.path)
}
