package backend

import (
	"context"
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

// stopTeamEverywhere prepares a call on a fresh team and makes it with storage that
// stops after the n-th write, for every n until the call succeeds. After each stop a
// new process starts; then the versions must open, the call is made again, must
// succeed, and after must hold.
func stopTeamEverywhere(t *testing.T, prepare func(*team) (call func() error), after func(*team)) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short")
	}
	for n := 0; ; n++ {
		s := newTeam(t, 2, "carol", "dave", "erin")
		for _, path := range []string{"secret/team/db", "secret/team/web"} {
			s.do(update, path, map[string]any{"k": "v"})
		}
		call := prepare(s)
		whole := s.storage
		s.storage = &failing{Storage: whole, left: n}
		s.start()
		err := call()
		if err != nil && !errors.Is(err, errPulled) {
			t.Fatalf("stopped after %d writes: %v", n, err)
		}
		s.storage = whole
		s.start()
		s.combines("team/db")
		s.combines("team/web")
		if err := call(); err != nil {
			t.Fatalf("stopped after %d writes, repeated: %v", n, err)
		}
		after(s)
		for _, folder := range []string{"doing/", "deal/"} {
			if left, err := whole.List(t.Context(), resharesPrefix+folder); err != nil || len(left) != 0 {
				t.Fatalf("stopped after %d writes: %d entries left in %s (%v)", n, len(left), folder, err)
			}
		}
		if err == nil {
			if n == 0 {
				t.Fatal("the call wrote nothing: this test tests nothing")
			}
			t.Logf("stopped at each of %d writes", n)
			return
		}
	}
}

// combines checks that what is stored and what is known of it agree, and that those
// who hold shares now can open it with the keyrings they have or had.
func (s *team) combines(path string) {
	s.t.Helper()
	s.Must(func() error { _, err := s.b.reshareViews(s.t.Context()); return err }())
	s.holders(path, 1)
	stored, err := s.b.loadVersion(s.t.Context(), path, 1)
	s.Must(err)
	v, err := stored.VerifyHistory(s.Roster, s.Mount, path)
	s.Must(err)
	var shares []*secret.Share
	for name, p := range s.people {
		for _, k := range append([]*keyring.Keyring{p.Keyring}, s.former[name]...) {
			if share, err := v.OpenShare(k); err == nil {
				shares = append(shares, share)
				break
			}
		}
	}
	plaintext, err := v.Combine(shares)
	if err != nil {
		s.t.Fatalf("%s cannot be opened any more: %v", path, err)
	}
	envelope.Wipe(plaintext)
}

// answerOf deals everything that somebody is asked for, on one page.
func (s *team) answerOf(name string) approval.ReshareAnswer {
	s.t.Helper()
	n := s.notices(name)[0]
	return s.dealt(name, n, s.page(name, n.Request.Hash(), envelope.Hash{}))
}

func (s *team) send1(a approval.ReshareAnswer) error {
	_, err := s.send(s.sendDeals(a))
	return err
}

func TestDealsThatAreCutOffLoseNothing(t *testing.T) {
	for name, before := range map[string]bool{"the first deals": false, "the last deals": true} {
		t.Run(name, func(t *testing.T) {
			stopTeamEverywhere(t,
				func(s *team) func() error {
					s.set(s.need("team", 1, "frank", "grace"))
					if before {
						s.reshare("carol")
					}
					a := s.answerOf("dave")
					return func() error { return s.send1(a) }
				},
				func(s *team) {
					if !before {
						s.reshare("carol")
					}
					s.held("team/db", 1, "frank", "grace")
					s.held("team/web", 1, "frank", "grace")
					s.opens("team/web", "grace")
				})
		})
	}
}

