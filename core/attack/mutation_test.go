package attack_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/internal/mutate"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// stored is one structure as it is stored or sent, and the way in which whoever
// gets it takes it.
type stored struct {
	name   string
	text   []byte
	accept func(text []byte) error
}

func encoded[T any](s *stage, name string, v T, accept func(T) error) stored {
	text, err := envelope.Encode(v)
	s.Must(err)
	return stored{name, text, func(text []byte) error {
		got, err := envelope.Decode[T](text)
		if err != nil {
			return err
		}
		return accept(got)
	}}
}

func TestNoChangedByteIsAccepted(t *testing.T) {
	s := newStage(t)
	var all []stored
	all = append(all, s.storedLog()...)
	all = append(all, s.storedVersions()...)
	all = append(all, s.storedAnswers()...)
	all = append(all, s.storedEnrolment()...)
	all = append(all, s.storedReshares()...)
	before := mutate.Count()
	t.Run("of", func(t *testing.T) {
		for _, c := range all {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				mutate.Each(c.text, func(mutant []byte, what string) bool {
					if c.accept(mutant) == nil {
						t.Errorf("accepted with %s", what)
					}
					return !t.Failed()
				})
				if err := c.accept(c.text); err != nil {
					t.Errorf("the original is refused: %v", err)
				}
			})
		}
	})
	t.Logf("%d structures: %d mutations, 0 accepted", len(all), mutate.Count()-before)
}

// storedLog is every statement, each taken by a roster that has those before it.
func (s *stage) storedLog() []stored {
	s.Append(roster.KindApproverSet, roster.ApproverSet{ID: s.erin.ID, Name: "erna", Entities: []string{"entity-erin", "entity-erna"}})
	s.Append(roster.KindConsumerSet, roster.ConsumerSet{ID: s.rogue.ID, Name: "renamed"})
	s.checkpoint(24 * time.Hour)
	fresh := envelope.NewSigningKey(envelope.NewKey())
	rotation, err := s.Roster.Next(roster.KindOrgRotate, roster.OrgRotate{
		PublicKey: fresh.Public(), RecoveryKey: s.Recovery.Public(), Recovery: envelope.SumHash([]byte("next")),
	}, s.Now, fresh, s.Recovery, s.Identity)
	s.Must(err)
	log := append(s.Log[:len(s.Log):len(s.Log)], rotation)
	all := []stored{encoded(s, "statement 0", log[0], func(st envelope.Signed) error {
		_, err := roster.Fold(s.Roster.Organisation(), []envelope.Signed{st})
		return err
	})}
	for i := 1; i < len(log); i++ {
		r := s.Fold(i)
		all = append(all, encoded(s, fmt.Sprintf("statement %d", i), log[i], r.Append))
	}
	return all
}

func (s *stage) storedVersions() []stored {
	first, err := s.db[0].Verify(s.host.roster, s.Mount, pathDB)
	s.Must(err)
	last, err := s.db[2].Verify(s.host.roster, s.Mount, pathDB)
	s.Must(err)
	open := func(path string) func(secret.Version) error {
		return func(v secret.Version) error {
			verified, err := v.Verify(s.alice.roster, s.Mount, path)
			if err != nil {
				return err
			}
			share, err := verified.OpenShare(s.alice.Keyring)
			if err != nil || path != pathDB {
				return err
			}
			_, err = verified.Combine([]*secret.Share{share})
			return err
		}
	}
	key := *s.key
	key.Payload = envelope.Envelope{Suite: envelope.Suite1} // opened in the any-of case
	return []stored{
		encoded(s, "version", *s.db[2], open(pathDB)),
		encoded(s, "wrap set of a quorum", key.WrapSet, func(w envelope.Signed) error {
			v := key
			v.WrapSet = w
			return open(pathKey)(v)
		}),
		encoded(s, "header in a chain", s.db[1].Header, func(h envelope.Signed) error {
			return first.Seen().Check(s.host.roster, last, []envelope.Signed{h})
		}),
	}
}

func (s *stage) storedAnswers() []stored {
	q, quorum := s.ask(pathDB, s.db[2]), s.ask(pathKey, s.key)
	evidence := approval.Evidence{Receipt: s.approval(s.alice, q).Receipt, Request: q.signed}
	denied := s.ask(pathDB, s.db[2])
	denial, err := s.bob.deny(denied.item(), s.Now)
	s.Must(err)
	call := s.call()
	device, err := s.Roster.Device(s.alice.Device.ID())
	s.Must(err)
	sealed, err := approval.SealInbox(device, s.Mount, call, approval.Inbox{Log: s.Log[:1], Items: []approval.Item{}})
	s.Must(err)
	// Taking the original over and over must be possible, so what is taken is
	// looked at with a pending request of its own each time.
	vet := func(q *question) func(approval.Release) error {
		return func(rel approval.Release) error {
			w, err := approval.Vet(s.host.roster, &q.asked, q.pending.Hash(), q.verified, rel, s.Now)
			if err != nil || w.Receipt.Decision != approval.Approve {
				return err
			}
			_, err = q.pending.Open(&q.asked, q.verified, w)
			return err
		}
	}
	fresh := s.ask(pathDB, s.db[2])
	return []stored{
		encoded(s, "request", fresh.signed, func(signed envelope.Signed) error {
			item := fresh.item()
			item.Request = signed
			_, err := s.bob.review(item, s.Now)
			return err
		}),
		encoded(s, "release of a payload", s.approval(s.bob, q), vet(q)),
		encoded(s, "release of a share", s.approval(s.bob, quorum), vet(quorum)),
		encoded(s, "denial", denial, vet(denied)),
		encoded(s, "receipt in a chain", evidence.Receipt, func(r envelope.Signed) error {
			return approval.VerifyChains(s.Roster, []envelope.Signed{r})
		}),
		encoded(s, "evidence", evidence, func(e approval.Evidence) error {
			_, err := e.Verify(s.Roster)
			return err
		}),
		encoded(s, "inbox call", call, s.calledWith),
		encoded(s, "sealed inbox", sealed, func(e envelope.Envelope) error { return s.inbox(call, e) }),
	}
}

