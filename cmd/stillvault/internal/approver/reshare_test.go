package approver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/approver"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/broker"
)

// stock seals a version and puts it on the broker.
func (s *stage) stock(path string) {
	s.T.Helper()
	v, err := secret.Seal(s.Roster, secret.Draft{Mount: s.Mount, Secret: envelope.NewID(), Path: path, Version: 1, Author: s.host.ID},
		[]byte(`{"a":"b"}`), s.host.Signer, s.clock.Now())
	s.Must(err)
	s.broker.kept = append(s.broker.kept, v)
}

// toReshare puts versions on the broker, and then changes their policy to two of
// alice, bob and dora.
func (s *stage) toReshare(versions int) {
	s.T.Helper()
	for i := range versions {
		s.stock(fmt.Sprintf("prod/%d", i))
	}
	slices.SortFunc(s.broker.kept, func(a, b *secret.Version) int { // as pages go
		one, other := a.Header.Hash(), b.Header.Hash()
		return bytes.Compare(one[:], other[:])
	})
	dora := s.Admit("dora", "entity-dora")
	policy, err := s.Roster.PolicyNamed("production")
	s.Must(err)
	changed := *policy
	changed.Requirements = []roster.Requirement{coretest.Need("dba", 2, s.alice, s.bob, dora)}
	s.SetPolicy(changed)
	mount := s.AdmitConsumer("vault", roster.ConsumerMount)
	asked, err := approval.AskReshare(s.Roster, policy.ID, s.Mount, mount.ID, mount.Signer, s.clock.Now())
	s.Must(err)
	s.broker.reshare = &asked
}

// dealt is how many versions alice has dealt. mu is held.
func (b *routes) dealt() (n uint32) {
	for _, a := range b.answers {
		n += uint32(len(a.Deals))
	}
	return n
}

func (b *routes) FetchReshare(_ context.Context, call envelope.Signed) (envelope.Envelope, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	asked, device, err := approval.ReadReshareCall(b.Roster, call, b.clock.Now())
	if err != nil {
		return envelope.Envelope{}, &broker.Error{Status: http.StatusForbidden, Text: err.Error()}
	}
	dealt := map[envelope.Hash]bool{}
	for _, a := range b.answers {
		for _, d := range a.Reshared {
			dealt[d.Header] = true
		}
	}
	page, after := approval.ResharePage{Items: []approval.ReshareItem{}}, asked.After.IsZero()
	if b.endless {
		b.clock.move(time.Millisecond)
		page.Items, page.More = append(page.Items, approval.ReshareItem{Version: *b.kept[0].WithoutPayload(), Epoch: 1}), true
		return approval.SealReshare(device, b.Mount, call, page)
	}
	for _, v := range b.kept {
		if h, err := envelope.Peek[secret.Header](v.Header, envelope.TypeHeader); err == nil && h.Path == b.hidden {
			continue
		}
		if after && !dealt[v.Header.Hash()] {
			if len(page.Items) == b.pages {
				page.More = true
				break
			}
			page.Items = append(page.Items, approval.ReshareItem{Version: *v.WithoutPayload(), Epoch: 1})
		}
		after = after || v.Header.Hash() == asked.After
	}
	return approval.SealReshare(device, b.Mount, call, page)
}

func (b *routes) SendDeals(_ context.Context, answer approval.ReshareAnswer) (*broker.DealProgress, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return nil, errors.New("connection refused")
	}
	if _, err := approval.ReadReshareAnswer(b.Roster, *b.reshare, answer, b.clock.Now()); err != nil {
		return nil, &broker.Error{Status: http.StatusBadRequest, Text: err.Error()}
	}
	b.answers = append(b.answers, answer)
	return &broker.DealProgress{Done: b.dealt(), Total: uint32(len(b.kept))}, nil
}

// shared says for how many versions the deals make the next epoch.
func (s *stage) shared() (n int) {
	for _, a := range s.broker.answers {
		for i, d := range a.Reshared {
			for _, v := range s.broker.kept {
				if v.Header.Hash() != d.Header {
					continue
				}
				next, err := v.Reshare(s.Roster, s.Mount, d.Path, a.Deals[i:i+1])
				s.Must(err)
				verified, err := next.Verify(s.Roster, s.Mount, d.Path)
				s.Must(err)
				if verified.Epoch == 1 && len(verified.Seats) == 3 {
					n++
				}
			}
		}
	}
	return n
}

