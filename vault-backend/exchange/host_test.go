package exchange_test

import (
	"context"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// hostAsk is a request of a host, with the key that only the host has.
type hostAsk struct {
	scene    *scene
	pending  *approval.Pending
	signed   envelope.Signed
	verified *secret.Verified
}

func (s *scene) hostAsks(edit func(*approval.Terms)) *hostAsk {
	s.T.Helper()
	s.mu.RLock()
	defer s.mu.RUnlock()
	terms := approval.Terms{Reason: "deploy 9", Origin: approval.Origin{Requester: "carol", Entity: "entity-carol", Host: "db1", UID: 0, PID: 7}}
	if edit != nil {
		edit(&terms)
	}
	v := s.versions[path][len(s.versions[path])-1]
	verified, err := v.Verify(s.Roster, s.Mount, path)
	s.Must(err)
	h := &hostAsk{scene: s, verified: verified}
	h.pending, h.signed, err = approval.Ask(s.Roster, verified, s.host.ID, s.host.Signer, terms, s.clock.Now())
	s.Must(err)
	return h
}

func (h *hostAsk) post() *reader { return h.postAs(carol(), path) }

func (h *hostAsk) postAs(who exchange.Requester, path string) *reader {
	return h.scene.begin(func(ctx context.Context) (out result) {
		out.release, out.err = h.scene.x.Release(ctx, path, h.signed, who, 0)
		return out
	})
}

// opens gives the releases to the host, which must come to the value.
func (h *hostAsk) opens(r *reader) {
	s := h.scene
	s.T.Helper()
	out := r.ends()
	s.Must(out.err)
	if out.release.State != exchange.Approved {
		s.T.Fatalf("the request is %s", out.release.State)
	}
	q, _, err := approval.ReadRequest(s.Roster, h.signed, s.clock.Now())
	s.Must(err)
	for _, rel := range out.release.Releases {
		got, err := h.pending.Accept(s.Roster, q, h.verified, rel, s.clock.Now())
		s.Must(err)
		if got.Value != nil {
			if string(got.Value.JSON()) != password {
				s.T.Fatalf("got %s", got.Value.JSON())
			}
			return
		}
	}
	s.T.Fatal("the releases open nothing")
}

func TestHostRequestIsApproved(t *testing.T) {
	s := newScene(t, 2, nil)
	h := s.hostAsks(nil)
	r := h.post()
	if c := s.people[0].review(); c.Request.Origin.Host != "db1" || c.Request.Origin.Reported {
		t.Fatal("the approver is not shown the host")
	}
	s.people[0].says(true, exchange.Approved)
	h.opens(r)
	s.prompts(1)
}

func TestHostRequestCollectsAQuorum(t *testing.T) {
	s := newScene(t, 3, quorum(2))
	h := s.hostAsks(nil)
	r := h.post()
	s.people[0].says(true, exchange.Waiting)
	s.people[2].says(true, exchange.Approved)
	h.opens(r)
}

func TestHostRequestIsDenied(t *testing.T) {
	s := newScene(t, 2, nil)
	h := s.hostAsks(nil)
	r := h.post()
	s.people[0].says(false, exchange.Denied)
	out := r.ends()
	s.Must(out.err)
	if out.release.State != exchange.Denied || len(out.release.Releases) != 1 || out.release.Decided[0].Reason != "not during the freeze" || out.release.Decided[0].Name != "approver-0" {
		t.Fatalf("the request is %s", out.release.State)
	}
	s.hostAsks(nil).post().fails(exchange.ErrDeniedRecently, "approver-0 denied it")
}

func TestHostRequestPostedAgainAttaches(t *testing.T) {
	s := newScene(t, 2, nil)
	h := s.hostAsks(nil)
	first := h.post()
	s.clock.advance(50 * time.Second)
	first.fails(exchange.ErrWaiting, "nobody is prompted again")
	second, third := h.post(), h.post()
	s.people[0].says(true, exchange.Approved)
	for _, r := range []*reader{second, third, h.post()} {
		h.pending.Wipe()
		if out := r.ends(); out.err != nil || len(out.release.Releases) != 1 {
			t.Fatalf("got %v", out.err)
		}
	}
	s.prompts(1)
}

func TestHostRequestsSurviveARestart(t *testing.T) {
	s := newScene(t, 3, quorum(2))
	h, mine := s.hostAsks(nil), s.read(ask())
	h.post()
	c := s.people[0].inbox()
	for _, item := range c {
		if item.Request.Hash() == h.signed.Hash() {
			s.people[0].answers(s.people[0].approve(s.people[0].reviewItem(item)), exchange.Waiting)
		}
	}
	s.x.Close()
	mine.fails(exchange.ErrDraining)
	s.start()
	if st := s.x.Stats(); st.Pending != 1 {
		t.Fatalf("%d requests wait after the restart", st.Pending)
	}
	if n := len(s.people[0].inbox()); n != 0 {
		t.Fatalf("who has answered is shown %d items", n)
	}
	again := h.post()
	s.people[1].says(true, exchange.Approved)
	h.opens(again)
	s.x.Close()
	s.start() // answers survive as well
	if out := h.post().ends(); out.err != nil || len(out.release.Releases) != 2 {
		t.Fatalf("got %v", out.err)
	}
	s.recordedAs(idOf(t, h.signed), "", "")
}

func TestMountRequestsDieWithTheirProcess(t *testing.T) {
	s := newScene(t, 2, nil)
	s.read(ask())
	old := s.only()
	item := s.people[0].inbox()[0]
	rel := s.people[0].approve(s.people[0].reviewItem(item))
	s.x.Close()
	s.start()
	if n := len(s.people[0].inbox()); n != 0 {
		t.Fatalf("%d cards are left", n)
	}
	_, err := s.x.Answer(t.Context(), rel)
	s.fails(err, exchange.ErrUnknownRequest, old.String())
	lost := approval.Evidence{Receipt: rel.Receipt, Request: item.Request}
	for range 2 { // the second time nothing happens
		s.Must(s.x.RecordLost(t.Context(), lost))
	}
	s.recordedAs(old, "request_unknown")
	lost.Receipt.Signatures = lost.Receipt.Signatures[1:]
	s.fails(s.x.RecordLost(t.Context(), lost), envelope.ErrSignature)
	r := s.read(ask())
	if s.only() == old {
		t.Fatal("the request has the id of the one that died")
	}
	s.people[0].says(true, exchange.Approved)
	r.gets(password)
	s.Must(approval.VerifyChains(s.Roster, s.receipts()))
}

// receipts returns everything on record.
func (s *scene) receipts() []envelope.Signed {
	s.T.Helper()
	names, _, err := s.x.Receipts(s.T.Context(), "", 1000)
	s.Must(err)
	var all []envelope.Signed
	for _, name := range names {
		records, err := s.x.Evidence(s.T.Context(), name)
		s.Must(err)
		all = append(all, records[0].Evidence.Receipt)
	}
	return all
}

func TestEndedHostRequestsStayEndedAfterARestart(t *testing.T) {
	for name, end := range map[string]func(*scene, *hostAsk){
		"cancelled": func(s *scene, h *hostAsk) { s.Must(s.x.Cancel(s.T.Context(), idOf(s.T, h.signed), nil)) },
		"by the roster": func(s *scene, _ *hostAsk) {
			p := *policyOf(s)
			p.Consumers = []envelope.ID{s.mount.ID}
			s.change(roster.KindPolicySet, p)
			p.Consumers = append(p.Consumers, s.host.ID)
			s.change(roster.KindPolicySet, p)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, nil)
			h := s.hostAsks(nil)
			r := h.post()
			end(s, h)
			if r.ends().err == nil {
				t.Fatal("the request goes on")
			}
			s.x.Close()
			s.start()
			h.post().fails(exchange.ErrCancelled)
			s.clock.advance(time.Hour)
			if left := s.store.names("host/"); len(left) != 0 {
				t.Fatalf("%d entries are left", len(left))
			}
		})
	}
}

