package approval_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

func TestADecisionIsMadeWithTheKeysOfWhoReviewed(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	c, err := s.review(s.people[0])
	s.Must(err)
	mine, other := s.people[0], s.people[1]
	later, err := keyring.New(s.Roster.Organisation(), mine.ID, 2)
	s.Must(err)
	elsewhere, err := keyring.New(envelope.SumHash(), mine.ID, 1)
	s.Must(err)
	for name, k := range map[string]struct {
		keyring *keyring.Keyring
		device  envelope.Signer
		want    error
	}{
		"both mine":              {mine.Keyring, mine.Device.Signer(), nil},
		"another's keyring":      {other.Keyring, mine.Device.Signer(), keyring.ErrOwner},
		"another generation":     {later, mine.Device.Signer(), keyring.ErrOwner},
		"another organisation's": {elsewhere, mine.Device.Signer(), keyring.ErrOwner},
		"another's device":       {mine.Keyring, other.Device.Signer(), approval.ErrDevice},
	} {
		if _, err := c.Approve(k.keyring, k.device, approval.Ledger{}, s.Now); !errors.Is(err, k.want) {
			t.Errorf("approve with %s: got %v, want %v", name, err, k.want)
		}
		if _, err := c.Consent(k.keyring, k.device, approval.Ledger{}, s.Now); !errors.Is(err, k.want) {
			t.Errorf("consent with %s: got %v, want %v", name, err, k.want)
		}
	}
	if _, err := c.Deny("no", false, other.Device.Signer(), approval.Ledger{}, s.Now); !errors.Is(err, approval.ErrDevice) {
		t.Errorf("deny with another's device: %v", err)
	}
}

func TestADecisionTakesTheMomentIntoAccount(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(*scene)
		want      error
	}{
		"nothing happened":       {func(*scene) {}, nil},
		"an unrelated statement": {func(s *scene) { s.AdmitConsumer("other", roster.ConsumerCI) }, nil},
		"the deadline passed":    {func(s *scene) { s.Now = s.Now.Add(5 * time.Minute) }, approval.ErrExpired},
		"the checkpoint expired": {func(s *scene) {
			s.Append(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(s.Now) + 1})
			s.Now = s.Now.Add(time.Second)
		}, roster.ErrExpired},
		"the consumer was revoked": {func(s *scene) {
			s.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.consumer.ID})
		}, roster.ErrRevoked},
		"the consumer was dropped": {func(s *scene) { s.policy(func(p *roster.Policy) { p.Consumers = []envelope.ID{} }) }, approval.ErrConsumer},
		"the approver became known as the requester": {func(s *scene) {
			s.Append(roster.KindApproverSet, roster.ApproverSet{ID: s.people[0].ID, Name: s.people[0].Name, Entities: []string{origin.Entity}})
		}, approval.ErrSelfApproval},
		"the approver was renamed": {func(s *scene) {
			s.Append(roster.KindApproverSet, roster.ApproverSet{ID: s.people[0].ID, Name: "renamed", Entities: []string{}})
		}, nil},
		"the approver was dropped": {func(s *scene) { s.policy(oneOfPeople(s.people[1:])) }, approval.ErrNotPrincipal},
		"codes became required":    {func(s *scene) { s.policy(func(p *roster.Policy) { p.MatchCode = true }) }, approval.ErrMatchCode},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, anyOf, nil)
			p := s.people[0]
			k, err := s.review(p)
			s.Must(err)
			c.meanwhile(s)
			if _, err := k.Approve(p.Keyring, p.Device.Signer(), approval.Ledger{}, s.Now); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestAMatchCodeIsTypedBeforeAnythingIsApproved(t *testing.T) {
	s := newScene(t, 2, anyOf, func(p *roster.Policy) { p.MatchCode = true })
	p := s.people[0]
	c, err := s.review(p)
	s.Must(err)
	approve := func() error {
		_, err := c.Approve(p.Keyring, p.Device.Signer(), approval.Ledger{}, s.Now)
		return err
	}
	if err := approve(); !errors.Is(err, approval.ErrMatchCode) {
		t.Errorf("not typed: %v", err)
	}
	if err := c.Compare("AAAA-AAAA"); !errors.Is(err, approval.ErrMatchCode) || !errors.Is(approve(), approval.ErrMatchCode) {
		t.Errorf("typed wrong: %v", err)
	}
	if _, err := c.Deny("", false, p.Device.Signer(), approval.Ledger{}, s.Now); err != nil {
		t.Errorf("denied without: %v", err)
	}
	s.AdmitConsumer("meanwhile", roster.ConsumerCI)
	if err := c.Compare(approval.MatchCode(s.request.Hash())); err != nil || approve() != nil {
		t.Errorf("typed right: %v", err)
	}
}

