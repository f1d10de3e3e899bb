package attack_test

import (
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

const pathGlass = "glass/key" // two of alice, bob and carol, or dave and erin in an emergency

var emergency = approval.Terms{Origin: origin, Reason: "everybody else is gone", BreakGlass: true}

// glass writes a version of which the glass may be broken.
func (s *stage) glass() *secret.Version {
	s.T.Helper()
	p := coretest.Policy("glass", "glass/*", []*coretest.Consumer{s.host.Consumer}, coretest.Need("dba", 2, s.alice.Person, s.bob.Person, s.carol.Person))
	directors := coretest.Need("directors", 2, s.dave.Person, s.erin.Person)
	p.BreakGlass = &directors
	s.SetPolicy(p)
	s.everybodyLearns()
	return s.write(pathGlass, 1)[0]
}

// alarmed has an alarm about a request read after the attack changed it.
func (s *stage) alarmed(change func(*approval.Alarm), signers ...envelope.Signer) error {
	q := s.askOn(pathGlass, s.glass(), emergency)
	a := approval.Alarm{Request: q.signed, Decisions: []envelope.Signed{s.approval(s.dave, q).Receipt}}
	_, _, err := approval.ReadAlarm(s.carol.roster, a)
	s.Must(err)
	change(&a)
	_, _, err = approval.ReadAlarm(s.carol.roster, a)
	return err
}

// glassAttacks are about emergencies, real and pretended.
var glassAttacks = []attack{
	{"a request turned into an emergency", func(s *stage) error {
		q := s.ask(pathGlass, s.glass())
		q.signed = edit(s, q.signed, func(r *approval.Request) { r.BreakGlass = true })
		_, err := s.dave.review(q.item(), s.Now)
		return err
	}, envelope.ErrSignature},
	{"an emergency that its policy does not know", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.BreakGlass = true }, s.host.Signer)
	}, approval.ErrBreakGlass},
	{"an emergency without a reason", func(s *stage) error {
		q := s.askOn(pathGlass, s.glass(), emergency)
		q.signed = edit(s, q.signed, func(r *approval.Request) { r.Reason = " " }, s.host.Signer)
		_, err := s.dave.review(q.item(), s.Now)
		return err
	}, approval.ErrBreakGlass},
	{"an emergency shown to those of every day", func(s *stage) error {
		_, err := s.alice.approve(s.askOn(pathGlass, s.glass(), emergency).item(), s.Now)
		return err
	}, approval.ErrNotPrincipal},
	{"a request of every day shown to those of emergencies", func(s *stage) error {
		_, err := s.dave.approve(s.ask(pathGlass, s.glass()).item(), s.Now)
		return err
	}, approval.ErrNotPrincipal},
	{"the share of every day for an emergency", func(s *stage) error {
		v := s.glass()
		daily, q := s.ask(pathGlass, v), s.askOn(pathGlass, v, emergency)
		rel := s.approval(s.alice, daily)
		rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.Request, r.RequestID = q.signed.Hash(), q.asked.ID }, s.alice.signers(s)...)
		return s.accept(q, rel)
	}, approval.ErrNotPrincipal},
	{"the release of an emergency for a request of every day", func(s *stage) error {
		v := s.glass()
		daily, q := s.ask(pathGlass, v), s.askOn(pathGlass, v, emergency)
		return s.accept(daily, s.approval(s.dave, q))
	}, approval.ErrRelease},
	{"one share of every day and one for emergencies", func(s *stage) error {
		v := s.glass()
		verified, err := v.Verify(s.host.roster, s.Mount, pathGlass)
		s.Must(err)
		_, err = verified.Combine([]*secret.Share{s.share(s.alice, v, pathGlass), s.share(s.dave, v, pathGlass)})
		return err
	}, secret.ErrQuorum},
	{"an alarm about a request of every day", func(s *stage) error {
		return s.alarmed(func(a *approval.Alarm) { a.Request = s.ask(pathDB, s.db[2]).signed })
	}, approval.ErrRequest},
	{"an alarm whose reason was edited", func(s *stage) error {
		return s.alarmed(func(a *approval.Alarm) {
			a.Request = edit(s, a.Request, func(r *approval.Request) { r.Reason = "drill" })
		})
	}, envelope.ErrSignature},
	{"an alarm that the broker made", func(s *stage) error {
		return s.alarmed(func(a *approval.Alarm) {
			a.Request = edit(s, a.Request, func(*approval.Request) {}, s.mallory)
		})
	}, envelope.ErrSignature},
	{"an alarm with a decision about something else", func(s *stage) error {
		return s.alarmed(func(a *approval.Alarm) {
			a.Decisions = []envelope.Signed{s.approval(s.bob, s.ask(pathDB, s.db[2])).Receipt}
		})
	}, approval.ErrRelease},
	{"an alarm with a decision that nobody made", func(s *stage) error {
		return s.alarmed(func(a *approval.Alarm) {
			a.Decisions[0] = edit(s, a.Decisions[0], func(*approval.Receipt) {}, s.mallory)
		})
	}, envelope.ErrSignature},
	{"an alarm in another organisation", func(s *stage) error {
		return s.alarmed(func(a *approval.Alarm) {
			a.Request = edit(s, a.Request, func(r *approval.Request) { r.Organisation[0] ^= 1 }, s.host.Signer)
		})
	}, approval.ErrRequest},
	{"a report of opening that the broker made", func(s *stage) error {
		return s.reported(nil, s.mallory)
	}, envelope.ErrSignature},
	{"a report of opening by another consumer", func(s *stage) error {
		return s.reported(func(o *approval.Opened) { o.Consumer = s.rogue.ID }, s.rogue.Signer)
	}, envelope.ErrSignature},
	{"a report of opening with people added", func(s *stage) error {
		return s.reported(func(o *approval.Opened) { o.Approvers = append(o.Approvers, s.carol.ID) })
	}, envelope.ErrSignature},
	{"a report of opening another request", func(s *stage) error {
		return s.reported(func(o *approval.Opened) { o.Request[0] ^= 1 }, s.host.Signer)
	}, approval.ErrRequest},
	{"a report of opening another version", func(s *stage) error {
		return s.reported(func(o *approval.Opened) { o.Header[0] ^= 1 }, s.host.Signer)
	}, approval.ErrRequest},
	{"a report of opening by nobody", func(s *stage) error {
		return s.reported(func(o *approval.Opened) { o.Approvers = []envelope.ID{} }, s.host.Signer)
	}, approval.ErrRequest},
	{"a report that praises and accuses", func(s *stage) error {
		return s.reported(func(o *approval.Opened) { o.Accused = s.bob.ID }, s.host.Signer)
	}, approval.ErrRequest},
	{"a report of opening by a host revoked since", func(s *stage) error {
		return s.reported(func(*approval.Opened) {
			s.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.host.ID})
			s.everybodyLearns()
		}, s.host.Signer)
	}, roster.ErrRevoked},
}