func TestOneGestureDealsEverythingPageAfterPage(t *testing.T) {
	s := newStage(t, nil)
	s.toReshare(5)
	s.start(approver.Options{})
	card := s.out.until("re-share? [y/N] ")
	for _, want := range []string{"Re-share prod/*, policy production", "versions    5, of which you have dealt 0", "2 of dba: alice, bob, dora",
		"from        1 of dba: alice, bob (5)", "joins       dora\n"} {
		if !strings.Contains(card, want) {
			t.Errorf("the card lacks %q:\n%s", want, card)
		}
	}
	s.types("y")
	s.out.until("Dealt 5 of 5 under production.")
	s.out.until("Nothing waits for you.")
	s.Must(s.stop())
	if n := s.shared(); n != 5 {
		t.Fatalf("%d of 5 versions were re-shared", n)
	}
	receipts := []envelope.Signed{}
	for _, a := range s.broker.answers {
		receipts = append(receipts, a.Receipt)
	}
	s.Must(approval.VerifyChains(s.Roster, receipts))
}

// A broker must not keep the keyring open by showing the same version for ever.
func TestAReshareThatNeverEndsIsStopped(t *testing.T) {
	s := newStage(t, nil)
	s.toReshare(2)
	s.broker.endless = true
	s.start(approver.Options{All: true})
	s.out.until("the broker shows what it showed before")
	s.Must(s.stop())
	if n := len(s.broker.answers); n > 0 {
		t.Fatalf("%d answers were sent of what nobody was shown", n)
	}
	s.broker.endless = false
	s.start(approver.Options{})
	s.out.until("re-share? [y/N] ")
	s.broker.change(func(b *routes) { b.endless = true })
	s.types("y")
	s.out.until("the broker shows what it showed before")
	s.Must(s.stop())
	if n := len(s.broker.answers); n > 2 {
		t.Fatalf("%d answers were sent", n)
	}
}

// No more is dealt than was told of.
func TestMoreVersionsThanWereToldOfAreNotDealt(t *testing.T) {
	for _, late := range []bool{false, true} {
		s := newStage(t, nil)
		s.toReshare(3)
		s.broker.fewer = 1
		if late {
			s.broker.hidden = "prod/0"
		}
		s.start(approver.Options{})
		if late {
			s.out.until("re-share? [y/N] ")
			s.broker.change(func(b *routes) { b.hidden = "" })
			s.types("y")
		}
		s.out.until("more than 2 versions: reshare_not_shown")
		s.Must(s.stop())
		if n := s.shared(); n > 2 || n > 0 && !late {
			t.Fatalf("%d versions were re-shared", n)
		}
	}
}

// The broker chooses what is shown first. What other people share than those who were
// shown is not dealt before that was shown, too.
func TestWhatASampleDidNotShowIsShownBeforeItIsDealt(t *testing.T) {
	s := newStage(t, nil)
	policy, err := s.Roster.PolicyNamed("production")
	s.Must(err)
	before, earlier := *policy, *policy
	erin := s.Admit("erin", "entity-erin")
	earlier.Requirements = []roster.Requirement{coretest.Need("old", 1, s.alice, erin)}
	s.SetPolicy(earlier)
	s.stock("prod/old")
	s.SetPolicy(before)
	s.broker.hidden = "prod/old"
	s.toReshare(3)
	s.start(approver.Options{})
	if card := s.out.until("re-share? [y/N] "); strings.Contains(card, "erin") {
		t.Fatalf("got\n%s", card)
	}
	s.broker.change(func(b *routes) { b.hidden = "" })
	s.types("y")
	s.out.until("\"prod/old\", version 1, is shared in another way than any that was shown: reshare_not_shown")
	card := s.out.until("re-share? [y/N] ")
	for _, want := range []string{"from        1 of old: alice, erin (1)", "joins       bob, dora\n", "leaves      erin\n"} {
		if !strings.Contains(card, want) {
			t.Errorf("the card lacks %q:\n%s", want, card)
		}
	}
	s.broker.change(func(b *routes) {
		for _, a := range b.answers {
			for _, d := range a.Reshared {
				if d.Path == "prod/old" {
					t.Error("it was dealt before it was shown")
				}
			}
		}
	})
	s.types("y")
	s.out.until("Dealt 4 of 4 under production.")
	s.Must(s.stop())
}

