package desk

import (
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// offered is what a new device holds while it waits for a keyring. It is in memory
// only: with it and what the broker carries, the keyring opens.
type offered struct {
	device string
	seed   *envelope.Key
	words  string
	text   string
}

func (o *offered) wipe() {
	if o != nil {
		o.seed.Wipe()
	}
}

type offerArgs struct {
	Device string `json:"device"`
}

// Offered is an offer, for device/handover/offer.
type Offered struct {
	ID    string   `json:"id"`
	Token string   `json:"token"`
	Offer string   `json:"offer"`
	Words []string `json:"words"`
}

// offer asks the device whose link was opened for its keyring. Asked again, it
// makes the same offer: the broker takes one.
func (d *Desk) offer(a offerArgs) (*Offered, error) {
	if d.me != nil {
		return nil, ErrEnrolled
	}
	if d.invite == nil || d.invite.kind != kindHandover {
		return nil, ErrHandover
	}
	h := roster.Handover{Link: d.invite.Link}
	if envelope.At(d.now) >= h.Expires {
		return nil, fmt.Errorf("handover: %w", roster.ErrTicketExpired)
	}
	name, err := checkDeviceName(a.Device)
	if err != nil {
		return nil, err
	}
	if o := d.invite.offered; o == nil || o.device != name {
		made, err := makeOffer(h, name, d.now)
		if err != nil {
			return nil, err
		}
		d.invite.offered.wipe()
		d.invite.offered = made
	}
	token, err := h.PostToken()
	if err != nil {
		return nil, err
	}
	defer token.Wipe()
	o := d.invite.offered
	return &Offered{ID: h.ID.String(), Token: envelope.Bytes(token.Bytes()).String(), Offer: o.text, Words: spelt(o.words)}, nil
}

func makeOffer(h roster.Handover, device string, now time.Time) (*offered, error) {
	o := &offered{device: device, seed: envelope.NewKey()}
	m, err := h.Offer(device, o.seed)
	if err == nil {
		o.text, err = encoded(m)
	}
	if err == nil {
		var read roster.Offer
		if read, err = h.ReadOffer(m, now); err == nil {
			o.words, err = read.Words()
		}
	}
	if err != nil {
		o.wipe()
		return nil, err
	}
	return o, nil
}

type takeArgs struct {
	Sealed string `json:"sealed"`
}

// take opens the keyring that the first device sealed to the offer. From here on
// it is enrolled as with a ticket, but the organisation knows it already.
func (d *Desk) take(a takeArgs) (*Stage, error) {
	if d.me != nil {
		return nil, ErrEnrolled
	}
	if d.invite == nil || d.invite.kind != kindHandover || d.invite.offered == nil {
		return nil, ErrHandover
	}
	sealed, err := envelope.Decode[envelope.Envelope]([]byte(a.Sealed))
	if err != nil {
		return nil, fmt.Errorf("handover: %w", err)
	}
	o := d.invite.offered
	k, err := roster.Handover{Link: d.invite.Link}.Take(o.seed, o.device, sealed)
	if err != nil {
		return nil, err
	}
	d.keyring.Wipe()
	d.keyring = k
	return &Stage{Stage: d.stage()}, nil
}
