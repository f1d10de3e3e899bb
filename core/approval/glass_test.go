package approval_test

import (
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// emergency is a scene of one of two whose glass two of three others may break, with
// an emergency asked for.
func emergency(t testing.TB, edit func(*roster.Policy)) *scene {
	t.Helper()
	var all []*coretest.Person
	s := newScene(t, 5, func(p []*coretest.Person) []roster.Requirement {
		all = p
		return anyOf(p[:2])
	}, func(p *roster.Policy) {
		directors := coretest.Need("directors", 2, all[2:]...)
		p.BreakGlass = &directors
		if edit != nil {
			edit(p)
		}
	})
	s.breakGlass("the data centre is on fire")
	return s
}

func (s *scene) breakGlass(reason string) {
	s.T.Helper()
	var err error
	s.pending, s.request, err = approval.Ask(s.Roster, s.verified, s.consumer.ID, s.consumer.Signer, approval.Terms{Origin: origin, Reason: reason, BreakGlass: true}, s.Now)
	s.Must(err)
	s.asked, _, err = approval.ReadRequest(s.Roster, s.request, s.Now)
	s.Must(err)
}

func TestThoseNamedForItBreakTheGlass(t *testing.T) {
	s := emergency(t, nil)
	missing := approval.Summary(s.pending.Missing(s.asked, s.verified))
	if missing != "0 of 2 directors" {
		t.Errorf("missing %s", missing)
	}
	for i, who := range []int{4, 2} {
		out, err := s.accept(s.approve(s.people[who]))
		s.Must(err)
		if out.Receipt.Form != approval.FormShare || (out.Value != nil) != (i == 1) {
			t.Fatalf("after %d: form %q, opened %t", i+1, out.Receipt.Form, out.Value != nil)
		}
	}
}

func TestNobodyElseBreaksTheGlass(t *testing.T) {
	s := emergency(t, nil)
	if _, err := s.review(s.people[0]); !errors.Is(err, approval.ErrNotPrincipal) {
		t.Errorf("one of every day: %v", err)
	}
	other := newScene(t, 2, anyOf, nil)
	for name, k := range map[string]struct {
		s      *scene
		reason string
	}{"no reason": {s, ""}, "spaces for a reason": {s, "  "}, "a policy without": {other, "fire"}} {
		_, _, err := approval.Ask(k.s.Roster, k.s.verified, k.s.consumer.ID, k.s.consumer.Signer, approval.Terms{Origin: origin, Reason: k.reason, BreakGlass: true}, k.s.Now)
		if !errors.Is(err, approval.ErrBreakGlass) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestDirectorsAnswerNothingElse(t *testing.T) {
	s := emergency(t, nil)
	var err error
	s.pending, s.request, err = approval.Ask(s.Roster, s.verified, s.consumer.ID, s.consumer.Signer, approval.Terms{Origin: origin}, s.Now)
	s.Must(err)
	s.asked, _, err = approval.ReadRequest(s.Roster, s.request, s.Now)
	s.Must(err)
	if _, err := s.review(s.people[2]); !errors.Is(err, approval.ErrNotPrincipal) {
		t.Errorf("got %v", err)
	}
	out, err := s.accept(s.approve(s.people[1]))
	if err != nil || out.Value == nil || out.Receipt.Form != approval.FormPayload {
		t.Errorf("one of every day: %v", err)
	}
}

// One share of each kind is two people and no quorum.
func TestSharesOfBothKindsDoNotAddUp(t *testing.T) {
	s := newScene(t, 5, func(p []*coretest.Person) []roster.Requirement {
		return []roster.Requirement{coretest.Need("dba", 2, p[:3]...)}
	}, nil)
	directors := coretest.Need("directors", 2, s.people[3:]...)
	s.policy(func(p *roster.Policy) { p.BreakGlass = &directors })
	var err error
	s.version, err = secret.Seal(s.Roster, secret.Draft{Mount: s.Mount, Secret: envelope.NewID(), Path: "prod/db", Version: 1, Author: s.consumer.ID}, []byte(password), s.consumer.Signer, s.Now)
	s.Must(err)
	s.verified, err = s.version.Verify(s.Roster, s.Mount, "prod/db")
	s.Must(err)
	var shares []*secret.Share
	for _, i := range []int{0, 3} {
		share, err := s.verified.OpenShare(s.people[i].Keyring)
		s.Must(err)
		shares = append(shares, share)
	}
	if _, err := s.verified.Combine(shares); !errors.Is(err, secret.ErrQuorum) {
		t.Errorf("got %v", err)
	}
	s.breakGlass("fire")
	for _, i := range []int{3, 4} {
		out, err := s.accept(s.approve(s.people[i]))
		s.Must(err)
		if (out.Value != nil) != (i == 4) {
			t.Errorf("opened %t", out.Value != nil)
		}
	}
}

func TestConsentFirstHoldsInAnEmergencyToo(t *testing.T) {
	s := emergency(t, func(p *roster.Policy) { p.ConsentFirst = true })
	p := s.people[2]
	c, err := s.review(p)
	s.Must(err)
	if _, err := c.Approve(p.Keyring, p.Device.Signer(), approval.Ledger{}, s.Now); !errors.Is(err, approval.ErrConsent) {
		t.Errorf("got %v", err)
	}
}

// An alarm is told to everybody, also to those who were not asked, and can be read
// after those who acted in it have left.
func TestAnAlarmSaysWhatWasAskedAndDecided(t *testing.T) {
	s := emergency(t, nil)
	a := approval.Alarm{Request: s.request, Decisions: []envelope.Signed{s.approve(s.people[2]).Receipt, s.denials(s.people[3], 1)[0]}}
	s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.people[3].ID})
	q, decisions, err := approval.ReadAlarm(s.Roster, a)
	s.Must(err)
	if q.Reason != "the data centre is on fire" || len(decisions) != 2 || decisions[0].Decision != approval.Approve || decisions[1].Decision != approval.Deny {
		t.Error("the alarm says something else")
	}
	call, err := approval.CallInbox(s.Roster, s.people[0].Device.ID(), s.people[0].Device.Signer(), envelope.ID{}, 0, s.Now)
	s.Must(err)
	_, device, err := approval.ReadInboxCall(s.Roster, call, s.Now)
	s.Must(err)
	sealed, err := approval.SealInbox(device, s.Mount, call, approval.Inbox{Log: []envelope.Signed{}, Items: []approval.Item{}, Alarms: []approval.Alarm{a}})
	s.Must(err)
	in, err := approval.OpenInbox(s.Roster, s.people[0].Device, s.Mount, call, sealed)
	s.Must(err)
	if len(in.Alarms) != 1 || len(in.Reshares) != 0 || in.Alarms[0].Request.Hash() != s.request.Hash() {
		t.Error("the alarm does not arrive")
	}
	ordinary := newScene(t, 2, anyOf, nil)
	if _, _, err := approval.ReadAlarm(ordinary.Roster, approval.Alarm{Request: ordinary.request}); !errors.Is(err, approval.ErrRequest) {
		t.Errorf("about a request of every day: %v", err)
	}
}

// A consumer says whose shares opened a version, of exactly those that were needed,
// or whom it found to have lied.
func TestAConsumerReportsWhatItOpened(t *testing.T) {
	s := newScene(t, 3, func(p []*coretest.Person) []roster.Requirement {
		return []roster.Requirement{coretest.Need("dba", 2, p...)}
	}, nil)
	if _, err := s.pending.Quorum(s.verified); !errors.Is(err, secret.ErrQuorum) {
		t.Errorf("before anything came in: %v", err)
	}
	for _, p := range s.people {
		_, err := s.accept(s.approve(p))
		s.Must(err)
	}
	people, err := s.pending.Quorum(s.verified)
	if err != nil || len(people) != 2 || people[0] == people[1] {
		t.Errorf("%d people, %v", len(people), err)
	}
	liar := &secret.DealerError{Approver: s.people[2].ID, Epoch: 3}
	for name, k := range map[string]struct {
		people []envelope.ID
		lied   *secret.DealerError
		want   error
	}{
		"opened": {people, nil, nil}, "a dealer lied": {nil, liar, nil},
		"nothing": {nil, nil, approval.ErrRequest}, "both": {people, liar, approval.ErrRequest},
		"a lie at no epoch": {nil, &secret.DealerError{Approver: s.people[2].ID}, approval.ErrRequest},
	} {
		signed, err := approval.ReportOpened(s.Roster, s.asked, s.request.Hash(), s.verified, k.people, k.lied, s.consumer.Signer, s.Now)
		s.Must(err)
		o, err := approval.ReadOpened(s.Roster, signed, s.asked, s.request.Hash())
		if !errors.Is(err, k.want) {
			t.Errorf("%s: got %v, want %v", name, err, k.want)
		}
		if err == nil && (o.WrapSet != s.verified.WrapSet || len(o.Approvers) != len(k.people) || k.lied != nil && (o.Accused != liar.Approver || o.Epoch != 3)) {
			t.Errorf("%s: it says something else", name)
		}
	}
}

func TestADenialMayReport(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	p := s.people[0]
	c, err := s.review(p)
	s.Must(err)
	rel, err := c.Deny("I know nothing of this", true, p.Device.Signer(), approval.Ledger{}, s.Now)
	s.Must(err)
	out, err := s.accept(rel)
	if !errors.Is(err, approval.ErrDenied) || !out.Receipt.Report {
		t.Errorf("got %v, reported %t", err, out.Receipt.Report)
	}
	signer, err := p.Keyring.Signer()
	s.Must(err)
	rec, err := approval.ReadReceipt(s.Roster, s.approve(p).Receipt)
	s.Must(err)
	rec.Report = true
	signed, err := envelope.Sign(envelope.TypeReceipt, rec, p.Device.Signer(), signer)
	s.Must(err)
	if _, err := approval.ReadReceipt(s.Roster, signed); !errors.Is(err, approval.ErrRelease) {
		t.Errorf("an approval that reports: %v", err)
	}
}
