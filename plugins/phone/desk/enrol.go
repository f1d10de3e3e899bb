package desk

import (
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// draft is a passkey that is being made for an enrolment. There is no secret in
// it.
type draft struct {
	Name       string      `json:"name"` // of the device
	Device     envelope.ID `json:"device"`
	RPID       string      `json:"rp_id"`
	Origin     string      `json:"origin"`
	Credential string      `json:"credential"` // empty until it is made
}

type beginArgs struct {
	Device string `json:"device"`
	RPID   string `json:"rpId"`
	Origin string `json:"origin"`
}

// Create is what navigator.credentials.create is called with; the challenge, the
// user id and the PRF salt are base64url.
type Create struct {
	Keep
	Create Creation `json:"create"`
	Salt   string   `json:"salt"`
}

// Creation names the passkey to be made.
type Creation struct {
	Challenge       string `json:"challenge"`
	UserID          string `json:"userId"`
	UserName        string `json:"userName"`
	UserDisplayName string `json:"userDisplayName"`
	RPID            string `json:"rpId"`
}

// begin begins an enrolment that a link, a handover or a backup stands behind.
//
// The passkey's user is the device and not the approver: an authenticator
// replaces the passkey that it has for the same user at the same site, so that
// two devices of one person, whose passkeys are synchronised, would otherwise
// lock the first one out.
func (d *Desk) begin(a beginArgs) (*Create, error) {
	if d.me != nil {
		return nil, ErrEnrolled
	}
	if err := d.invited(); err != nil {
		return nil, err
	}
	name, err := checkDeviceName(a.Device)
	if err != nil {
		return nil, err
	}
	if a.RPID == "" || a.Origin == "" {
		return nil, fmt.Errorf("rpId and origin are missing: %w", ErrArguments)
	}
	fresh := draft{Name: name, Device: envelope.NewID(), RPID: a.RPID, Origin: a.Origin}
	if err := putAs(&d.kept, keyDraft, fresh); err != nil {
		return nil, err
	}
	d.bundle.wipe()
	d.draft, d.bundle = &fresh, nil
	challenge := d.gestures.issue(PurposeCreate, envelope.Hash{}, nil, nil, d.now)
	salt := keyring.PRFSalt(d.invite.Approver)
	return &Create{Salt: envelope.Bytes(salt[:]).String(), Create: Creation{
		Challenge: envelope.Bytes(challenge[:]).String(), UserID: envelope.Bytes(fresh.Device[:]).String(), RPID: a.RPID,
		UserName: d.invite.Name + " on " + name, UserDisplayName: "Stillvault: " + d.invite.Name,
	}}, nil
}

// invited says whether there is what an enrolment needs: a ticket, or a keyring
// that was handed over or restored.
func (d *Desk) invited() error {
	switch {
	case d.invite == nil:
		return ErrNoLink
	case d.invite.kind != kindTicket && d.keyring == nil:
		return fmt.Errorf("the keyring is not here yet: %w", ErrOrder)
	}
	return nil
}

type madeArgs struct {
	Assertion
	Attestation struct {
		PRFEnabled *bool `json:"prfEnabled"`
	} `json:"attestation"`
}

// Stage is the result of an operation that moves the enrolment on.
type Stage struct {
	Keep
	Stage string `json:"stage"`
}

// made takes the passkey that was made. An authenticator that says that it has no
// PRF is refused at once; one that says nothing is asked by evaluating it.
func (d *Desk) made(a madeArgs) (*Stage, error) {
	if d.me != nil {
		return nil, ErrEnrolled
	}
	if d.draft == nil || d.invite == nil {
		return nil, ErrOrder
	}
	challenge, err := ReadAssertion(a.Assertion, Expected{Type: typeCreate, RPID: d.draft.RPID, Origin: d.draft.Origin})
	if err != nil {
		return nil, err
	}
	if _, err := d.gestures.redeem(challenge, PurposeCreate, envelope.Hash{}, d.now); err != nil {
		return nil, err
	}
	if a.Attestation.PRFEnabled != nil && !*a.Attestation.PRFEnabled {
		return nil, ErrNoPRF
	}
	if len(a.CredentialID) == 0 {
		return nil, fmt.Errorf("credentialId is missing: %w", ErrArguments)
	}
	with := *d.draft
	with.Credential = a.CredentialID.String()
	if err := putAs(&d.kept, keyDraft, with); err != nil {
		return nil, err
	}
	d.draft = &with
	return &Stage{Stage: d.stage()}, nil
}
