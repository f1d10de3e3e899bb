package approval_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// asks replaces the scene's request by one with a change, signed by signer.
func (s *scene) asks(change func(*approval.Request), signer envelope.Signer) {
	q := *s.asked
	change(&q)
	var err error
	s.request, err = envelope.Sign(envelope.TypeRequest, q, signer)
	s.Must(err)
}

func TestAReviewNamesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*approval.Request)
		want   error
	}{
		"nothing":              {func(*approval.Request) {}, nil},
		"organisation":         {func(q *approval.Request) { q.Organisation[0] ^= 1 }, roster.ErrOrganisation},
		"unknown consumer":     {func(q *approval.Request) { q.Consumer = envelope.NewID() }, roster.ErrUnknown},
		"no id":                {func(q *approval.Request) { q.ID = envelope.ID{} }, approval.ErrRequest},
		"no secret":            {func(q *approval.Request) { q.Secret = envelope.ID{} }, approval.ErrRequest},
		"another secret":       {func(q *approval.Request) { q.Secret = envelope.NewID() }, approval.ErrRequest},
		"no version":           {func(q *approval.Request) { q.Version = 0 }, approval.ErrRequest},
		"another version":      {func(q *approval.Request) { q.Version = 2 }, approval.ErrRequest},
		"no header":            {func(q *approval.Request) { q.Header = envelope.Hash{} }, approval.ErrRequest},
		"another header":       {func(q *approval.Request) { q.Header[0] ^= 1 }, approval.ErrRequest},
		"a short nonce":        {func(q *approval.Request) { q.Nonce = q.Nonce[:15] }, approval.ErrRequest},
		"another policy":       {func(q *approval.Request) { q.Policy = envelope.NewID() }, approval.ErrRequest},
		"another mount":        {func(q *approval.Request) { q.Mount = envelope.NewID() }, approval.ErrRequest},
		"an uncovered path":    {func(q *approval.Request) { q.Path = "test/db" }, roster.ErrNoPolicy},
		"a bad path":           {func(q *approval.Request) { q.Path = "prod/../db" }, roster.ErrPath},
		"another path":         {func(q *approval.Request) { q.Path = "prod/api" }, secret.ErrHeader},
		"made much later":      {func(q *approval.Request) { q.Created, q.Deadline = q.Created+120_001, q.Deadline+120_001 }, approval.ErrFuture},
		"made a little later":  {func(q *approval.Request) { q.Created, q.Deadline = q.Created+120_000, q.Deadline+120_000 }, nil},
		"made before time":     {func(q *approval.Request) { q.Created = -1 }, approval.ErrDeadline},
		"ends as it begins":    {func(q *approval.Request) { q.Created = q.Deadline }, approval.ErrFuture},
		"over by now":          {func(q *approval.Request) { q.Created, q.Deadline = q.Created-2000, q.Created }, approval.ErrExpired},
		"a millisecond longer": {func(q *approval.Request) { q.Deadline++ }, approval.ErrDeadline},
		"too long a lease":     {func(q *approval.Request) { q.Lease = 3601 }, approval.ErrLease},
		"no entity":            {func(q *approval.Request) { q.Origin.Entity = "" }, approval.ErrRequesterUnknown},
		"oneself":              {func(q *approval.Request) { q.Origin.Entity = "entity-0" }, approval.ErrSelfApproval},
		"another approver":     {func(q *approval.Request) { q.Origin.Entity = "entity-1" }, nil},
		"reports like a mount": {func(q *approval.Request) { q.Origin.Reported = true }, approval.ErrRequest},
		"an unseen statement":  {func(q *approval.Request) { q.Roster.Seq++ }, roster.ErrBehind},
		"another branch":       {func(q *approval.Request) { q.Roster.Hash[0] ^= 1 }, roster.ErrForked},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, anyOf, nil)
			s.asks(c.change, s.consumer.Signer)
			if _, err := s.review(s.people[0]); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestAReviewShowsWhatWasAsked(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	c, err := s.review(s.people[0])
	s.Must(err)
	if c.Request.Origin != origin || c.Request.Reason != "incident 7" || c.Consumer.Name != "deploy-host" || c.Policy.Name != "production" ||
		c.Hash != s.request.Hash() || c.Version.Header.Path != "prod/db" || c.MatchCode() != approval.MatchCode(s.pending.Hash()) {
		t.Error("the case shows something else")
	}
}

func TestSelfApprovalIsASwitchOfThePolicy(t *testing.T) {
	s := newScene(t, 2, anyOf, func(p *roster.Policy) { p.SelfApproval = true })
	for _, entity := range []string{"entity-0", ""} {
		s.asks(func(q *approval.Request) { q.Origin.Entity = entity }, s.consumer.Signer)
		if _, err := s.review(s.people[0]); err != nil {
			t.Errorf("entity %q: %v", entity, err)
		}
	}
}

