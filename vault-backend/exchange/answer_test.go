package exchange_test

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// recordedAs checks how the receipts of a request are on record.
func (s *scene) recordedAs(id envelope.ID, refused ...string) {
	s.T.Helper()
	records, err := s.x.Evidence(s.T.Context(), id.String())
	s.Must(err)
	if len(records) != len(refused) {
		s.T.Fatalf("%d records, want %d", len(records), len(refused))
	}
	for i, r := range records {
		if r.Refused != refused[i] {
			s.T.Fatalf("record %d is refused as %q, want %q", i, r.Refused, refused[i])
		}
		if _, err := r.Evidence.Verify(s.Roster); err != nil {
			s.T.Fatalf("record %d: %v", i, err)
		}
	}
}

// TestReleasesThatDoNotCount sends each after the request was opened, checks the
// error and the record, and that the request goes on and can be approved.
func TestReleasesThatDoNotCount(t *testing.T) {
	self := ask()
	self.Requester.Entity = "entity-0"
	for name, c := range map[string]struct {
		ask    exchange.Ask
		send   func(*scene) approval.Release
		want   error
		record []string
	}{
		"by the requester": {self, func(s *scene) approval.Release {
			if items := s.people[0].inbox(); len(items) != 0 {
				s.T.Fatal("the requester is shown their own request")
			}
			return s.people[0].forge(s.people[1].inbox()[0], nil, s.people[0].Device.Signer())
		}, approval.ErrSelfApproval, []string{"self_approval", ""}},
		"by somebody who is no principal any more": {ask(), func(s *scene) approval.Release {
			rel := s.people[0].approve(s.people[0].review())
			p := *policyOf(s)
			p.Requirements = []roster.Requirement{coretest.Need("dba", 1, s.people[1].Person, s.people[2].Person)}
			s.change(roster.KindPolicySet, p)
			return rel
		}, approval.ErrNotPrincipal, []string{"not_a_principal", ""}},
		"from a device that was revoked": {ask(), func(s *scene) approval.Release {
			rel := s.people[0].approve(s.people[0].review())
			s.change(roster.KindDeviceRevoke, roster.Removal{ID: s.people[0].Device.ID()})
			return rel
		}, roster.ErrRevoked, []string{"revoked", ""}},
		"with another blob": {ask(), func(s *scene) approval.Release {
			rel := s.people[0].approve(s.people[0].review())
			blob := *rel.Blob
			blob.Bytes = append(envelope.Bytes{}, blob.Bytes...)
			blob.Bytes[40] ^= 1
			rel.Blob = &blob
			return rel
		}, approval.ErrRelease, []string{"release_mismatch", ""}},
		"by a stranger": {ask(), func(s *scene) approval.Release {
			stranger := coretest.NewWorld(s.T).Admit("mallory", "entity-mallory")
			return s.people[0].forge(s.people[0].inbox()[0], nil, stranger.Device.Signer())
		}, envelope.ErrSignature, []string{""}},
		"for another mount": {ask(), func(s *scene) approval.Release {
			return s.people[0].forge(s.people[0].inbox()[0], nil, s.people[0].Device.Signer(), func(rec *approval.Receipt) { rec.Mount = envelope.NewID() })
		}, approval.ErrRelease, []string{""}},
		"of another organisation": {ask(), func(s *scene) approval.Release {
			return s.people[0].forge(s.people[0].inbox()[0], nil, s.people[0].Device.Signer(), func(rec *approval.Receipt) {
				rec.Organisation = envelope.SumHash([]byte("another"))
			})
		}, roster.ErrOrganisation, []string{""}},
		"with too long a lease": {ask(), func(s *scene) approval.Release {
			return s.people[0].forge(s.people[0].inbox()[0], nil, s.people[0].Device.Signer(), func(rec *approval.Receipt) { rec.Lease = 1 << 20 })
		}, approval.ErrLease, []string{"lease_too_long", ""}},
		"that opens to nothing": {ask(), func(s *scene) approval.Release {
			return s.people[0].forge(s.people[0].inbox()[0], nil, s.people[0].Device.Signer())
		}, envelope.ErrOpen, []string{"envelope_does_not_open", ""}},
		"for a request that is not known": {ask(), func(s *scene) approval.Release {
			other := s.read(exchange.Ask{Path: path, Requester: requester(1)})
			items := s.people[0].inbox()
			c := s.people[0].reviewItem(items[1])
			s.Must(s.x.Cancel(s.T.Context(), c.Request.ID, nil))
			other.ends()
			s.clock.advance(50 * time.Second)
			return s.people[0].approve(c)
		}, exchange.ErrOver, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 3, nil)
			s.limits.DefaultWait = 40 * time.Second
			s.read(c.ask)
			id := s.only()
			rel := c.send(s)
			for range 2 { // the second time nothing is recorded again
				_, err := s.x.Answer(t.Context(), rel)
				s.fails(err, c.want)
			}
			r := s.read(c.ask)
			s.people[1].says(true, exchange.Approved)
			r.gets(password)
			s.recordedAs(id, c.record...)
		})
	}
}

