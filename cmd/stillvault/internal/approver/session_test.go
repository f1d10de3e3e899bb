package approver_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/approver"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

const question = "[a/d/r/s] "

func TestACardShowsWhatIsAskedAndYesReleasesIt(t *testing.T) {
	s := newStage(t, nil)
	s.start(approver.Options{})
	s.out.until("Nothing waits for you.")
	item := s.ask("prod/db", approval.Terms{Reason: "incident 7"})
	card := s.out.until(question)
	for _, want := range []string{
		"Request " + idOf(t, item).String(), "carol, entity entity-carol", "prod/db, version 1", "db1",
		"/usr/bin/psql", "process 4242", "user id 1000", "deploy-host (host)", "incident 7", "production: 1 of dba",
		"15m0s from the approval", "none yet", approval.MatchCode(item.Request.Hash()), "time left   5m0s",
	} {
		if !strings.Contains(card, want) {
			t.Errorf("the card lacks %q:\n%s", want, card)
		}
	}
	if strings.Contains(card, "reported by Vault") {
		t.Errorf("a host's own word is not Vault's:\n%s", card)
	}
	s.types("a")
	s.out.until("Approved. The request is approved.")
	out, err := s.accept(item, s.broker.sent()[0])
	s.Must(err)
	if string(out.Value.JSON()) != `{"a":"b"}` {
		t.Fatalf("got %s", out.Value.JSON())
	}
	s.Must(s.stop())
}

func TestADenialCarriesItsReason(t *testing.T) {
	s := newStage(t, nil)
	item := s.ask("prod/db", approval.Terms{})
	s.start(approver.Options{Once: true})
	s.out.until(question)
	s.types("d")
	s.out.until("reason")
	s.types("not during the freeze")
	s.out.until("Denied.")
	s.Must(s.end())
	if out, err := s.accept(item, s.broker.sent()[0]); !errors.Is(err, approval.ErrDenied) || out.Receipt.Reason != "not during the freeze" {
		t.Fatalf("got %v", err)
	}
}

func TestReceiptsChainAcrossSessions(t *testing.T) {
	s := newStage(t, nil)
	for range 3 {
		s.ask("prod/db", approval.Terms{})
		s.start(approver.Options{Once: true, All: true})
		s.Must(s.end())
		s.out.until("NOT SECURE")
	}
	var receipts []envelope.Signed
	for _, release := range s.broker.sent() {
		receipts = append(receipts, release.Receipt)
	}
	if len(receipts) != 3 {
		t.Fatalf("%d receipts", len(receipts))
	}
	s.Must(approval.VerifyChains(s.Roster, receipts))
}

func TestAllAnswersPageAfterPage(t *testing.T) {
	s := newStage(t, nil)
	for range 5 {
		s.ask("prod/db", approval.Terms{})
	}
	s.start(approver.Options{All: true})
	s.out.until("Nothing waits for you.")
	if n := len(s.broker.sent()); n != 5 {
		t.Fatalf("%d answers", n)
	}
	s.Must(s.stop())
}

func TestARequestThatEndsTakesItsQuestionWithIt(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*stage)
		want string
	}{
		"cancelled or answered elsewhere": {func(s *stage) { s.broker.change(func(b *routes) { b.items = b.items[1:] }) }, "was cancelled, or answered elsewhere."},
		"expired":                         {func(s *stage) { s.clock.move(5 * time.Minute) }, "expired unanswered."},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			s.ask("prod/first", approval.Terms{})
			s.start(approver.Options{})
			s.out.until(question)
			c.end(s)
			s.out.until(c.want)
			s.out.until("Press Enter to go on.")
			second := s.ask("prod/second", approval.Terms{})
			s.types("a") // meant for the first
			s.out.until("prod/second")
			s.out.until(question)
			if len(s.broker.sent()) != 0 {
				t.Fatal("an answer to one request was taken for another")
			}
			s.types("a")
			s.out.until("Approved.")
			if _, err := s.accept(second, s.broker.sent()[0]); err != nil {
				t.Fatal(err)
			}
			s.Must(s.stop())
		})
	}
}

func TestWhatFailsReviewIsShownAsRefusedOnce(t *testing.T) {
	s := newStage(t, nil)
	own := s.ask("prod/own", approval.Terms{Origin: approval.Origin{Requester: "alice", Entity: "entity-alice", UID: -1, PID: -1}})
	s.start(approver.Options{})
	shown := s.out.until("Nothing waits for you.")
	if !strings.Contains(shown, "Request "+idOf(t, own).String()+" is refused") || !strings.Contains(shown, "self_approval") {
		t.Fatalf("got\n%s", shown)
	}
	s.ask("prod/db", approval.Terms{})
	if again := s.out.until(question); strings.Contains(again, "self_approval") {
		t.Fatalf("said twice:\n%s", again)
	}
	s.Must(s.stop())
	if len(s.broker.sent()) != 0 {
		t.Fatal("something was answered")
	}
}

