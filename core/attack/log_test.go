package attack_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// shown has alice's phone, which remembers the true log, take another one.
func (s *stage) shown(log []envelope.Signed) error {
	return s.alice.learn(s.Roster.Organisation(), log)
}

// altered returns the log with one statement changed.
func (s *stage) altered(kind roster.Kind, change func(*roster.Statement), signers ...envelope.Signer) []envelope.Signed {
	log := slices.Clone(s.Log)
	for i := range log {
		if st, err := envelope.Peek[roster.Statement](log[i], envelope.TypeStatement); err == nil && st.Kind == kind {
			log[i] = edit(s, log[i], change, signers...)
			return log
		}
	}
	s.T.Fatalf("no %s in the log", kind)
	return nil
}

// withBody changes the body of a statement.
func withBody[T any](change func(*T)) func(*roster.Statement) {
	return func(st *roster.Statement) {
		var body T
		if err := json.Unmarshal(st.Body, &body); err != nil {
			panic(err)
		}
		change(&body)
		encoded, err := envelope.Encode(body)
		if err != nil {
			panic(err)
		}
		st.Body = encoded
	}
}

// next is the log with one more statement, signed by whom the attack has.
func (s *stage) next(kind roster.Kind, body any, signers ...envelope.Signer) []envelope.Signed {
	st, err := s.Roster.Next(kind, body, s.Now, signers...)
	s.Must(err)
	return append(slices.Clone(s.Log), st)
}

