package roster

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// Ticket invites one person to enrol one device, once, until it expires. The
// signer's machine makes it and hands it over in a URL fragment or QR code; of
// its Secret the broker sees only the hash of [Ticket.PostToken].
type Ticket struct{ Link }

const ticketVersion = "sv1"

// NewTicket makes a ticket with a fresh id and secret.
func NewTicket(organisation envelope.Hash, mount, approver envelope.ID, name string, expires envelope.Time) Ticket {
	return Ticket{newLink(organisation, mount, approver, name, expires)}
}

// Reveal returns the text that goes behind the # of a URL, where no server sees
// it. It holds the secret: it is shown to one person and stored nowhere else.
func (t Ticket) Reveal() (string, error) { return t.reveal(ticketVersion) }

// ParseTicket reads what [Ticket.Reveal] wrote. The caller wipes the secret.
func ParseTicket(text string) (Ticket, error) {
	l, err := parseLink(ticketVersion, text)
	if err != nil {
		return Ticket{}, fmt.Errorf("ticket: %w", err)
	}
	return Ticket{l}, nil
}

// PostToken is what the device shows the broker to be allowed one answer; the
// broker holds its SHA-256 only. It tells nothing of the MAC key.
func (t Ticket) PostToken() (*envelope.Key, error) {
	return envelope.Derive(t.Secret.Bytes(), t.Organisation[:], envelope.LabelTicketPost, nil)
}

// Enrolment is the public half of what a device made: everything that goes into
// the admission of a new approver, or of a further device of a known one.
type Enrolment struct {
	Ticket       envelope.ID          `json:"ticket"`
	Organisation envelope.Hash        `json:"organisation"`
	Approver     envelope.ID          `json:"approver"`
	KEM          envelope.KEMKey      `json:"kem"`
	Signing      envelope.VerifyKey   `json:"signing"`
	Generation   uint32               `json:"generation"`
	Factors      []keyring.FactorKind `json:"factors"`
	Recovery     bool                 `json:"recovery"`
	Certificate  envelope.Signed      `json:"certificate"` // of the device, by this keyring
}

// EnrolmentMessage is an enrolment on its way through the broker. MAC is
// HMAC-SHA256 with a key that only the ticket's two ends can derive.
type EnrolmentMessage struct {
	Payload json.RawMessage `json:"payload"`
	MAC     envelope.Bytes  `json:"mac"`
}

// Close makes the message that answers the ticket.
func (t Ticket) Close(e Enrolment) (EnrolmentMessage, error) {
	payload, err := envelope.Encode(e)
	if err != nil {
		return EnrolmentMessage{}, err
	}
	mac, err := t.mac(envelope.LabelTicketMAC, payload)
	return EnrolmentMessage{Payload: payload, MAC: mac}, err
}

// Accept checks that a message answers this ticket and was made with its
// secret, [ErrTicket] otherwise, and that its keys certify its device. It is
// [ErrTicketExpired] from the ticket's end on, whatever the broker says about
// when the answer came.
func (t Ticket) Accept(m EnrolmentMessage, now time.Time) (Enrolment, error) {
	if err := t.vouches(envelope.LabelTicketMAC, m.Payload, m.MAC, now); err != nil {
		return Enrolment{}, fmt.Errorf("enrolment of %s: %w", t.Name, err)
	}
	e, err := ReadEnrolment(m)
	if err != nil {
		return Enrolment{}, err
	}
	if e.Ticket != t.ID || e.Organisation != t.Organisation || e.Approver != t.Approver {
		return Enrolment{}, fmt.Errorf("enrolment of %s: answers another ticket: %w", t.Name, ErrTicket)
	}
	return e, nil
}

// ReadEnrolment decodes a message without a ticket and checks that it is
// consistent in itself. Its keys belong to whoever made it: believe them only
// after [Ticket.Accept], or after the person has read out the same
// [Enrolment.Fingerprint].
func ReadEnrolment(m EnrolmentMessage) (Enrolment, error) {
	e, err := envelope.Decode[Enrolment](m.Payload)
	if err != nil {
		return Enrolment{}, fmt.Errorf("enrolment: %w", err)
	}
	c, err := keyring.VerifyCertificate(e.Certificate, e.Signing)
	if err != nil {
		return Enrolment{}, fmt.Errorf("enrolment: %w", err)
	}
	if c.Organisation != e.Organisation || c.Approver != e.Approver || c.Generation != e.Generation {
		return Enrolment{}, fmt.Errorf("enrolment: the device's certificate is for somebody else: %w", ErrTicket)
	}
	return e, e.KEM.Check()
}