func TestAskingForAReshareThatIsCutOffIsMadeUpFor(t *testing.T) {
	stopTeamEverywhere(t,
		func(s *team) func() error {
			s.policy.Requirements[0] = s.need("team", 2, "carol", "dave", "frank")
			s.SetPolicy(s.policy)
			texts := s.logTexts()
			return func() error {
				_, err := s.send(s.request(update, "org/log", map[string]any{"statements": texts}))
				return errors.Join(err, s.b.resettled())
			}
		},
		func(s *team) {
			s.reshare("carol")
			s.reshare("dave")
			s.held("team/db", 1, "carol", "dave", "frank")
		})
}

// resettled says what asking for re-shares came to: a call that changes the log
// leaves that to the next one where it fails.
func (b *broker) resettled() error {
	o, err := b.reshares(context.Background())
	if err != nil {
		return err
	}
	return o.Settle(context.Background())
}

func TestTakingBackThatIsCutOffLosesNothing(t *testing.T) {
	stopTeamEverywhere(t,
		func(s *team) func() error {
			s.set(s.need("team", 1, "carol", "frank"))
			s.reshare("carol")
			s.reshare("dave")
			return func() error {
				_, err := s.send(s.request(erase, "reshares/team", nil))
				return err
			}
		},
		func(s *team) {
			s.held("team/db", 0, "carol", "dave", "erin")
			s.reshare("carol")
			s.reshare("erin")
			s.held("team/db", 2, "carol", "frank")
			s.opens("team/db", "frank")
		})
}

func TestForgettingThatIsCutOffLosesNothing(t *testing.T) {
	at := reshare.Place{Path: "team/db", Version: 1}
	stopTeamEverywhere(t,
		func(s *team) func() error {
			s.set(s.need("team", 2, "carol", "frank"))
			s.reshare("carol")
			s.reshare("dave")
			r, err := s.b.loadRecord(t.Context(), at.Path)
			s.Must(err)
			epoch := r.current().WrapSet
			return func() error {
				o, err := s.b.reshares(t.Context())
				s.Must(err)
				s.Must(stocked{s.b}.Load(t.Context()))
				return o.Prove(t.Context(), at, epoch, []envelope.ID{s.people["carol"].ID, s.people["frank"].ID})
			}
		},
		func(s *team) {
			if v := shownVersion(t, s.do(read, "metadata/team/db", nil), "1"); v["former"] != false {
				t.Fatalf("after proof: %v", v)
			}
			s.opens("team/db", "carol", "frank")
		})
}

func TestWhoLeavesBeforeARepairKeepsNoWrap(t *testing.T) {
	s := newTeam(t, 1, "carol", "dave")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.set(s.need("team", 1, "carol", "dave", "frank"))
	a := s.answerOf("carol")
	whole := s.storage
	s.storage = &failing{Storage: whole, left: 4} // the receipt, the note and the ciphertext, not the metadata
	s.start()
	if err := s.send1(a); !errors.Is(err, errPulled) {
		t.Fatalf("the answer was not cut off: %v", err)
	}
	s.storage = whole
	s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.people["frank"].ID})
	// The process that starts next hears of it before it repairs anything.
	s.start()
	s.push()
	s.do(read, "status", nil)
	s.held("team/db", 1, "carol", "dave")
}

// Storage that fails once between the ciphertext and the metadata must not leave them
// apart until the next start.
func TestWhatStorageCutOffIsMadeUpForWithoutARestart(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	s.set(s.need("team", 2, "carol", "dave", "erin", "frank"))
	s.reshare("carol")
	a := s.answerOf("dave")
	storage := &failing{Storage: s.storage, left: 4} // the receipt, the note and the ciphertext, not the metadata
	s.storage = storage
	s.start()
	if err := s.send1(a); !errors.Is(err, errPulled) {
		t.Fatalf("the answer was not cut off: %v", err)
	}
	storage.left = 100 // storage is back
	s.Must(s.send1(a))
	s.held("team/db", 1, "carol", "dave", "erin", "frank")
	if left, err := storage.List(t.Context(), resharesPrefix+"doing/"); err != nil || len(left) != 0 {
		t.Fatalf("%d notes left (%v)", len(left), err)
	}
}
