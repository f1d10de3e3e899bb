package exchange

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// ruling is a release that is being taken: what it says, and what it was held
// against.
type ruling struct {
	release  approval.Release
	hash     envelope.Hash // of the receipt
	vetted   *approval.Vetted
	asked    *approval.Request
	verified *secret.Verified
	name     string   // the approver's
	opening  *Opening // what it showed of shares; nil for nothing
}

// Answer takes an approver's release. It is verified and recorded before anybody
// learns of it; the same release again has no further effect and gives the same
// result. A release that does not count is refused with its named error, and the
// request goes on. A release that shows that a dealer lied ends it, and accuses the
// dealer.
func (x *Exchange) Answer(ctx context.Context, rel approval.Release) (State, error) {
	// Only to find the request: the receipt is read properly with it.
	var about struct {
		Request envelope.Hash `json:"request"`
	}
	if err := json.Unmarshal(rel.Receipt.Payload, &about); err != nil {
		return "", fmt.Errorf("answer: %w", envelope.ErrEncoding)
	}
	x.mu.Lock()
	r := x.byHash[about.Request]
	x.mu.Unlock()
	if r == nil {
		return x.answerUnknown(ctx, rel)
	}
	g := ruling{release: rel, hash: rel.Receipt.Hash()}
	state, err := x.rule(ctx, r, &g)
	x.tell(ctx, r.path, g.opening)
	return state, err
}

// rule does what an answer to a known request takes, under its stripe.
func (x *Exchange) rule(ctx context.Context, r *request, g *ruling) (State, error) {
	lock := x.stripe(r.hash)
	lock.Lock()
	defer lock.Unlock()
	if x.counted(r, g.hash) {
		return x.stateOf(r), nil
	}
	err := x.vet(ctx, r, g)
	switch {
	case g.vetted == nil:
		return x.stateOf(r), err
	case err == nil:
		err = x.timely(r, g.vetted)
	}
	if err != nil {
		return x.refuse(ctx, r, g, err)
	}
	return x.take(ctx, r, g)
}

// counted says whether an answer counted before.
func (x *Exchange) counted(r *request, receipt envelope.Hash) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range r.answers {
		if r.answers[i].hash == receipt {
			return true
		}
	}
	return false
}

func (x *Exchange) stateOf(r *request) State {
	x.mu.Lock()
	defer x.mu.Unlock()
	return r.state
}

// vet holds a release against the roster, the request and the version as they
// are now. Where the receipt is authentic, g.vetted is set even if it fails.
func (x *Exchange) vet(ctx context.Context, r *request, g *ruling) error {
	var err error
	if g.asked, err = r.read(); err != nil {
		return err
	}
	var missing error
	g.verified, missing = x.version(ctx, r)
	now := x.cfg.Clock.Now()
	return x.cfg.Roster(func(known *roster.Roster) error {
		if missing != nil {
			rec, err := approval.ReadReceipt(known, g.release.Receipt)
			if err != nil {
				return err
			}
			g.vetted = &approval.Vetted{Receipt: *rec}
			return missing
		}
		g.vetted, err = approval.Vet(known, g.asked, r.hash, g.verified, g.release, now)
		if err == nil {
			g.name = nameOf(known, g.vetted.Receipt.Approver)
		}
		return err
	})
}

// timely checks that the request still waits and that this approver has not said
// the same before.
func (x *Exchange) timely(r *request, w *approval.Vetted) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.timelyLocked(r, w)
}

// timelyLocked is timely with mu held.
func (x *Exchange) timelyLocked(r *request, w *approval.Vetted) error {
	switch {
	case r.state == Expired, r.state == Waiting && x.now() >= r.deadline:
		return r.expired()
	case r.state != Waiting:
		return tell(ErrOver, "request %s for %q is %s", r.id, r.path, r.state)
	case r.said(w.Receipt.Approver, w.Receipt.Decision):
		return fmt.Errorf("request %s: %w", r.id, approval.ErrDecided)
	}
	return nil
}

// take records a release that counts and then lets it have its effect. If
// recording fails nothing has happened, and the device sends it again.
func (x *Exchange) take(ctx context.Context, r *request, g *ruling) (State, error) {
	if err := x.keep(ctx, r, g); err != nil {
		return x.stateOf(r), err
	}
	var value *secret.Value
	if g.vetted.Receipt.Decision == approval.Approve && r.pending != nil {
		var err error
		if value, err = r.pending.Open(g.asked, g.verified, g.vetted); err != nil {
			return x.spoilt(ctx, r, g, err)
		}
	}
	if err := x.sound(ctx, r, g, value != nil || r.host() && x.completes(r, g)); err != nil {
		value.Wipe()
		return x.stateOf(r), err
	}
	if err := x.apply(r, g, value); err != nil {
		value.Wipe()
		x.hush(ctx, r)
		return x.refuse(ctx, r, g, err)
	}
	state := x.stateOf(r)
	if state == Denied || state == Approved && r.host() {
		r.wipe()
	}
	g.opening = x.openingOf(r, g, state)
	return state, nil
}

