package attack_test

import (
	"cmp"
	"slices"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// joins has frank take carol's place among the two of dba for quorum/*, so that its
// versions are to be re-shared by two of alice, bob and carol, and one of dave and erin.
func (s *stage) joins() (frank *device) {
	frank = &device{Person: s.Admit("frank", "entity-frank"), mount: s.Mount, roster: s.Roster, decided: map[envelope.Hash]bool{}}
	s.demands(func(p *roster.Policy) {
		p.Requirements = []roster.Requirement{
			coretest.Need("dba", 2, s.alice.Person, s.bob.Person, frank.Person), coretest.Need("security", 1, s.dave.Person, s.erin.Person),
		}
	})
	return frank
}

// demands changes the policy of quorum/*.
func (s *stage) demands(change func(*roster.Policy)) {
	p := s.quorum
	p.Requirements = slices.Clone(p.Requirements)
	change(&p)
	s.SetPolicy(p)
	s.quorum = p
	s.everybodyLearns()
}

// deal is what an honest device deals of its share.
func (s *stage) deal(d *device, v *secret.Version, path string, epoch uint32) secret.Dealt {
	s.T.Helper()
	verified, err := v.VerifyHistory(d.roster, s.Mount, path)
	s.Must(err)
	dealt, err := verified.Deal(d.roster, d.Keyring, epoch)
	s.Must(err)
	return *dealt
}

func (s *stage) deals(v *secret.Version, epoch uint32, dealers ...*device) (all []secret.Dealt) {
	s.T.Helper()
	for _, d := range dealers {
		all = append(all, s.deal(d, v, pathKey, epoch))
	}
	return all
}

// composed puts deals together as a broker does that checks nothing.
func composed(v *secret.Version, deals ...secret.Dealt) *secret.Version {
	deals = slices.Clone(deals)
	slices.SortStableFunc(deals, func(a, b secret.Dealt) int {
		one, _ := envelope.Peek[secret.Deal](a.Deal, envelope.TypeDeal)
		two, _ := envelope.Peek[secret.Deal](b.Deal, envelope.TypeDeal)
		return cmp.Or(cmp.Compare(one.Dealer.Requirement, two.Dealer.Requirement), cmp.Compare(one.Dealer.X, two.Dealer.X))
	})
	next := *v
	next.Reshares = append(slices.Clone(v.Reshares), secret.Reshare{Deals: deals})
	return &next
}

// reshared is quorum/key, re-shared for frank by alice, bob and dave.
func (s *stage) reshared() *secret.Version {
	s.T.Helper()
	s.joins()
	next, err := s.key.Reshare(s.Roster, s.Mount, pathKey, s.deals(s.key, 1, s.alice, s.bob, s.dave))
	s.Must(err)
	return next
}

// reads has the host take a version as the latest of quorum/key.
func (s *stage) reads(v *secret.Version) error {
	_, err := s.host.read(pathKey, v)
	return err
}

// redealt has the host read a re-share of which bob changed his deal and signed it.
func (s *stage) redealt(change func(*secret.Deal), signers ...envelope.Signer) error {
	s.joins()
	deals := s.deals(s.key, 1, s.alice, s.bob, s.dave)
	deals[1].Deal = edit(s, deals[1].Deal, change, signers...)
	return s.reads(composed(s.key, deals...))
}

func (d *device) signer(s *stage) envelope.Signer {
	k, err := d.Keyring.Signer()
	s.Must(err)
	return k
}

// conspired has the host read a re-share of which all dealers changed their deals.
func (s *stage) conspired(change func(*secret.Deal, []envelope.Envelope)) error {
	s.joins()
	deals := s.deals(s.key, 1, s.alice, s.bob, s.dave)
	for i, d := range []*device{s.alice, s.bob, s.dave} {
		deals[i].Deal = edit(s, deals[i].Deal, func(b *secret.Deal) { change(b, deals[i].Wraps) }, d.signer(s))
	}
	return s.reads(composed(s.key, deals...))
}

// reshareAttacks put re-shares together from what was never meant to be.
var reshareAttacks = []attack{
	{"a deal dropped from a re-share", func(s *stage) error {
		s.joins()
		return s.reads(composed(s.key, s.deals(s.key, 1, s.alice, s.dave)...))
	}, secret.ErrWrapSet},
	{"a whole requirement's deals dropped", func(s *stage) error {
		s.joins()
		return s.reads(composed(s.key, s.deals(s.key, 1, s.alice, s.bob, s.carol)...))
	}, secret.ErrWrapSet},
	{"a deal repeated to make up the number", func(s *stage) error {
		s.joins()
		deals := s.deals(s.key, 1, s.alice, s.dave)
		return s.reads(composed(s.key, append(deals, deals[0])...))
	}, secret.ErrWrapSet},
	{"two deals of one person", func(s *stage) error {
		s.joins()
		return s.reads(composed(s.key, s.deals(s.key, 1, s.alice, s.alice, s.dave)...))
	}, secret.ErrWrapSet},
	{"a deal more than there are weights for", func(s *stage) error {
		s.joins()
		return s.reads(composed(s.key, s.deals(s.key, 1, s.alice, s.bob, s.carol, s.dave)...))
	}, secret.ErrWrapSet},
	{"deals in another order", func(s *stage) error {
		v := s.reshared()
		slices.Reverse(v.Reshares[0].Deals)
		return s.reads(v)
	}, secret.ErrWrapSet},
	{"deals for two targets mixed", func(s *stage) error {
		s.joins()
		early := s.deals(s.key, 1, s.alice, s.dave)
		s.demands(func(p *roster.Policy) {
			p.Requirements[0] = coretest.Need("dba", 2, s.alice.Person, s.bob.Person, s.carol.Person, s.erin.Person)
			p.Requirements[1] = coretest.Need("security", 1, s.dave.Person)
			p.MinimumCoverage = 0
		})
		return s.reads(composed(s.key, append(early, s.deal(s.bob, s.key, pathKey, 1))...))
	}, secret.ErrWrapSet},
	{"deals for two epochs mixed", func(s *stage) error {
		s.joins()
		return s.reads(composed(s.key, append(s.deals(s.key, 1, s.alice, s.dave), s.deal(s.bob, s.key, pathKey, 2))...))
	}, secret.ErrWrapSet},
	{"a deal of another secret", func(s *stage) error {
		other := s.write("quorum/other", 1)[0]
		s.joins()
		return s.reads(composed(s.key, append(s.deals(s.key, 1, s.alice, s.dave), s.deal(s.bob, other, "quorum/other", 1))...))
	}, secret.ErrDeal},
	{"the re-share of an earlier version", func(s *stage) error {
		draft := secret.Draft{Mount: s.Mount, Secret: envelope.NewID(), Path: "quorum/other", Author: s.host.ID}
		first, err := s.extend(&draft)
		s.Must(err)
		second, err := s.extend(&draft)
		s.Must(err)
		s.joins()
		var deals []secret.Dealt
		for _, d := range []*device{s.alice, s.bob, s.dave} {
			deals = append(deals, s.deal(d, first, "quorum/other", 1))
		}
		_, err = s.host.read("quorum/other", composed(second, deals...))
		return err
	}, secret.ErrDeal},
	{"a re-share repeated", func(s *stage) error {
		v := s.reshared()
		return s.reads(composed(v, v.Reshares[0].Deals...))
	}, secret.ErrDeal},
	{"a re-share left out from between", func(s *stage) error {
		v := s.reshared()
		s.demands(func(p *roster.Policy) {
			p.Requirements[0] = coretest.Need("dba", 2, s.alice.Person, s.bob.Person, s.carol.Person)
		})
		deals := s.deals(v, 2, s.alice, s.bob, s.dave)
		s.Must(s.reads(composed(v, deals...)))
		return s.reads(composed(s.key, deals...))
	}, secret.ErrDeal},
	{"a deal signed by the broker", func(s *stage) error {
		return s.redealt(func(*secret.Deal) {}, s.mallory)
	}, envelope.ErrSignature},
	{"a deal in another's name", func(s *stage) error {
		return s.redealt(func(b *secret.Deal) { b.Dealer = *s.seatIn(s.key, s.carol) }, s.bob.signer(s))
	}, envelope.ErrSignature},
	{"a deal from a seat that nobody has", func(s *stage) error {
		return s.redealt(func(b *secret.Deal) { b.Dealer.X = 9 }, s.bob.signer(s))
	}, secret.ErrNotHolder},
	{"a deal that its dealer made after being revoked", func(s *stage) error {
		s.joins()
		deals := s.deals(s.key, 1, s.alice, s.carol, s.dave)
		s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.carol.ID})
		s.everybodyLearns()
		deals[1].Deal = edit(s, deals[1].Deal, func(b *secret.Deal) { b.Roster = s.Roster.Head() }, s.carol.signer(s))
		return s.reads(composed(s.key, deals...))
	}, roster.ErrRevoked},
	{"a re-share to somebody who was revoked by then", func(s *stage) error {
		return s.conspired(func(b *secret.Deal, _ []envelope.Envelope) {
			if s.Roster.Head() == b.Roster { // once
				s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.erin.ID})
				s.everybodyLearns()
			}
			b.Roster = s.Roster.Head()
		})
	}, roster.ErrRevoked},
	{"other people in a deal", func(s *stage) error {
		return s.redealt(func(b *secret.Deal) { b.Holders[0].Approver = s.carol.ID })
	}, envelope.ErrSignature},
	{"other people in the deal of a dealer who plays along", func(s *stage) error {
		return s.redealt(func(b *secret.Deal) { b.Holders[0].Approver = s.carol.ID }, s.bob.signer(s))
	}, secret.ErrWrapSet},
	{"an approver of the broker's own in the deal of a dealer who plays along", func(s *stage) error {
		return s.redealt(func(b *secret.Deal) { b.Holders[0].Approver = envelope.NewID() }, s.bob.signer(s))
	}, roster.ErrUnknown},
	{"people swapped in the deal of a dealer who plays along", func(s *stage) error {
		return s.redealt(func(b *secret.Deal) {
			b.Holders[0].Approver, b.Holders[1].Approver = b.Holders[1].Approver, b.Holders[0].Approver
		}, s.bob.signer(s))
	}, secret.ErrWrapSet},
	{"one person twice among the new holders", func(s *stage) error {
		return s.conspired(func(b *secret.Deal, _ []envelope.Envelope) { b.Holders[1].Approver = b.Holders[0].Approver })
	}, secret.ErrWrapSet},
	{"one share twice among the new ones", func(s *stage) error {
		return s.conspired(func(b *secret.Deal, _ []envelope.Envelope) { b.Holders[1].X = b.Holders[0].X })
	}, secret.ErrWrapSet},
	{"a re-share that asks for fewer than the policy", func(s *stage) error {
		return s.conspired(func(b *secret.Deal, _ []envelope.Envelope) { b.Access[0].M = 1 })
	}, secret.ErrDeal},
	{"a re-share that drops a requirement of the policy", func(s *stage) error {
		return s.conspired(func(b *secret.Deal, _ []envelope.Envelope) { b.Access = b.Access[:1] })
	}, secret.ErrDeal},
	{"a re-share with a way to break the glass that the policy lacks", func(s *stage) error {
		return s.conspired(func(b *secret.Deal, _ []envelope.Envelope) {
			b.Access = append(b.Access, secret.Access{Name: "glass", M: 2, BreakGlass: true})
		})
	}, secret.ErrDeal},
	{"an epoch that uses all numbers up", func(s *stage) error {
		return s.conspired(func(b *secret.Deal, _ []envelope.Envelope) { b.Epoch = 1 << 31 })
	}, secret.ErrDeal},
	{"two people's pieces swapped", func(s *stage) error {
		v := s.reshared()
		wraps := slices.Clone(v.Reshares[0].Deals[0].Wraps)
		wraps[0], wraps[1] = wraps[1], wraps[0]
		v.Reshares[0].Deals[0].Wraps = wraps
		return s.reads(v)
	}, secret.ErrWrapSet},
	{"the pieces of an earlier deal by the same dealer", func(s *stage) error {
		s.joins()
		deals := s.deals(s.key, 1, s.alice, s.bob, s.dave)
		deals[0].Wraps = s.deal(s.alice, s.key, pathKey, 1).Wraps
		return s.reads(composed(s.key, deals...))
	}, secret.ErrWrapSet},
	{"a deal under statements that the reader lacks", func(s *stage) error {
		return s.redealt(func(b *secret.Deal) { b.Roster.Seq++ }, s.bob.signer(s))
	}, roster.ErrBehind},
	{"a re-share under a policy from before", func(s *stage) error {
		v := s.reshared()
		s.demands(func(p *roster.Policy) { p.Requirements[0].M = 1 })
		return s.reads(v)
	}, secret.ErrStale},
	{"a weaker policy that a signature alone puts in force", func(s *stage) error {
		s.demands(func(p *roster.Policy) { p.Requirements[0].M = 1 })
		return s.reads(s.key)
	}, secret.ErrStale},
}

// seatIn is a holder's seat in a version of quorum/*.
func (s *stage) seatIn(v *secret.Version, d *device) *secret.Seat {
	verified, err := v.VerifyHistory(s.Roster, s.Mount, pathKey)
	s.Must(err)
	seat, err := verified.Seat(d.ID)
	s.Must(err)
	return seat
}
