package exchange

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Read asks for a secret with the mount as consumer, or attaches to the same
// requester's request for the same, and blocks until there is something to say:
// the value, or an error. [ErrWaiting] and [ErrDraining] leave the request as it
// is; so does the end of ctx, whose error is returned.
func (x *Exchange) Read(ctx context.Context, ask Ask) (*Answer, error) {
	reading, err := x.Begin(ctx, ask)
	if err != nil {
		return nil, err
	}
	return reading.Wait(ctx)
}

// Reading is a read that has its request, and has yet to wait for the answer.
type Reading struct {
	exchange *Exchange
	request  *request
	ended    <-chan struct{} // closed when the wait is over
	stop     func()
}

// Begin does of [Exchange.Read] what comes before the waiting, so that whoever
// has many reads can wait with little on the stack. [Reading.Wait] must follow,
// once.
func (x *Exchange) Begin(ctx context.Context, ask Ask) (*Reading, error) {
	wait, err := x.waitOf(ask.Wait)
	if err != nil {
		return nil, err
	}
	k, err := ask.key()
	if err != nil {
		return nil, err
	}
	ended, stop := timeUp(x.cfg.Clock, wait)
	r, err := x.attachOrAsk(ctx, ask, k)
	if err != nil {
		stop()
		return nil, err
	}
	return &Reading{x, r, ended, stop}, nil
}

// Wait blocks until the read has its answer, or its wait is over.
func (w *Reading) Wait(ctx context.Context) (*Answer, error) {
	defer w.stop()
	defer w.exchange.detach(w.request)
	if err := w.exchange.await(ctx, w.request, w.ended); err != nil {
		return nil, err
	}
	return w.exchange.handOut(ctx, w.request)
}

// attachOrAsk joins the read to a request.
func (x *Exchange) attachOrAsk(ctx context.Context, ask Ask, k key) (*request, error) {
	// Whoever asks for the latest version asks for the one that is the latest
	// now: after a write they are not given what was asked for before it.
	version, number, err := x.cfg.Version(ctx, ask.Path, ask.Version)
	if err != nil {
		return nil, err
	}
	k.version = number
	if r := x.attach(k); r != nil {
		return r, nil
	}
	return x.ask(ctx, ask, k, version)
}

// key returns what reads of the same must have in common, but for the version.
func (a Ask) key() (key, error) {
	who, err := a.Requester.identity()
	if err != nil {
		return key{}, err
	}
	if a.Lease < 0 || a.Lease%time.Second != 0 || a.Lease/time.Second > math.MaxUint32 {
		return key{}, tell(approval.ErrLease, "a lease is a whole number of seconds")
	}
	return key{who: who, path: a.Path, reason: a.Reason, lease: uint32(a.Lease / time.Second), glass: a.BreakGlass}, nil
}

// identity tells requesters apart: by entity, or else by token.
func (who Requester) identity() (string, error) {
	switch {
	case who.Entity != "":
		return "entity/" + who.Entity, nil
	case who.Accessor != "":
		return "token/" + who.Accessor, nil
	}
	return "", tell(approval.ErrRequesterUnknown, "the token has neither an entity nor an accessor")
}

// attach joins the read to a request that waits, whose value is still handed
// out, or whose denial nobody was told; nil if there is none.
func (x *Exchange) attach(k key) *request {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.attachLocked(k)
}

// attachLocked is attach with mu held.
func (x *Exchange) attachLocked(k key) *request {
	r := x.byKey[k]
	switch {
	case r == nil:
		return nil
	case r.state == Denied && x.now() >= r.deadline:
		x.detachKey(r)
		return nil
	}
	x.join(r)
	return r
}

// join counts a reader in; [Exchange.detach] counts it out. mu is held.
func (x *Exchange) join(r *request) {
	r.waiters++
	x.readers++
}

