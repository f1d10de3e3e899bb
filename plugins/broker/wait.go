package broker

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

const (
	// usualWait is how long one call waits: short of what servers, clients and
	// load balancers cut at 60 s.
	usualWait = 50 * time.Second
	// longestWait is the most that the broker takes.
	longestWait = 55 * time.Second
	// lastStretch is the time before a request's deadline in which no call may
	// end: the next one could come after the deadline, and would open a new
	// request.
	lastStretch = 10 * time.Second
	// quickAnswer tells a call that did not wait (a drain, a restart) from one
	// that did; the former is not repeated at once.
	quickAnswer = time.Second
	longestRest = 5 * time.Second
	// longestOutage is how long the server may be away before a wait gives up.
	longestOutage = 2 * time.Minute
)

// Progress is told whenever a wait goes on: why, and until when, if that is known.
// It is called from the waiting goroutine.
type Progress func(why string, deadline time.Time)

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// nextWait is how long the next call waits, given the time that is left.
func nextWait(left time.Duration) time.Duration {
	switch {
	case left <= longestWait-time.Second:
		return longestWait // the broker ends it at the deadline
	case left < usualWait+lastStretch:
		return left - lastStretch
	default:
		return usualWait
	}
}

// waiter repeats a call that waits until it ends otherwise.
type waiter struct {
	client   *Client
	deadline time.Time // zero while unknown
	progress Progress
	rest     time.Duration
	attached bool      // the broker has answered before
	lost     time.Time // since when it has not
}

// again says whether a call that ended with err, after it took a time, is to be
// made again; it rests before where that is wise. The error that it returns
// otherwise is err or the context's.
func (w *waiter) again(ctx context.Context, err error, took time.Duration) error {
	if ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	if !Waiting(err) && !w.survives(err) {
		return err
	}
	if !w.deadline.IsZero() && !w.client.now().Before(w.deadline) {
		return err
	}
	if Waiting(err) {
		w.attached, w.lost = true, time.Time{}
	}
	if w.progress != nil {
		w.progress(err.Error(), w.deadline)
	}
	if took >= quickAnswer {
		w.rest = 0
		return nil
	}
	w.rest = min(max(2*w.rest, 250*time.Millisecond), longestRest)
	if e := w.client.sleep(ctx, w.rest); e != nil {
		return errors.Join(err, e)
	}
	return nil
}

// survives says whether a wait goes on after a failure that is no answer. One
// that never reached the server does not: that is a wrong address.
func (w *waiter) survives(err error) bool {
	if !interrupted(err) {
		return false
	}
	var dial *net.OpError
	if !w.attached && errors.As(err, &dial) && dial.Op == "dial" {
		return false
	}
	if w.lost.IsZero() {
		w.lost = w.client.now()
	}
	return w.client.now().Sub(w.lost) < longestOutage
}

func (w *waiter) wait() time.Duration {
	if w.deadline.IsZero() {
		return usualWait
	}
	return nextWait(w.deadline.Sub(w.client.now()))
}

// interrupted says whether err is a connection's or a server's failure and not
// an answer: a restart, a step-down, a load balancer.
func interrupted(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return true
	}
	switch e.Status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// deadlineOf learns a request's deadline, zero where it may not or cannot.
func (c *Client) deadlineOf(ctx context.Context, id envelope.ID) time.Time {
	if id.IsZero() {
		return time.Time{}
	}
	request, err := c.ReadRequest(ctx, id)
	if err != nil {
		return time.Time{}
	}
	return request.Deadline
}
