package attack_test

import (
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// wish is a re-share that the mount asked for, with the mount that did.
type wish struct {
	mount  *coretest.Consumer
	signed envelope.Signed
}

// wishes has the mount ask for quorum/* to be re-shared for frank.
func (s *stage) wishes() wish {
	s.T.Helper()
	mount := s.AdmitConsumer("mount", roster.ConsumerMount)
	s.joins()
	signed, err := approval.AskReshare(s.Roster, s.quorum.ID, s.Mount, mount.ID, mount.Signer, s.Now)
	s.Must(err)
	return wish{mount, signed}
}

func (d *device) reviewReshare(signed envelope.Signed, now time.Time) (*approval.ReshareCase, error) {
	v := approval.Reviewer{Roster: d.roster, Mount: d.mount, Approver: d.ID, Device: d.Device.ID()}
	return v.ReviewReshare(signed, now)
}

// wished has alice review a re-share request that the broker changed.
func (s *stage) wished(change func(*approval.ReshareRequest), signers ...envelope.Signer) error {
	w := s.wishes()
	_, err := s.alice.reviewReshare(edit(s, w.signed, change, signers...), s.Now)
	return err
}

// dealtWith has alice answer the mount's wish with one page.
func (s *stage) dealtWith(w wish, items ...approval.ReshareItem) (approval.ReshareAnswer, error) {
	c, err := s.alice.reviewReshare(w.signed, s.Now)
	if err != nil {
		return approval.ReshareAnswer{}, err
	}
	var versions []*secret.Verified
	var epochs []uint32
	for _, item := range items {
		v, err := c.Verify(item)
		if err != nil {
			return approval.ReshareAnswer{}, err
		}
		versions, epochs = append(versions, v), append(epochs, item.Epoch)
	}
	return c.Deal(versions, epochs, []*keyring.Keyring{s.alice.Keyring}, s.alice.Device.Signer(), s.alice.ledger, s.Now)
}

// answered has the honest mount read alice's answer for quorum/key after the attack
// changed it.
func (s *stage) answered(change func(w *wish, a *approval.ReshareAnswer)) error {
	w := s.wishes()
	a, err := s.dealtWith(w, approval.ReshareItem{Version: *s.key.WithoutPayload(), Epoch: 1})
	s.Must(err)
	change(&w, &a)
	_, err = approval.ReadReshareAnswer(s.Roster, w.signed, a, s.Now)
	return err
}

// dealingAttacks stand between a device that deals and the mount.
var dealingAttacks = []attack{
	{"a re-share that the broker asks for", func(s *stage) error {
		w := s.wishes()
		_, err := s.alice.reviewReshare(edit(s, w.signed, func(*approval.ReshareRequest) {}, s.mallory), s.Now)
		return err
	}, envelope.ErrSignature},
	{"a re-share that a host asks for", func(s *stage) error {
		return s.wished(func(q *approval.ReshareRequest) { q.Consumer = s.host.ID }, s.host.Signer)
	}, approval.ErrReshare},
	{"a re-share that nobody's consumer asks for", func(s *stage) error {
		return s.wished(func(q *approval.ReshareRequest) { q.Consumer = envelope.NewID() }, s.mallory)
	}, roster.ErrUnknown},
	{"a re-share moved to another policy", func(s *stage) error {
		return s.wished(func(q *approval.ReshareRequest) { q.Policy = s.prod.ID })
	}, envelope.ErrSignature},
	{"a re-share of another mount's versions", func(s *stage) error {
		w := s.wishes()
		return s.wishedBy(w, func(q *approval.ReshareRequest) { q.Mount = envelope.NewID() })
	}, approval.ErrReshare},
	{"a re-share for another organisation", func(s *stage) error {
		w := s.wishes()
		return s.wishedBy(w, func(q *approval.ReshareRequest) { q.Organisation[0] ^= 1 })
	}, roster.ErrOrganisation},
	{"a re-share for a text of the policy from before", func(s *stage) error {
		w := s.wishes()
		s.demands(func(p *roster.Policy) { p.LeaseTTL++ })
		_, err := s.alice.reviewReshare(w.signed, s.Now)
		return err
	}, approval.ErrReshare},
	{"a re-share for a policy that is gone", func(s *stage) error {
		w := s.wishes()
		s.Append(roster.KindPolicyDelete, roster.Removal{ID: s.quorum.ID})
		s.everybodyLearns()
		_, err := s.alice.reviewReshare(w.signed, s.Now)
		return err
	}, roster.ErrUnknown},
	{"a re-share by a mount revoked since", func(s *stage) error {
		w := s.wishes()
		s.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: w.mount.ID})
		s.everybodyLearns()
		_, err := s.alice.reviewReshare(w.signed, s.Now)
		return err
	}, roster.ErrRevoked},
	{"a re-share under statements that the device lacks", func(s *stage) error {
		w := s.wishes()
		return s.wishedBy(w, func(q *approval.ReshareRequest) { q.Roster.Seq++ })
	}, roster.ErrBehind},
	{"a re-share asked for later than now", func(s *stage) error {
		w := s.wishes()
		return s.wishedBy(w, func(q *approval.ReshareRequest) { q.Created = q.Created.Add(time.Hour) })
	}, approval.ErrFuture},
	{"a log with an approver of the broker's own, to deal to", func(s *stage) error {
		p := s.quorum
		forged, err := s.alice.roster.Next(roster.KindPolicySet, p, s.Now, s.mallory)
		s.Must(err)
		return s.alice.learn(s.Roster.Organisation(), append(slices.Clone(s.Log), forged))
	}, envelope.ErrSignature},
	{"the log from before a policy changed, to deal under the old one", func(s *stage) error {
		s.wishes()
		return s.alice.learn(s.Roster.Organisation(), s.Log[:len(s.Log)-1])
	}, roster.ErrRolledBack},
	{"a version of another policy slipped into a re-share", func(s *stage) error {
		_, err := s.dealtWith(s.wishes(), approval.ReshareItem{Version: *s.db[2].WithoutPayload(), Epoch: 1})
		return err
	}, approval.ErrReshare},
	{"a version of a path without a policy slipped into a re-share", func(s *stage) error {
		v := s.reheaded(s.key, func(h *secret.Header) { h.Path = "elsewhere/key" }, s.host.Signer)
		_, err := s.dealtWith(s.wishes(), approval.ReshareItem{Version: *v, Epoch: 1})
		return err
	}, roster.ErrNoPolicy},
	{"a version of the broker's own in a re-share", func(s *stage) error {
		v := s.reheaded(s.key, func(h *secret.Header) { h.Created++ }, s.mallory)
		_, err := s.dealtWith(s.wishes(), approval.ReshareItem{Version: *v, Epoch: 1})
		return err
	}, envelope.ErrSignature},
	{"a version that is shared as it should be", func(s *stage) error {
		w := s.wishes()
		_, err := s.dealtWith(w, approval.ReshareItem{Version: *s.write("quorum/new", 1)[0].WithoutPayload(), Epoch: 1})
		return err
	}, secret.ErrFollows},
	{"an epoch far ahead", func(s *stage) error {
		_, err := s.dealtWith(s.wishes(), approval.ReshareItem{Version: *s.key.WithoutPayload(), Epoch: 1 << 20})
		return err
	}, secret.ErrDeal},
	{"an epoch that was dealt before", func(s *stage) error {
		v := s.reshared()
		s.demands(func(p *roster.Policy) { p.Requirements[0].M = 3; p.MinimumCoverage = 0 })
		verified, err := v.VerifyHistory(s.alice.roster, s.Mount, pathKey)
		s.Must(err)
		_, err = verified.Deal(s.alice.roster, s.alice.Keyring, 1)
		return err
	}, secret.ErrDeal},
	{"a policy that changed between a person's look and their gesture", func(s *stage) error {
		w := s.wishes()
		c, err := s.alice.reviewReshare(w.signed, s.Now)
		s.Must(err)
		v, err := c.Verify(approval.ReshareItem{Version: *s.key.WithoutPayload(), Epoch: 1})
		s.Must(err)
		s.demands(func(p *roster.Policy) { p.Requirements[1].M, p.MinimumCoverage = 2, 0 })
		_, err = c.Deal([]*secret.Verified{v}, []uint32{1}, []*keyring.Keyring{s.alice.Keyring}, s.alice.Device.Signer(), s.alice.ledger, s.Now)
		return err
	}, approval.ErrReshare},
	{"an answer to another re-share", func(s *stage) error {
		return s.answered(func(w *wish, _ *approval.ReshareAnswer) {
			var err error
			w.signed, err = approval.AskReshare(s.Roster, s.quorum.ID, s.Mount, w.mount.ID, w.mount.Signer, s.Now)
			s.Must(err)
		})
	}, approval.ErrReshare},
	{"an answer that says more than was dealt", func(s *stage) error {
		return s.answered(func(_ *wish, a *approval.ReshareAnswer) { a.Reshared = append(a.Reshared, a.Reshared[0]) })
	}, approval.ErrReshare},
	{"an answer with another deal of the same dealer", func(s *stage) error {
		return s.answered(func(_ *wish, a *approval.ReshareAnswer) { a.Deals[0] = s.deal(s.alice, s.key, pathKey, 1) })
	}, approval.ErrReshare},
	{"an answer with a deal dropped", func(s *stage) error {
		return s.answered(func(_ *wish, a *approval.ReshareAnswer) { a.Deals = nil })
	}, approval.ErrReshare},
	{"an answer with a deal repeated", func(s *stage) error {
		return s.answered(func(_ *wish, a *approval.ReshareAnswer) { a.Deals = append(a.Deals, a.Deals[0]) })
	}, approval.ErrReshare},
	{"another's deal under one's own receipt", func(s *stage) error {
		return s.answered(func(_ *wish, a *approval.ReshareAnswer) {
			a.Deals[0] = s.deal(s.bob, s.key, pathKey, 1)
			a.Reshared[0].Deal = a.Deals[0].Deal.Hash()
			a.Receipt = s.reissued(a)
		})
	}, approval.ErrReshare},
	{"an answer by a phone revoked since", func(s *stage) error {
		return s.answered(func(*wish, *approval.ReshareAnswer) {
			s.Append(roster.KindDeviceRevoke, roster.Removal{ID: s.alice.Device.ID()})
		})
	}, roster.ErrRevoked},
	{"a re-share's receipt as the approval of a request", func(s *stage) error {
		w := s.wishes()
		a, err := s.dealtWith(w, approval.ReshareItem{Version: *s.key.WithoutPayload(), Epoch: 1})
		s.Must(err)
		q := s.ask(pathDB, s.db[2])
		rec := edit(s, a.Receipt, func(r *approval.Receipt) { r.Request, r.RequestID = q.signed.Hash(), q.asked.ID }, s.alice.signers(s)...)
		return s.accept(q, approval.Release{Receipt: rec})
	}, approval.ErrRelease},
	{"a re-share in the record that names other versions", func(s *stage) error {
		w := s.wishes()
		a, err := s.dealtWith(w, approval.ReshareItem{Version: *s.key.WithoutPayload(), Epoch: 1})
		s.Must(err)
		a.Reshared[0].Path = "quorum/other"
		_, err = approval.Evidence{Receipt: a.Receipt, Request: w.signed, Reshared: a.Reshared}.Verify(s.Roster)
		return err
	}, approval.ErrReshare},
	{"an approval in the record dressed as a re-share", func(s *stage) error {
		return s.judged(func(e *approval.Evidence) { e.Reshared = []approval.Reshared{{Path: pathKey}} })
	}, approval.ErrRelease},
	{"a page for another device", func(s *stage) error { return s.paged(s.bob, nil) }, envelope.ErrOpen},
	{"a page that answers an earlier call", func(s *stage) error {
		return s.paged(s.alice, func(w wish) envelope.Signed { return s.reshareCall(w) })
	}, envelope.ErrOpen},
	{"a call for a page edited", func(s *stage) error {
		call := edit(s, s.reshareCall(s.wishes()), func(c *approval.ReshareCall) { c.After[0] ^= 1 })
		_, _, err := approval.ReadReshareCall(s.Roster, call, s.Now)
		return err
	}, envelope.ErrSignature},
	{"a call for a page replayed later", func(s *stage) error {
		_, _, err := approval.ReadReshareCall(s.Roster, s.reshareCall(s.wishes()), s.Now.Add(time.Hour))
		return err
	}, approval.ErrInbox},
	{"an inbox call as a call for a page", func(s *stage) error {
		_, _, err := approval.ReadReshareCall(s.Roster, s.call(), s.Now)
		return err
	}, envelope.ErrPayloadType},
}

