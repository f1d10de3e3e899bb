package backend

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// recorded returns how many re-shares of somebody are on record, and the names of the
// errors with which some were refused.
func (s *team) recorded(name string) (counted int, refused []string) {
	s.t.Helper()
	for _, id := range s.do(list, "receipts/", nil)["keys"].([]string) {
		data := s.do(read, "receipts/"+id, nil)
		for i, text := range data["evidence"].([]string) {
			e, err := envelope.Decode[approval.Evidence]([]byte(text))
			s.Must(err)
			f, err := e.Verify(s.Roster)
			s.Must(err)
			if f.Reshare == nil || f.Receipt.Approver != s.people[name].ID {
				continue
			}
			if why := data["refused"].([]string)[i]; why != "" {
				refused = append(refused, why)
			} else {
				counted++
			}
		}
	}
	return counted, refused
}

func (s *team) refusedDeals(a approval.ReshareAnswer, status int, name string) {
	s.t.Helper()
	_, err := s.send(s.sendDeals(a))
	s.checkRefused(err, status, name)
}

func TestDealsForATargetThatMovedServeNothing(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.set(s.need("team", 2, "carol", "dave", "erin", "frank"))
	s.reshare("carol")
	late := s.answerOf("dave")
	before := s.notices("dave")[0].Request.Hash()
	s.set(s.need("team", 2, "carol", "dave", "grace"))
	if left, err := s.storage.List(t.Context(), resharesPrefix+"deal/"); err != nil || len(left) != 0 {
		t.Fatalf("%d deals wait for a target that moved (%v)", len(left), err)
	}
	s.refusedDeals(late, http.StatusConflict, "deal_invalid")
	if n, _ := s.recorded("dave"); n != 1 {
		t.Fatal("a receipt is missing in dave's chain")
	}
	if s.notices("dave")[0].Request.Hash() == before {
		t.Fatal("no other request was made")
	}
	call, err := approval.CallReshare(s.Roster, s.people["dave"].Device.ID(), s.people["dave"].Device.Signer(), before, envelope.Hash{}, s.Now)
	s.Must(err)
	s.refused(update, "device/reshare", map[string]any{"call": s.text(call)}, http.StatusGone, "reshare_unknown")
	s.reshare("dave")
	s.reshare("carol")
	s.held("team/db", 1, "carol", "dave", "grace")
}

func TestTheSameAnswerAgainChangesNothing(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.set(s.need("team", 2, "carol", "erin"))
	first := s.answerOf("carol")
	for range 3 {
		s.Must(s.send1(first))
	}
	second := s.answerOf("dave")
	for range 3 {
		s.Must(s.send1(second))
	}
	s.Must(s.send1(first))
	s.held("team/db", 1, "carol", "erin")
	for _, name := range []string{"carol", "dave"} {
		if n, refused := s.recorded(name); n != 1 || len(refused) != 0 {
			t.Fatalf("%s: %d on record, refused %v", name, n, refused)
		}
	}
}

// listing is a storage that counts what is listed and read below a prefix.
type listing struct {
	logical.Storage
	prefix string
	count  atomic.Int64
}

func (l *listing) List(ctx context.Context, prefix string) ([]string, error) {
	if strings.HasPrefix(prefix, l.prefix) {
		l.count.Add(1)
	}
	return l.Storage.List(ctx, prefix)
}

// Anybody can send an answer. One that no device of an approver signed does not make
// the mount go through what waits.
func TestAnAnswerThatNobodySignedCausesNoWork(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.set(s.need("team", 2, "carol", "dave", "frank"))
	honest := s.answerOf("carol")
	seen := &listing{Storage: s.storage, prefix: resharesPrefix}
	s.storage = seen
	s.start()
	before := seen.count.Load()
	forged, err := envelope.Decode[approval.ReshareAnswer]([]byte(s.text(honest)))
	s.Must(err)
	forged.Receipt.Signatures[0].Bytes[3] ^= 1
	s.refusedDeals(forged, http.StatusForbidden, "signature_invalid")
	if n := seen.count.Load() - before; n != 0 {
		t.Fatalf("a stranger made the mount list its deals %d times", n)
	}
	s.Must(s.send1(honest))
	if seen.count.Load() == before {
		t.Fatal("the mount lists its deals for nobody: this test tests nothing")
	}
}

