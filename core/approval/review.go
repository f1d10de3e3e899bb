package approval

import (
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Item is what a broker hands a device for one request: the signed request, the
// version it asks for, and the decisions so far.
type Item struct {
	Request   envelope.Signed   `json:"request"`
	Version   secret.Version    `json:"version"`
	Decisions []envelope.Signed `json:"decisions"` // receipts
}

// Reviewer is an approver at one of their devices.
type Reviewer struct {
	Roster   *roster.Roster
	Mount    envelope.ID // pinned at enrolment; zero takes the request's
	Approver envelope.ID
	Device   envelope.ID
	// Decided says whether the device approved or denied a request with this
	// hash before; a consent alone is no decision yet.
	Decided func(request envelope.Hash) bool
}

// Case is a request that passed every check, with what an approver is shown.
type Case struct {
	Request   Request
	Hash      envelope.Hash
	Consumer  *roster.Consumer
	Policy    *roster.Policy
	Version   *secret.Verified
	Decisions []Receipt
	item      Item
	reviewer  Reviewer
	head      roster.Head // of the roster when it was reviewed
	approver  *roster.Approver
	device    *roster.Device
	compared  bool // the person typed the match code
}

// Review checks everything about an item before a person sees it: signature,
// consumer, policy, times, replay, the version and its author, that this
// approver holds a share and is not the requester, and the decisions shown. Any
// failure is a named error, and there is then no [Case] to approve.
func (v Reviewer) Review(item Item, now time.Time) (*Case, error) {
	q, policy, err := ReadRequest(v.Roster, item.Request, now)
	if err != nil {
		return nil, err
	}
	c := &Case{Request: *q, Hash: item.Request.Hash(), Policy: policy, item: item, reviewer: v, head: v.Roster.Head()}
	if v.Decided != nil && v.Decided(c.Hash) {
		return nil, fmt.Errorf("request %s: %w", q.ID, ErrReplayed)
	}
	if c.Consumer, err = v.Roster.Consumer(q.Consumer); err != nil {
		return nil, fmt.Errorf("request %s: %w", q.ID, err)
	}
	if !v.Mount.IsZero() && v.Mount != q.Mount {
		return nil, fmt.Errorf("request %s: of another mount: %w", q.ID, ErrRequest)
	}
	// Better refused now than after a gesture, when nothing can be sealed to it.
	if err := q.Ephemeral.Check(); err != nil {
		return nil, fmt.Errorf("request %s: ephemeral key: %w", q.ID, err)
	}
	if c.Version, err = item.Version.Verify(v.Roster, q.Mount, q.Path); err != nil {
		return nil, fmt.Errorf("request %s: %w", q.ID, err)
	}
	if h := c.Version.Header; h.Secret != q.Secret || h.Version != q.Version || c.Version.HeaderHash != q.Header {
		return nil, fmt.Errorf("request %s: asks for another version: %w", q.ID, ErrRequest)
	}
	if err := c.seat(); err != nil {
		return nil, fmt.Errorf("request %s: %w", q.ID, err)
	}
	if err := c.readDecisions(item.Decisions); err != nil {
		return nil, fmt.Errorf("request %s: %w", q.ID, err)
	}
	return c, nil
}

// seat finds the approver's place in the version and the policy.
func (c *Case) seat() error {
	v := c.reviewer
	var err error
	if c.approver, c.device, _, err = seat(v.Roster, c.Policy, &c.Request, c.Version, v.Approver, v.Device); err != nil {
		return err
	}
	if !c.Version.HasWrap(v.Approver) {
		return secret.ErrNotHolder
	}
	if c.approver.IsEntity(c.Request.Origin.Entity) && !c.Policy.SelfApproval {
		return ErrSelfApproval
	}
	return nil
}

// seat checks that somebody may answer for a version now: approver and device
// in force, among the policy's people today, and holder of a share of their
// current keyring, for a requirement that answers the request. It returns the
// requirement that they count for.
func seat(r *roster.Roster, p *roster.Policy, q *Request, v *secret.Verified, approver, device envelope.ID) (*roster.Approver, *roster.Device, uint32, error) {
	a, err := r.Approver(approver)
	if err != nil {
		return nil, nil, 0, err
	}
	d, err := r.Device(device)
	if err != nil {
		return nil, nil, 0, err
	}
	if d.Approver != approver || d.Generation != a.Generation {
		return nil, nil, 0, ErrDevice
	}
	holder, err := v.Seat(approver)
	if err != nil {
		return nil, nil, 0, err
	}
	if holder.Generation != a.Generation {
		return nil, nil, 0, secret.ErrNotHolder
	}
	if !q.counts(v.Access[holder.Requirement]) {
		return nil, nil, 0, ErrNotPrincipal
	}
	for _, eligible := range r.Eligible(p)[holder.Requirement] {
		if eligible.ID == approver {
			return a, d, holder.Requirement, nil
		}
	}
	return nil, nil, 0, ErrNotPrincipal
}

// readDecisions takes what others decided. A denial by somebody who has no say
// here is no denial: a revoked phone must not be able to stop a request.
func (c *Case) readDecisions(decisions []envelope.Signed) error {
	for _, s := range decisions {
		rec, err := ReadReceipt(c.reviewer.Roster, s)
		if err != nil {
			return err
		}
		if rec.Request != c.Hash {
			return fmt.Errorf("a decision shown is about another request: %w", ErrRelease)
		}
		_, _, _, err = seat(c.reviewer.Roster, c.Policy, &c.Request, c.Version, rec.Approver, rec.Device)
		if err == nil && rec.Decision == Deny {
			return ErrDenied
		}
		c.Decisions = append(c.Decisions, *rec)
	}
	return nil
}

// MatchCode returns the code that requester and approver compare.
func (c *Case) MatchCode() string { return MatchCode(c.Hash) }

// Compare takes the code that the person typed, [ErrMatchCode] if it is not this
// request's. Where the policy wants match codes, nothing is approved before.
func (c *Case) Compare(typed string) error {
	if err := CheckMatchCode(c.Hash, typed); err != nil {
		return err
	}
	c.compared = true
	return nil
}
