package approval

import (
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Vetted is a release that [Vet] found to count. Requirement is the one that
// its approver counts for.
type Vetted struct {
	Receipt     Receipt
	Requirement uint32
	blob        *envelope.Envelope
}

// Vet checks everything about a release that can be checked without the
// request's ephemeral key: that it is by a principal and device in force now,
// for exactly this request and version, signed before the deadline, of the
// policy's form and with a blob that is the one signed. Brokers call it before
// they record or pass on a release; [Pending.Accept] begins with it. hash is the
// signed request's. Where the receipt is authentic but does not count, it is
// returned with the error. That a person answers only once is the caller's to
// hold.
func Vet(r *roster.Roster, q *Request, hash envelope.Hash, v *secret.Verified, rel Release, now time.Time) (*Vetted, error) {
	rec, err := ReadReceipt(r, rel.Receipt)
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	w := &Vetted{Receipt: *rec, blob: rel.Blob}
	if err := w.check(r, q, hash, v, now); err != nil {
		return w, fmt.Errorf("release by %s: %w", rec.Approver, err)
	}
	carries := rec.Decision == Approve
	if carries != (rel.Blob != nil) || carries && envelope.SumHash(rel.Blob.Bytes) != rec.Blob {
		return w, fmt.Errorf("release by %s: not what was signed: %w", rec.Approver, ErrRelease)
	}
	return w, nil
}

// check holds a receipt against the request, today's roster and the clock.
func (w *Vetted) check(r *roster.Roster, q *Request, hash envelope.Hash, v *secret.Verified, now time.Time) error {
	rec := &w.Receipt
	if rec.Request != hash || rec.Mount != q.Mount || rec.RequestID != q.ID || v.HeaderHash != q.Header {
		return ErrRelease
	}
	if err := r.Fresh(now); err != nil {
		return err
	}
	at := envelope.At(now)
	if at >= q.Deadline || rec.Time >= q.Deadline {
		return ErrExpired
	}
	if rec.Time > at.Add(MaxClockSkew) {
		return fmt.Errorf("decided later than now: %w", ErrFuture)
	}
	if err := q.precedes(rec); err != nil {
		return err
	}
	policy, err := policyNow(r, q, v)
	if err != nil {
		return err
	}
	a, _, requirement, err := seat(r, policy, q, v, rec.Approver, rec.Device)
	if err != nil {
		return err
	}
	w.Requirement = requirement
	if rec.Generation != a.Generation {
		return ErrDevice
	}
	if rec.Decision == Deny {
		return nil
	}
	switch {
	case a.IsEntity(q.Origin.Entity) && !policy.SelfApproval:
		return ErrSelfApproval
	case rec.Lease > policy.LeaseMax:
		return ErrLease
	case rec.Decision == Reshare:
		return fmt.Errorf("a re-share answers no request for a secret: %w", ErrRelease)
	case rec.Form == FormShare && rec.WrapSet != v.WrapSet:
		return ErrWrapSet
	case rec.Decision == Approve && (rec.Form == FormPayload) != q.anyOf(policy), rec.Form == FormShare && rec.Requirement != requirement:
		return fmt.Errorf("of the wrong form: %w", ErrRelease)
	}
	return nil
}

// policyNow returns the policy that counts when a release comes in, which may
// not be the one under which the request was made: it still has to be the same
// policy, let this consumer receive, and ask for what the shares enforce.
func policyNow(r *roster.Roster, q *Request, v *secret.Verified) (*roster.Policy, error) {
	policy, err := v.PolicyNow(r)
	if err != nil {
		return nil, err
	}
	if _, err := r.Consumer(q.Consumer); err != nil {
		return nil, err
	}
	switch {
	case policy.ID != q.Policy:
		return nil, fmt.Errorf("the path has another policy by now: %w", ErrRequest)
	case !slices.Contains(policy.Consumers, q.Consumer):
		return nil, ErrConsumer
	}
	return policy, nil
}