// keep stores what a release that counts leaves behind, in an order in which a crash
// between any two loses nothing: a denial has its cooldown and its report before it
// is known, and an answer to a host is restored with its record.
func (x *Exchange) keep(ctx context.Context, r *request, g *ruling) error {
	rec := &g.vetted.Receipt
	if rec.Decision == approval.Deny {
		if err := x.coolAfter(ctx, r, g); err != nil {
			return err
		}
	}
	if rec.Report {
		if err := x.file(ctx, reportEntry{Request: r.signed, Receipt: g.release.Receipt, Who: r.who, By: g.name}); err != nil {
			return err
		}
	}
	if r.host() {
		if err := x.storeRelease(ctx, r, g); err != nil {
			return err
		}
	}
	return x.record(ctx, r, g, "")
}

// completes says whether a release is the last that a host's request waits for.
func (x *Exchange) completes(r *request, g *ruling) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	missing := r.missing(approval.Approve)
	if g.vetted.Receipt.Decision != approval.Approve || len(missing) != 1 {
		return false
	}
	q := g.vetted.Requirement
	have := uint32(1)
	for i := range r.answers {
		if r.answers[i].decision == approval.Approve && r.answers[i].requirement == q {
			have++
		}
	}
	return missing[0] == r.access[q].Name && have >= r.access[q].M
}

// apply gives a recorded release its effect, unless the request ended meanwhile.
// It takes over value.
func (x *Exchange) apply(r *request, g *ruling, value *secret.Value) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.timelyLocked(r, g.vetted); err != nil {
		return err
	}
	r.answers = append(r.answers, answerOf(g, r.host()))
	switch {
	case g.vetted.Receipt.Decision == approval.Deny:
		x.finish(r, Denied, r.deniedBy(g.name, g.vetted.Receipt.Reason))
	case value != nil, r.host() && len(r.missing(approval.Approve)) == 0:
		r.lease = r.grantedLease()
		x.finish(r, Approved, nil)
		if r.fresh = value; r.waiters == 0 {
			r.dropValue()
		}
	default:
		for _, s := range r.seats { // what they are shown has changed
			if s.may {
				x.queueOf(s.approver).ring()
			}
		}
	}
	return nil
}

func answerOf(g *ruling, host bool) answer {
	rec := &g.vetted.Receipt
	a := answer{
		receipt: g.release.Receipt, hash: g.hash, approver: rec.Approver, name: g.name, device: rec.Device, decision: rec.Decision,
		requirement: g.vetted.Requirement, lease: rec.Lease, reason: rec.Reason, time: rec.Time,
	}
	if !host && rec.Decision == approval.Approve {
		a.vetted = g.vetted
	}
	return a
}

// grantedLease returns the shortest lease among the approvals. mu is held.
func (r *request) grantedLease() uint32 {
	var lease uint32
	for i := range r.answers {
		if l := r.answers[i].lease; l > 0 && (lease == 0 || l < lease) {
			lease = l
		}
	}
	return lease
}

func (r *request) deniedBy(name, reason string) error {
	if reason == "" {
		return tell(approval.ErrDenied, "%s said no, without a reason, to request %s for %q", name, r.id, r.path)
	}
	return tell(approval.ErrDenied, "%s said %q to request %s for %q", name, reason, r.id, r.path)
}

// refuse records an authentic release that does not count, so that the device's
// chain of receipts has no gap, and returns why it does not.
func (x *Exchange) refuse(ctx context.Context, r *request, g *ruling, reason error) (State, error) {
	rec := &g.vetted.Receipt
	if rec.Request == r.hash && rec.RequestID == r.id && rec.Mount == x.cfg.Mount {
		if err := x.record(ctx, r, g, nameOfError(reason)); err != nil {
			return x.stateOf(r), err
		}
	}
	return x.stateOf(r), reason
}

// answerUnknown is the answer to a release for a request that is not known
// (any more): the same as before if it was recorded, and otherwise an error.
func (x *Exchange) answerUnknown(ctx context.Context, rel approval.Release) (State, error) {
	var rec *approval.Receipt
	err := x.cfg.Roster(func(known *roster.Roster) (err error) {
		rec, err = approval.ReadReceipt(known, rel.Receipt)
		return err
	})
	if err != nil {
		return "", err
	}
	known, err := x.recordOf(ctx, rel.Receipt.Hash())
	switch {
	case err != nil:
		return "", err
	case known == nil:
		return "", tell(ErrUnknownRequest, "request %s", rec.RequestID)
	case known.Refused != "":
		return "", tell(ErrOver, "this answer to request %s was refused before: %s", rec.RequestID, known.Refused)
	case rec.Decision == approval.Approve:
		return Approved, nil
	case rec.Decision == approval.Deny:
		return Denied, nil
	}
	return Waiting, nil
}
