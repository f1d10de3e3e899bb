package attack_test

import (
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// call is an inbox call by alice's phone.
func (s *stage) call() envelope.Signed {
	c, err := approval.CallInbox(s.alice.roster, s.alice.Device.ID(), s.alice.Device.Signer(), envelope.ID{}, 0, s.Now)
	s.Must(err)
	return c
}

// answer is an honest broker's answer to a call by d's phone at a mount.
func (s *stage) answer(d *device, mount envelope.ID, call envelope.Signed) envelope.Envelope {
	dev, err := s.Roster.Device(d.Device.ID())
	s.Must(err)
	sealed, err := approval.SealInbox(dev, mount, call, approval.Inbox{Log: []envelope.Signed{}, Items: []approval.Item{s.ask(pathDB, s.db[2]).item()}})
	s.Must(err)
	return sealed
}

func (s *stage) inbox(call envelope.Signed, sealed envelope.Envelope) error {
	_, err := approval.OpenInbox(s.alice.roster, s.alice.Device, s.Mount, call, sealed)
	return err
}

// calledWith has the honest broker read a call that a relay changed.
func (s *stage) calledWith(call envelope.Signed) error {
	_, _, err := approval.ReadInboxCall(s.Roster, call, s.Now)
	return err
}

// inboxAttacks stand between a device and its inbox.
var inboxAttacks = []attack{
	{"an earlier answer to a later call", func(s *stage) error {
		early := s.answer(s.alice, s.Mount, s.call())
		return s.inbox(s.call(), early)
	}, envelope.ErrOpen},
	{"another device's answer", func(s *stage) error {
		call := s.call()
		return s.inbox(call, s.answer(s.bob, s.Mount, call))
	}, envelope.ErrOpen},
	{"another mount's answer", func(s *stage) error {
		call := s.call()
		return s.inbox(call, s.answer(s.alice, envelope.NewID(), call))
	}, envelope.ErrOpen},
	{"an answer that is no inbox", func(s *stage) error {
		call := s.call()
		sealed, err := envelope.SealTo(s.alice.kem(s), envelope.Context{
			Purpose: envelope.PurposeInbox, Organisation: s.Roster.Organisation(), Mount: s.Mount, Recipient: s.alice.Device.ID(), Request: call.Hash(),
		}, []byte(`{"mount":"`+s.Mount.String()+`"}`))
		s.Must(err)
		return s.inbox(call, sealed)
	}, envelope.ErrEncoding},
	{"an answer that names another mount inside", func(s *stage) error {
		call := s.call()
		text, err := envelope.Encode(approval.Inbox{Mount: envelope.NewID(), Log: []envelope.Signed{}, Items: []approval.Item{}})
		s.Must(err)
		sealed, err := envelope.SealTo(s.alice.kem(s), envelope.Context{
			Purpose: envelope.PurposeInbox, Organisation: s.Roster.Organisation(), Mount: s.Mount, Recipient: s.alice.Device.ID(), Request: call.Hash(),
		}, text)
		s.Must(err)
		return s.inbox(call, sealed)
	}, approval.ErrInbox},
	{"an inbox call replayed later", func(s *stage) error {
		call := s.call()
		s.Now = s.Now.Add(time.Hour)
		return s.calledWith(call)
	}, approval.ErrInbox},
	{"an inbox call that pages past a request", func(s *stage) error {
		return s.calledWith(edit(s, s.call(), func(c *approval.InboxCall) { c.After = envelope.NewID() }))
	}, envelope.ErrSignature},
	{"an inbox call in another device's name", func(s *stage) error {
		return s.calledWith(edit(s, s.call(), func(c *approval.InboxCall) { c.Device = s.bob.Device.ID() }, s.alice.Device.Signer()))
	}, envelope.ErrSignature},
	{"an inbox call by a revoked phone", func(s *stage) error {
		call := s.call()
		s.Append(roster.KindDeviceRevoke, roster.Removal{ID: s.alice.Device.ID()})
		return s.calledWith(call)
	}, roster.ErrRevoked},
	{"an inbox call to another organisation", func(s *stage) error {
		_, _, err := approval.ReadInboxCall(s.another().Roster, s.call(), s.Now)
		return err
	}, roster.ErrOrganisation},
	{"an inbox call that never ends", func(s *stage) error {
		return s.calledWith(edit(s, s.call(), func(c *approval.InboxCall) { c.Wait = 1 << 31 }, s.alice.Device.Signer()))
	}, approval.ErrInbox},
}

func (d *device) kem(s *stage) envelope.KEMKey {
	public, err := d.Device.Public()
	s.Must(err)
	return public.KEM
}
