package backend

import (
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func TestMembershipChangesWithoutReencryption(t *testing.T) {
	s := newTeam(t, 1, "carol", "dave")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.opens("team/db", "carol")

	// Added: one of the holders deals.
	s.set(s.need("team", 1, "carol", "dave", "erin"))
	s.named(map[string][]string{"stale": {"team/db"}})
	if n := s.reshare("carol"); n != 1 {
		t.Fatalf("carol dealt %d versions", n)
	}
	s.held("team/db", 1, "carol", "dave", "erin")
	if n := s.reshare("dave"); n != 0 {
		t.Fatalf("dave was asked for %d more", n)
	}
	s.named(nil)
	s.opens("team/db", "erin")

	// Quorum up: one of the old quorum suffices.
	s.set(s.need("team", 2, "carol", "dave", "erin"))
	s.refused(read, "secret/team/db", nil, 409, "access_structure_stale")
	s.reshare("erin")
	s.held("team/db", 2, "carol", "dave", "erin")
	s.opens("team/db", "carol", "erin")

	// Quorum down: a signed policy alone does not lower it.
	s.set(s.need("team", 1, "carol", "dave", "erin"))
	s.reshare("carol")
	s.held("team/db", 2, "carol", "dave", "erin")
	s.refused(read, "secret/team/db", nil, 409, "access_structure_stale")
	s.reshare("dave")
	s.held("team/db", 3, "carol", "dave", "erin")
	s.opens("team/db", "dave")

	// Requirement added, and somebody replaced.
	s.set(s.need("team", 2, "carol", "frank"), s.need("security", 1, "grace"))
	s.reshare("carol")
	s.held("team/db", 4, "carol", "frank", "grace")
	s.opens("team/db", "carol", "frank", "grace")

	// Re-keyed, then the requirement dropped.
	s.rekeyed("grace")
	s.named(map[string][]string{"stale": {"team/db"}, "exposed": {"team/db"}, "uncovered": {"team/db"}})
	s.reshare("carol")
	s.reshare("frank")
	if n := s.reshare("grace"); n != 1 {
		t.Fatalf("grace dealt %d versions with the keyring she had", n)
	}
	s.held("team/db", 5, "carol", "frank", "grace")
	s.opens("team/db", "grace", "frank", "carol")
	s.set(s.need("team", 2, "carol", "frank", "dave"))
	s.reshare("carol")
	s.reshare("frank")
	s.reshare("grace")
	s.held("team/db", 6, "carol", "dave", "frank")
	s.opens("team/db", "carol", "dave")
}

func TestARevokedApproverLosesEveryWrapAtOnce(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.set(s.need("team", 2, "carol", "dave", "erin", "frank"))
	s.reshare("carol")
	s.reshare("erin")
	s.held("team/db", 1, "carol", "dave", "erin", "frank")
	s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.people["erin"].ID})
	s.push()
	s.held("team/db", 1, "carol", "dave", "frank")
	stored, err := s.b.loadVersion(t.Context(), "team/db", 1)
	s.Must(err)
	s.Must(func() error {
		_, err := stored.VerifyHistory(s.Roster, s.Mount, "team/db")
		return err
	}())
	gone, err := stored.DeleteWraps(func(id envelope.ID) bool { return id != s.people["erin"].ID })
	s.Must(err)
	if len(gone) != 0 {
		t.Fatal("a wrap of the epoch before was left to somebody revoked")
	}
	s.opens("team/db", "dave", "frank")
}

func TestOldSharesStayUntilEnoughNewOnesAreProven(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	s.policy.MinimumCoverage = 1
	s.set()
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.set(s.need("team", 2, "carol", "dave", "erin", "frank", "grace"))
	s.reshare("carol")
	s.reshare("dave")
	first := func() map[string]any { return shownVersion(t, s.do(read, "metadata/team/db", nil), "1") }
	if v := first(); v["former"] != true || v["proven"] != 0 || v["shares"] != 5 {
		t.Fatalf("after the re-share: %v", v)
	}
	s.opens("team/db", "carol", "erin")
	if v := first(); v["former"] != true || v["proven"] != 2 {
		t.Fatalf("after two of them opened it: %v", v)
	}
	if shown := s.do(read, "reshares/team", nil); shown["unproven"] != 1 || shown["proven"] != 2 || shown["shares"] != 5 {
		t.Fatalf("re-share: %v", shown)
	}
	// One of three may be lost now, and two others never take part.
	s.opens("team/db", "carol", "frank")
	if v := first(); v["former"] != false || v["proven"] != 3 {
		t.Fatalf("after three of them opened it: %v", v)
	}
	if shown := s.do(read, "reshares/team", nil); shown != nil {
		t.Fatalf("re-share: %v", shown)
	}
	stored, err := s.b.loadVersion(t.Context(), "team/db", 1)
	s.Must(err)
	if slices.ContainsFunc(stored.Wraps, func(w envelope.Envelope) bool { return len(w.Bytes) > 0 }) {
		t.Fatal("a wrap of the epoch before was left")
	}
	s.opens("team/db", "dave", "grace")
}

