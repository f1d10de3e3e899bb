package backend

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/helper/locksutil"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

const enrolmentPrefix = "enroll/"

// enrolment is an invitation and, once a device has answered it, that answer:
//
//	enroll/<ticket id>  {"name", "approver", "token", "expires", "message"}
//
// token is the SHA-256 of what the device must show to be allowed to answer,
// once. The key that authenticates message is never here: the signer's machine
// checks it, so the broker cannot put another device's keys in its place.
type enrolment struct {
	Name     string        `json:"name"`
	Approver envelope.ID   `json:"approver"`
	Token    envelope.Hash `json:"token"`
	Expires  envelope.Time `json:"expires"`
	Message  string        `json:"message"` // empty until it is answered
}

// States of an enrolment.
const (
	enrolmentWaiting  = "waiting"
	enrolmentAnswered = "answered"
	enrolmentAdmitted = "admitted"
	enrolmentExpired  = "expired"
)

// loadEnrolment returns an invitation; errNoEnrolment if there is none.
func (b *broker) loadEnrolment(ctx context.Context, id envelope.ID) (*enrolment, error) {
	e, err := load[enrolment](ctx, b.storage, enrolmentPrefix+id.String())
	if err != nil {
		return nil, fmt.Errorf("invitation %s: %w", id, err)
	}
	if e == nil {
		return nil, fmt.Errorf("invitation %s: %w", id, errNoEnrolment)
	}
	return e, nil
}

// state says how far an enrolment has come. It is admitted when the roster knows
// the device that answered.
func (b *broker) enrolmentState(ctx context.Context, e *enrolment) (string, error) {
	if e.Message == "" {
		if envelope.At(b.now()) >= e.Expires {
			return enrolmentExpired, nil
		}
		return enrolmentWaiting, nil
	}
	state := enrolmentAnswered
	m, err := envelope.Decode[roster.EnrolmentMessage]([]byte(e.Message))
	if err != nil {
		return "", errStored
	}
	answered, err := roster.ReadEnrolment(m)
	if err != nil {
		return "", errStored
	}
	err = b.withRoster(ctx, func(r *roster.Roster) error {
		a, err := r.Approver(e.Approver)
		if err != nil || a.Signing != answered.Signing {
			return nil
		}
		for _, d := range r.Devices(a.ID) {
			if d.Generation == answered.Generation && certifies(answered.Certificate, d) {
				state = enrolmentAdmitted
			}
		}
		return nil
	})
	if isUnready(err) {
		err = nil
	}
	return state, err
}

// answerEnrolment stores a device's answer, and its recovery kit. The same again
// succeeds; another answer is errEnrolled.
func (b *broker) answerEnrolment(ctx context.Context, id envelope.ID, token *envelope.Key, text string, kit *postedKit) (*enrolment, error) {
	e, err := b.loadEnrolment(ctx, id)
	if err != nil {
		return nil, err
	}
	shown := envelope.SumHash(token.Bytes())
	if subtle.ConstantTimeCompare(shown[:], e.Token[:]) != 1 {
		return nil, errEnrolmentToken
	}
	if e.Message != "" && e.Message != text {
		return nil, errEnrolled
	}
	if e.Message == "" && envelope.At(b.now()) >= e.Expires {
		return nil, fmt.Errorf("on %s: %w", shownTime(e.Expires), errEnrolmentOver)
	}
	certificate, err := b.checkAnswer(ctx, id, e, text)
	if err != nil {
		return nil, err
	}
	if err := b.checkKit(ctx, kit, e.Approver); err != nil {
		return nil, err
	}
	if e.Message == "" {
		e.Message = text
		if err := store(ctx, b.storage, enrolmentPrefix+id.String(), e); err != nil {
			return nil, err
		}
	}
	return e, b.storeKit(ctx, kit, certificate, true)
}

// checkAnswer refuses what the signer's machine could not accept anyway, while
// the person still holds their device, and returns what certifies that.
func (b *broker) checkAnswer(ctx context.Context, id envelope.ID, e *enrolment, text string) (keyring.Certificate, error) {
	var none keyring.Certificate
	m, err := envelope.Decode[roster.EnrolmentMessage]([]byte(text))
	if err != nil {
		return none, fmt.Errorf("message: %w", err)
	}
	if len(m.MAC) != envelope.HashSize {
		return none, fmt.Errorf("message: the MAC wants %d bytes: %w", envelope.HashSize, envelope.ErrEncoding)
	}
	answered, err := roster.ReadEnrolment(m)
	if err != nil {
		return none, fmt.Errorf("message: %w", err)
	}
	c, err := b.config(ctx)
	if err != nil {
		return none, err
	}
	if answered.Ticket != id || answered.Approver != e.Approver {
		return none, fmt.Errorf("message: it answers another invitation: %w", errEnrolmentToken)
	}
	if answered.Organisation != c.Organisation {
		return none, fmt.Errorf("message: %w", roster.ErrOrganisation)
	}
	return envelope.Peek[keyring.Certificate](answered.Certificate, envelope.TypeCertificate)
}

// keepEnrolments is how long an invitation stays after it expired, so that
// people can look up what became of it.
const keepEnrolments = 30 * 24 * time.Hour

// forgetEnrolments removes invitations that expired long ago.
func (b *broker) forgetEnrolments(ctx context.Context) error {
	keys, err := b.storage.List(ctx, enrolmentPrefix)
	if err != nil {
		return err
	}
	for _, key := range keys {
		e, err := load[enrolment](ctx, b.storage, enrolmentPrefix+key)
		if err != nil {
			return err
		}
		if e == nil || envelope.At(b.now()) < e.Expires.Add(keepEnrolments) {
			continue
		}
		lock := locksutil.LockForKey(b.locks, enrolmentPrefix+key)
		lock.Lock()
		err = remove(ctx, b.storage, enrolmentPrefix+key)
		lock.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}
