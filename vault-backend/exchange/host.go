package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Release takes a host's signed request, or attaches to it if it was posted
// before, and blocks as [Exchange.Read] does, until the policy is met or
// somebody denied. path must be the request's, and who the requester that the
// request names. The host has the key: what is returned can be returned again,
// until some minutes after the deadline.
func (x *Exchange) Release(ctx context.Context, path string, signed envelope.Signed, who Requester, wait time.Duration) (*Releases, error) {
	wait, err := x.waitOf(wait)
	if err != nil {
		return nil, err
	}
	ended, stop := timeUp(x.cfg.Clock, wait)
	defer stop()
	hash := signed.Hash()
	r, err := x.attachHost(hash, path, who)
	if r == nil && err == nil {
		r, err = x.post(ctx, path, signed, hash, who)
	}
	if err != nil {
		return nil, err
	}
	defer x.detach(r)
	if err := x.await(ctx, r, ended); err != nil {
		return nil, err
	}
	return x.collect(ctx, r)
}

// attachHost joins the call to a request that was posted before; nil if it was
// not.
func (x *Exchange) attachHost(hash envelope.Hash, path string, who Requester) (*request, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r, err := x.hostRequestLocked(hash, path, who)
	if r != nil {
		x.join(r)
	}
	return r, err
}

// hostRequest returns a request that a host posted, if it is for this path and this
// is its requester; nil if there is none with this hash.
func (x *Exchange) hostRequest(hash envelope.Hash, path string, who Requester) (*request, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.hostRequestLocked(hash, path, who)
}

// hostRequestLocked is hostRequest with mu held.
func (x *Exchange) hostRequestLocked(hash envelope.Hash, path string, who Requester) (*request, error) {
	r := x.byHash[hash]
	switch {
	case r == nil:
		return nil, nil
	case !r.host():
		return nil, tell(ErrMountRequest, "request %s is the mount's own", r.id)
	case r.entity != who.Entity:
		return nil, tell(ErrEntity, "request %s", r.id)
	case r.path != path:
		return nil, fmt.Errorf("request %s is for another path: %w", r.id, approval.ErrRequest)
	}
	return r, nil
}

// posting is a host's request on its way in.
type posting struct {
	path    string
	signed  envelope.Signed
	hash    envelope.Hash
	version *secret.Version // the one that it names
	who     Requester
	slot    slot
	stored  bool
	raised  *request // whose alarm was raised for it
}

// post opens a host's request and joins the call to it. The stripe keeps two
// posts of the same, or a post and a cancellation, from storing across each
// other.
func (x *Exchange) post(ctx context.Context, path string, signed envelope.Signed, hash envelope.Hash, who Requester) (*request, error) {
	lock := x.stripe(hash)
	lock.Lock()
	defer lock.Unlock()
	if r, err := x.attachHost(hash, path, who); r != nil || err != nil {
		return r, err // posted twice at the same time
	}
	q, err := envelope.Peek[approval.Request](signed, envelope.TypeRequest)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	p := &posting{path: path, signed: signed, hash: hash, who: who, slot: slot{hostIdentity(who, q.Consumer), path, q.Consumer, q.BreakGlass}}
	for {
		var r *request
		if p.version, _, err = x.cfg.Version(ctx, path, q.Version); err == nil {
			r, err = x.tryPost(ctx, p)
		}
		if err != nil {
			x.takeBack(ctx, p)
		}
		if r != nil || err != nil {
			return r, err
		}
	}
}

// takeBack removes what was stored of a request that was not opened.
func (x *Exchange) takeBack(ctx context.Context, p *posting) {
	if p.stored {
		x.eraseHost(ctx, hostFolderOf(p.hash))
	}
	if p.raised != nil {
		x.silence(ctx, p.raised)
	}
}

// tryPost checks a host's request, stores it unless it was stored before, and
// enters it. It returns none if the roster changed meanwhile.
func (x *Exchange) tryPost(ctx context.Context, p *posting) (*request, error) {
	limits := x.cfg.Limits()
	epoch, err := x.admit(p.slot, 0, limits)
	if err != nil {
		return nil, err
	}
	r, err := x.draftHost(p)
	if err != nil {
		return nil, err
	}
	// The alarm first: nobody may be asked who is not told of.
	raised, err := x.raise(ctx, r)
	if raised {
		p.raised = r
	}
	if err != nil {
		return nil, err
	}
	if !p.stored {
		p.stored = true // or half of it may be
		if err := x.storeHost(ctx, r, "", ""); err != nil {
			return nil, err
		}
	}
	entered, err := x.enterHost(r, limits, epoch)
	if !entered {
		r = nil
	}
	return r, err
}

// hostIdentity tells hosts' requesters apart, where a policy does not want to
// know who they are by the host itself.
func hostIdentity(who Requester, consumer envelope.ID) string {
	if name, err := who.identity(); err == nil {
		return name
	}
	return "consumer/" + consumer.String()
}

// draftHost checks a host's request under the roster as it is now, with the
// version that it names.
func (x *Exchange) draftHost(p *posting) (*request, error) {
	now := x.cfg.Clock.Now()
	var r *request
	err := x.cfg.Roster(func(known *roster.Roster) error {
		q, _, err := approval.ReadRequest(known, p.signed, now)
		if err != nil {
			return err
		}
		switch {
		case q.Origin.Reported:
			return tell(ErrMountRequest, "request %s says that a mount made it", q.ID)
		case q.Origin.Entity != p.who.Entity:
			return tell(ErrEntity, "request %s", q.ID)
		case q.Mount != x.cfg.Mount || q.Path != p.path:
			return fmt.Errorf("request %s is for another mount or path: %w", q.ID, approval.ErrRequest)
		}
		verified, err := p.version.Verify(known, x.cfg.Mount, p.path)
		if err != nil {
			return err
		}
		if h := verified.Header; h.Secret != q.Secret || h.Version != q.Version || verified.HeaderHash != q.Header {
			return fmt.Errorf("request %s names another version than the one stored: %w", q.ID, approval.ErrRequest)
		}
		r = newRequest(p.signed, p.hash, q, verified, p.slot.who)
		r.epochs = len(p.version.Reshares)
		s := newBench(known, now).stands(r, standing{seats: r.seats})
		r.policyHash, r.seats = s.policy, s.seats
		return s.err
	})
	return r, err
}

// enterHost enters a host's request and joins the call to it. It says no if the
// roster has changed since epoch.
func (x *Exchange) enterHost(r *request, limits Limits, epoch uint64) (bool, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.epoch != epoch {
		return false, nil
	}
	if x.byID[r.id] != nil {
		return false, fmt.Errorf("request %s has the id of another: %w", r.id, approval.ErrRequest)
	}
	if err := x.admitLocked(r.slot(), 0, limits); err != nil {
		return false, err
	}
	x.enter(r)
	x.prompts++
	x.join(r)
	return true, nil
}

// collect returns what a host's request came to.
func (x *Exchange) collect(ctx context.Context, r *request) (*Releases, error) {
	x.mu.Lock()
	out := &Releases{Request: r.id, State: r.state, Decided: r.decisions()}
	cause, answers := r.cause, r.answers
	x.mu.Unlock()
	if out.State != Approved && out.State != Denied {
		return nil, cause
	}
	for i := range answers {
		rel, err := x.loadRelease(ctx, r, answers[i].hash)
		if err != nil {
			return nil, err
		}
		out.Releases = append(out.Releases, rel.Release)
	}
	return out, nil
}
