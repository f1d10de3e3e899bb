package approval

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// HandoverCall is a device's signed wish to hand its approver's keyring over to a
// further device ([roster.Handover]): it opens a place at the broker where that
// device may leave its offer, asks for the offer, and, with Sealed, leaves the
// answer.
type HandoverCall struct {
	Organisation envelope.Hash      `json:"organisation"`
	Device       envelope.ID        `json:"device"`
	Time         envelope.Time      `json:"time"`
	Nonce        envelope.Bytes     `json:"nonce"` // 16 random bytes
	Handover     envelope.ID        `json:"handover"`
	Token        envelope.Hash      `json:"token"`  // SHA-256 of [roster.Handover.PostToken]
	Sealed       *envelope.Envelope `json:"sealed"` // what [roster.Handover.Give] made, or nil
	Roster       roster.Head        `json:"roster"`
}

// CallHandover signs a handover call; sealed is nil until the approver has
// compared the offer and made their gesture.
func CallHandover(r *roster.Roster, device envelope.ID, signer envelope.Signer, h roster.Handover, sealed *envelope.Envelope, now time.Time) (envelope.Signed, error) {
	token, err := h.PostToken()
	if err != nil {
		return envelope.Signed{}, err
	}
	defer token.Wipe()
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	return envelope.Sign(envelope.TypeHandover, HandoverCall{
		Organisation: r.Organisation(), Device: device, Time: envelope.At(now), Nonce: nonce,
		Handover: h.ID, Token: envelope.SumHash(token.Bytes()), Sealed: sealed, Roster: r.Head(),
	}, signer)
}

// ReadHandoverCall verifies, for a broker, that a device in force made the call
// within [MaxClockSkew].
func ReadHandoverCall(r *roster.Roster, s envelope.Signed, now time.Time) (*HandoverCall, *roster.Device, error) {
	call, err := envelope.Peek[HandoverCall](s, envelope.TypeHandover)
	if err != nil {
		return nil, nil, fmt.Errorf("handover: %w", err)
	}
	device, err := caller(r, s, deviceCall{call.Organisation, call.Device, call.Time, call.Nonce, call.Roster}, now)
	if err != nil {
		return nil, nil, fmt.Errorf("handover: %w", err)
	}
	if call.Handover.IsZero() || call.Token.IsZero() {
		return nil, nil, fmt.Errorf("handover: incomplete: %w", ErrInbox)
	}
	return &call, device, nil
}