var logAttacks = []attack{
	{"another organisation's log", func(s *stage) error { return s.shown(s.another().Log) }, roster.ErrOrganisation},
	{"a first statement with another nonce", func(s *stage) error {
		return s.shown(s.altered(roster.KindOrgInit, withBody(func(b *roster.OrgInit) { b.Nonce[0] ^= 1 }), s.Identity))
	}, roster.ErrOrganisation},
	{"an approver's KEM key swapped", func(s *stage) error {
		return s.shown(s.altered(roster.KindApproverAdmit, withBody(func(b *roster.ApproverAdmit) { b.KEM[0] ^= 1 })))
	}, envelope.ErrSignature},
	{"an approver's signing key swapped", func(s *stage) error {
		return s.shown(s.altered(roster.KindApproverAdmit, withBody(func(b *roster.ApproverAdmit) { b.Signing = s.mallory.Public() })))
	}, envelope.ErrSignature},
	{"a consumer's key swapped", func(s *stage) error {
		return s.shown(s.altered(roster.KindConsumerAdmit, withBody(func(b *roster.ConsumerAdmit) { b.Signing = s.mallory.Public() })))
	}, envelope.ErrSignature},
	{"a device's certificate swapped", func(s *stage) error {
		return s.shown(s.altered(roster.KindDeviceAdmit, withBody(func(b *roster.DeviceAdmit) {
			b.Certificate = s.Certify(s.bob.Person, s.bob.Device, "phone")
		})))
	}, envelope.ErrSignature},
	{"a policy's quorum lowered", func(s *stage) error {
		return s.shown(s.altered(roster.KindPolicySet, withBody(func(b *roster.Policy) { b.Requirements[0].Principals = b.Requirements[0].Principals[:1] })))
	}, envelope.ErrSignature},
	{"a policy's pattern widened, signed by the broker", func(s *stage) error {
		return s.shown(s.altered(roster.KindPolicySet, withBody(func(b *roster.Policy) { b.Pattern = "*" }), s.mallory))
	}, envelope.ErrSignature},
	{"an approver of the broker's own admitted", func(s *stage) error {
		e := s.enrolment(s.ticket())
		return s.shown(s.next(roster.KindApproverAdmit, roster.ApproverAdmit{
			ID: e.Approver, Name: "frank", Entities: []string{}, KEM: e.KEM, Signing: e.Signing, Generation: 1, Factors: e.Factors,
		}, s.mallory))
	}, envelope.ErrSignature},
	{"an approver's entities taken away by the broker", func(s *stage) error {
		return s.shown(s.next(roster.KindApproverSet, roster.ApproverSet{ID: s.bob.ID, Name: "bob", Entities: []string{}}, s.mallory))
	}, envelope.ErrSignature},
	{"two approvers' names swapped in a statement that the signer made", func(s *stage) error {
		s.Append(roster.KindApproverSet, roster.ApproverSet{ID: s.bob.ID, Name: "robert", Entities: []string{"entity-bob"}})
		return s.shown(s.altered(roster.KindApproverSet, withBody(func(b *roster.ApproverSet) { b.ID = s.dave.ID })))
	}, envelope.ErrSignature},
	{"a statement under another's signature", func(s *stage) error {
		log := slices.Clone(s.Log)
		log[2].Signatures = log[1].Signatures
		return s.shown(log)
	}, envelope.ErrSignature},
	{"a revocation left out", func(s *stage) error {
		s.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.rogue.ID})
		s.AdmitConsumer("later", roster.ConsumerCI)
		return s.shown(slices.Delete(slices.Clone(s.Log), len(s.Log)-2, len(s.Log)-1))
	}, roster.ErrSequence},
	{"two statements swapped", func(s *stage) error {
		log := slices.Clone(s.Log)
		log[3], log[4] = log[4], log[3]
		return s.shown(log)
	}, roster.ErrSequence},
	{"a statement replayed", func(s *stage) error { return s.shown(append(slices.Clone(s.Log), s.Log[3])) }, roster.ErrSequence},
	{"another organisation's statement appended", func(s *stage) error {
		other := s.another()
		return s.shown(append(slices.Clone(s.Log), other.Log[len(s.Log)-1]))
	}, roster.ErrSequence},
	{"the log rolled back", func(s *stage) error { return s.shown(s.Log[:len(s.Log)-1]) }, roster.ErrRolledBack},
	{"the log rolled back before a revocation, to a consumer", func(s *stage) error {
		before := slices.Clone(s.Log)
		s.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.rogue.ID})
		s.everybodyLearns()
		return s.host.learn(s.Roster.Organisation(), before)
	}, roster.ErrRolledBack},
	{"the log forked", func(s *stage) error {
		before := len(s.Log)
		s.AdmitConsumer("branch", roster.ConsumerCI)
		s.everybodyLearns()
		st, err := s.Fold(before).Next(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.rogue.ID}, s.Now, s.Identity)
		s.Must(err)
		return s.shown(append(slices.Clone(s.Log[:before]), st))
	}, roster.ErrForked},
	{"a stale log to a job that has only a configured minimum", func(s *stage) error {
		minimum := s.Roster.Head()
		ci, err := roster.Fold(s.Roster.Organisation(), s.Log[:len(s.Log)-2])
		s.Must(err)
		return ci.Follows(minimum)
	}, roster.ErrRolledBack},
	{"a rotation to the broker's key without the recovery key", func(s *stage) error {
		return s.shown(s.next(roster.KindOrgRotate, roster.OrgRotate{
			PublicKey: s.mallory.Public(), RecoveryKey: s.mallory.Public(), Recovery: roster.RecoveryCommitment(s.mallory.Public()),
		}, s.mallory, s.Identity))
	}, roster.ErrStatement},
	{"a genuine rotation turned to the broker's key", func(s *stage) error {
		fresh := envelope.NewSigningKey(envelope.NewKey())
		body := roster.OrgRotate{PublicKey: fresh.Public(), RecoveryKey: s.Recovery.Public(), Recovery: roster.RecoveryCommitment(fresh.Public())}
		log := s.next(roster.KindOrgRotate, body, fresh, s.Recovery, s.Identity)
		last := len(log) - 1
		log[last] = edit(s, log[last], withBody(func(b *roster.OrgRotate) { b.PublicKey = s.mallory.Public() }))
		return s.shown(log)
	}, envelope.ErrSignature},
	{"a statement by the identity key that was rotated away", func(s *stage) error {
		fresh, stolen := envelope.NewSigningKey(envelope.NewKey()), s.Identity
		rotation, err := s.Roster.Next(roster.KindOrgRotate, roster.OrgRotate{
			PublicKey: fresh.Public(), RecoveryKey: s.Recovery.Public(), Recovery: roster.RecoveryCommitment(s.mallory.Public()),
		}, s.Now, fresh, s.Recovery)
		s.Must(err)
		s.Must(s.Roster.Append(rotation))
		s.Log = append(s.Log, rotation)
		s.everybodyLearns()
		return s.shown(s.next(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.host.ID}, stolen))
	}, envelope.ErrSignature},
	{"statements withheld from a device, and a request that knows them", func(s *stage) error {
		s.AdmitConsumer("later", roster.ConsumerCI)
		s.Must(s.host.learn(s.Roster.Organisation(), s.Log))
		_, err := s.alice.review(s.ask(pathDB, s.db[2]).item(), s.Now)
		return err
	}, roster.ErrBehind},
	{"statements withheld from a consumer, and a release that knows them", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		s.AdmitConsumer("later", roster.ConsumerCI)
		s.Must(s.alice.learn(s.Roster.Organisation(), s.Log))
		return s.accept(q, s.approval(s.alice, q))
	}, roster.ErrBehind},
	{"two branches of the log, one to the consumer and one to the device", func(s *stage) error {
		before := slices.Clone(s.Log)
		s.AdmitConsumer("one", roster.ConsumerCI)
		s.Must(s.host.learn(s.Roster.Organisation(), s.Log))
		q := s.ask(pathDB, s.db[2])
		branch := s.Fold(len(before))
		st, err := branch.Next(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.rogue.ID}, s.Now, s.Identity)
		s.Must(err)
		s.Must(s.alice.learn(s.Roster.Organisation(), append(before, st)))
		_, err = s.alice.review(q.item(), s.Now)
		return err
	}, roster.ErrForked},
	{"the log frozen: an author goes on writing", func(s *stage) error {
		s.freeze()
		_, err := s.extend(&secret.Draft{Mount: s.Mount, Secret: envelope.NewID(), Path: "prod/new", Author: s.host.ID})
		return err
	}, roster.ErrExpired},
	{"the log frozen: a device goes on approving", func(s *stage) error {
		q := s.freeze()
		_, err := s.alice.approve(q.item(), s.Now)
		return err
	}, roster.ErrExpired},
	{"the log frozen: a consumer goes on accepting", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		rel := s.approval(s.alice, q)
		s.checkpoint(time.Second)
		s.Now = s.Now.Add(2 * time.Second)
		return s.accept(q, rel)
	}, roster.ErrExpired},
	{"a request under a head that never was", func(s *stage) error {
		q := s.ask(pathDB, s.db[2])
		q.signed = edit(s, q.signed, func(r *approval.Request) { r.Roster.Hash = envelope.SumHash(bytes.Repeat([]byte{1}, 32)) }, s.host.Signer)
		_, err := s.alice.review(q.item(), s.Now)
		return err
	}, roster.ErrForked},
}

func (s *stage) checkpoint(lasts time.Duration) {
	s.Append(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(s.Now.Add(lasts))})
	s.everybodyLearns()
}

// freeze lets the last checkpoint expire, with a request from before.
func (s *stage) freeze() *question {
	s.checkpoint(time.Minute)
	q := s.ask(pathDB, s.db[2])
	s.Now = s.Now.Add(2 * time.Minute)
	return q
}
