package approval

import (
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// Decision is what an approver said.
type Decision string

// The decisions.
const (
	Approve Decision = "approve"
	Deny    Decision = "deny"
	// Consent says yes without releasing anything yet, for policies that want
	// everybody's word before the first share.
	Consent Decision = "consent"
	// Reshare says that the approver dealt their shares of a policy's versions
	// anew; see [ReshareAnswer].
	Reshare Decision = "reshare"
)

// Form is what a release carries.
type Form string

// The forms of a release.
const (
	FormNone    Form = ""        // denials and consents
	FormPayload Form = "payload" // r ‖ padded value, where one person suffices
	FormShare   Form = "share"   // share ‖ salt
)

// Receipt is the signed record of a decision: a release without what it
// carried. Approvals and consents are signed by the approver's keyring, hence
// with their factor, and by the device; denials by the device alone, so that
// saying no is never harder than saying yes. Counter and Previous chain the
// receipts of a device, so that a missing one shows.
type Receipt struct {
	Organisation envelope.Hash `json:"organisation"`
	Mount        envelope.ID   `json:"mount"`
	Request      envelope.Hash `json:"request"`
	RequestID    envelope.ID   `json:"request_id"`
	Decision     Decision      `json:"decision"`
	Reason       string        `json:"reason"` // of a denial
	Report       bool          `json:"report"` // of a denial: nobody should have asked this
	Approver     envelope.ID   `json:"approver"`
	Generation   uint32        `json:"generation"`
	Device       envelope.ID   `json:"device"`
	Form         Form          `json:"form"`
	Blob         envelope.Hash `json:"blob"`     // SHA-256 of the sealed bytes, or hash of what was re-shared; zero if none
	WrapSet      envelope.Hash `json:"wrap_set"` // that the approver's share was opened under; zero unless approved
	Requirement  uint32        `json:"requirement"`
	X            uint32        `json:"x"`     // share index; 0 unless Form is share
	Lease        uint32        `json:"lease"` // seconds from Time; 0 unless approved
	Roster       roster.Head   `json:"roster"`
	Time         envelope.Time `json:"time"`
	Counter      uint64        `json:"counter"`  // of the device, from 1
	Previous     envelope.Hash `json:"previous"` // the device's receipt before, zero for the first
}

// Release is a decision on its way to the consumer: the signed [Receipt] and,
// for an approval, what was sealed to the request's ephemeral key.
type Release struct {
	Receipt envelope.Signed    `json:"receipt"`
	Blob    *envelope.Envelope `json:"blob"`
}

// Ledger is what a device remembers of its own receipts: the last one's number
// and hash. Its owner stores it before the release is sent, so that a number is
// never given twice.
type Ledger struct {
	Counter  uint64        `json:"counter"`
	Previous envelope.Hash `json:"previous"`
}

// After returns the ledger after a receipt.
func (l Ledger) After(receipt envelope.Signed) Ledger {
	return Ledger{Counter: l.Counter + 1, Previous: receipt.Hash()}
}

// ReadReceipt verifies a receipt under a roster: by an approver and a device
// that were admitted at the head that it names, with the signatures that its
// decision needs. Whether they still are is [Pending.Accept]'s question; a
// receipt outlives its signers.
func ReadReceipt(r *roster.Roster, s envelope.Signed) (*Receipt, error) {
	rec, err := envelope.Peek[Receipt](s, envelope.TypeReceipt)
	if err != nil {
		return nil, fmt.Errorf("receipt: %w", err)
	}
	if rec.Organisation != r.Organisation() {
		return nil, fmt.Errorf("receipt: %w", roster.ErrOrganisation)
	}
	if err := r.Accepts(rec.Roster); err != nil {
		return nil, fmt.Errorf("receipt: %w", err)
	}
	approver, err := r.FormerApprover(rec.Approver)
	if err != nil {
		return nil, fmt.Errorf("receipt: %w", err)
	}
	device, err := r.DeviceAt(rec.Device, rec.Roster)
	if err != nil {
		return nil, fmt.Errorf("receipt: %w", err)
	}
	if device.Approver != rec.Approver || device.Generation != rec.Generation {
		return nil, fmt.Errorf("receipt: %w", ErrDevice)
	}
	keys := []envelope.VerifyKey{device.Signing}
	if rec.Decision != Deny {
		key, err := approver.SigningKey(rec.Generation)
		if err != nil {
			return nil, fmt.Errorf("receipt: %w", err)
		}
		keys = append(keys, key)
	}
	if err := s.Verify(envelope.TypeReceipt, keys...); err != nil {
		return nil, fmt.Errorf("receipt: %w", err)
	}
	if err := rec.check(); err != nil {
		return nil, fmt.Errorf("receipt: %w", err)
	}
	return &rec, nil
}

func (rec *Receipt) check() error {
	carries := rec.Form != FormNone
	switch {
	case rec.Decision != Approve && rec.Decision != Deny && rec.Decision != Consent && rec.Decision != Reshare,
		rec.Form != FormNone && rec.Form != FormPayload && rec.Form != FormShare:
		return fmt.Errorf("decision %q of form %q: %w", rec.Decision, rec.Form, ErrRelease)
	case carries != (rec.Decision == Approve), carries != (rec.Lease > 0), carries == rec.WrapSet.IsZero(),
		(carries || rec.Decision == Reshare) == rec.Blob.IsZero(),
		(rec.Form == FormShare) != (rec.X > 0), rec.Form != FormShare && rec.Requirement != 0:
		return fmt.Errorf("the parts do not fit the decision: %w", ErrRelease)
	case rec.Counter == 0 || (rec.Counter == 1) != rec.Previous.IsZero():
		return fmt.Errorf("number %d: %w", rec.Counter, ErrReceipts)
	case (rec.Reason != "" || rec.Report) && rec.Decision != Deny:
		return fmt.Errorf("a reason or a report is for denials: %w", ErrRelease)
	case len(rec.Reason) > MaxReason || !Printable(rec.Reason):
		return fmt.Errorf("reason not printable or too long: %w", ErrRelease)
	}
	return nil
}

// Signatories are the keys with which a device signs receipts: its own, and the
// approver's keyring once the factor has opened it. Keyring may be nil for a
// denial.
type Signatories struct {
	Device  envelope.Signer
	Keyring *keyring.Keyring
}

func (s Signatories) sign(rec Receipt) (envelope.Signed, error) {
	signers := []envelope.Signer{s.Device}
	if rec.Decision != Deny {
		signer, err := s.Keyring.Signer()
		if err != nil {
			return envelope.Signed{}, err
		}
		defer signer.Wipe()
		signers = append(signers, signer)
	}
	return envelope.Sign(envelope.TypeReceipt, rec, signers...)
}