func TestAReshareThatWasInterruptedGoesOn(t *testing.T) {
	s := newStage(t, nil)
	s.toReshare(4)
	s.start(approver.Options{})
	s.out.until("re-share? [y/N] ")
	s.broker.change(func(b *routes) { b.down = true })
	s.types("y")
	s.out.until("not sent yet")
	if err := s.stop(); !errors.Is(err, approver.ErrUnsent) {
		t.Fatalf("got %v", err)
	}
	s.broker.change(func(b *routes) { b.down = false })
	s.start(approver.Options{All: true})
	s.out.until("Sent the part of a re-share that was left from before.")
	s.out.until("Dealt 4 of 4 under production.")
	s.Must(s.stop())
	if n := s.shared(); n != 4 {
		t.Fatalf("%d of 4 versions were re-shared", n)
	}
}

// What cannot be dealt is named, and keeps nothing else from being dealt.
func TestAVersionThatDoesNotVerifyIsLeftOut(t *testing.T) {
	s := newStage(t, nil)
	s.toReshare(3)
	s.broker.kept[1].Wraps, s.broker.kept[2].Wraps = s.broker.kept[2].Wraps, s.broker.kept[1].Wraps
	s.start(approver.Options{All: true})
	s.out.until("Left out: ")
	s.out.until("Left out: ")
	s.out.until("Not everything was re-shared: ")
	s.Must(s.stop())
	if n := s.shared(); n != 1 {
		t.Fatalf("%d versions were re-shared", n)
	}
}

// After a rekey, what is sealed to the keyring from before is dealt with it.
func TestSharesOfAFormerKeyringAreDealt(t *testing.T) {
	s := newStage(t, nil)
	old := s.factor
	s.toReshare(2)
	former := s.rekey()
	s.start(approver.Options{All: true})
	s.out.until("sealed to generation 1 of your keyring: former_keyring_missing")
	s.Must(s.stop())
	s.former = []approver.Former{{Generation: former, Factor: old}}
	s.start(approver.Options{All: true})
	s.out.until("Dealt 2 of 2 under production.")
	s.Must(s.stop())
	if n := s.shared(); n != 2 {
		t.Fatalf("%d of 2 versions were re-shared", n)
	}
}

// rekey gives alice the next generation of her keyring, with a new device, and
// returns the one from before.
func (s *stage) rekey() uint32 {
	s.T.Helper()
	former := s.alice.Keyring.Generation()
	k, err := keyring.New(s.Roster.Organisation(), s.alice.ID, former+1)
	s.Must(err)
	public, err := k.Public()
	s.Must(err)
	s.Append(roster.KindApproverRekey, roster.ApproverRekey{
		ID: s.alice.ID, KEM: public.KEM, Signing: public.Signing, Generation: former + 1, Factors: []keyring.FactorKind{keyring.FactorSoftware},
	})
	s.alice.Keyring, s.alice.Device = k, keyring.NewDevice()
	devicePublic, err := s.alice.Device.Public()
	s.Must(err)
	certificate, err := keyring.Certify(k, s.alice.Device.ID(), "new-terminal", keyring.FactorSoftware, devicePublic)
	s.Must(err)
	s.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: certificate})
	soft := keyring.NewSoftware()
	w, err := keyring.Wrap(k, keyring.WrapOptions{Label: "alice", Created: s.Now.Add(time.Minute), PRF: soft})
	s.Must(err)
	s.factor = approver.Software{Row: w.Row, KeyCheck: w.KeyCheck, Key: soft}
	return former
}

// A gesture is for those who were shown: where the policy means others by the time it
// is made, they are shown first.
func TestPeopleWhoChangedMeanwhileAreShownAgain(t *testing.T) {
	s := newStage(t, nil)
	s.toReshare(2)
	s.start(approver.Options{})
	s.out.until("re-share? [y/N] ")
	s.broker.change(func(*routes) {
		dora, err := s.Roster.ApproverNamed("dora")
		s.Must(err)
		s.Append(roster.KindApproverRevoke, roster.Removal{ID: dora.ID})
	})
	until := time.Now().Add(20 * time.Second)
	for pins, err := s.home.Pins(); pins.Head != s.Roster.Head(); pins, err = s.home.Pins() {
		s.Must(err)
		if time.Now().After(until) {
			t.Fatal("the terminal did not learn of the revocation")
		}
		time.Sleep(time.Millisecond)
	}
	s.types("y")
	s.out.until("Not everything was re-shared: ")
	if card := s.out.until("re-share? [y/N] "); !strings.Contains(card, "2 of dba: alice, bob\n") {
		t.Fatalf("got\n%s", card)
	}
	s.types("y")
	s.out.until("Dealt 2 of 2 under production.")
	s.Must(s.stop())
}