// forge signs an approval of an item as a device would that checks nothing and
// has the keyring open. blob is what it carries, nil for something that opens as
// nothing.
func (p *approver) forge(item approval.Item, blob *envelope.Envelope, device envelope.Signer, edit ...func(*approval.Receipt)) approval.Release {
	s := p.scene
	s.T.Helper()
	q, err := envelope.Peek[approval.Request](item.Request, envelope.TypeRequest)
	s.Must(err)
	if blob == nil {
		blob = &envelope.Envelope{Suite: envelope.Suite1, Bytes: make(envelope.Bytes, 2048)}
	}
	rec := approval.Receipt{
		Organisation: q.Organisation, Mount: q.Mount, Request: item.Request.Hash(), RequestID: q.ID, Decision: approval.Approve,
		Approver: p.ID, Generation: 1, Device: p.Device.ID(), Form: approval.FormPayload, Blob: envelope.SumHash(blob.Bytes), WrapSet: item.Version.WrapSet.Hash(),
		Lease: 900, Roster: q.Roster, Time: envelope.At(s.clock.Now()), Counter: 1,
	}
	if policy := policyOf(s); !policy.AnyOf() {
		rec.Form, rec.X = approval.FormShare, 1
	}
	for _, change := range edit {
		change(&rec)
	}
	signer, err := p.Keyring.Signer()
	s.Must(err)
	defer signer.Wipe()
	signed, err := envelope.Sign(envelope.TypeReceipt, rec, device, signer)
	s.Must(err)
	return approval.Release{Receipt: signed, Blob: blob}
}

func TestTheSameReleaseAgainChangesNothing(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	id := s.only()
	rel := s.people[0].approve(s.people[0].review())
	s.people[0].answers(rel, exchange.Approved)
	s.people[0].answers(rel, exchange.Approved)
	r.gets(password)
	s.clock.advance(20 * time.Minute) // the request is forgotten, the record is not
	s.people[0].answers(rel, exchange.Approved)
	s.recordedAs(id, "")
}

// Whoever has a receipt can send it again without a token, as often as they like.
func TestAnAnswerSentAgainCostsNoListing(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	rel := s.people[0].approve(s.people[0].review())
	s.people[0].answers(rel, exchange.Approved)
	r.gets(password)
	s.clock.advance(20 * time.Minute)
	reads, lists := s.store.reads, s.store.lists
	for range 10 {
		s.people[0].answers(rel, exchange.Approved)
	}
	if reads, lists = s.store.reads-reads, s.store.lists-lists; reads != 20 || lists != 0 {
		t.Fatalf("10 answers read %d entries and listed %d folders", reads, lists)
	}
}

func TestAnAnswerThatIsOnNoRecordIsNotLookedForFarAndWide(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	rel := s.people[0].approve(s.people[0].review())
	r.gone()
	r.ends()
	s.crash() // a request of the mount does not outlive the process
	reads, lists := s.store.reads, s.store.lists
	_, err := s.x.Answer(t.Context(), rel)
	s.fails(err, exchange.ErrUnknownRequest)
	if reads, lists = s.store.reads-reads, s.store.lists-lists; reads != 1 || lists != 0 {
		t.Fatalf("the answer read %d entries and listed %d folders", reads, lists)
	}
}

func TestASecondApprovalIsTooLate(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	id := s.only()
	late := s.people[1].deny(s.people[1].review(), "no")
	s.people[0].says(true, exchange.Approved)
	_, err := s.x.Answer(t.Context(), late)
	s.fails(err, exchange.ErrOver, "approved")
	r.gets(password)
	s.recordedAs(id, "", "request_over")
}

func TestAnAnswerAfterTheDeadlineIsRefused(t *testing.T) {
	s := newScene(t, 2, nil)
	s.read(ask())
	id := s.only()
	rel := s.people[0].approve(s.people[0].review())
	s.clock.advance(5 * time.Minute)
	_, err := s.x.Answer(t.Context(), rel)
	s.fails(err, approval.ErrExpired)
	s.recordedAs(id, "request_expired")
	s.clock.advance(time.Hour)
	_, err = s.x.Answer(t.Context(), rel)
	s.fails(err, exchange.ErrOver, "request_expired")
}

func TestRefusedAnswersDoNotFillTheStore(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	item := s.people[0].inbox()[0]
	for i := range 40 {
		rel := s.people[0].forge(item, nil, s.people[0].Device.Signer(), func(rec *approval.Receipt) { rec.Lease = uint32(1<<20 + i) })
		_, err := s.x.Answer(t.Context(), rel)
		s.fails(err, approval.ErrLease)
	}
	s.people[1].says(true, exchange.Approved)
	r.gets(password)
	if n := len(s.store.names("receipt/")); n != 33 {
		t.Fatalf("%d records", n)
	}
}