// wishedBy has alice review a wish that the mount itself changed.
func (s *stage) wishedBy(w wish, change func(*approval.ReshareRequest)) error {
	_, err := s.alice.reviewReshare(edit(s, w.signed, change, w.mount.Signer), s.Now)
	return err
}

// reissued is alice's receipt for what an answer says now.
func (s *stage) reissued(a *approval.ReshareAnswer) envelope.Signed {
	encoded, err := envelope.Encode(a.Reshared)
	s.Must(err)
	blob := envelope.SumHash([]byte("stillvault/reshared/v1"), encoded)
	return edit(s, a.Receipt, func(r *approval.Receipt) { r.Blob = blob }, s.alice.signers(s)...)
}

func (s *stage) reshareCall(w wish) envelope.Signed {
	call, err := approval.CallReshare(s.alice.roster, s.alice.Device.ID(), s.alice.Device.Signer(), w.signed.Hash(), envelope.Hash{}, s.Now)
	s.Must(err)
	return call
}

// paged has alice open a page that was sealed to a device, for her call or another.
func (s *stage) paged(to *device, instead func(wish) envelope.Signed) error {
	w := s.wishes()
	call := s.reshareCall(w)
	answered := call
	if instead != nil {
		answered = instead(w)
	}
	d, err := s.Roster.Device(to.Device.ID())
	s.Must(err)
	sealed, err := approval.SealReshare(d, s.Mount, answered, approval.ResharePage{Items: []approval.ReshareItem{}})
	s.Must(err)
	_, err = approval.OpenReshare(s.alice.roster, s.alice.Device, s.Mount, call, sealed)
	return err
}