func TestADenialHasAPrintableReason(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	p := s.people[0]
	c, err := s.review(p)
	s.Must(err)
	for reason, want := range map[string]error{
		"": nil, "not now": nil, strings.Repeat("x", approval.MaxReason): nil,
		strings.Repeat("x", approval.MaxReason+1): approval.ErrRelease, "a\nb": approval.ErrRelease, "\xff": approval.ErrRelease, "a\u202eb": approval.ErrRelease,
	} {
		if _, err := c.Deny(reason, false, p.Device.Signer(), approval.Ledger{}, s.Now); !errors.Is(err, want) {
			t.Errorf("%.20q: got %v, want %v", reason, err, want)
		}
	}
}

func TestAnApprovalGrantsTheLeaseThatWasAskedFor(t *testing.T) {
	for asked, want := range map[uint32]uint32{0: 900, 1: 1, 60: 60, 3600: 3600} {
		s := newScene(t, 2, anyOf, nil)
		s.asks(func(q *approval.Request) { q.Lease = asked }, s.consumer.Signer)
		rec, err := approval.ReadReceipt(s.Roster, s.approve(s.people[0]).Receipt)
		s.Must(err)
		if rec.Lease != want {
			t.Errorf("asked for %d, got %d", asked, rec.Lease)
		}
	}
}

func twoAndOne(p []*coretest.Person) []roster.Requirement {
	return []roster.Requirement{coretest.Need("dba", 2, p[:3]...), coretest.Need("security", 1, p[3:]...)}
}

func TestSharesLeaveOnlyAfterEverybodyNeededHasConsented(t *testing.T) {
	s := newScene(t, 5, twoAndOne, func(p *roster.Policy) { p.ConsentFirst = true })
	ledgers := map[*coretest.Person]approval.Ledger{}
	consent := func(p *coretest.Person) envelope.Signed {
		c, err := s.review(p)
		s.Must(err)
		rel, err := c.Consent(p.Keyring, p.Device.Signer(), ledgers[p], s.Now)
		s.Must(err)
		ledgers[p] = ledgers[p].After(rel.Receipt)
		if out, err := s.accept(rel); err != nil || out.Value != nil || rel.Blob != nil {
			t.Fatalf("a consent at the consumer: %v", err)
		}
		return rel.Receipt
	}
	approve := func(p *coretest.Person, consents ...envelope.Signed) (approval.Release, error) {
		v := approval.Reviewer{Roster: s.Roster, Mount: s.Mount, Approver: p.ID, Device: p.Device.ID()}
		c, err := v.Review(approval.Item{Request: s.request, Version: *s.version, Decisions: consents}, s.Now)
		s.Must(err)
		return c.Approve(p.Keyring, p.Device.Signer(), ledgers[p], s.Now)
	}
	a, b, security := consent(s.people[0]), consent(s.people[1]), consent(s.people[4])
	for name, consents := range map[string][]envelope.Signed{
		"none": nil, "one": {a}, "one requirement's": {a, b}, "one too few": {a, security}, "one twice": {a, a, security},
	} {
		if _, err := approve(s.people[0], consents...); !errors.Is(err, approval.ErrConsent) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	all := []envelope.Signed{a, b, security}
	for i, p := range []*coretest.Person{s.people[2], s.people[4], s.people[0]} { // the third of dba did not consent, and may release
		rel, err := approve(p, all...)
		s.Must(err)
		out, err := s.accept(rel)
		if err != nil || (out.Value != nil) != (i == 2) {
			t.Fatalf("release %d: %v", i+1, err)
		}
	}
}