func TestEntriesOfEndedHostRequestsAreRemoved(t *testing.T) {
	s := newScene(t, 2, nil)
	h := s.hostAsks(nil)
	h.post()
	s.people[0].says(true, exchange.Approved)
	if n := len(s.store.names("host/")); n != 2 {
		t.Fatalf("%d entries", n)
	}
	s.clock.advance(16 * time.Minute)
	if n := len(s.store.names("host/")); n != 0 {
		t.Fatalf("%d entries are left", n)
	}
	if n := len(s.store.names("receipt/")); n != 1 {
		t.Fatalf("%d records", n)
	}
}

func TestHostRequestsThatAreRefused(t *testing.T) {
	other := carol()
	other.Entity = "entity-dave"
	for name, c := range map[string]struct {
		ask  func(*scene) *hostAsk
		who  exchange.Requester
		path string
		want error
	}{
		"with somebody else's token": {func(s *scene) *hostAsk { return s.hostAsks(nil) }, other, path, exchange.ErrEntity},
		"for another path":           {func(s *scene) *hostAsk { s.write("prod/other", password); return s.hostAsks(nil) }, carol(), "prod/other", approval.ErrRequest},
		"for what is not there":      {func(s *scene) *hostAsk { return s.hostAsks(nil) }, carol(), "prod/nothing", errMissing},
		"past its deadline": {func(s *scene) *hostAsk {
			h := s.hostAsks(nil)
			s.clock.advance(5 * time.Minute)
			return h
		}, carol(), path, approval.ErrExpired},
		"altered": {func(s *scene) *hostAsk {
			h := s.hostAsks(nil)
			h.signed.Payload[len(h.signed.Payload)-3] ^= 1
			return h
		}, carol(), path, envelope.ErrEncoding},
		"for another text of the version": {func(s *scene) *hostAsk {
			h := s.hostAsks(nil)
			q, err := envelope.Peek[approval.Request](h.signed, envelope.TypeRequest)
			s.Must(err)
			q.Header = envelope.SumHash([]byte("another"))
			h.signed, err = envelope.Sign(envelope.TypeRequest, q, s.host.Signer)
			s.Must(err)
			return h
		}, carol(), path, approval.ErrRequest},
		"without a signature": {func(s *scene) *hostAsk {
			h := s.hostAsks(nil)
			h.signed.Signatures = nil
			return h
		}, carol(), path, envelope.ErrSignature},
		"of a mount": {func(s *scene) *hostAsk {
			s.read(ask())
			h := s.hostAsks(nil)
			h.signed = s.people[0].inbox()[0].Request
			return h
		}, carol(), path, exchange.ErrMountRequest},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, nil)
			h := c.ask(s)
			h.postAs(c.who, c.path).fails(c.want)
			if n := len(s.store.names("host/")); n != 0 {
				t.Fatalf("%d entries were stored", n)
			}
		})
	}
}

