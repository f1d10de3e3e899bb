package attack_test

import (
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// handing is alice's keyring on its way to her second device, through a broker
// that sees everything that passes through it.
type handing struct {
	*stage
	handover roster.Handover
	seed     *envelope.Key
	message  roster.OfferMessage
}

func (s *stage) handing() *handing {
	h := &handing{stage: s, seed: envelope.NewKey()}
	h.handover = roster.NewHandover(s.Roster.Organisation(), s.Mount, s.alice.ID, "alice", envelope.At(s.Now.Add(10*time.Minute)))
	var err error
	h.message, err = h.handover.Offer("tablet", h.seed)
	s.Must(err)
	return h
}

// given is what alice's first device seals, once she compared the words.
func (h *handing) given() envelope.Envelope {
	o, err := h.handover.ReadOffer(h.message, h.Now)
	h.Must(err)
	sealed, err := h.handover.Give(h.alice.Keyring, o)
	h.Must(err)
	return sealed
}

func (h *handing) taken(sealed envelope.Envelope) error {
	_, err := h.handover.Take(h.seed, "tablet", sealed)
	return err
}

func (h *handing) offered(m roster.OfferMessage) error {
	_, err := h.handover.ReadOffer(m, h.Now)
	return err
}

// called is what a broker makes of a call to its mailbox.
func (h *handing) called(edit func(*approval.HandoverCall), signer envelope.Signer) error {
	signed, err := approval.CallHandover(h.Roster, h.alice.Device.ID(), h.alice.Device.Signer(), h.handover, nil, h.Now)
	h.Must(err)
	call, err := envelope.Peek[approval.HandoverCall](signed, envelope.TypeHandover)
	h.Must(err)
	edit(&call)
	signed, err = envelope.Sign(envelope.TypeHandover, call, signer)
	h.Must(err)
	_, _, err = approval.ReadHandoverCall(h.Roster, signed, h.Now)
	return err
}

// handoverAttacks go for a keyring while it passes to a further device.
var handoverAttacks = []attack{
	{"the offer of a further device replaced by the broker's", func(s *stage) error {
		h := s.handing()
		own := h.handover
		own.Secret = envelope.NewKey()
		m, err := own.Offer("tablet", envelope.NewKey())
		s.Must(err)
		return h.offered(m)
	}, roster.ErrTicket},
	{"the KEM key of an offer substituted under its MAC", func(s *stage) error {
		h := s.handing()
		payload, err := envelope.Encode(roster.Offer{Handover: h.handover.ID, KEM: s.brokerKEM(), Device: "tablet"})
		s.Must(err)
		return h.offered(roster.OfferMessage{Payload: payload, MAC: h.message.MAC})
	}, roster.ErrTicket},
	{"the offer of another handover", func(s *stage) error {
		h := s.handing()
		return h.offered(s.handing().message)
	}, roster.ErrTicket},
	{"an offer after the handover's time", func(s *stage) error {
		h := s.handing()
		h.Now = h.Now.Add(10 * time.Minute)
		return h.offered(h.message)
	}, roster.ErrTicketExpired},
	{"a keyring of the broker's handed to a further device", func(s *stage) error {
		h := s.handing()
		own := h.handover
		own.Secret = envelope.NewKey()
		o, err := h.handover.ReadOffer(h.message, h.Now)
		s.Must(err)
		k, err := keyring.New(h.handover.Organisation, h.handover.Approver, 1)
		s.Must(err)
		sealed, err := own.Give(k, o)
		s.Must(err)
		return h.taken(sealed)
	}, envelope.ErrOpen},
	{"what was handed over in another handover", func(s *stage) error {
		h := s.handing()
		return h.taken(s.handing().given())
	}, envelope.ErrOpen},
	{"what was handed over, opened by who has only the link", func(s *stage) error {
		h := s.handing()
		sealed := h.given()
		h.seed = envelope.NewKey()
		return h.taken(sealed)
	}, envelope.ErrOpen},
	{"a changed bit of what was handed over", func(s *stage) error {
		h := s.handing()
		sealed := h.given()
		sealed.Bytes[len(sealed.Bytes)-1] ^= 1
		return h.taken(sealed)
	}, envelope.ErrOpen},
	{"a handover call by who has no device", func(s *stage) error {
		h := s.handing()
		return h.called(func(*approval.HandoverCall) {}, envelope.NewSigningKey(envelope.NewKey()))
	}, envelope.ErrSignature},
	{"a handover call replayed later", func(s *stage) error {
		h := s.handing()
		return h.called(func(c *approval.HandoverCall) { c.Time = c.Time.Add(-time.Hour) }, h.alice.Device.Signer())
	}, approval.ErrInbox},
	{"a handover call for another organisation", func(s *stage) error {
		h := s.handing()
		return h.called(func(c *approval.HandoverCall) { c.Organisation[0] ^= 1 }, h.alice.Device.Signer())
	}, roster.ErrOrganisation},
	{"an inbox call shown as a handover call", func(s *stage) error {
		h := s.handing()
		call, err := approval.CallInbox(s.Roster, s.alice.Device.ID(), s.alice.Device.Signer(), envelope.ID{}, 0, s.Now)
		s.Must(err)
		_, _, err = approval.ReadHandoverCall(h.Roster, call, h.Now)
		return err
	}, envelope.ErrPayloadType},
}
