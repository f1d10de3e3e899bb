package exchange_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// three wants two of approver-0, 1 and 2; approver-3 has no say yet.
func three(s *scene, p *roster.Policy) {
	p.Requirements = []roster.Requirement{coretest.Need("sre", 2, s.people[0].Person, s.people[1].Person, s.people[2].Person)}
}

// joins has approver-3 join the requirement, and the first two deal them in.
func (s *scene) joins() {
	s.T.Helper()
	p := *policyOf(s)
	p.Requirements = []roster.Requirement{coretest.Need("sre", 2, s.persons()...)}
	s.change(roster.KindPolicySet, p)
	s.reshare(0, 1)
}

// reshare has two people deal the secret's only version anew.
func (s *scene) reshare(dealers ...int) {
	s.T.Helper()
	s.edit(func(v *secret.Version) *secret.Version {
		before, err := v.VerifyHistory(s.Roster, s.Mount, path)
		s.Must(err)
		var deals []secret.Dealt
		for _, i := range dealers {
			dealt, err := before.Deal(s.Roster, s.people[i].Keyring, before.Epoch+1)
			s.Must(err)
			deals = append(deals, *dealt)
		}
		next, err := v.Reshare(s.Roster, s.Mount, path, deals)
		s.Must(err)
		return next
	})
}

// edit changes the secret's only version and tells the exchange.
func (s *scene) edit(change func(*secret.Version) *secret.Version) {
	s.T.Helper()
	s.mu.Lock()
	encoded, err := envelope.Encode(s.versions[path][0])
	s.Must(err)
	copied, err := envelope.Decode[secret.Version](encoded) // as if read from storage
	s.Must(err)
	s.versions[path][0] = change(&copied)
	s.mu.Unlock()
	s.x.VersionChanged(s.T.Context(), path)
}

func (s *scene) wrapSet() envelope.Hash {
	s.T.Helper()
	v, err := s.versions[path][0].Verify(s.Roster, s.Mount, path)
	s.Must(err)
	return v.WrapSet
}

// Whoever has answered need not answer again, and who holds only a new share is not
// asked.
func TestARequestIsAnsweredUnderTheSharesItWasMadeFor(t *testing.T) {
	s := newScene(t, 4, three)
	before := s.wrapSet()
	r := s.read(ask())
	h := s.hostAsks(nil)
	posted := h.post()
	id := s.x.List(nil)[0].Request
	s.people[0].answersAll(true, exchange.Waiting)
	s.joins()
	if before == s.wrapSet() {
		t.Fatal("nothing was dealt")
	}
	s.stands(id, "1 of 2 sre", []string{"approver-0"})
	if n := len(s.people[3].inbox()); n != 0 {
		t.Fatalf("who holds no share of these is asked %d times", n)
	}
	s.people[2].answersAll(true, exchange.Approved)
	r.gets(password)
	h.opens(posted)
	if o := s.openings; len(o) != 1 || o[0].WrapSet != before {
		t.Fatalf("told of %d openings", len(o))
	}
	// The next one is answered under the new shares.
	s.clock.advance(5 * time.Minute)
	r = s.read(ask())
	s.people[3].says(true, exchange.Waiting)
	s.people[2].says(true, exchange.Approved)
	r.gets(password)
	if o := s.openings; len(o) != 2 || o[1].WrapSet != s.wrapSet() || !slices.Equal(o[1].Approvers, []envelope.ID{s.people[3].ID, s.people[2].ID}) {
		t.Fatalf("told of %d openings", len(o))
	}
}

func TestAHostsRequestKeepsItsSharesOverARestart(t *testing.T) {
	s := newScene(t, 4, three)
	h := s.hostAsks(nil)
	h.post()
	s.people[0].says(true, exchange.Waiting)
	s.joins()
	s.crash()
	r := h.post()
	s.people[1].says(true, exchange.Approved)
	h.opens(r)
}

// Where the old shares are gone, nothing can be answered with them: the request ends
// and is asked anew under the new ones.
func TestARequestEndsWithTheSharesItWasMadeFor(t *testing.T) {
	for name, lose := range map[string]func(*scene){
		"forgotten": func(s *scene) {
			s.joins()
			s.edit(func(v *secret.Version) *secret.Version { v.Forget(); return v })
		},
		"taken back": func(s *scene) {
			s.edit(func(v *secret.Version) *secret.Version { v.Abandon(); return v })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 4, three)
			if name == "taken back" {
				s.joins()
			}
			r := s.read(ask())
			h := s.hostAsks(nil)
			posted := h.post()
			s.people[0].answersAll(true, exchange.Waiting)
			lose(s)
			r.fails(exchange.ErrCancelled, "its shares were dealt anew", "ask again")
			posted.fails(exchange.ErrCancelled, "its shares were dealt anew")
			in := s.polled(s.people[1].callOnce(t))
			if len(in.Items) != 0 || len(in.Ended) != 2 || in.Ended[0].State != approval.EndSuperseded {
				t.Fatalf("%d requests, %d ended", len(in.Items), len(in.Ended))
			}
			again := s.read(ask())
			s.people[1].says(true, exchange.Waiting)
			s.people[2].says(true, exchange.Approved)
			again.gets(password)
		})
	}
}