func TestAHostCannotAttachWithSomebodyElsesToken(t *testing.T) {
	s := newScene(t, 2, nil)
	h := s.hostAsks(nil)
	h.post()
	other := carol()
	other.Entity = "entity-dave"
	h.postAs(other, path).fails(exchange.ErrEntity)
	h.postAs(carol(), "prod/other").fails(approval.ErrRequest)
}

func TestAHostCannotTakeAnothersRequestID(t *testing.T) {
	var second *coretest.Consumer
	s := newScene(t, 2, func(s *scene, p *roster.Policy) {
		second = s.AdmitConsumer("second-host", roster.ConsumerHost)
		p.Consumers = append(p.Consumers, second.ID)
	})
	h := s.hostAsks(nil)
	h.post()
	q, err := envelope.Peek[approval.Request](h.signed, envelope.TypeRequest)
	s.Must(err)
	q.Consumer = second.ID
	signed, err := envelope.Sign(envelope.TypeRequest, q, second.Signer)
	s.Must(err)
	_, err = s.x.Release(t.Context(), path, signed, carol(), 0)
	s.fails(err, approval.ErrRequest)
	if n := len(s.store.names("host/")); n != 1 {
		t.Fatalf("%d entries", n)
	}
}

func TestARevokedHostLosesItsRequest(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.hostAsks(nil).post()
	s.change(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.host.ID})
	r.fails(roster.ErrRevoked)
	if n := len(s.people[0].inbox()); n != 0 {
		t.Fatalf("%d cards are left", n)
	}
}

func TestHostsWithoutEntityAreToldApart(t *testing.T) {
	s := newScene(t, 2, func(_ *scene, p *roster.Policy) { p.SelfApproval = true })
	h := s.hostAsks(func(terms *approval.Terms) { terms.Origin.Entity = "" })
	r := h.postAs(exchange.Requester{}, path)
	s.people[0].says(true, exchange.Approved)
	h.opens(r)
}