func TestDealsThatDoNotFitAreRefused(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.do(update, "secret/team/web", map[string]any{"k": "v"})
	s.set(s.need("team", 2, "carol", "erin"))
	honest := s.answerOf("carol")
	for name, c := range map[string]struct {
		forge  func(*approval.ReshareAnswer)
		status int
		err    string
	}{
		"another path":        {func(a *approval.ReshareAnswer) { a.Reshared[0].Path = "team/other" }, http.StatusConflict, "reshare_mismatch"},
		"deals swapped":       {func(a *approval.ReshareAnswer) { slices.Reverse(a.Deals) }, http.StatusConflict, "reshare_mismatch"},
		"a deal left out":     {func(a *approval.ReshareAnswer) { a.Deals = a.Deals[:1] }, http.StatusConflict, "reshare_mismatch"},
		"nothing dealt":       {func(a *approval.ReshareAnswer) { a.Deals, a.Reshared = a.Deals[:0], a.Reshared[:0] }, http.StatusConflict, "reshare_mismatch"},
		"a wrap changed":      {func(a *approval.ReshareAnswer) { a.Deals[0].Wraps[0].Bytes[7] ^= 1 }, http.StatusBadRequest, "wrap_set_invalid"},
		"the receipt changed": {func(a *approval.ReshareAnswer) { a.Receipt.Signatures[0].Bytes[3] ^= 1 }, http.StatusForbidden, "signature_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			copied, err := envelope.Decode[approval.ReshareAnswer]([]byte(s.text(honest)))
			s.Must(err)
			c.forge(&copied)
			s.refusedDeals(copied, c.status, c.err)
		})
	}
	unknown := honest
	q := s.notices("dave")[0]
	s.set(s.need("team", 2, "carol", "frank"))
	s.Must(s.storage.Delete(t.Context(), resharesPrefix+"request/"+q.Request.Hash().String()))
	s.start()
	s.refusedDeals(unknown, http.StatusGone, "reshare_unknown")
	s.held("team/web", 0, "carol", "dave")
}

func TestWhatIsGoneIsPassedOver(t *testing.T) {
	s := newTeam(t, 1, "carol", "dave")
	for _, path := range []string{"db", "web", "old"} {
		s.do(update, "secret/team/"+path, map[string]any{"k": "v"})
	}
	s.set(s.need("team", 1, "carol", "dave", "erin"))
	a := s.answerOf("carol")
	s.do(update, "destroy/team/web", map[string]any{"versions": "1"})
	s.do(erase, "secret/team/old", nil)
	s.Must(s.send1(a))
	s.held("team/db", 1, "carol", "dave", "erin")
	if n := s.notices("carol"); len(n) != 0 {
		t.Fatalf("carol is asked for %d more", n[0].Total)
	}
	// What comes back is asked for.
	s.do(update, "undelete/team/old", map[string]any{"versions": "1"})
	s.reshare("dave")
	s.held("team/old", 1, "carol", "dave", "erin")
}

func TestThoseForAnEmergencyDealWhereTheOthersCannot(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave")
	directors := s.need("directors", 2, "frank", "grace")
	s.policy.BreakGlass = &directors
	s.set()
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.held("team/db", 0, "carol", "dave", "frank", "grace")
	s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.people["dave"].ID})
	s.set(s.need("team", 2, "carol", "erin"))
	s.named(map[string][]string{"stale": {"team/db"}, "exposed": {"team/db"}, "uncovered": {"team/db"}})
	if n := s.reshare("carol"); n != 0 {
		t.Fatal("carol is asked although nobody can help her")
	}
	s.reshare("frank")
	s.reshare("grace")
	s.held("team/db", 1, "carol", "erin", "frank", "grace")
	s.opens("team/db", "carol", "erin")
}

func TestWhatTooFewCanDealIsCalledLost(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.people["dave"].ID})
	s.set(s.need("team", 1, "carol", "erin"))
	s.named(map[string][]string{"lost": {"team/db"}, "stale": {"team/db"}, "exposed": {"team/db"}, "uncovered": {"team/db"}})
	if n := s.notices("carol"); len(n) != 0 {
		t.Fatal("carol is asked for what is lost")
	}
}

func TestAMountThatIsNoConsumerAsksNobodyAndSaysSo(t *testing.T) {
	s := newTeam(t, 1, "carol", "dave")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: s.mount.ID})
	s.policy.Authors, s.policy.Consumers = []envelope.ID{}, []envelope.ID{}
	s.set(s.need("team", 1, "carol", "dave", "erin"))
	shown := s.do(read, "reshares/team", nil)
	if shown["request_id"] != "" || shown["waiting"] != 1 || shown["problem"] == "" {
		t.Fatalf("re-share: %v", shown)
	}
	s.do(read, "status", nil)
	if n := s.notices("carol"); len(n) != 0 {
		t.Fatal("somebody was asked in nobody's name")
	}
}