func TestAForgedItemIsRefused(t *testing.T) {
	s := newStage(t, nil)
	item := s.ask("prod/db", approval.Terms{})
	other := s.ask("prod/other", approval.Terms{})
	item.Version = other.Version
	s.broker.change(func(b *routes) { b.items = []approval.Item{item} })
	s.start(approver.Options{All: true})
	shown := s.out.until("Nothing waits for you.")
	if !strings.Contains(shown, "is refused") || !strings.Contains(shown, "header_mismatch") {
		t.Fatalf("got\n%s", shown)
	}
	s.Must(s.stop())
	if len(s.broker.sent()) != 0 {
		t.Fatal("a forged item was answered")
	}
}

func TestTheRosterGrowsWithTheInbox(t *testing.T) {
	s := newStage(t, nil)
	s.start(approver.Options{})
	s.out.until("Nothing waits for you.")
	s.broker.change(func(*routes) { s.SetPolicy(staging(s)) })
	s.ask("stage/db", approval.Terms{})
	if card := s.out.until(question); !strings.Contains(card, "staging: 1 of dba") {
		t.Fatalf("got\n%s", card)
	}
	s.Must(s.stop())
	pins, err := s.home.Pins()
	s.Must(err)
	if pins.Head != s.Roster.Head() {
		t.Fatalf("head %d remembered, want %d", pins.Head.Seq, s.Roster.Head().Seq)
	}
}

func TestABrokerThatIsAwayIsWaitedFor(t *testing.T) {
	s := newStage(t, nil)
	s.broker.down = true
	s.start(approver.Options{})
	s.out.until("The broker does not answer (connection refused). Trying again.")
	s.ask("prod/db", approval.Terms{})
	s.broker.change(func(b *routes) { b.down = false })
	s.out.until("The broker answers again.")
	s.out.until(question)
	s.Must(s.stop())
}

func TestAnAnswerThatWasNotSentIsSentFirstNextTime(t *testing.T) {
	s := newStage(t, nil)
	item := s.ask("prod/db", approval.Terms{})
	s.start(approver.Options{})
	s.out.until(question)
	s.broker.change(func(b *routes) { b.down = true })
	s.types("a")
	s.out.until("not sent yet")
	if err := s.stop(); !errors.Is(err, approver.ErrUnsent) {
		t.Fatalf("got %v", err)
	}
	s.broker.change(func(b *routes) { b.down = false })
	if n := len(s.broker.sent()); n != 0 {
		t.Fatalf("%d answers", n)
	}

	s.start(approver.Options{})
	s.out.until("Sent the answer to request " + idOf(t, item).String())
	s.out.until("Nothing waits for you.")
	s.Must(s.stop())
	if _, err := s.accept(item, s.broker.sent()[0]); err != nil {
		t.Fatal(err)
	}
	s.start(approver.Options{})
	if text := s.out.until("Nothing waits for you."); strings.Contains(text, "left from before") {
		t.Fatal("sent again")
	}
	s.Must(s.stop())
}

// The broker may have taken an answer that is on its way: only the end of the call
// tells, so it is waited for when the session is ended.
func TestAnAnswerOnItsWayIsWaitedForAtTheEnd(t *testing.T) {
	for name, test := range map[string]struct {
		answers bool
		want    error
	}{
		"the broker answers":         {true, nil},
		"the broker does not answer": {false, approver.ErrUnsent},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			s.ask("prod/db", approval.Terms{})
			s.start(approver.Options{})
			s.out.until(question)
			if test.answers {
				s.clock.stand() // so that nothing but the answer ends the call
			}
			called, ended := make(chan struct{}), make(chan struct{})
			s.broker.answering = func(ctx context.Context) {
				close(called)
				select {
				case <-ended:
				case <-ctx.Done():
				}
			}
			s.types("a")
			<-called
			s.cancel()
			if test.answers {
				close(ended)
			}
			if err := s.end(); !errors.Is(err, test.want) {
				t.Fatalf("got %v", err)
			}
			kept, err := s.home.Unsent("alice")
			s.Must(err)
			if left := test.want != nil; left != (len(kept) == 1) || left == (len(s.broker.sent()) == 1) {
				t.Fatalf("%d answers sent, %d left", len(s.broker.sent()), len(kept))
			}
		})
	}
}

