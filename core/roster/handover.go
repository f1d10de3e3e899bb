package roster

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// Handover invites a further device of an approver to take over their keyring.
// A device that has it shows the link; the new one answers with an [Offer]; the
// person types that one's words on the first device and makes one gesture there:
//
//	first device                    broker                      new device
//	Reveal ─────────────── on the screen, as a QR code ─────────► ParseHandover
//	ReadOffer ◄──────────── offer, under the link's MAC ───────── Offer
//	      the person types what Offer.Words are on the new screen
//	Give ─────────── keyring, to the offer's key and the secret ─► Take
//
// The broker carries it and has neither the link's secret nor the offer's key.
type Handover struct{ Link }

const handoverVersion = "svh1"

// NewHandover makes a handover with a fresh id and secret.
func NewHandover(organisation envelope.Hash, mount, approver envelope.ID, name string, expires envelope.Time) Handover {
	return Handover{newLink(organisation, mount, approver, name, expires)}
}

// Reveal returns the text that goes behind the # of a URL. It holds the secret.
func (h Handover) Reveal() (string, error) { return h.reveal(handoverVersion) }

// ParseHandover reads what [Handover.Reveal] wrote. The caller wipes the secret.
func ParseHandover(text string) (Handover, error) {
	l, err := parseLink(handoverVersion, text)
	if err != nil {
		return Handover{}, fmt.Errorf("handover: %w", err)
	}
	return Handover{l}, nil
}

// PostToken is what the new device shows the broker to be allowed one offer;
// the broker holds its SHA-256 only.
func (h Handover) PostToken() (*envelope.Key, error) {
	return envelope.Derive(h.Secret.Bytes(), h.Organisation[:], envelope.LabelHandoverPost, nil)
}

// Offer is what a new device offers to be given a keyring.
type Offer struct {
	Handover envelope.ID     `json:"handover"`
	KEM      envelope.KEMKey `json:"kem"`    // for this one handover
	Device   string          `json:"device"` // its name
}

// OfferMessage is an offer on its way through the broker. MAC is HMAC-SHA256
// with a key that only the two devices can derive.
type OfferMessage struct {
	Payload json.RawMessage `json:"payload"`
	MAC     envelope.Bytes  `json:"mac"`
}

// Offer makes a new device's answer. seed is the KEM seed, 32 bytes, that it
// made for this handover alone; it stays the caller's to keep and to wipe.
func (h Handover) Offer(device string, seed *envelope.Key) (OfferMessage, error) {
	public, err := envelope.KEMPublic(seed)
	if err != nil {
		return OfferMessage{}, err
	}
	o := Offer{Handover: h.ID, KEM: public, Device: device}
	if err := o.check(); err != nil {
		return OfferMessage{}, err
	}
	payload, err := envelope.Encode(o)
	if err != nil {
		return OfferMessage{}, err
	}
	mac, err := h.mac(envelope.LabelHandoverMAC, payload)
	return OfferMessage{Payload: payload, MAC: mac}, err
}

// ReadOffer checks that an offer was made with the handover's secret, [ErrTicket]
// otherwise, and in time, [ErrTicketExpired].
func (h Handover) ReadOffer(m OfferMessage, now time.Time) (Offer, error) {
	if err := h.vouches(envelope.LabelHandoverMAC, m.Payload, m.MAC, now); err != nil {
		return Offer{}, fmt.Errorf("handover: %w", err)
	}
	o, err := envelope.Decode[Offer](m.Payload)
	if err != nil {
		return Offer{}, fmt.Errorf("handover: %w", err)
	}
	if o.Handover != h.ID {
		return Offer{}, fmt.Errorf("handover: the offer answers another one: %w", ErrTicket)
	}
	return o, o.check()
}

func (o Offer) check() error {
	if o.Device == "" || len(o.Device) > keyring.MaxDeviceName || !Printable(o.Device) {
		return fmt.Errorf("handover: the device's name: %w", keyring.ErrCertificate)
	}
	if err := o.KEM.Check(); err != nil {
		return fmt.Errorf("handover: %w", err)
	}
	return nil
}

// offerWords is how many words of 16 bits the new screen shows. The MAC keeps
// out everybody who did not see the link; who did has one try, while both people
// look, to make a key whose words are the same.
const offerWords = 4

// Words returns 64 bits of the offer's hash as four words. The new device shows
// them, and the first one hands over to who typed them: it never shows them, so that
// nobody in a hurry says yes to what they did not look at.
func (o Offer) Words() (string, error) {
	hash, err := o.hash()
	if err != nil {
		return "", err
	}
	return Words(hash[:2*offerWords]), nil
}

func (o Offer) hash() (envelope.Hash, error) {
	encoded, err := envelope.Encode(o)
	if err != nil {
		return envelope.Hash{}, err
	}
	return envelope.SumHash([]byte("stillvault/offer/v1"), encoded), nil
}

// Give seals a keyring to the device that made an offer.
func (h Handover) Give(k *keyring.Keyring, o Offer) (envelope.Envelope, error) {
	p, wipe, err := h.passage(o)
	if err != nil {
		return envelope.Envelope{}, err
	}
	defer wipe()
	return k.HandOver(p, o.KEM)
}

// Take opens what [Handover.Give] made, with the seed that the offer was made
// with. The caller wipes the keyring, and compares its public keys with the
// roster's.
func (h Handover) Take(seed *envelope.Key, device string, sealed envelope.Envelope) (*keyring.Keyring, error) {
	public, err := envelope.KEMPublic(seed)
	if err != nil {
		return nil, err
	}
	p, wipe, err := h.passage(Offer{Handover: h.ID, KEM: public, Device: device})
	if err != nil {
		return nil, err
	}
	defer wipe()
	return keyring.TakeOver(p, seed, sealed)
}

func (h Handover) passage(o Offer) (p keyring.Passage, wipe func(), err error) {
	hash, err := o.hash()
	if err != nil {
		return keyring.Passage{}, nil, err
	}
	shared, err := envelope.Derive(h.Secret.Bytes(), h.Organisation[:], envelope.LabelHandoverSeed, h.public())
	if err != nil {
		return keyring.Passage{}, nil, err
	}
	return keyring.Passage{Organisation: h.Organisation, Mount: h.Mount, Approver: h.Approver, Shared: shared, Offer: hash}, shared.Wipe, nil
}