func TestARestoredMountGoesOnWithAReshare(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.set(s.need("team", 1, "erin"))
	before := s.notices("carol")
	s.reshare("carol")
	s.start()
	if n := s.notices("carol"); len(n) != 0 {
		t.Fatal("carol is asked again for what waits for dave")
	}
	if after := s.notices("dave"); len(after) != 1 || after[0].Request.Hash() != before[0].Request.Hash() {
		t.Fatal("another request was made for the same re-share")
	}
	s.reshare("dave")
	s.held("team/db", 1, "erin")
	s.opens("team/db", "erin")
	ids := s.do(list, "receipts/", nil)["keys"].([]string)
	found := 0
	for _, id := range ids {
		for _, text := range s.do(read, "receipts/"+id, nil)["evidence"].([]string) {
			e, err := envelope.Decode[approval.Evidence]([]byte(text))
			s.Must(err)
			f, err := e.Verify(s.Roster)
			s.Must(err)
			if f.Reshare != nil {
				found++
			}
		}
	}
	if found != 2 {
		t.Fatalf("%d re-shares on record", found)
	}
}

func TestOfManyEpochsOnlyTheLastSoundOneIsKept(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	s.policy.MinimumCoverage = 1
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	kept := func() (epochs int) {
		stored, err := s.b.loadVersion(t.Context(), "team/db", 1)
		s.Must(err)
		there := func(wraps []envelope.Envelope) bool {
			return slices.ContainsFunc(wraps, func(w envelope.Envelope) bool { return len(w.Bytes) > 0 })
		}
		if there(stored.Wraps) {
			epochs++
		}
		for _, rs := range stored.Reshares {
			if there(rs.Deals[0].Wraps) {
				epochs++
			}
		}
		return epochs
	}
	for i, names := range [][]string{{"carol", "dave", "erin", "frank"}, {"carol", "dave", "frank", "grace"}, {"carol", "dave", "grace", "erin"}} {
		s.set(s.need("team", 2, names...))
		s.reshare("carol")
		s.reshare("dave")
		if n := kept(); n != 2 {
			t.Fatalf("wraps of %d epochs are stored after re-share %d", n, i+1)
		}
		s.opens("team/db", "carol", "dave") // a quorum, and never everybody
		if n := kept(); n != 2 {
			t.Fatalf("wraps of %d epochs are stored after re-share %d was read", n, i+1)
		}
	}
	// Without a proof in between nothing is dropped, and everything can be taken back.
	s.set(s.need("team", 2, "carol", "dave"), s.need("security", 1, "frank"))
	s.reshare("carol")
	s.reshare("dave")
	s.set(s.need("team", 2, "carol", "dave", "erin"))
	s.reshare("carol")
	s.reshare("dave")
	s.reshare("frank")
	if n := kept(); n != 3 {
		t.Fatalf("wraps of %d epochs are stored", n)
	}
	s.do(erase, "reshares/team", nil)
	s.do(erase, "reshares/team", nil)
	s.held("team/db", 3, "carol", "dave")
	s.reshare("dave")
	s.reshare("carol")
	s.held("team/db", 6, "carol", "dave", "erin")
	s.opens("team/db", "carol", "erin")
}

// Whoever looks for what is sealed to their earlier keyring, before they wipe it, has to
// see what can be undeleted, too.
func TestADeletedVersionOnAnEarlierKeyringIsShown(t *testing.T) {
	s := newTeam(t, 1, "carol")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.do(erase, "secret/team/db", nil)
	stale := func() []string { return s.do(read, "status", nil)["stale"].([]string) }
	if got := stale(); len(got) != 0 {
		t.Fatalf("a deleted version is stale: %v", got)
	}
	s.rekeyed("carol")
	if got := stale(); !slices.Equal(got, []string{"team/db"}) {
		t.Fatalf("stale is %v", got)
	}
	s.do(update, "undelete/team/db", map[string]any{"versions": "1"})
	s.reshare("carol")
	if got := stale(); len(got) != 0 {
		t.Fatalf("stale after it was shared anew: %v", got)
	}
}