// reported has the mount read the host's word on what it opened.
func (s *stage) reported(change func(*approval.Opened), signers ...envelope.Signer) error {
	q := s.ask(pathKey, s.key)
	o, err := approval.ReportOpened(s.host.roster, &q.asked, q.signed.Hash(), q.verified, []envelope.ID{s.alice.ID, s.bob.ID, s.dave.ID}, nil, s.host.Signer, s.Now)
	s.Must(err)
	_, err = approval.ReadOpened(s.Roster, o, &q.asked, q.signed.Hash())
	s.Must(err)
	if change == nil {
		change = func(*approval.Opened) {}
	}
	o = edit(s, o, change, signers...)
	_, err = approval.ReadOpened(s.Roster, o, &q.asked, q.signed.Hash())
	return err
}

// history is what alice's phone decided: an approval, a denial, an approval, with the
// organisation's word on how far it had come.
func (s *stage) history(checkpointed int) (receipts []envelope.Signed) {
	s.T.Helper()
	for i := range 3 {
		q := s.ask(pathDB, s.db[2])
		decide := s.alice.approve
		if i == 1 {
			decide = s.alice.deny
		}
		rel, err := decide(q.item(), s.Now)
		s.Must(err)
		receipts = append(receipts, rel.Receipt)
	}
	if checkpointed > 0 {
		s.Append(roster.KindReceiptsCheckpoint, roster.ReceiptsCheckpoint{Heads: []roster.ReceiptHead{
			{Device: s.alice.Device.ID(), Counter: uint64(checkpointed), Receipt: receipts[checkpointed-1].Hash()},
		}})
	}
	s.Must(s.complete(receipts))
	return receipts
}

