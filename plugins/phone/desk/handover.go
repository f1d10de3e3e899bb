package desk

import (
	"fmt"
	"strings"
	"time"
	"unicode"

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
	// sealed is the keyring as it was given, to be sent again as it is for as long
	// as the broker may not have it: the broker takes one, and it opens for none
	// but the offer's device.
	sealed *envelope.Envelope
}

func (g *giving) wipe() {
	if g != nil {
		g.Secret.Wipe()
	}
}

// offered stands for the offer that was made: a gesture made for one gives to no
// other.
func (g *giving) offered() (hash envelope.Hash, words string, err error) {
	if g == nil || g.offer == nil {
		return envelope.Hash{}, "", ErrHandover
	}
	words, err = g.offer.Words()
	return envelope.SumHash(g.ID[:], []byte(words)), words, err
}

// compare returns what a gesture for the offer is made for, if the person typed
// the words that the new device shows. Here they are shown nowhere, so that
// nobody can say that they match without having read them.
func (g *giving) compare(typed string) (envelope.Hash, error) {
	hash, words, err := g.offered()
	if err == nil && letters(typed) != letters(words) {
		err = ErrOfferWords
	}
	if err != nil {
		return envelope.Hash{}, err
	}
	return hash, nil
}

// letters returns words without what people put between them, in one case. Words
// are all of the same length, so that nothing is said by where one ends.
func letters(words string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPunct(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, words)
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
// opens the place where it may. Once the keyring was given it is in every call:
// the answer to the first may have been lost.
func (d *Desk) handoverPoll(none) (*Call, error) {
	if d.giving == nil {
		return nil, ErrHandover
	}
	return d.callHandover(d.giving.sealed)
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

// HandoverOffered is who made an offer, as they call themselves.
type HandoverOffered struct {
	Device string `json:"device"`
}

// handoverOffered takes the new device's offer. The first one stands: whoever sees
// the link could make another, until the person has typed its words.
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
	return &HandoverOffered{Device: o.Device}, nil
}

type handoverGiveArgs struct {
	Assertion Assertion `json:"assertion"`
}

// handoverGive seals the keyring to the device whose words the person typed, with
// one gesture. Given again, it is the same bytes.
func (d *Desk) handoverGive(a handoverGiveArgs, s Secrets) (*Call, error) {
	offer, _, err := d.giving.offered()
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
	if d.giving.sealed == nil {
		if err := d.sealKeyring(s); err != nil {
			return nil, err
		}
	}
	return d.callHandover(d.giving.sealed)
}

func (d *Desk) sealKeyring(s Secrets) error {
	k, err := d.unlock(s)
	if err != nil {
		return err
	}
	defer k.Wipe()
	sealed, err := d.giving.Give(k, *d.giving.offer)
	if err != nil {
		return err
	}
	d.giving.sealed = &sealed
	return nil
}
