package exchange_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// twoOfSre wants two of approver-0, 1 and 2, and one of approver-3 and 4.
func twoOfSre(s *scene, p *roster.Policy) {
	p.Requirements = []roster.Requirement{
		coretest.Need("sre", 2, s.people[0].Person, s.people[1].Person, s.people[2].Person),
		coretest.Need("security", 1, s.people[3].Person, s.people[4].Person),
	}
}

// stands checks how the only request that waits is summed up, and that its
// requirements say the same.
func (s *scene) stands(id envelope.ID, summary string, decided ...[]string) {
	s.T.Helper()
	st, err := s.x.Get(id, nil)
	s.Must(err)
	if st.Summary != summary {
		s.T.Fatalf("the request stands at %q, want %q", st.Summary, summary)
	}
	for i, names := range decided {
		q := st.Requirements[i]
		if !slices.Equal(q.Decided, names) || int(q.Have) != len(names) {
			s.T.Fatalf("%s has %d of %d, %v, want %v", q.Name, q.Have, q.Want, q.Decided, names)
		}
	}
}

func TestRequestsTellWhoDecidedAndWhatIsMissing(t *testing.T) {
	s := newScene(t, 5, twoOfSre)
	a := ask()
	a.Wait = 10 * time.Second
	waits := func(parts ...string) {
		t.Helper()
		r := s.read(a)
		s.clock.advance(a.Wait)
		r.fails(exchange.ErrWaiting, parts...)
	}
	waits("request_waiting: 0 of 2 sre; security: waiting (request ")
	id := s.only()
	s.stands(id, "0 of 2 sre; security: waiting", nil, nil)
	s.people[1].says(true, exchange.Waiting)
	s.stands(id, "1 of 2 sre; security: waiting", []string{"approver-1"}, nil)
	waits("request_waiting: 1 of 2 sre (approver-1); security: waiting (request "+id.String()+` for "prod/db"`, "nobody is prompted again")
	s.people[3].says(true, exchange.Waiting)
	waits("1 of 2 sre (approver-1); security (approver-3): done (request")
	r := s.read(a)
	s.people[0].says(true, exchange.Approved)
	s.stands(id, "sre: done; security: done", []string{"approver-1", "approver-0"}, []string{"approver-3"})
	if lines := s.x.List(nil); lines[0].Summary != "sre: done; security: done" {
		t.Fatalf("listed as %q", lines[0].Summary)
	}
	r.gets(password)
	s.prompts(1)
}

func TestHostsAreToldWhatIsMissing(t *testing.T) {
	s := newScene(t, 5, twoOfSre)
	h := s.hostAsks(nil)
	r := h.post()
	id := s.only()
	s.people[2].says(true, exchange.Waiting)
	s.clock.advance(50 * time.Second)
	r.fails(exchange.ErrWaiting, "1 of 2 sre (approver-2); security: waiting")
	s.crash()
	s.stands(id, "1 of 2 sre; security: waiting", []string{"approver-2"}, nil)
}

func TestConsentsAreSummedUpFirst(t *testing.T) {
	s := newScene(t, 5, func(s *scene, p *roster.Policy) {
		twoOfSre(s, p)
		p.ConsentFirst = true
	})
	r := s.read(ask())
	id := s.only()
	s.people[0].consents()
	s.stands(id, "consents so far: 1 of 2 sre; security: waiting", []string{"approver-0"}, nil)
	s.people[2].consents()
	s.people[4].consents()
	s.stands(id, "all consented; approvals so far: 0 of 2 sre; security: waiting", nil, nil)
	for _, i := range []int{0, 2} {
		s.people[i].says(true, exchange.Waiting)
	}
	s.stands(id, "all consented; approvals so far: sre: done; security: waiting", []string{"approver-0", "approver-2"})
	s.people[4].says(true, exchange.Approved)
	r.gets(password)
}

// consents gives the approver's consent to the only request that waits.
func (p *approver) consents() {
	s := p.scene
	s.T.Helper()
	rel, err := p.review().Consent(p.Keyring, p.Device.Signer(), p.ledger, s.clock.Now())
	s.Must(err)
	p.ledger = p.ledger.After(rel.Receipt)
	p.answers(rel, exchange.Waiting)
}

// TestOneDenialEndsAnyQuorum has each person deny in turn, first and after
// others approved, for the mount and for a host.
func TestOneDenialEndsAnyQuorum(t *testing.T) {
	for denier := range 5 {
		for _, others := range [][]int{{}, {0, 1}, {3}} {
			if slices.Contains(others, denier) {
				continue
			}
			s := newScene(t, 5, twoOfSre)
			r, h := s.read(ask()), s.hostAsks(nil)
			posted := h.post()
			for _, i := range others {
				s.people[i].answersAll(true, exchange.Waiting)
			}
			s.people[denier].answersAll(false, exchange.Denied)
			r.fails(approval.ErrDenied, s.people[denier].Name, "not during the freeze")
			if out := posted.ends(); out.err != nil || out.release.State != exchange.Denied {
				t.Fatalf("the host's request ended with %v", out.err)
			}
			for i, p := range s.people {
				if n := len(p.inbox()); n != 0 {
					t.Fatalf("approver %d is still shown %d requests", i, n)
				}
			}
			if st := s.x.Stats(); st.Pending != 0 || st.Held != 0 {
				t.Fatalf("%d requests wait, %d keys are held", st.Pending, st.Held)
			}
		}
	}
}

// answersAll approves or denies everything that waits for the approver.
func (p *approver) answersAll(yes bool, want exchange.State) {
	p.scene.T.Helper()
	for _, item := range p.inbox() {
		if c := p.reviewItem(item); yes {
			p.answers(p.approve(c), want)
		} else {
			p.answers(p.deny(c, "not during the freeze"), want)
		}
	}
}

// A person counts once, whatever they send: the same answer, another one, the
// same from another request, or a share of somebody else's.
func TestAPersonCountsOnceInAQuorum(t *testing.T) {
	s := newScene(t, 5, twoOfSre)
	r := s.read(ask())
	id := s.only()
	p := s.people[0]
	c := p.review()
	rel := p.approve(c)
	for range 3 {
		p.answers(rel, exchange.Waiting)
	}
	_, err := s.x.Answer(t.Context(), p.approve(c))
	s.fails(err, approval.ErrDecided)
	other := s.people[1].review()
	item := s.people[1].inbox()[0]
	_, err = s.x.Answer(t.Context(), s.people[1].forge(item, rel.Blob, s.people[1].Device.Signer()))
	s.fails(err, envelope.ErrOpen)
	s.stands(id, "1 of 2 sre; security: waiting", []string{"approver-0"}, nil)
	s.people[3].says(true, exchange.Waiting)
	s.people[1].answers(s.people[1].approve(other), exchange.Approved)
	r.gets(password)
	s.recordedAs(id, "", "already_decided", "envelope_does_not_open", "", "")
	s.Must(approval.VerifyChains(s.Roster, s.receiptsOf(p.Device.ID())))
}

// receiptsOf returns what is on record of one device.
func (s *scene) receiptsOf(device envelope.ID) []envelope.Signed {
	s.T.Helper()
	return slices.DeleteFunc(s.receipts(), func(signed envelope.Signed) bool {
		rec, err := approval.ReadReceipt(s.Roster, signed)
		s.Must(err)
		return rec.Device != device
	})
}
