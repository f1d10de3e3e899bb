package attack_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// ticket is what the signer's machine made for frank, who is new.
func (s *stage) ticket() roster.Ticket {
	return roster.NewTicket(s.Roster.Organisation(), envelope.NewID(), envelope.NewID(), "frank", envelope.At(s.Now.Add(time.Hour)))
}

// enrolment is what a device makes of a ticket, with keys of whoever holds it.
func (s *stage) enrolment(t roster.Ticket) roster.Enrolment {
	k, err := keyring.New(t.Organisation, t.Approver, 1)
	s.Must(err)
	public, err := k.Public()
	s.Must(err)
	return roster.Enrolment{
		Ticket: t.ID, Organisation: t.Organisation, Approver: t.Approver, KEM: public.KEM, Signing: public.Signing,
		Generation: 1, Factors: []keyring.FactorKind{keyring.FactorSoftware},
		Certificate: s.Certify(&coretest.Person{ID: t.Approver, Keyring: k}, keyring.NewDevice(), "phone"),
	}
}

func (s *stage) closed(t roster.Ticket, e roster.Enrolment) roster.EnrolmentMessage {
	m, err := t.Close(e)
	s.Must(err)
	return m
}

func (s *stage) admitted(t roster.Ticket, m roster.EnrolmentMessage) error {
	_, err := t.Accept(m, s.Now)
	return err
}

// fingerprinted is the way without a MAC: frank reads the words from his own
// device, and the broker shows something else.
func (s *stage) fingerprinted(mine, shown roster.Enrolment) error {
	words, err := mine.Fingerprint()
	s.Must(err)
	m, err := s.ticket().Close(shown)
	s.Must(err)
	read, err := roster.ReadEnrolment(m)
	if err != nil {
		return err
	}
	return read.MatchesFingerprint(words)
}

// enrolmentAttacks substitute keys between a new device and the signer.
var enrolmentAttacks = []attack{
	{"all keys of an enrolment substituted", func(s *stage) error {
		t := s.ticket()
		m := s.closed(t, s.enrolment(t))
		m.Payload = s.closed(t, s.enrolment(t)).Payload
		return s.admitted(t, m)
	}, roster.ErrTicket},
	{"the KEM key of an enrolment substituted", func(s *stage) error {
		t := s.ticket()
		e := s.enrolment(t)
		m := s.closed(t, e)
		e.KEM = s.brokerKEM()
		m.Payload = s.closed(t, e).Payload
		return s.admitted(t, m)
	}, roster.ErrTicket},
	{"the device of an enrolment substituted", func(s *stage) error {
		t := s.ticket()
		e := s.enrolment(t)
		m := s.closed(t, e)
		e.Certificate = s.Certify(s.alice.Person, s.alice.Device, "phone")
		m.Payload = s.closed(t, e).Payload
		return s.admitted(t, m)
	}, roster.ErrTicket},
	{"an enrolment under a MAC with what the broker was shown", func(s *stage) error {
		t := s.ticket()
		m := s.closed(t, s.enrolment(t))
		post, err := t.PostToken()
		s.Must(err)
		h := hmac.New(sha256.New, post.Bytes())
		h.Write(m.Payload)
		m.MAC = h.Sum(nil)
		return s.admitted(t, m)
	}, roster.ErrTicket},
	{"an enrolment with a ticket of the broker's own", func(s *stage) error {
		t := s.ticket()
		own := t
		own.Secret = envelope.NewKey()
		return s.admitted(t, s.closed(own, s.enrolment(own)))
	}, roster.ErrTicket},
	{"an enrolment without a MAC", func(s *stage) error {
		t := s.ticket()
		m := s.closed(t, s.enrolment(t))
		m.MAC = nil
		return s.admitted(t, m)
	}, roster.ErrTicket},
	{"the answer to another person's ticket", func(s *stage) error {
		t, other := s.ticket(), s.ticket()
		return s.admitted(t, s.closed(other, s.enrolment(other)))
	}, roster.ErrTicket},
	{"the answer to another ticket, by a device that has both secrets", func(s *stage) error {
		t := s.ticket()
		e := s.enrolment(t)
		e.Ticket = envelope.NewID()
		return s.admitted(t, s.closed(t, e))
	}, roster.ErrTicket},
	{"an enrolment for another approver", func(s *stage) error {
		t := s.ticket()
		other := t
		other.Approver = s.alice.ID
		return s.admitted(t, s.closed(t, s.enrolment(other)))
	}, roster.ErrTicket},
	{"an enrolment for another organisation", func(s *stage) error {
		t := s.ticket()
		other := t
		other.Organisation = envelope.SumHash([]byte("other"))
		return s.admitted(t, s.closed(t, s.enrolment(other)))
	}, roster.ErrTicket},
	{"an enrolment whose device another keyring certified", func(s *stage) error {
		t := s.ticket()
		e := s.enrolment(t)
		e.Certificate = s.enrolment(t).Certificate
		return s.admitted(t, s.closed(t, e))
	}, envelope.ErrSignature},
	{"a ticket answered after its time", func(s *stage) error {
		t := s.ticket()
		m := s.closed(t, s.enrolment(t))
		s.Now = s.Now.Add(2 * time.Hour)
		return s.admitted(t, m)
	}, roster.ErrTicketExpired},
	{"keys substituted before somebody who reads words", func(s *stage) error {
		t := s.ticket()
		return s.fingerprinted(s.enrolment(t), s.enrolment(t))
	}, roster.ErrTicket},
	{"one key substituted before somebody who reads words", func(s *stage) error {
		e := s.enrolment(s.ticket())
		other := e
		other.KEM = s.brokerKEM()
		return s.fingerprinted(e, other)
	}, roster.ErrTicket},
	{"somebody else's enrolment before somebody who reads words", func(s *stage) error {
		return s.fingerprinted(s.enrolment(s.ticket()), s.enrolment(s.ticket()))
	}, roster.ErrTicket},
	{"another person's keys admitted a second time", func(s *stage) error {
		public, err := s.alice.Keyring.Public()
		s.Must(err)
		return s.TryAppend(roster.KindApproverAdmit, roster.ApproverAdmit{
			ID: envelope.NewID(), Name: "frank", Entities: []string{}, KEM: public.KEM, Signing: public.Signing,
			Generation: 1, Factors: []keyring.FactorKind{keyring.FactorSoftware},
		})
	}, roster.ErrStatement},
	{"a key under which anybody signs", func(s *stage) error {
		e := s.enrolment(s.ticket())
		return s.TryAppend(roster.KindApproverAdmit, roster.ApproverAdmit{
			ID: e.Approver, Name: "frank", Entities: []string{}, KEM: e.KEM, Signing: envelope.VerifyKey{1},
			Generation: 1, Factors: []keyring.FactorKind{keyring.FactorSoftware},
		})
	}, envelope.ErrKey},
	{"a device that another person's keyring certified", func(s *stage) error {
		c := s.Certify(s.bob.Person, keyring.NewDevice(), "phone")
		forged := edit(s, c, func(c *keyring.Certificate) { c.Approver = s.alice.ID })
		return s.TryAppend(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: forged})
	}, envelope.ErrSignature},
	{"a ticket with its organisation cut out", func(s *stage) error {
		t := s.ticket()
		t.Organisation = envelope.Hash{}
		text, err := t.Reveal()
		s.Must(err)
		_, err = roster.ParseTicket(text)
		return err
	}, envelope.ErrEncoding},
}
