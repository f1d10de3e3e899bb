package home_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

func open(t *testing.T) *home.Home {
	t.Helper()
	h, err := home.Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestOpenTakesTheEnvironmentsDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "elsewhere")
	t.Setenv(home.Variable, dir)
	h, err := home.Open("")
	must(t, err)
	if h.Dir() != dir {
		t.Fatalf("got %s, want %s", h.Dir(), dir)
	}
}

func TestLogOnlyGoesForward(t *testing.T) {
	w := coretest.NewWorld(t)
	h := open(t)
	wants(t, h.Advance(w.Roster, w.Log), home.ErrUnpinned)
	must(t, h.Pin(w.Roster.Organisation()))
	must(t, h.Pin(w.Roster.Organisation()))
	wants(t, h.Pin(envelope.SumHash([]byte("another"))), roster.ErrOrganisation)

	w.AdmitConsumer("web", roster.ConsumerHost)
	must(t, h.Advance(w.Roster, w.Log))
	got, err := h.Log()
	must(t, err)
	if len(got) != 2 || got[1].Hash() != w.Log[1].Hash() {
		t.Fatalf("%d statements came back", len(got))
	}

	wants(t, h.Advance(w.Fold(1), w.Log[:1]), roster.ErrRolledBack)
	other := w.Fold(1)
	fork, err := other.Next(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(w.Now.Add(time.Hour))}, w.Now, w.Identity)
	must(t, err)
	must(t, other.Append(fork))
	wants(t, h.Advance(other, []envelope.Signed{w.Log[0], fork}), roster.ErrForked)
	wants(t, h.Advance(coretest.NewWorld(t).Roster, nil), roster.ErrOrganisation)
	p, err := h.Pins()
	must(t, err)
	if p.Head != w.Roster.Head() {
		t.Fatal("a refused log moved the head")
	}
}

func TestOrganisationIsAdoptedOnce(t *testing.T) {
	w, h := coretest.NewWorld(t), open(t)
	must(t, h.Adopt(w.Roster, w.Log))
	wants(t, h.Adopt(w.Roster, w.Log), home.ErrPinned)
	p, err := h.Pins()
	if must(t, err); p.Head != w.Roster.Head() || p.Organisation != w.Roster.Organisation() {
		t.Fatal("another organisation is pinned")
	}
}

func TestMountKeepsItsID(t *testing.T) {
	w, h := coretest.NewWorld(t), open(t)
	must(t, h.Pin(w.Roster.Organisation()))
	id := envelope.NewID()
	for _, first := range []bool{true, false} {
		got, err := h.PinMount("http://one", "stillvault", id)
		if must(t, err); got != first {
			t.Fatalf("first is %t, want %t", got, first)
		}
	}
	_, err := h.PinMount("http://one", "stillvault", envelope.NewID())
	wants(t, err, home.ErrMount)
	_, err = h.PinMount("http://two", "stillvault", envelope.NewID())
	must(t, err)
	must(t, h.ForgetMount("http://one", "stillvault"))
	_, err = h.PinMount("http://one", "stillvault", envelope.NewID())
	must(t, err)
}

func TestTicketWaitsForItsAdmission(t *testing.T) {
	w, h := coretest.NewWorld(t), open(t)
	ticket := roster.NewTicket(w.Roster.Organisation(), envelope.NewID(), envelope.NewID(), "alice", envelope.At(w.Now))
	must(t, h.StoreTicket(home.Ticket{Ticket: ticket, Entities: []string{"e"}}))
	got, err := h.Ticket("alice")
	must(t, err)
	if !got.Secret.Equal(ticket.Secret) || got.ID != ticket.ID || got.Approver != ticket.Approver || len(got.Entities) != 1 {
		t.Fatal("another ticket came back")
	}
	must(t, h.DropTicket("alice"))
	must(t, h.DropTicket("alice"))
	_, err = h.Ticket("alice")
	wants(t, err, home.ErrNone)
	_, err = h.Ticket("../identity")
	wants(t, err, roster.ErrName)
}

