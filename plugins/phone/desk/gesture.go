package desk

import (
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// Purpose is what a gesture is made for. A gesture made for one thing does not
// do for another.
type Purpose string

// The purposes of gestures.
const (
	PurposeCreate   Purpose = "create"   // making the passkey
	PurposeEnrol    Purpose = "enrol"    // wrapping the keyring, twice
	PurposeApprove  Purpose = "approve"  // of one request
	PurposeConsent  Purpose = "consent"  // to one request
	PurposeHandover Purpose = "handover" // to a further device
	PurposeReshare  Purpose = "reshare"  // of all versions under one policy
	PurposeCheck    Purpose = "check"    // that the passkey still opens the keyring
)

// Limits of gestures.
const (
	gestureLife = 5 * time.Minute
	maxGestures = 16 // not yet made; the oldest is forgotten
)

// issued is a challenge that a gesture is to answer, once.
type issued struct {
	challenge envelope.Hash
	purpose   Purpose
	request   envelope.Hash // or offer that it is for, zero where there is none
	expires   time.Time
	compared  *waiting // whose code the person typed, or nil
	agreed    *agreed  // what they were shown of a re-share, or nil
}

type gestures []issued

// issue returns a fresh challenge. It commits to what the gesture is for, so that
// an authenticator that shows or records challenges shows different ones for
// different requests.
func (g *gestures) issue(purpose Purpose, request envelope.Hash, compared *waiting, shown *agreed, now time.Time) envelope.Hash {
	nonce := envelope.NewKey()
	defer nonce.Wipe()
	c := envelope.SumHash(nonce.Bytes(), []byte(purpose), request[:])
	if len(*g) >= maxGestures {
		*g = (*g)[1:]
	}
	*g = append(*g, issued{c, purpose, request, now.Add(gestureLife), compared, shown})
	return c
}

// redeem takes back a challenge that a gesture answered. It is gone then, whatever
// the gesture was for.
func (g *gestures) redeem(challenge envelope.Hash, purpose Purpose, request envelope.Hash, now time.Time) (issued, error) {
	for i, one := range *g {
		if one.challenge != challenge {
			continue
		}
		*g = append((*g)[:i:i], (*g)[i+1:]...)
		switch {
		case one.purpose != purpose || one.request != request:
			return issued{}, fmt.Errorf("made for another purpose or request: %w", ErrGesture)
		case !now.Before(one.expires):
			return issued{}, ErrGestureExpired
		}
		return one, nil
	}
	return issued{}, fmt.Errorf("its challenge is none that waits for a gesture: %w", ErrGesture)
}

type gestureArgs struct {
	Purpose Purpose `json:"purpose"`
	Hash    string  `json:"hash"`
	// Typed is the match code, for approvals that want one, or the words that the
	// new device of a handover shows: wrong ones are said before the person is asked
	// for the gesture.
	Typed string `json:"typed"`
}

// Gesture is what navigator.credentials.get is called with. All of it is
// base64url.
type Gesture struct {
	Challenge    string `json:"challenge"`
	Salt         string `json:"salt"` // of the PRF extension
	CredentialID string `json:"credentialId"`
	RPID         string `json:"rpId"`
}

// gesture begins one gesture, which has to be made within five minutes and does
// for one use.
func (d *Desk) gesture(a gestureArgs) (*Gesture, error) {
	g := &Gesture{}
	var approver envelope.ID
	switch {
	case a.Purpose == PurposeEnrol && d.me == nil && d.draft != nil && d.draft.Credential != "" && d.invite != nil:
		approver, g.CredentialID, g.RPID = d.invite.Approver, d.draft.Credential, d.draft.RPID
	case a.Purpose == PurposeEnrol:
		return nil, fmt.Errorf("passkey: %w", ErrOrder)
	case d.me == nil:
		return nil, ErrNotEnrolled
	default:
		approver, g.CredentialID, g.RPID = d.me.Approver, d.me.Credential, d.me.RPID
	}
	var request envelope.Hash
	var compared *waiting
	var shown *agreed
	switch a.Purpose {
	case PurposeApprove, PurposeConsent:
		w, err := d.listing.find(a.Hash)
		if err != nil {
			return nil, err
		}
		if a.Typed != "" && w.c.Policy.MatchCode {
			if err := w.c.Compare(a.Typed); err != nil {
				return nil, err
			}
			compared = w
		}
		if a.Purpose == PurposeApprove && w.c.Policy.ConsentFirst && !w.c.Agreed() {
			return nil, fmt.Errorf("request %s: %w", w.c.Request.ID, approval.ErrConsent)
		}
		request = w.c.Hash
	case PurposeReshare:
		rs, err := d.reshare(a.Hash)
		if err != nil {
			return nil, err
		}
		if shown, err = rs.shown(); err != nil {
			return nil, err
		}
		request = rs.mark()
	case PurposeHandover:
		var err error
		if request, err = d.giving.compare(a.Typed); err != nil {
			return nil, err
		}
	case PurposeEnrol, PurposeCheck:
	default:
		return nil, fmt.Errorf("gesture for %q: %w", a.Purpose, ErrArguments)
	}
	challenge, salt := d.gestures.issue(a.Purpose, request, compared, shown, d.now), keyring.PRFSalt(approver)
	g.Challenge, g.Salt = envelope.Bytes(challenge[:]).String(), envelope.Bytes(salt[:]).String()
	return g, nil
}

// redeem checks that an enrolled device's gesture was made for something, with
// the passkey that opens its keyring.
func (d *Desk) redeem(a Assertion, purpose Purpose, request envelope.Hash) (issued, error) {
	challenge, err := ReadAssertion(a, Expected{Type: typeGet, RPID: d.me.RPID, Origin: d.me.Origin, Credential: d.me.Credential})
	if err != nil {
		return issued{}, err
	}
	return d.gestures.redeem(challenge, purpose, request, d.now)
}

// prfOutput reads a PRF output from the secrets, which stay the caller's; the
// caller wipes it.
func prfOutput(s Secrets, name string) (*envelope.Key, error) {
	if len(s[name]) == 0 {
		return nil, ErrNoPRF
	}
	k, err := envelope.KeyFrom(s[name])
	if err != nil {
		return nil, fmt.Errorf("PRF output of %d bytes: %w", len(s[name]), ErrNoPRF)
	}
	return k, nil
}
