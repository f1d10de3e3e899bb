package backend

import (
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// accused is what the exchange tells of a dealer into an epoch: found by the mount
// itself, or said by a host.
func (s *team) accused(path, name string, epoch uint32, byHost bool) {
	s.t.Helper()
	r, err := s.b.loadRecord(s.t.Context(), path)
	s.Must(err)
	s.b.opened(s.t.Context(), path, exchange.Opening{
		Version: 1, WrapSet: r.current().WrapSet, Accused: s.people[name].ID, Epoch: epoch, ByHost: byHost,
	})
}

func TestALiarIsNotAskedAgain(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.set(s.need("team", 2, "carol", "dave", "erin", "frank"))
	s.reshare("carol")
	liesLater := s.answerOf("dave")
	s.Must(s.send1(liesLater))
	s.held("team/db", 1, "carol", "dave", "erin", "frank")
	s.accused("team/db", "erin", 1, false) // who did not deal
	s.accused("team/db", "dave", 2, false) // into that epoch
	s.held("team/db", 1, "carol", "dave", "erin", "frank")
	s.accused("team/db", "dave", 1, false)
	s.held("team/db", 0, "carol", "dave", "erin")
	if len(s.notices("dave")) != 0 || len(s.notices("erin")) != 1 {
		t.Fatal("the liar is asked again, or nobody is")
	}
	s.Must(s.send1(liesLater)) // of the epoch that was taken back: passed over
	s.reshare("erin")
	s.reshare("carol")
	s.held("team/db", 2, "carol", "dave", "erin", "frank")
	s.opens("team/db", "frank", "erin")
}

// Shares that were dealt from what a liar dealt are as wrong.
func TestALieIsUndoneTogetherWithWhatCameOfIt(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.set(s.need("team", 2, "carol", "dave", "erin", "frank"))
	s.reshare("carol")
	s.reshare("dave")
	s.set(s.need("team", 2, "carol", "dave", "erin", "grace"))
	s.reshare("carol")
	s.reshare("erin")
	s.held("team/db", 2, "carol", "dave", "erin", "grace")
	s.accused("team/db", "dave", 1, false)
	s.held("team/db", 0, "carol", "dave", "erin")
	s.start()
	if len(s.notices("dave")) != 0 {
		t.Fatal("the liar is asked again")
	}
	s.reshare("erin")
	s.reshare("carol")
	s.held("team/db", 3, "carol", "dave", "erin", "grace")
	s.opens("team/db", "grace", "dave")
}

// A mount that finds a liar where there is no way back says so, and changes nothing:
// the pieces of the others may still open something.
func TestALieThatCannotBeUndoneIsShown(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.set(s.need("team", 2, "erin", "frank", "grace"))
	s.reshare("carol")
	s.reshare("dave")
	s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.people["carol"].ID})
	s.push()
	s.accused("team/db", "dave", 1, false)
	s.held("team/db", 1, "erin", "frank", "grace")
	s.suspects("dave lied", "write it again")
	s.opens("team/db", "erin", "grace") // it was no lie after all
	s.suspects()
}

// suspects checks that status names the path, and says so of somebody in words; that it
// names nobody where there are none.
func (s *team) suspects(words ...string) {
	s.t.Helper()
	data := s.do(read, "status", nil)
	named := data["suspected"].([]string)
	if len(words) == 0 {
		if len(named) != 0 {
			s.t.Fatalf("suspected: %v", named)
		}
		return
	}
	if !slices.Equal(named, []string{"team/db"}) {
		s.t.Fatalf("suspected: %v", named)
	}
	if !slices.ContainsFunc(data["problems"].([]string), func(p string) bool {
		return !slices.ContainsFunc(append(words, `"team/db"`, "reshares/team"), func(w string) bool { return !strings.Contains(p, w) })
	}) {
		s.t.Fatalf("problems: %q", data["problems"])
	}
}

// Hosts prove to nobody what they say of dealers: were it believed, one could bar one
// honest dealer after the other.
func TestAHostsWordBarsNoDealer(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	s.policy.MinimumCoverage = 1
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.set(s.need("team", 2, "carol", "dave", "erin", "frank"))
	s.reshare("carol")
	s.reshare("dave")
	for range 2 {
		s.accused("team/db", "carol", 1, true)
		s.accused("team/db", "dave", 1, true)
		s.accused("team/db", "erin", 1, true) // who did not deal
		s.accused("team/db", "dave", 9, true)
	}
	s.held("team/db", 1, "carol", "dave", "erin", "frank")
	s.suspects("a host says that dave lied", "stillvault reshare abandon team")
	s.suspects("a host says that carol lied")
	if shown := s.do(read, "reshares/team", nil)["suspected"].([]any); len(shown) != 2 {
		t.Fatalf("re-share: %v", shown)
	}
	s.start()
	s.suspects("a host says that dave lied")
	if n := s.do(update, "reshares/team", nil)["acknowledged"]; n != 1 {
		t.Fatalf("%v acknowledged", n)
	}
	s.suspects()
	// Said again it is shown again, until the shares have proven themselves.
	s.accused("team/db", "dave", 1, true)
	s.suspects("dave")
	s.opens("team/db", "erin", "frank")
	s.suspects("dave")
	s.opens("team/db", "erin", "dave")
	s.suspects()
	// Whom nobody barred deals the next time.
	s.set(s.need("team", 2, "carol", "dave", "erin", "frank", "grace"))
	s.reshare("dave")
	s.reshare("carol")
	s.held("team/db", 2, "carol", "dave", "erin", "frank", "grace")
	// Taking the epoch back settles it, too.
	s.accused("team/db", "carol", 2, true)
	s.suspects("carol")
	s.do(erase, "reshares/team", nil)
	s.held("team/db", 1, "carol", "dave", "erin", "frank")
	s.suspects()
}