func TestAReviewIsByAPersonWithASeat(t *testing.T) {
	type who struct{ approver, device envelope.ID }
	for name, c := range map[string]struct {
		act  func(*scene) who
		want error
	}{
		"an outsider": {func(s *scene) who {
			p := s.Admit("outsider")
			return who{p.ID, p.Device.ID()}
		}, secret.ErrNotHolder},
		"nobody known":       {func(s *scene) who { return who{envelope.NewID(), s.people[0].Device.ID()} }, roster.ErrUnknown},
		"a device not known": {func(s *scene) who { return who{s.people[0].ID, envelope.NewID()} }, roster.ErrUnknown},
		"another's device":   {func(s *scene) who { return who{s.people[0].ID, s.people[1].Device.ID()} }, approval.ErrDevice},
		"a revoked approver": {func(s *scene) who {
			s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.people[0].ID})
			return s.seat(0)
		}, roster.ErrRevoked},
		"a revoked device": {func(s *scene) who {
			s.Append(roster.KindDeviceRevoke, roster.Removal{ID: s.people[0].Device.ID()})
			return s.seat(0)
		}, roster.ErrRevoked},
		"one dropped": {func(s *scene) who { s.policy(oneOfPeople(s.people[1:])); return s.seat(0) }, approval.ErrNotPrincipal},
		"one added": {func(s *scene) who {
			s.people = append(s.people, s.Admit("new"))
			s.policy(oneOfPeople(s.people))
			return s.seat(2)
		}, secret.ErrNotHolder},
		"a share was deleted": {func(s *scene) who {
			_, err := s.version.DeleteWraps(func(envelope.ID) bool { return false })
			s.Must(err)
			return s.seat(0)
		}, secret.ErrNotHolder},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, anyOf, nil)
			w := c.act(s)
			v := approval.Reviewer{Roster: s.Roster, Mount: s.Mount, Approver: w.approver, Device: w.device}
			if _, err := v.Review(approval.Item{Request: s.request, Version: *s.version}, s.Now); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func (s *scene) seat(i int) struct{ approver, device envelope.ID } {
	return struct{ approver, device envelope.ID }{s.people[i].ID, s.people[i].Device.ID()}
}

func oneOfPeople(people []*coretest.Person) func(*roster.Policy) {
	return func(p *roster.Policy) { p.Requirements, p.MinimumCoverage = anyOf(people), 0 }
}

// policy changes the policy in force for prod/*.
func (s *scene) policy(change func(*roster.Policy)) {
	p, err := s.Roster.PolicyNamed("production")
	s.Must(err)
	changed := *p
	change(&changed)
	s.SetPolicy(changed)
}

func TestAPinnedMountAndAMemoryAreHeld(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	v := approval.Reviewer{Roster: s.Roster, Mount: envelope.NewID(), Approver: s.people[0].ID, Device: s.people[0].Device.ID()}
	item := approval.Item{Request: s.request, Version: *s.version}
	if _, err := v.Review(item, s.Now); !errors.Is(err, approval.ErrRequest) {
		t.Errorf("another mount: %v", err)
	}
	v.Mount = s.Mount
	v.Decided = func(h envelope.Hash) bool { return h == s.request.Hash() }
	if _, err := v.Review(item, s.Now); !errors.Is(err, approval.ErrReplayed) {
		t.Errorf("decided before: %v", err)
	}
	v.Decided = func(envelope.Hash) bool { return false }
	if _, err := v.Review(item, s.Now.Add(5*time.Minute)); !errors.Is(err, approval.ErrExpired) {
		t.Errorf("at the deadline: %v", err)
	}
	if _, err := v.Review(item, s.Now); err != nil {
		t.Error(err)
	}
}

func TestOnlyWhoHasASayStopsARequest(t *testing.T) {
	deny := func(s *scene, p *coretest.Person) envelope.Signed {
		c, err := s.review(p)
		s.Must(err)
		rel, err := c.Deny("no", false, p.Device.Signer(), approval.Ledger{}, s.Now)
		s.Must(err)
		return rel.Receipt
	}
	review := func(s *scene, decisions ...envelope.Signed) error {
		v := approval.Reviewer{Roster: s.Roster, Mount: s.Mount, Approver: s.people[0].ID, Device: s.people[0].Device.ID()}
		_, err := v.Review(approval.Item{Request: s.request, Version: *s.version, Decisions: decisions}, s.Now)
		return err
	}
	s := newScene(t, 3, anyOf, nil)
	denial := deny(s, s.people[1])
	if err := review(s, denial); !errors.Is(err, approval.ErrDenied) {
		t.Errorf("a denial: %v", err)
	}
	s.Append(roster.KindDeviceRevoke, roster.Removal{ID: s.people[1].Device.ID()})
	if err := review(s, denial); err != nil {
		t.Errorf("a denial by a phone that was stolen: %v", err)
	}
	if err := review(s, s.version.Header); !errors.Is(err, envelope.ErrPayloadType) {
		t.Errorf("something else: %v", err)
	}
	other := newScene(t, 2, anyOf, nil)
	if err := review(s, deny(other, other.people[0])); !errors.Is(err, roster.ErrOrganisation) {
		t.Errorf("another organisation's: %v", err)
	}
}
