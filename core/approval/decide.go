package approval

import (
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/secret"
)

// Approve opens what the approver may open and seals it to the consumer's key
// for this request. Where one person suffices that is the payload, and the DEK
// never leaves this call; otherwise it is the approver's share. The keyring is
// open because the approver's factor just opened it, and stays the caller's.
func (c *Case) Approve(k *keyring.Keyring, device envelope.Signer, l Ledger, now time.Time) (Release, error) {
	if err := c.decidable(k, device, now); err != nil {
		return Release{}, err
	}
	if c.Policy.ConsentFirst { // also where the glass is broken
		if err := c.checkConsents(); err != nil {
			return Release{}, fmt.Errorf("approve %s: %w", c.Request.ID, err)
		}
	}
	rec := c.receipt(Approve, l, now)
	rec.Lease, rec.WrapSet = c.Request.LeaseFor(c.Policy), c.Version.WrapSet
	blob, err := c.seal(&rec, k)
	if err != nil {
		return Release{}, fmt.Errorf("approve %s: %w", c.Request.ID, err)
	}
	rec.Blob = envelope.SumHash(blob.Bytes)
	signed, err := Signatories{device, k}.sign(rec)
	if err != nil {
		return Release{}, fmt.Errorf("approve %s: %w", c.Request.ID, err)
	}
	return Release{Receipt: signed, Blob: &blob}, nil
}

// Deny says no, with a reason of at most [MaxReason] bytes. It needs no factor.
// report says besides that this should never have been asked: brokers show it to
// the organisation, and do not let the requester ask again soon.
func (c *Case) Deny(reason string, report bool, device envelope.Signer, l Ledger, now time.Time) (Release, error) {
	if device.Public() != c.device.Signing {
		return Release{}, fmt.Errorf("deny %s: %w", c.Request.ID, ErrDevice)
	}
	rec := c.receipt(Deny, l, now)
	rec.Reason, rec.Report = reason, report
	if err := rec.check(); err != nil {
		return Release{}, fmt.Errorf("deny %s: %w", c.Request.ID, err)
	}
	signed, err := Signatories{Device: device}.sign(rec)
	return Release{Receipt: signed}, err
}

// Consent says yes without releasing anything.
func (c *Case) Consent(k *keyring.Keyring, device envelope.Signer, l Ledger, now time.Time) (Release, error) {
	if err := c.decidable(k, device, now); err != nil {
		return Release{}, err
	}
	signed, err := Signatories{device, k}.sign(c.receipt(Consent, l, now))
	return Release{Receipt: signed}, err
}

// decidable checks that these are the keys of whoever reviewed, that the code
// was compared where the policy wants that, and once more what may have changed
// while a person was thinking: the clock, and the roster.
func (c *Case) decidable(k *keyring.Keyring, device envelope.Signer, now time.Time) error {
	if envelope.At(now) >= c.Request.Deadline {
		return fmt.Errorf("request %s: %w", c.Request.ID, ErrExpired)
	}
	if err := c.reviewer.Roster.Fresh(now); err != nil {
		return fmt.Errorf("request %s: %w", c.Request.ID, err)
	}
	if c.head != c.reviewer.Roster.Head() {
		again, err := c.reviewer.Review(c.item, now)
		if err != nil {
			return err
		}
		again.compared = c.compared
		*c = *again
	}
	switch {
	case k.Organisation() != c.Request.Organisation || k.Approver() != c.approver.ID || k.Generation() != c.approver.Generation:
		return fmt.Errorf("request %s: %w", c.Request.ID, keyring.ErrOwner)
	case device.Public() != c.device.Signing:
		return fmt.Errorf("request %s: %w", c.Request.ID, ErrDevice)
	case c.Policy.MatchCode && !c.compared:
		return fmt.Errorf("request %s: the policy wants the code compared: %w", c.Request.ID, ErrMatchCode)
	}
	return nil
}

func (c *Case) receipt(d Decision, l Ledger, now time.Time) Receipt {
	return Receipt{
		Organisation: c.Request.Organisation, Mount: c.Request.Mount, Request: c.Hash, RequestID: c.Request.ID,
		Decision: d, Approver: c.approver.ID, Generation: c.approver.Generation, Device: c.device.Device,
		Roster: c.reviewer.Roster.Head(), Time: envelope.At(now), Counter: l.Counter + 1, Previous: l.Previous,
	}
}

// seal returns the sealed part of an approval and notes its form in rec.
func (c *Case) seal(rec *Receipt, k *keyring.Keyring) (envelope.Envelope, error) {
	share, err := c.Version.OpenShare(k)
	if err != nil {
		return envelope.Envelope{}, err
	}
	defer share.Wipe()
	if !c.Request.anyOf(c.Policy) {
		rec.Form, rec.Requirement, rec.X = FormShare, share.Requirement, share.X
		b := share.Reveal()
		defer envelope.Wipe(b)
		return envelope.SealTo(c.Request.Ephemeral, releaseContext(&c.Request, c.Version, rec), b)
	}
	plaintext, err := c.Version.Combine([]*secret.Share{share})
	if err != nil {
		return envelope.Envelope{}, err
	}
	defer envelope.Wipe(plaintext)
	rec.Form = FormPayload
	return envelope.SealTo(c.Request.Ephemeral, releaseContext(&c.Request, c.Version, rec), plaintext)
}

// releaseContext binds a sealed release to the request's exact text, hence to
// everything that the approver was shown, and to who released it.
func releaseContext(q *Request, v *secret.Verified, rec *Receipt) envelope.Context {
	ctx := envelope.Context{
		Purpose: envelope.PurposeReleasePayload, Organisation: q.Organisation, Mount: q.Mount,
		Secret: q.Secret, Version: q.Version, Recipient: rec.Approver, Request: rec.Request,
	}
	if rec.Form == FormShare {
		ctx.Purpose, ctx.Epoch, ctx.Requirement, ctx.X = envelope.PurposeReleaseShare, v.Epoch, rec.Requirement, rec.X
	}
	return ctx
}