func TestAReplayedReleaseOpensNoOtherRequest(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	rel := s.people[0].approve(s.people[0].review())
	s.people[0].answers(rel, exchange.Approved)
	r.gets(password)
	s.clock.advance(time.Minute)
	again := s.read(ask())
	s.people[0].answers(rel, exchange.Approved) // what it was, for the request it was for
	if len(again.result) > 0 || s.x.Stats().Pending != 1 {
		t.Fatal("an old release answered a new request")
	}
}

func TestAnApproverAnswersOnce(t *testing.T) {
	s := newScene(t, 3, quorum(2))
	s.read(ask())
	id := s.only()
	c := s.people[0].review()
	s.people[0].answers(s.people[0].approve(c), exchange.Waiting)
	_, err := s.x.Answer(t.Context(), s.people[0].approve(c))
	s.fails(err, approval.ErrDecided)
	s.recordedAs(id, "", "already_decided")
	if st := s.x.Stats(); st.Pending != 1 {
		t.Fatal("one person counted twice")
	}
}

func TestAShareForAnotherRequestDoesNotCount(t *testing.T) {
	s := newScene(t, 3, quorum(2))
	r := s.read(ask())
	id := s.only()
	// It carries what was sealed for another request.
	s.write("prod/other", password)
	other := s.read(exchange.Ask{Path: "prod/other", Requester: carol()})
	items := s.people[0].inbox()
	second := s.people[0].approve(s.people[0].reviewItem(items[1]))
	wrong := s.people[0].forge(items[0], second.Blob, s.people[0].Device.Signer())
	_, err := s.x.Answer(t.Context(), wrong)
	s.fails(err, envelope.ErrOpen)
	s.recordedAs(id, "envelope_does_not_open")
	for _, p := range s.people[1:] {
		c := p.reviewItem(p.inbox()[0])
		state, err := s.x.Answer(t.Context(), p.approve(c))
		s.Must(err)
		if p == s.people[2] && state != exchange.Approved {
			t.Fatalf("the request is %s", state)
		}
	}
	r.gets(password)
	other.gone()
}

func TestRecordsAreListedInOrder(t *testing.T) {
	s := newScene(t, 2, nil)
	var ids []envelope.ID
	for range 7 {
		r := s.read(ask())
		ids = append(ids, s.only())
		s.people[0].says(true, exchange.Approved)
		r.gets(password)
		s.clock.advance(7 * time.Hour)
	}
	var got []string
	for after := ""; ; after = got[len(got)-1] {
		names, more, err := s.x.Receipts(t.Context(), after, 3)
		s.Must(err)
		got = append(got, names...)
		if !more {
			break
		}
	}
	if len(got) != len(ids) {
		t.Fatalf("%d records, want %d", len(got), len(ids))
	}
	var receipts []envelope.Signed
	for i, name := range got {
		one, err := s.x.Evidence(t.Context(), name)
		s.Must(err)
		all, err := s.x.Evidence(t.Context(), ids[i].String())
		s.Must(err)
		if len(one) != 1 || len(all) != 1 || one[0].Request != ids[i] || all[0].Name != name {
			t.Fatalf("record %d is out of order", i)
		}
		receipts = append(receipts, one[0].Evidence.Receipt)
	}
	s.Must(approval.VerifyChains(s.Roster, receipts))
	for _, unknown := range []string{"x", envelope.NewID().String(), got[0][:20] + envelope.NewID().String() + "-00000000"} {
		_, err := s.x.Evidence(t.Context(), unknown)
		s.fails(err, exchange.ErrUnknownReceipt, "receipt_unknown")
	}
	_, _, err := s.x.Receipts(t.Context(), "x", 3)
	s.fails(err, exchange.ErrUnknownReceipt)
}

func TestAStolenAuthorEndsWhatItWrote(t *testing.T) {
	s := newScene(t, 2, nil)
	s.author = s.host
	s.write(path, password)
	r := s.read(ask())
	s.change(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.host.ID, Compromised: true})
	r.fails(roster.ErrRevoked, "author of version 2")
}

func TestARekeyedApproverIsNotAsked(t *testing.T) {
	s := newScene(t, 2, nil)
	s.read(ask())
	next, err := keyring.New(s.Roster.Organisation(), s.people[0].ID, 2)
	s.Must(err)
	public, err := next.Public()
	s.Must(err)
	s.change(roster.KindApproverRekey, roster.ApproverRekey{
		ID: s.people[0].ID, KEM: public.KEM, Signing: public.Signing, Generation: 2,
		Factors: []keyring.FactorKind{keyring.FactorPassword}, Recovery: true,
	})
	if st := s.x.Stats(); st.Pending != 1 {
		t.Fatal("the other approver can still answer")
	}
	_, err = s.x.Inbox(t.Context(), s.people[0].call(envelope.ID{}, 0))
	s.fails(err, roster.ErrRevoked)
}