// complete verifies receipts as auditors do: unbroken, and as far as the organisation
// signed that they go.
func (s *stage) complete(receipts []envelope.Signed) error {
	if err := approval.VerifyChains(s.Roster, receipts); err != nil {
		return err
	}
	for _, head := range s.Roster.ReceiptHeads() {
		if !slices.ContainsFunc(receipts, func(r envelope.Signed) bool { return r.Hash() == head.Receipt }) {
			return approval.ErrReceipts
		}
	}
	return nil
}

// denialAttacks hide that somebody said no.
var denialAttacks = []attack{
	{"a denial left out of the record", func(s *stage) error {
		all := s.history(0)
		return s.complete([]envelope.Signed{all[0], all[2]})
	}, approval.ErrReceipts},
	{"a denial cut off with everything after it", func(s *stage) error {
		return s.complete(s.history(3)[:1])
	}, approval.ErrReceipts},
	{"a denial at the end cut off", func(s *stage) error {
		return s.complete(s.history(2)[:1])
	}, approval.ErrReceipts},
	{"all of a phone's receipts left out", func(s *stage) error {
		s.history(3)
		return s.complete(nil)
	}, approval.ErrReceipts},
	{"a denial replaced by a consent of the same number", func(s *stage) error {
		all := s.history(3)
		all[1] = edit(s, all[1], func(r *approval.Receipt) { r.Decision, r.Reason = approval.Consent, "" }, s.alice.signers(s)...)
		return s.complete(all)
	}, approval.ErrReceipts},
	{"a checkpoint of receipts that the broker made", func(s *stage) error {
		forged, err := s.Roster.Next(roster.KindReceiptsCheckpoint, roster.ReceiptsCheckpoint{Heads: []roster.ReceiptHead{
			{Device: s.alice.Device.ID(), Counter: 1, Receipt: s.history(0)[0].Hash()},
		}}, s.Now, s.mallory)
		s.Must(err)
		return s.Roster.Append(forged)
	}, envelope.ErrSignature},
	{"a checkpoint of receipts that goes back", func(s *stage) error {
		all := s.history(2)
		return s.TryAppend(roster.KindReceiptsCheckpoint, roster.ReceiptsCheckpoint{Heads: []roster.ReceiptHead{
			{Device: s.alice.Device.ID(), Counter: 1, Receipt: all[0].Hash()},
		}})
	}, roster.ErrStatement},
	{"a report stripped from a denial", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		c, err := s.alice.review(q.item(), s.Now)
		s.Must(err)
		rel, err := c.Deny("I know nothing of this", true, s.alice.Device.Signer(), s.alice.ledger, s.Now)
		s.Must(err)
		rel.Receipt = edit(s, rel.Receipt, func(r *approval.Receipt) { r.Report = false })
		return s.accept(q, rel)
	}, envelope.ErrSignature},
	{"a denial hidden from the next approver, by then known to the first", func(s *stage) error {
		q := s.ask(pathKey, s.key)
		denial, err := s.bob.deny(q.item(), s.Now)
		s.Must(err)
		_, err = s.alice.approve(q.item(denial.Receipt), s.Now.Add(time.Second))
		return err
	}, approval.ErrDenied},
}