func join(t *testing.T, h *home.Home, w *coretest.World) *home.Approver {
	t.Helper()
	a := &home.Approver{
		Name: "alice", Organisation: w.Roster.Organisation(), Mount: w.Mount, ID: envelope.NewID(),
		Device: keyring.NewDevice(), Factor: keyring.NewSoftware(),
	}
	k, err := keyring.New(a.Organisation, a.ID, 1)
	must(t, err)
	wrapped, err := keyring.Wrap(k, keyring.WrapOptions{Label: "x", Created: w.Now, PRF: a.Factor})
	must(t, err)
	a.Backup = &keyring.Backup{Row: wrapped.Row, Organisation: a.Organisation, Generation: 1, KeyCheck: wrapped.KeyCheck}
	must(t, h.CreateApprover(a))
	return a
}

func TestApproverOpensTheSameKeyringAgain(t *testing.T) {
	w, h := coretest.NewWorld(t), open(t)
	a := join(t, h, w)
	wants(t, h.CreateApprover(a), file.ErrExists)
	again, err := h.Approver("alice")
	must(t, err)
	var keys [2]keyring.Public
	for i, who := range []*home.Approver{a, again} {
		k, err := who.Open()
		must(t, err)
		keys[i], err = k.Public()
		must(t, err)
	}
	if keys[0].Signing != keys[1].Signing || again.Device.ID() != a.Device.ID() || again.Mount != w.Mount {
		t.Fatal("another approver came back")
	}
	names, err := h.Approvers()
	if must(t, err); len(names) != 1 || names[0] != "alice" {
		t.Fatalf("approvers %v", names)
	}
	must(t, h.ForgetApprover("alice"))
	_, err = h.Approver("alice")
	wants(t, err, home.ErrNone)
}