func (s *stage) storedEnrolment() []stored {
	t := s.ticket()
	text, err := t.Reveal()
	s.Must(err)
	e := s.enrolment(t)
	return []stored{
		encoded(s, "enrolment", s.closed(t, e), func(m roster.EnrolmentMessage) error { return s.admitted(t, m) }),
		// A ticket carries no signature: it is found out when it is answered.
		{"ticket", []byte(text), func(text []byte) error {
			got, err := roster.ParseTicket(string(text))
			if err != nil {
				return err
			}
			m, err := got.Close(e)
			if err != nil {
				return err
			}
			return s.admitted(t, m)
		}},
	}
}

// storedReshares is what a re-share and an emergency add.
func (s *stage) storedReshares() []stored {
	alarm := approval.Alarm{Request: s.askOn(pathGlass, s.glass(), emergency).signed}
	w := s.wishes()
	answer, err := s.dealtWith(w, approval.ReshareItem{Version: *s.key.WithoutPayload(), Epoch: 1})
	s.Must(err)
	deals := append(s.deals(s.key, 1, s.bob, s.dave), answer.Deals...)
	next, err := s.key.Reshare(s.Roster, s.Mount, pathKey, deals)
	s.Must(err)
	copied := func() *secret.Version {
		deals := slices.Clone(next.Reshares[0].Deals)
		deals[0].Wraps = slices.Clone(deals[0].Wraps)
		return composed(s.key, deals...)
	}
	q := s.ask(pathKey, next)
	hers := slices.IndexFunc(q.verified.Seats, func(seat secret.Seat) bool { return seat.Approver == s.alice.ID })
	opened, err := approval.ReportOpened(s.host.roster, &q.asked, q.signed.Hash(), q.verified, []envelope.ID{s.alice.ID}, nil, s.host.Signer, s.Now)
	s.Must(err)
	call := s.reshareCall(w)
	return []stored{
		encoded(s, "deal in a re-share", next.Reshares[0].Deals[0].Deal, func(d envelope.Signed) error {
			v := copied()
			v.Reshares[0].Deals[0].Deal = d
			_, err := v.Verify(s.host.roster, s.Mount, pathKey)
			return err
		}),
		// One that is left out counts as deleted, so that it has to be opened.
		encoded(s, "sealed piece", next.Reshares[0].Deals[0].Wraps[hers], func(e envelope.Envelope) error {
			v := copied()
			v.Reshares[0].Deals[0].Wraps[hers] = e
			verified, err := v.Verify(s.host.roster, s.Mount, pathKey)
			if err != nil {
				return err
			}
			_, err = verified.OpenShare(s.alice.Keyring)
			return err
		}),
		// The deals stand for themselves, above.
		encoded(s, "answer to a re-share", approval.ReshareAnswer{Receipt: answer.Receipt, Reshared: answer.Reshared}, func(a approval.ReshareAnswer) error {
			if len(a.Deals) > 0 {
				return approval.ErrReshare
			}
			a.Deals = answer.Deals
			_, err := approval.ReadReshareAnswer(s.Roster, w.signed, a, s.Now)
			return err
		}),
		encoded(s, "re-share request", w.signed, func(signed envelope.Signed) error {
			_, err := s.alice.reviewReshare(signed, s.Now)
			return err
		}),
		encoded(s, "call for a page", call, func(c envelope.Signed) error {
			_, _, err := approval.ReadReshareCall(s.Roster, c, s.Now)
			return err
		}),
		encoded(s, "evidence of a re-share", approval.Evidence{Receipt: answer.Receipt, Request: w.signed, Reshared: answer.Reshared}, func(e approval.Evidence) error {
			_, err := e.Verify(s.Roster)
			return err
		}),
		encoded(s, "alarm", alarm, func(a approval.Alarm) error {
			_, _, err := approval.ReadAlarm(s.Roster, a)
			return err
		}),
		encoded(s, "word of what was opened", opened, func(o envelope.Signed) error {
			_, err := approval.ReadOpened(s.Roster, o, &q.asked, q.signed.Hash())
			return err
		}),
	}
}