func TestAPreviewNamesWhatHasNoWayBack(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	unproven := func(name string) []string {
		return s.previews(roster.KindApproverRevoke, roster.Removal{ID: s.people[name].ID})["unproven"].([]string)
	}
	if got := unproven("carol"); len(got) != 0 {
		t.Fatalf("before anything was re-shared: %v", got)
	}
	s.set(s.need("team", 2, "dave", "erin", "frank"))
	s.reshare("carol")
	s.reshare("dave")
	if got := unproven("carol"); !slices.Equal(got, []string{"team/db"}) {
		t.Fatalf("somebody who dealt: %v", got)
	}
	if got := unproven("frank"); len(got) != 0 {
		t.Fatalf("somebody who held nothing before: %v", got)
	}
	s.opens("team/db", "erin", "frank")
	if got := unproven("carol"); len(got) != 0 {
		t.Fatalf("after the new shares opened it: %v", got)
	}
}

// What a device signs that it dealt is what stays on record, so it has to be where it
// says.
func TestAnAnswerThatNamesOtherSecretsIsKeptAsRefused(t *testing.T) {
	s := newTeam(t, 1, "carol", "dave")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.do(update, "secret/team/web", map[string]any{"k": "v"})
	s.set(s.need("team", 1, "carol", "dave", "erin"))
	for i, forge := range []func(*approval.Reshared){
		func(r *approval.Reshared) { r.Path = "prod/db" },     // there is none
		func(r *approval.Reshared) { r.Path = "team/" },       // there cannot be
		func(r *approval.Reshared) { r.Version = 7 },          // nor that version
		func(r *approval.Reshared) { r.Path = "team/web" },    // another secret
		func(r *approval.Reshared) { r.Header = r.Deal },      // another version
		func(r *approval.Reshared) { r.Path = "team/db\x00" }, // no path
	} {
		p := s.people["carol"]
		before := p.ledger
		a := s.answerOf("carol")
		j := slices.IndexFunc(a.Reshared, func(r approval.Reshared) bool { return r.Path == "team/db" })
		forge(&a.Reshared[j])
		s.signAgain(p, &a)
		p.ledger = before.After(a.Receipt)
		if err := s.send1(a); err == nil {
			t.Fatalf("forgery %d was taken", i)
		}
		s.held("team/db", 0, "carol", "dave")
		s.held("team/web", 0, "carol", "dave")
		if counted, refused := s.recorded("carol"); counted != 0 || len(refused) != i+1 {
			t.Fatalf("forgery %d: %d counted, refused %v", i, counted, refused)
		}
	}
	s.reshare("carol")
	s.held("team/db", 1, "carol", "dave", "erin")
	if counted, _ := s.recorded("carol"); counted != 1 {
		t.Fatalf("%d counted", counted)
	}
}

// signAgain signs an answer whose list was changed, as a modified device would.
func (s *team) signAgain(p *approver, a *approval.ReshareAnswer) {
	s.t.Helper()
	rec, err := envelope.Peek[approval.Receipt](a.Receipt, envelope.TypeReceipt)
	s.Must(err)
	encoded, err := envelope.Encode(a.Reshared)
	s.Must(err)
	rec.Blob = envelope.SumHash([]byte("stillvault/reshared/v1"), encoded)
	k, err := p.Keyring.Signer()
	s.Must(err)
	a.Receipt, err = envelope.Sign(envelope.TypeReceipt, rec, p.Device.Signer(), k)
	s.Must(err)
}

// Deals that wait for the epoch after one that is taken back are of shares that do not
// count any more: who made them is asked again.
func TestDealsOfATakenBackEpochAreAskedForAgain(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.set(s.need("team", 2, "carol", "dave", "erin", "frank"))
	s.reshare("carol")
	s.reshare("dave")
	s.set(s.need("team", 2, "carol", "dave", "erin", "frank", "grace"))
	s.reshare("carol")
	s.accused("team/db", "dave", 1, false)
	s.held("team/db", 0, "carol", "dave", "erin")
	s.reshare("erin")
	s.reshare("carol")
	s.held("team/db", 2, "carol", "dave", "erin", "frank", "grace")
	s.opens("team/db", "frank", "erin")
}