// Two processes that decide at once must not give one receipt number twice.
func TestDecisionsAreNumberedOnce(t *testing.T) {
	w, h := coretest.NewWorld(t), open(t)
	join(t, h, w)
	const decisions = 20
	seen := make([]uint64, decisions)
	var all sync.WaitGroup
	for i := range decisions {
		all.Go(func() {
			_, err := h.Decide("alice", envelope.SumHash([]byte{byte(i)}), w.Now.Add(time.Minute), w.Now,
				func(l approval.Ledger) (approval.Release, error) {
					seen[i] = l.Counter
					receipt, err := envelope.Sign(envelope.TypeReceipt, approval.Receipt{Counter: l.Counter + 1, Previous: l.Previous}, w.Identity)
					return approval.Release{Receipt: receipt}, err
				})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	given := map[uint64]bool{}
	for _, n := range seen {
		given[n] = true
	}
	if len(given) != decisions {
		t.Fatalf("%d numbers for %d decisions", len(given), decisions)
	}
	l, err := h.Ledger("alice")
	if must(t, err); l.Counter != decisions {
		t.Fatalf("the ledger is at %d", l.Counter)
	}
}

func TestDecidedRequestsAreRememberedUntilTheyExpired(t *testing.T) {
	w, h := coretest.NewWorld(t), open(t)
	join(t, h, w)
	decide := func(request string, now time.Time) error {
		_, err := h.Decide("alice", envelope.SumHash([]byte(request)), now.Add(time.Minute), now,
			func(l approval.Ledger) (approval.Release, error) {
				receipt, err := envelope.Sign(envelope.TypeReceipt, approval.Receipt{Counter: l.Counter + 1}, w.Identity)
				return approval.Release{Receipt: receipt}, err
			})
		return err
	}
	must(t, decide("one", w.Now))
	wants(t, decide("one", w.Now.Add(time.Minute)), approval.ErrReplayed)
	must(t, decide("two", w.Now.Add(time.Hour)))
	l, err := h.Ledger("alice")
	must(t, err)
	if l.Decided(envelope.SumHash([]byte("one"))) || !l.Decided(envelope.SumHash([]byte("two"))) {
		t.Fatal("what is past its deadline is kept, or what is not is gone")
	}
}

func TestFailedDecisionLeavesTheLedgerAlone(t *testing.T) {
	w, h := coretest.NewWorld(t), open(t)
	join(t, h, w)
	failure := errors.New("said no")
	request := envelope.SumHash([]byte("one"))
	_, err := h.Decide("alice", request, w.Now, w.Now, func(approval.Ledger) (approval.Release, error) { return approval.Release{}, failure })
	wants(t, err, failure)
	l, err := h.Ledger("alice")
	if must(t, err); l.Counter != 0 || l.Decided(request) {
		t.Fatal("a decision that was not made is in the ledger")
	}
}

func TestConsumerRemembersTheNewestVersion(t *testing.T) {
	h := open(t)
	key, err := h.CreateConsumer("web")
	must(t, err)
	_, err = h.CreateConsumer("web")
	wants(t, err, file.ErrExists)
	again, err := h.Consumer("web")
	if must(t, err); again.Public() != key.Public() {
		t.Fatal("another key came back")
	}
	mount, one, two := envelope.NewID(), envelope.NewID(), envelope.NewID()
	for _, step := range []struct {
		path  string
		write secret.Seen
		want  uint64
	}{
		{"b", secret.Seen{Secret: one, Version: 3}, 3},
		{"a", secret.Seen{Secret: two, Version: 1}, 1},
		{"b", secret.Seen{Secret: one, Version: 2}, 3},
		{"b", secret.Seen{Secret: one, Version: 4}, 4},
		{"b", secret.Seen{Secret: two, Version: 1}, 1}, // made anew after a removal
	} {
		must(t, h.RememberSeen("web", mount, step.path, step.write))
		got, err := h.Seen("web", mount, step.path)
		if must(t, err); got.Version != step.want {
			t.Fatalf("%s: version %d, want %d", step.path, got.Version, step.want)
		}
	}
	for _, step := range []struct{ write, want uint32 }{{0, 0}, {2, 2}, {1, 2}} { // shares that were dealt anew
		must(t, h.RememberSeen("web", mount, "b", secret.Seen{Secret: two, Version: 1, Epoch: step.write}))
		if got, err := h.Seen("web", mount, "b"); err != nil || got.Epoch != step.want {
			t.Fatalf("epoch %d, want %d: %v", got.Epoch, step.want, err)
		}
	}
	if got, err := h.Seen("web", envelope.NewID(), "a"); err != nil || got != (secret.Seen{}) {
		t.Fatalf("another mount's path: %v, %v", got, err)
	}
}

func TestEveryFileIsForItsOwnerOnly(t *testing.T) {
	w, h := coretest.NewWorld(t), open(t)
	must(t, h.Pin(w.Roster.Organisation()))
	must(t, h.Advance(w.Roster, w.Log))
	must(t, h.StoreTicket(home.Ticket{Ticket: roster.NewTicket(w.Roster.Organisation(), envelope.NewID(), envelope.NewID(), "bob", 1)}))
	join(t, h, w)
	_, err := h.CreateConsumer("web")
	must(t, err)
	must(t, h.RememberSeen("web", w.Mount, "a", secret.Seen{Secret: w.Mount, Version: 1}))
	files := 0
	must(t, filepath.WalkDir(h.Dir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		} else {
			files++
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o, want %04o", path, info.Mode().Perm(), want)
		}
		return nil
	}))
	if files < 7 {
		t.Fatalf("only %d files were looked at", files)
	}
}

// What is changed in a file is refused, and never guessed at.
func TestChangedFilesAreRefused(t *testing.T) {
	w, h := coretest.NewWorld(t), open(t)
	must(t, h.Pin(w.Roster.Organisation()))
	join(t, h, w)
	_, err := h.CreateConsumer("web")
	must(t, err)
	for path, load := range map[string]func() error{
		"pins.json":                  func() error { _, err := h.Pins(); return err },
		"approver/alice/device.json": func() error { _, err := h.Approver("alice"); return err },
		"consumer/web/key.json":      func() error { _, err := h.Consumer("web"); return err },
	} {
		full := filepath.Join(h.Dir(), path)
		good, err := os.ReadFile(full)
		must(t, err)
		for name, bad := range map[string][]byte{
			"empty":     {},
			"truncated": good[:len(good)/2],
			"version":   bytes.Replace(good, []byte(`"version":1`), []byte(`"version":2`), 1),
			"field":     bytes.Replace(good, []byte(`"version":1`), []byte(`"version":1,"more":1`), 1),
			"kind":      bytes.Replace(good, []byte(`"kind":"stillvault-`), []byte(`"kind":"stillvault-x`), 1),
		} {
			must(t, os.WriteFile(full, bad, 0o600))
			if err := load(); !errors.Is(err, home.ErrFile) {
				t.Errorf("%s, %s: %v", path, name, err)
			}
		}
		must(t, os.WriteFile(full, good, 0o600))
		must(t, load())
		must(t, os.Chmod(full, 0o644))
		if err := load(); !errors.Is(err, file.ErrExposed) {
			t.Errorf("%s, readable by others: %v", path, err)
		}
		must(t, os.Chmod(full, 0o600))
	}
}