func TestAnAnswerThatComesTooLateIsNotRepeated(t *testing.T) {
	s := newStage(t, nil)
	s.ask("prod/db", approval.Terms{})
	s.broker.refuse = &broker.Error{Operation: "write", Path: "stillvault/device/answer", Status: http.StatusGone, Text: "request_over: the request has ended"}
	s.start(approver.Options{Once: true})
	s.out.until(question)
	s.types("a")
	s.out.until("The broker did not take the answer: ")
	if err := s.end(); !errors.Is(err, approver.ErrNothingSent) {
		t.Fatalf("got %v", err)
	}
	unsent, err := s.home.Unsent("alice")
	s.Must(err)
	if len(unsent) != 0 {
		t.Fatalf("%d kept", len(unsent))
	}
}

func TestOneRequestAlone(t *testing.T) {
	s := newStage(t, nil)
	s.ask("prod/first", approval.Terms{})
	second := s.ask("prod/second", approval.Terms{})
	s.start(approver.Options{Request: idOf(t, second)})
	if card := s.out.until(question); strings.Contains(card, "prod/first") {
		t.Fatalf("got\n%s", card)
	}
	s.types("a")
	s.out.until("Approved.")
	s.Must(s.end())

	s.start(approver.Options{Request: envelope.NewID()})
	if err := s.end(); !errors.Is(err, approver.ErrNoRequest) {
		t.Fatalf("got %v", err)
	}
}

func TestASkippedRequestStaysOpen(t *testing.T) {
	s := newStage(t, nil)
	s.ask("prod/db", approval.Terms{})
	s.start(approver.Options{})
	s.out.until(question)
	s.types("what?")
	s.out.until("Please type a, d, r or s.")
	s.types("s")
	s.out.until("Skipped")
	s.out.until("Nothing waits for you.")
	s.Must(s.stop())
	if len(s.broker.sent()) != 0 || len(s.broker.items) != 1 {
		t.Fatal("skipping is no answer")
	}
}

func TestTheEndOfInputEndsTheSession(t *testing.T) {
	s := newStage(t, nil)
	s.ask("prod/db", approval.Terms{})
	s.start(approver.Options{})
	s.out.until(question)
	s.Must(s.typing.Close())
	if err := s.end(); !errors.Is(err, approver.ErrInputEnded) {
		t.Fatalf("got %v", err)
	}
}

func TestARevokedDeviceEndsTheSession(t *testing.T) {
	s := newStage(t, nil)
	s.Append(roster.KindDeviceRevoke, roster.Removal{ID: s.alice.Device.ID()})
	s.start(approver.Options{})
	if err := s.end(); broker.StatusOf(err) != http.StatusForbidden {
		t.Fatalf("got %v", err)
	}
}

func TestABrokerThatForgotPartOfTheLogIsRefused(t *testing.T) {
	s := newStage(t, nil)
	s.broker.inbox = &broker.Error{Status: http.StatusConflict, Text: "inbox: roster_behind: the message refers to statements that this side has not seen"}
	s.start(approver.Options{})
	if err := s.end(); !errors.Is(err, roster.ErrRolledBack) {
		t.Fatalf("got %v", err)
	}
}

func TestNothingOfTheBrokerMovesTheCursor(t *testing.T) {
	s := newStage(t, nil)
	s.broker.inbox = errors.New("\x1b[2Jrefused\u202e")
	s.start(approver.Options{})
	shown := s.out.until("Trying again.")
	if strings.ContainsAny(shown, "\x1b\u202e") || !strings.Contains(shown, "refused") {
		t.Fatalf("got %q", shown)
	}
	s.Must(s.stop())
}

func TestTheTimeLeftRunsDownAboveTheQuestion(t *testing.T) {
	s := newStage(t, nil)
	s.ask("prod/db", approval.Terms{})
	s.start(approver.Options{Live: true})
	s.out.until(question)
	s.clock.move(time.Minute)
	s.out.until("\x1b7\x1b[1A\r\x1b[2K  time left   4m0s\x1b8")
	s.Must(s.stop())
}

func TestTheMutedAreNotAskedAboutAndNotLost(t *testing.T) {
	s := newStage(t, nil)
	mute := home.Mute{Requester: "entity-carol", Until: envelope.At(s.Now.Add(time.Hour))}
	s.Must(s.home.Mute("alice", mute, s.Now))
	item := s.ask("prod/db", approval.Terms{})
	s.start(approver.Options{})
	s.out.until("Nothing waits for you.")
	s.out.until("Of those whom you muted, 1 wait")
	s.Must(s.stop())

	s.start(approver.Options{Muted: true})
	s.out.until(idOf(t, item).String())
	s.out.until(question)
	s.Must(s.stop())

	// Named by its id, it is asked about as ever.
	s.start(approver.Options{Request: idOf(t, item)})
	s.out.until(question)
	s.Must(s.stop())

	s.start(approver.Options{})
	s.out.until("Of those whom you muted")
	s.clock.move(2 * time.Minute)
	_, err := s.home.Unmute("alice", mute, s.Now)
	s.Must(err)
	s.out.until(question)
	s.Must(s.stop())
}
