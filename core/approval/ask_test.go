package approval_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func TestWhatADeviceWouldRefuseIsNotAsked(t *testing.T) {
	for name, c := range map[string]struct {
		terms func(*approval.Terms)
		scene func(*scene)
		want  error
	}{
		"as it is":              {nil, nil, nil},
		"the longest lease":     {func(a *approval.Terms) { a.Lease = time.Hour }, nil, nil},
		"too long a lease":      {func(a *approval.Terms) { a.Lease = time.Hour + time.Nanosecond }, nil, approval.ErrLease},
		"a lease that wraps":    {func(a *approval.Terms) { a.Lease = (1<<32 + 1) * time.Second }, nil, approval.ErrLease},
		"the longest of all":    {func(a *approval.Terms) { a.Lease = math.MaxInt64 }, nil, approval.ErrLease},
		"a lease of the past":   {func(a *approval.Terms) { a.Lease = -time.Second }, nil, approval.ErrLease},
		"no time to answer":     {func(a *approval.Terms) { a.Wait = time.Nanosecond }, nil, approval.ErrExpired},
		"no entity":             {func(a *approval.Terms) { a.Origin.Entity = "" }, nil, approval.ErrRequesterUnknown},
		"a long reason":         {func(a *approval.Terms) { a.Reason = strings.Repeat("x", approval.MaxReason+1) }, nil, approval.ErrRequest},
		"a reason of lines":     {func(a *approval.Terms) { a.Reason = "a\nb" }, nil, approval.ErrRequest},
		"a long host":           {func(a *approval.Terms) { a.Origin.Host = strings.Repeat("x", 257) }, nil, approval.ErrRequest},
		"an invisible address":  {func(a *approval.Terms) { a.Origin.Remote = "10.0.0.1\u200b" }, nil, approval.ErrRequest},
		"a host that reports":   {func(a *approval.Terms) { a.Origin.Reported = true }, nil, approval.ErrRequest},
		"another's key":         {nil, func(s *scene) { s.consumer.Signer = s.Identity }, envelope.ErrSignature},
		"an unknown consumer":   {nil, func(s *scene) { s.consumer.ID = envelope.NewID() }, roster.ErrUnknown},
		"one not in the policy": {nil, func(s *scene) { s.consumer = s.AdmitConsumer("other", roster.ConsumerHost) }, approval.ErrConsumer},
		"one revoked": {nil, func(s *scene) {
			s.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.consumer.ID})
		}, roster.ErrRevoked},
		"after the checkpoint": {nil, func(s *scene) {
			s.Append(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(s.Now) + 1})
			s.Now = s.Now.Add(time.Second)
		}, roster.ErrExpired},
		"a policy that is gone": {nil, func(s *scene) {
			p, err := s.Roster.PolicyNamed("production")
			s.Must(err)
			s.Append(roster.KindPolicyDelete, roster.Removal{ID: p.ID})
		}, roster.ErrNoPolicy},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, anyOf, nil)
			terms := approval.Terms{Origin: origin, Reason: "incident 7"}
			if c.terms != nil {
				c.terms(&terms)
			}
			if c.scene != nil {
				c.scene(s)
			}
			_, _, err := approval.Ask(s.Roster, s.verified, s.consumer.ID, s.consumer.Signer, terms, s.Now)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestTermsBecomeARequest(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	for _, c := range []struct {
		lease, wait time.Duration
		seconds     uint32
		until       time.Duration
	}{
		{0, 0, 0, 5 * time.Minute},
		{time.Minute, time.Minute, 60, time.Minute},
		{time.Millisecond, time.Hour, 1, 5 * time.Minute},
		{1500 * time.Millisecond, -time.Second, 2, 5 * time.Minute},
	} {
		pending, signed, err := approval.Ask(s.Roster, s.verified, s.consumer.ID, s.consumer.Signer, approval.Terms{Origin: origin, Lease: c.lease, Wait: c.wait}, s.Now)
		s.Must(err)
		q, _, err := approval.ReadRequest(s.Roster, signed, s.Now)
		s.Must(err)
		if q.Lease != c.seconds || q.Deadline.Sub(q.Created) != c.until || pending.Hash() != signed.Hash() {
			t.Errorf("lease %s, wait %s: got %d s, %s", c.lease, c.wait, q.Lease, q.Deadline.Sub(q.Created))
		}
	}
}

func TestAVersionThatIsOnlyHistoryIsHeldAgainstTodaysPolicyWhenAsked(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	p, err := s.Roster.PolicyNamed("production")
	s.Must(err)
	stricter := *p
	stricter.Requirements = []roster.Requirement{coretest.Need("dba", 2, s.people...)}
	s.SetPolicy(stricter)
	history, err := s.version.VerifyHistory(s.Roster, s.Mount, "prod/db")
	s.Must(err)
	if _, _, err := approval.Ask(s.Roster, history, s.consumer.ID, s.consumer.Signer, approval.Terms{Origin: origin}, s.Now); err == nil {
		t.Error("asked for a version that today's policy does not cover")
	}
}

func TestMatchCodesAreComparedByPeople(t *testing.T) {
	code := approval.MatchCode(envelope.SumHash([]byte("request")))
	if len(code) != 9 || code[4] != '-' || strings.ContainsAny(code, "ILOU") || code != strings.ToUpper(code) {
		t.Errorf("code is %q", code)
	}
	for _, typed := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " ") + " "} {
		if err := approval.CheckMatchCode(envelope.SumHash([]byte("request")), typed); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
	}
	for _, typed := range []string{"", code[:8], code + "0", approval.MatchCode(envelope.SumHash([]byte("another")))} {
		if err := approval.CheckMatchCode(envelope.SumHash([]byte("request")), typed); !errors.Is(err, approval.ErrMatchCode) {
			t.Errorf("%q: got %v", typed, err)
		}
	}
}