// A version that is re-shared while a request for it is being made is loaded anew.
func TestARequestIsMadeForTheNewestShares(t *testing.T) {
	s := newScene(t, 4, three)
	between := s.joins
	s.afterRoster.Store(&between)
	r := s.read(ask())
	s.people[3].says(true, exchange.Waiting)
	s.people[2].says(true, exchange.Approved)
	r.gets(password)
	s.prompts(1)
}

// A share of another wrap set does not count: it would not add up with the others.
func TestAShareOfAnotherWrapSetIsRefused(t *testing.T) {
	s := newScene(t, 4, three)
	r := s.read(ask())
	id := s.only()
	item := s.people[0].inbox()[0]
	s.people[1].says(true, exchange.Waiting)
	s.joins()
	item.Version = *s.versions[path][0] // as a broker that lies would show it
	_, err := s.x.Answer(t.Context(), s.people[0].approve(s.people[0].reviewItem(item)))
	s.fails(err, approval.ErrWrapSet)
	s.recordedAs(id, "", "wrap_set_changed")
	s.people[2].says(true, exchange.Approved)
	r.gets(password)
}

func TestAnyOfIsProvenByItsReceipt(t *testing.T) {
	s := newScene(t, 2, nil)
	h := s.hostAsks(nil)
	r := h.post()
	s.people[1].says(true, exchange.Approved)
	h.opens(r)
	if o := s.openings; len(o) != 1 || o[0].WrapSet != s.wrapSet() || !slices.Equal(o[0].Approvers, []envelope.ID{s.people[1].ID}) || o[0].Version != 1 {
		t.Fatalf("told of %d openings", len(o))
	}
}

// Who answered beyond what a requirement wants is not proven by it: their share was
// not used.
func TestOnlySharesThatWereUsedAreProven(t *testing.T) {
	s := newScene(t, 5, twoOfSre)
	r := s.read(ask())
	for _, i := range []int{2, 0, 1} {
		s.people[i].says(true, exchange.Waiting)
	}
	s.people[4].says(true, exchange.Approved)
	r.gets(password)
	want := []envelope.ID{s.people[2].ID, s.people[0].ID, s.people[4].ID}
	if o := s.openings; len(o) != 1 || !slices.Equal(o[0].Approvers, want) {
		t.Fatalf("told of %d openings", len(o))
	}
}

// opened is a host's word about what it was given.
func (h *hostAsk) opened(approvers []envelope.ID, accused envelope.ID) envelope.Signed {
	s := h.scene
	s.T.Helper()
	q, err := envelope.Peek[approval.Request](h.signed, envelope.TypeRequest)
	s.Must(err)
	var lied *secret.DealerError
	if !accused.IsZero() {
		lied = &secret.DealerError{Approver: accused, Epoch: max(h.verified.Epoch, 1)}
	}
	signed, err := approval.ReportOpened(s.Roster, &q, h.signed.Hash(), h.verified, approvers, lied, s.host.Signer, s.clock.Now())
	s.Must(err)
	return signed
}

func TestAHostSaysWhatItOpened(t *testing.T) {
	s := newScene(t, 4, three)
	h := s.hostAsks(nil)
	r := h.post()
	ids := func(all ...int) (out []envelope.ID) {
		for _, i := range all {
			out = append(out, s.people[i].ID)
		}
		return out
	}
	say := func(path string, who exchange.Requester, signed envelope.Signed) error {
		return s.x.Opened(t.Context(), path, signed, who)
	}
	s.people[0].says(true, exchange.Waiting)
	s.fails(say(path, carol(), h.opened(ids(0), envelope.ID{})), approval.ErrRequest) // it was given nothing yet
	s.people[2].says(true, exchange.Approved)
	h.opens(r)
	other := carol()
	other.Entity = "entity-dave"
	s.fails(say(path, other, h.opened(ids(0, 2), envelope.ID{})), exchange.ErrEntity)
	s.fails(say("prod/other", carol(), h.opened(ids(0, 2), envelope.ID{})), approval.ErrRequest)
	s.fails(say(path, carol(), h.opened(ids(0, 1), envelope.ID{})), approval.ErrRequest)
	s.fails(say(path, carol(), h.opened(ids(0, 0), envelope.ID{})), approval.ErrRequest)
	forged := h.opened(ids(0, 2), envelope.ID{})
	forged.Signatures = nil
	s.fails(say(path, carol(), forged), envelope.ErrSignature)
	if len(s.openings) != 0 {
		t.Fatal("what was refused was believed")
	}
	s.onOpened = func(exchange.Opening) { s.x.VersionChanged(t.Context(), path) }
	s.Must(say(path, carol(), h.opened(ids(2, 0), envelope.ID{})))
	s.Must(say(path, carol(), h.opened(nil, s.people[1].ID)))
	if o := s.openings; len(o) != 2 || !slices.Equal(o[0].Approvers, ids(0, 2)) || o[0].WrapSet != s.wrapSet() || o[1].Accused != s.people[1].ID || o[1].Epoch != 1 || !o[0].ByHost || !o[1].ByHost {
		t.Fatalf("told of %d openings", len(o))
	}
	unknown := h.opened(ids(2, 0), envelope.ID{})
	s.clock.advance(20 * time.Minute)
	s.fails(say(path, carol(), unknown), exchange.ErrUnknownRequest)
}
