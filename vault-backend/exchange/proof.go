package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// tell passes on what became of shares. No lock is held: whoever is told may change
// the version, and say so.
func (x *Exchange) tell(ctx context.Context, path string, o *Opening) {
	if o != nil && x.cfg.Opened != nil {
		x.cfg.Opened(context.WithoutCancel(ctx), path, *o)
	}
}

// openingOf returns what an answer showed of shares: a receipt that carries the
// payload, that its approver's share opened it; the answer with which the mount
// opened a version, the shares that it was opened with. What hosts open they say
// themselves ([Exchange.Opened]), but that they were given what breaks the glass is
// told at once: whatever they say, it is to be replaced.
func (x *Exchange) openingOf(r *request, g *ruling, state State) *Opening {
	rec := &g.vetted.Receipt
	o := &Opening{Version: r.version, WrapSet: rec.WrapSet, BreakGlass: r.glass}
	switch {
	case rec.Form == approval.FormPayload:
		o.Approvers = []envelope.ID{rec.Approver}
	case state != Approved || rec.Form != approval.FormShare || r.host() && !r.glass:
		return nil
	case !r.host():
		x.mu.Lock()
		defer x.mu.Unlock()
		o.Approvers, _ = r.quorum(nil)
	}
	return o
}

// quorum returns the approvers whose shares a version is opened with: as many as
// each requirement wants, in the order of their answers, and whether that is enough.
// Where among is not nil, only those count. mu is held.
func (r *request) quorum(among []envelope.ID) (all []envelope.ID, enough bool) {
	used := make([]uint32, len(r.access))
	for i := range r.answers {
		a := &r.answers[i]
		if a.decision != approval.Approve || used[a.requirement] >= r.access[a.requirement].M || among != nil && !slices.Contains(among, a.approver) {
			continue
		}
		used[a.requirement]++
		all = append(all, a.approver)
	}
	for i, a := range r.access {
		if r.counts(i) && used[i] < a.M {
			return nil, false
		}
	}
	return all, true
}

// spoilt refuses an approval with which the version does not open. Where that is a
// dealer's fault, nobody's answer can open it: the request ends.
func (x *Exchange) spoilt(ctx context.Context, r *request, g *ruling, reason error) (State, error) {
	var liar *secret.DealerError
	if !errors.As(reason, &liar) {
		return x.refuse(ctx, r, g, reason)
	}
	g.opening = &Opening{Version: r.version, WrapSet: r.wrapSet, Accused: liar.Approver, Epoch: liar.Epoch, BreakGlass: r.glass}
	x.mu.Lock()
	if r.state == Waiting {
		x.finish(r, Cancelled, fmt.Errorf("request %s for %q ended, it cannot be opened: %w", r.id, r.path, reason))
	}
	x.mu.Unlock()
	r.wipe()
	x.hush(ctx, r)
	return x.refuse(ctx, r, g, reason)
}

// Opened takes a host's signed word about the shares that it was given: that those
// of these approvers opened the version, or who among the dealers lied. who must be
// the requester, and path the request's. [ErrUnknownRequest] if the request is no
// longer known; the next one proves the same.
func (x *Exchange) Opened(ctx context.Context, path string, signed envelope.Signed, who Requester) error {
	o, err := envelope.Peek[approval.Opened](signed, envelope.TypeOpened)
	if err != nil {
		return fmt.Errorf("opened: %w", err)
	}
	r, err := x.hostRequest(o.Request, path, who)
	if err != nil {
		return err
	}
	if r == nil {
		return tell(ErrUnknownRequest, "request with hash %s", o.Request)
	}
	q, err := r.read()
	if err != nil {
		return err
	}
	err = x.cfg.Roster(func(known *roster.Roster) (err error) {
		_, err = approval.ReadOpened(known, signed, q, r.hash)
		return err
	})
	if err != nil {
		return err
	}
	approvers, given := x.released(r, &o)
	if !given {
		return fmt.Errorf("request %s was not answered with these shares: %w", r.id, approval.ErrRequest)
	}
	x.tell(ctx, r.path, &Opening{
		Version: r.version, WrapSet: o.WrapSet, Approvers: approvers, Accused: o.Accused, Epoch: o.Epoch, ByHost: true, BreakGlass: r.glass,
	})
	return nil
}

// released says whether a host was given what it says that it opened, and which of
// these shares it opened it with: it can prove no share that nobody released, and
// accuse nobody before it was given all.
func (x *Exchange) released(r *request, o *approval.Opened) (used []envelope.ID, given bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if r.state != Approved || o.WrapSet != r.wrapSet {
		return nil, false
	}
	if !o.Accused.IsZero() {
		return nil, true
	}
	for _, id := range o.Approvers {
		if !r.said(id, approval.Approve) {
			return nil, false
		}
	}
	return r.quorum(o.Approvers)
}
