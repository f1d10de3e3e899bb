package approver_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/approver"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/home"
)

// denial is alice's denial of an item.
func (s *stage) denial(item approval.Item, l approval.Ledger) (approval.Release, error) {
	v := approval.Reviewer{Roster: s.Roster, Mount: s.Mount, Approver: s.alice.ID, Device: s.alice.Device.ID()}
	c, err := v.Review(item, s.clock.Now())
	s.Must(err)
	signer := s.alice.Device.Signer()
	defer signer.Wipe()
	return c.Deny("", false, signer, l, s.clock.Now())
}

func (s *stage) keep() *approver.Kept {
	kept, err := approver.Keep(s.home, "alice", slices.Clone(s.Log))
	s.Must(err)
	return kept
}

func TestADecisionThatWasNotWrittenDownWasNotSent(t *testing.T) {
	s := newStage(t, nil)
	item := s.ask("prod/db", approval.Terms{})
	// A session ended between storing the release and storing the ledger.
	lost, err := s.denial(item, approval.Ledger{})
	s.Must(err)
	s.Must(s.home.KeepUnsent("alice", home.Unsent{Release: lost, Request: item.Request}))
	kept := s.keep()
	if unsent, err := kept.Unsent(); err != nil || len(unsent) != 0 {
		t.Fatalf("%d to be sent, %v", len(unsent), err)
	}
	if kept.Decided(item.Request.Hash()) {
		t.Fatal("decided")
	}
	release, err := kept.Decide(item.Request.Hash(), item.Request, s.Now.Add(time.Minute), s.Now, func(l approval.Ledger) (approval.Release, error) { return s.denial(item, l) })
	s.Must(err)
	rec, err := envelope.Peek[approval.Receipt](release.Receipt, envelope.TypeReceipt)
	s.Must(err)
	if rec.Counter != 1 {
		t.Fatalf("number %d", rec.Counter)
	}
	if unsent, err := s.keep().Unsent(); err != nil || len(unsent) != 1 {
		t.Fatalf("%d to be sent, %v", len(unsent), err)
	}
	if _, err := kept.Decide(item.Request.Hash(), item.Request, s.Now, s.Now, nil); !errors.Is(err, approval.ErrReplayed) {
		t.Fatalf("decided twice: %v", err)
	}
}

func TestAnotherCommandMayHaveSeenMoreOfTheLog(t *testing.T) {
	s := newStage(t, nil)
	before := len(s.Log)
	kept := s.keep()
	s.SetPolicy(staging(s))
	s.Append(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(s.Now.Add(time.Hour))})
	s.Must(s.home.Advance(s.Roster, s.Log))
	s.Must(kept.Extend(s.Fold(before+1), s.Log[before:before+1]))
	pins, err := s.home.Pins()
	s.Must(err)
	if pins.Head != s.Roster.Head() {
		t.Fatalf("the log was cut back to statement %d", pins.Head.Seq)
	}
}
