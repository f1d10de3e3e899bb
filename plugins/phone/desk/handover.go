package desk

import (
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// handoverLife is how long a handover may take, and how long the broker's mailbox
// stands open for it.
const handoverLife = 10 * time.Minute

// giving is a handover from this device. It is in memory only: whoever reloads
// begins again.
type giving struct {
	roster.Handover
	offer *roster.Offer
}

func (g *giving) wipe() {
	if g != nil {
		g.Secret.Wipe()
	}
}

// compared stands for the offer that the person compares: a gesture made for one
// gives to no other.
func (g *giving) compared() (envelope.Hash, error) {
	if g == nil || g.offer == nil {
		return envelope.Hash{}, ErrHandover
	}
	words, err := g.offer.Words()
	return envelope.SumHash(g.ID[:], []byte(words)), err
}

type handoverStartArgs struct {
	App string `json:"app"` // the app's address, without a #
}

// HandoverStarted is the link that the new device opens. It is shown on this
// screen and sent nowhere.
type HandoverStarted struct {
	Link     string `json:"link"`     // the whole address
	Fragment string `json:"fragment"` // what stands behind its #
	ID       string `json:"id"`
	Expires  string `json:"expires"`
	QR       QR     `json:"qr"`
}

// handoverStart begins to hand the keyring over to a further device of the same
// person. The link goes from this screen to the other device's camera.
func (d *Desk) handoverStart(a handoverStartArgs) (*HandoverStarted, error) {
	if err := d.standing(); err != nil {
		return nil, err
	}
	m := d.me
	h := roster.NewHandover(m.Organisation, m.Mount, m.Approver, m.Name, envelope.At(d.now.Add(handoverLife)))
	fragment, err := h.Reveal()
	if err != nil {
		h.Secret.Wipe()
		return nil, err
	}
	if m.Base != "" {
		fragment += "~" + envelope.Bytes(m.Base).String()
	}
	started := &HandoverStarted{Link: a.App + "#" + fragment, Fragment: fragment, ID: h.ID.String(), Expires: shown(h.Expires)}
	if started.QR, err = qrOf(started.Link); err != nil {
		h.Secret.Wipe()
		return nil, err
	}
	d.giving.wipe()
	d.giving = &giving{Handover: h}
	return started, nil
}

// handoverPoll asks whether the new device has left its offer. The first call
// opens the place where it may.
func (d *Desk) handoverPoll(none) (*Call, error) {
	if d.giving == nil {
		return nil, ErrHandover
	}
	return d.callHandover(nil)
}

func (d *Desk) callHandover(sealed *envelope.Envelope) (*Call, error) {
	signer := d.me.keys.Signer()
	defer signer.Wipe()
	call, err := approval.CallHandover(d.roster, d.me.Device, signer, d.giving.Handover, sealed, d.now)
	if err != nil {
		return nil, err
	}
	text, err := encoded(call)
	return &Call{text}, err
}

type handoverOfferedArgs struct {
	Offer string `json:"offer"`
}

// HandoverOffered is an offer as the person compares it on both screens.
type HandoverOffered struct {
	Device string   `json:"device"`
	Words  []string `json:"words"`
}

// handoverOffered takes the new device's offer. The first one stands: whoever sees
// the link could make another, until the person has looked.
func (d *Desk) handoverOffered(a handoverOfferedArgs) (*HandoverOffered, error) {
	if d.giving == nil {
		return nil, ErrHandover
	}
	m, err := envelope.Decode[roster.OfferMessage]([]byte(a.Offer))
	if err != nil {
		return nil, fmt.Errorf("offer: %w", err)
	}
	o, err := d.giving.ReadOffer(m, d.now)
	if err != nil {
		return nil, err
	}
	words, err := o.Words()
	if err != nil {
		return nil, err
	}
	if d.giving.offer == nil {
		d.giving.offer = &o
	}
	first, err := d.giving.offer.Words()
	if err != nil || first != words {
		return nil, fmt.Errorf("a second offer: %w", ErrHandover)
	}
	return &HandoverOffered{Device: o.Device, Words: spelt(words)}, nil
}

type handoverGiveArgs struct {
	Assertion Assertion `json:"assertion"`
}

// handoverGive seals the keyring to the device whose words the person compared,
// with one gesture.
func (d *Desk) handoverGive(a handoverGiveArgs, s Secrets) (*Call, error) {
	offer, err := d.giving.compared()
	if err != nil {
		return nil, err
	}
	if err := d.standing(); err != nil {
		return nil, err
	}
	if envelope.At(d.now) >= d.giving.Expires {
		return nil, fmt.Errorf("handover: %w", roster.ErrTicketExpired)
	}
	if _, err := d.redeem(a.Assertion, PurposeHandover, offer); err != nil {
		return nil, err
	}
	k, err := d.unlock(s)
	if err != nil {
		return nil, err
	}
	defer k.Wipe()
	sealed, err := d.giving.Give(k, *d.giving.offer)
	if err != nil {
		return nil, err
	}
	return d.callHandover(&sealed)
}
