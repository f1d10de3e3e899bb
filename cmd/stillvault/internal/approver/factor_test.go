package approver_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/approver"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

func TestAMatchCodeMustBeTyped(t *testing.T) {
	s := newStage(t, func(p *roster.Policy) { p.MatchCode = true })
	item := s.ask("prod/db", approval.Terms{})
	code := approval.MatchCode(item.Request.Hash())
	s.start(approver.Options{})
	if card := s.out.until(question); strings.Contains(card, code) {
		t.Fatalf("the card tells the code:\n%s", card)
	}
	s.types("a")
	s.out.until("match code, as the requester")
	s.types("0000-0000")
	s.out.until("match_code_wrong")
	s.out.until(question)
	if len(s.broker.sent()) != 0 {
		t.Fatal("a wrong code was enough")
	}
	s.types("a")
	s.out.until("match code, as the requester")
	s.types(strings.ToLower(code))
	s.out.until("Approved.")
	s.Must(s.stop())
}

func TestAllLeavesWhatWantsACodeTyped(t *testing.T) {
	s := newStage(t, func(p *roster.Policy) { p.MatchCode = true })
	s.ask("prod/db", approval.Terms{})
	s.start(approver.Options{All: true, Once: true})
	s.out.until("Left open: the policy wants the match code typed")
	if err := s.end(); !errors.Is(err, approver.ErrNothingSent) {
		t.Fatalf("got %v", err)
	}
	if len(s.broker.sent()) != 0 {
		t.Fatal("answered without the code")
	}
}

func TestPasswordAndRecoveryKeyAreAskedForEveryApproval(t *testing.T) {
	s := newStage(t, nil)
	w, err := keyring.Wrap(s.alice.Keyring, keyring.WrapOptions{Label: "alice", Created: s.Now, Password: []byte("correct horse")})
	s.Must(err)
	s.factor = approver.Password{Row: w.Row}
	s.ask("prod/db", approval.Terms{})
	s.start(approver.Options{})
	s.out.until(question)
	for _, try := range []struct{ password, want string }{{"wrong", "wrong_factor"}, {"correct horse", "Approved."}} {
		s.types("a")
		s.out.until("password (not shown): ")
		s.types(try.password)
		s.out.until("recovery key (not shown): ")
		s.types(string(keyring.FormatRecoveryKey(w.RecoveryKey)))
		s.out.until(try.want)
	}
	s.Must(s.stop())

	s.start(approver.Options{All: true})
	if err := s.end(); !errors.Is(err, approver.ErrAllAsks) {
		t.Fatalf("--all: got %v", err)
	}
}

func TestAKeyringThatNobodyAdmittedApprovesNothing(t *testing.T) {
	s := newStage(t, nil)
	other, err := keyring.New(s.Roster.Organisation(), s.alice.ID, 1)
	s.Must(err)
	soft := keyring.NewSoftware()
	w, err := keyring.Wrap(other, keyring.WrapOptions{Created: s.Now, PRF: soft})
	s.Must(err)
	s.factor = approver.Software{Row: w.Row, KeyCheck: w.KeyCheck, Key: soft}
	s.ask("prod/db", approval.Terms{})
	s.start(approver.Options{})
	s.out.until(question)
	s.types("a")
	s.out.until("keyring_not_in_force")
	s.Must(s.stop())
}

func TestConsentComesBeforeTheRelease(t *testing.T) {
	s := newStage(t, func(p *roster.Policy) { p.ConsentFirst = true })
	item := s.ask("prod/db", approval.Terms{})
	s.start(approver.Options{})
	s.out.until(question)
	s.types("a")
	s.out.until("Consented.")
	s.out.until("alice consented at")
	s.out.until(question)
	s.types("a")
	s.out.until("Approved.")
	s.Must(s.stop())
	if _, err := s.accept(item, s.broker.sent()[1]); err != nil {
		t.Fatal(err)
	}
}
