package exchange

import (
	"cmp"
	"context"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// List returns the requests of one requester, all for nil, oldest first.
func (x *Exchange) List(who *Requester) []Line {
	x.mu.Lock()
	defer x.mu.Unlock()
	all := make([]*request, 0, len(x.byID))
	for _, r := range x.byID {
		if r.visible(who) {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *request) int { return cmp.Compare(a.order, b.order) })
	lines := make([]Line, len(all))
	for i, r := range all {
		lines[i] = r.line()
	}
	return lines
}

// visible says whether a request is a requester's own; nil sees all. mu is held.
func (r *request) visible(who *Requester) bool {
	if who == nil {
		return true
	}
	name, err := who.identity()
	return err == nil && name == r.who
}

// line describes the request. mu is held.
func (r *request) line() Line {
	return Line{
		Request: r.id, Path: r.path, Version: r.version, BreakGlass: r.glass, State: r.state, Summary: r.summary(false),
		Created: r.created.Time(), Deadline: r.deadline.Time(),
	}
}

// Get tells about one request, of one requester or of anybody for nil;
// [ErrUnknownRequest] if there is none.
func (x *Exchange) Get(id envelope.ID, who *Requester) (*Status, error) {
	x.mu.Lock()
	r := x.byID[id]
	if r == nil || !r.visible(who) {
		x.mu.Unlock()
		return nil, tell(ErrUnknownRequest, "request %s", id)
	}
	s := &Status{Line: r.line(), Hash: r.hash, Consumer: r.consumer, Readers: r.waiters, Cause: r.cause}
	s.Requirements, s.Decisions = r.tally(), r.decisions()
	x.mu.Unlock()
	q, err := r.read()
	if err != nil {
		return nil, err
	}
	s.Origin, s.Reason = q.Origin, q.Reason
	if s.State == Waiting {
		s.MatchCode = r.code.of(r.hash)
	}
	err = x.cfg.Roster(func(known *roster.Roster) error {
		if c, err := known.FormerConsumer(r.consumer); err == nil {
			s.ConsumerName = c.Name
		}
		return nil
	})
	return s, err
}

// decisions says what the answers were, for people. mu is held.
func (r *request) decisions() []Decision {
	all := make([]Decision, len(r.answers))
	for i, a := range r.answers {
		all[i] = Decision{
			Approver: a.approver, Name: a.name, Device: a.device, Decision: a.decision, Reason: a.reason, Time: a.time.Time(),
		}
	}
	return all
}

// nameOf returns the name of an approver, in force or not, or else the id.
func nameOf(known *roster.Roster, approver envelope.ID) string {
	if a, err := known.FormerApprover(approver); err == nil {
		return a.Name
	}
	return approver.String()
}

// Cancel ends a request that waits, and the handing out of one that was
// approved. One that has ended stays as it ended.
func (x *Exchange) Cancel(ctx context.Context, id envelope.ID, who *Requester) error {
	x.mu.Lock()
	r := x.byID[id]
	if r == nil || !r.visible(who) {
		x.mu.Unlock()
		return tell(ErrUnknownRequest, "request %s", id)
	}
	x.mu.Unlock()
	lock := x.stripe(r.hash)
	lock.Lock()
	defer lock.Unlock()
	cause := tell(ErrCancelled, "request %s for %q was ended with a delete", r.id, r.path)
	if r.host() && x.stateOf(r) == Waiting {
		// First, so that the host cannot post it again after a restart.
		if err := x.storeHost(ctx, r, Cancelled, cause.Error()); err != nil {
			return err
		}
	}
	x.mu.Lock()
	switch {
	case r.state == Waiting:
		x.finish(r, Cancelled, cause)
	case r.held:
		x.drop(r)
	}
	x.mu.Unlock()
	r.wipe()
	x.hush(ctx, r)
	return nil
}
