package approval_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func TestMissingCountsDownByRequirement(t *testing.T) {
	s := newScene(t, 5, twoAndOne, nil)
	for _, step := range []struct {
		who  int
		want string
	}{
		{0, "1 of 2 dba; security: waiting"},
		{3, "1 of 2 dba"},
		{4, "1 of 2 dba"}, // one more than wanted
	} {
		out, err := s.accept(s.approve(s.people[step.who]))
		s.Must(err)
		if got := approval.Summary(s.pending.Missing(s.asked, s.verified)); got != step.want || out.Value != nil {
			t.Errorf("after %d: missing %s", step.who, got)
		}
	}
	out, err := s.accept(s.approve(s.people[2]))
	if err != nil || out.Value == nil || len(s.pending.Missing(s.asked, s.verified)) != 0 {
		t.Fatalf("not opened: %v", err)
	}
}

func TestAPersonAnswersOnce(t *testing.T) {
	s := newScene(t, 5, twoAndOne, nil)
	rel := s.approve(s.people[0])
	_, err := s.accept(rel)
	s.Must(err)
	if _, err := s.accept(rel); !errors.Is(err, approval.ErrDecided) {
		t.Errorf("the same release: %v", err)
	}
	if _, err := s.accept(s.approve(s.people[0])); !errors.Is(err, approval.ErrDecided) {
		t.Errorf("another release: %v", err)
	}
	c, err := s.review(s.people[0])
	s.Must(err)
	denial, err := c.Deny("on second thoughts", false, s.people[0].Device.Signer(), approval.Ledger{}, s.Now)
	s.Must(err)
	if _, err := s.accept(denial); !errors.Is(err, approval.ErrDenied) {
		t.Errorf("a change of mind: %v", err)
	}
}

func TestOneVettedReleaseOpensTwice(t *testing.T) {
	s := newScene(t, 5, twoAndOne, nil)
	var value []byte
	var last *approval.Vetted
	for _, i := range []int{0, 3, 1} {
		w, err := approval.Vet(s.Roster, s.asked, s.request.Hash(), s.verified, s.approve(s.people[i]), s.Now)
		s.Must(err)
		opened, err := s.pending.Open(s.asked, s.verified, w)
		s.Must(err)
		last = w
		if opened != nil {
			value = bytes.Clone(opened.JSON())
			opened.Wipe()
		}
	}
	again, err := s.pending.Open(s.asked, s.verified, last)
	if err != nil || again == nil || string(value) != password || string(again.JSON()) != password {
		t.Errorf("opened as %q: %v", value, err)
	}
}

func TestReleasesThatCameTogetherOpenAsThoseOneByOne(t *testing.T) {
	s := newScene(t, 5, twoAndOne, nil)
	early, stranger := s.approve(s.people[0]), s.approve(s.people[3])
	stranger.Blob = early.Blob
	late := []approval.Release{s.approve(s.people[3]), s.approve(s.people[1])}
	_, err := s.accept(early)
	s.Must(err)
	release := s.pending.Hold()
	if _, err := s.accept(stranger); !errors.Is(err, approval.ErrRelease) {
		t.Errorf("another's blob: %v", err)
	}
	for i, rel := range late {
		out, err := s.accept(rel)
		s.Must(err)
		if done := out.Value != nil; done != (i == 1) || done && string(out.Value.JSON()) != password {
			t.Errorf("after %d releases that came together: done = %v", i+1, done)
		}
	}
	release()
	s.pending.Wipe()
	if _, err := s.accept(s.approve(s.people[2])); !errors.Is(err, envelope.ErrOpen) {
		t.Errorf("with the key wiped: %v", err)
	}
}

func TestAWipedRequestOpensNothingEvenWhileHeld(t *testing.T) {
	s := newScene(t, 5, twoAndOne, nil)
	defer s.pending.Hold()()
	_, err := s.accept(s.approve(s.people[0]))
	s.Must(err)
	s.pending.Wipe()
	if _, err := s.accept(s.approve(s.people[1])); !errors.Is(err, envelope.ErrOpen) {
		t.Errorf("got %v", err)
	}
}

func TestAWrongPayloadDoesNotSpendARelease(t *testing.T) {
	s := newScene(t, 5, twoAndOne, nil)
	for _, i := range []int{0, 3} {
		_, err := s.accept(s.approve(s.people[i]))
		s.Must(err)
	}
	last := s.approve(s.people[1])
	broken := *s.version
	broken.Payload.Bytes = bytes.Clone(broken.Payload.Bytes)
	broken.Payload.Bytes[20] ^= 1
	verified, err := broken.Verify(s.Roster, s.Mount, "prod/db")
	s.Must(err)
	if _, err := s.pending.Accept(s.Roster, s.asked, verified, last, s.Now); !errors.Is(err, envelope.ErrOpen) {
		t.Fatalf("got %v", err)
	}
	if out, err := s.accept(last); err != nil || out.Value == nil {
		t.Errorf("with the right payload: %v", err)
	}
}

func TestNothingOpensAfterAPendingRequestIsWiped(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	rel := s.approve(s.people[0])
	s.pending.Wipe()
	(*approval.Pending)(nil).Wipe()
	if out, err := s.accept(rel); !errors.Is(err, envelope.ErrOpen) || out.Value != nil {
		t.Errorf("got %v", err)
	}
}

func TestAPendingRequestPrintsAsRedacted(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	for _, verb := range []string{"%v", "%s", "%d", "%x", "%q"} {
		if printed := fmt.Sprintf(verb, *s.pending); !strings.Contains(printed, "redacted") {
			t.Errorf("%s prints %s", verb, printed)
		}
	}
}

func TestAReleaseIsVettedUnderTodaysRoster(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(*scene)
		want      error
	}{
		"nothing happened":         {func(*scene) {}, nil},
		"an unrelated statement":   {func(s *scene) { s.AdmitConsumer("other", roster.ConsumerCI) }, nil},
		"other times":              {func(s *scene) { s.policy(func(p *roster.Policy) { p.RequestTTL++ }) }, nil},
		"a shorter lease":          {func(s *scene) { s.policy(func(p *roster.Policy) { p.LeaseTTL, p.LeaseMax = 1, 60 }) }, approval.ErrLease},
		"the device was revoked":   {func(s *scene) { s.Append(roster.KindDeviceRevoke, roster.Removal{ID: s.people[0].Device.ID()}) }, roster.ErrRevoked},
		"the person was revoked":   {func(s *scene) { s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.people[0].ID}) }, roster.ErrRevoked},
		"the person was dropped":   {func(s *scene) { s.policy(oneOfPeople(s.people[1:])) }, approval.ErrNotPrincipal},
		"the consumer was dropped": {func(s *scene) { s.policy(func(p *roster.Policy) { p.Consumers = []envelope.ID{} }) }, approval.ErrConsumer},
		"the consumer was revoked": {func(s *scene) {
			s.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.consumer.ID})
		}, roster.ErrRevoked},
		"another policy took over": {func(s *scene) {
			s.SetPolicy(coretest.Policy("db", "prod/db", []*coretest.Consumer{s.consumer}, anyOf(s.people)...))
		}, approval.ErrRequest},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, anyOf, nil)
			rel := s.approve(s.people[0])
			c.meanwhile(s)
			if _, err := s.accept(rel); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if _, err := approval.Vet(s.Roster, s.asked, s.request.Hash(), s.verified, rel, s.Now); !errors.Is(err, c.want) {
				t.Errorf("at the broker: got %v, want %v", err, c.want)
			}
		})
	}
}