// ask opens a request and joins the read to it.
func (x *Exchange) ask(ctx context.Context, ask Ask, k key, version *secret.Version) (*request, error) {
	for {
		limits := x.cfg.Limits()
		epoch, err := x.admit(slot{who: k.who, path: k.path, glass: k.glass}, k.version, limits)
		if err != nil {
			// Another read may have asked meanwhile, and been denied.
			if other := x.attach(k); other != nil {
				return other, nil
			}
			return nil, err
		}
		r, err := x.draft(ask, k, version)
		if err != nil {
			return nil, err
		}
		joined, replaced, err := x.alarmAndEnter(ctx, r, limits, epoch)
		if joined != r {
			r.wipe()
		}
		if replaced != nil {
			x.bury(replaced)
		}
		if joined != nil || err != nil {
			return joined, err
		}
		// The roster or the version changed in between.
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if version, k.version, err = x.cfg.Version(ctx, ask.Path, ask.Version); err != nil {
			return nil, err
		}
	}
}

// draft makes a request under the roster as it is now. The caller owns its key.
func (x *Exchange) draft(ask Ask, k key, version *secret.Version) (*request, error) {
	consumer, signer, notAdmitted := x.cfg.Consumer()
	if notAdmitted != nil && !errors.Is(notAdmitted, ErrMountNotAdmitted) {
		return nil, notAdmitted
	}
	origin := approval.Origin{
		Reported: true, Requester: ask.Requester.Name, Entity: ask.Requester.Entity, Remote: ask.Requester.Remote, UID: -1, PID: -1,
	}
	now := x.cfg.Clock.Now()
	var r *request
	err := x.cfg.Roster(func(known *roster.Roster) error {
		if err := mountMay(known, ask.Path, consumer, notAdmitted); err != nil {
			return err
		}
		verified, err := version.Verify(known, x.cfg.Mount, ask.Path)
		if err != nil {
			return err
		}
		terms := approval.Terms{Origin: origin, Reason: ask.Reason, Lease: ask.Lease, BreakGlass: ask.BreakGlass}
		pending, signed, err := approval.Ask(known, verified, consumer, signer, terms, now)
		if err != nil {
			return err
		}
		q, err := envelope.Peek[approval.Request](signed, envelope.TypeRequest)
		if err != nil {
			pending.Wipe()
			return err
		}
		r = newRequest(signed, pending.Hash(), &q, verified, k.who)
		r.pending, r.key, r.latest, r.epochs = pending, k, ask.Version == 0, len(version.Reshares)
		r.path = k.path // one string for both: there may be many requests
		s := newBench(known, now).stands(r, standing{seats: r.seats})
		r.policyHash, r.seats = s.policy, s.seats
		return s.err
	})
	if err != nil && r != nil {
		r.wipe()
	}
	return r, err
}

// mountMay checks that the policy for a path names the mount as consumer, and
// says what to do instead where it names others.
func mountMay(known *roster.Roster, path string, mount envelope.ID, notAdmitted error) error {
	p, err := known.PolicyFor(path)
	switch {
	case err != nil:
		return err
	case notAdmitted == nil && slices.Contains(p.Consumers, mount):
		return nil
	case len(p.Consumers) > 0:
		return tell(ErrHostConsumersOnly, "run `stillvault get %s` on a host that the policy %q names", path, p.Name)
	case notAdmitted != nil:
		return notAdmitted
	}
	return tell(approval.ErrConsumer, "policy %q lets nobody receive %q", p.Name, path)
}

// alarmAndEnter enters a new request as enterAsk does. If it breaks the glass, its
// alarm is raised before anybody is asked.
func (x *Exchange) alarmAndEnter(ctx context.Context, r *request, limits Limits, epoch uint64) (joined, replaced *request, err error) {
	if _, err := x.raise(ctx, r); err != nil {
		return nil, nil, err
	}
	joined, replaced, err = x.enterAsk(r, limits, epoch)
	if joined != r {
		x.silence(ctx, r)
	}
	return joined, replaced, err
}

// enterAsk enters a new request, or joins the read to one that another read
// entered meanwhile. It joins none if the roster has changed since epoch. The
// caller buries the request that the new one replaced, if there is one.
func (x *Exchange) enterAsk(r *request, limits Limits, epoch uint64) (joined, replaced *request, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if other := x.attachLocked(r.key); other != nil {
		return other, nil, nil
	}
	if x.epoch != epoch {
		return nil, nil, nil
	}
	if err := x.admitLocked(r.slot(), r.version, limits); err != nil {
		return nil, nil, err
	}
	replaced = x.makeRoom(r.slot())
	x.enter(r)
	x.prompts++
	x.join(r)
	return r, replaced, nil
}
