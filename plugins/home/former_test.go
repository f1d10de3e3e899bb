package home_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/plugins/home"
)

// generation makes a terminal approver with a keyring of a generation.
func generation(t *testing.T, organisation envelope.Hash, id, mount envelope.ID, number uint32) *home.Approver {
	t.Helper()
	k, err := keyring.New(organisation, id, number)
	must(t, err)
	defer k.Wipe()
	a := &home.Approver{Name: "alice", Organisation: organisation, Mount: mount, ID: id, Device: keyring.NewDevice(), Factor: keyring.NewSoftware()}
	w, err := keyring.Wrap(k, keyring.WrapOptions{Label: "alice", Created: time.Now(), PRF: a.Factor})
	must(t, err)
	a.Backup = &keyring.Backup{Row: w.Row, Organisation: organisation, Generation: number, KeyCheck: w.KeyCheck, Mount: mount, Name: "alice"}
	return a
}

func TestTheNextKeyringTakesThePlaceOfTheOneInUse(t *testing.T) {
	h, err := home.Open(t.TempDir())
	must(t, err)
	organisation, id, mount := envelope.SumHash([]byte("o")), envelope.NewID(), envelope.NewID()
	first, second := generation(t, organisation, id, mount, 1), generation(t, organisation, id, mount, 2)
	must(t, h.CreateApprover(first))
	if _, err := h.Next("alice"); !errors.Is(err, home.ErrNone) {
		t.Fatalf("before a rekey: %v", err)
	}
	now := time.Now()
	_, err = h.Decide("alice", envelope.SumHash([]byte("r")), now, now, func(approval.Ledger) (approval.Release, error) {
		return approval.Release{Receipt: envelope.Signed{Type: envelope.TypeReceipt}}, nil
	})
	must(t, err)
	must(t, h.PrepareNext(second))
	used, err := h.Approver("alice")
	must(t, err)
	if used.Backup.Generation != 1 {
		t.Fatal("the next generation is in use before it was promoted")
	}
	must(t, h.Promote("alice"))
	used, err = h.Approver("alice")
	must(t, err)
	k, err := used.Open()
	must(t, err)
	k.Wipe()
	l, err := h.Ledger("alice")
	must(t, err)
	if used.Device.ID() != second.Device.ID() || l.Counter != 0 {
		t.Fatal("the new device goes on with the receipts of the one before")
	}
	if err := h.Promote("alice"); !errors.Is(err, home.ErrNone) {
		t.Fatalf("promoted twice: %v", err)
	}
	former, err := h.Former("alice")
	must(t, err)
	if len(former) != 1 || former[0].Backup.Generation != 1 {
		t.Fatalf("%d earlier keyrings", len(former))
	}
	output, err := former[0].Factor.Evaluate(keyring.PRFSalt(id))
	must(t, err)
	old, err := keyring.OpenWithPRF(former[0].Backup.Row, former[0].Backup.Owner(), output, former[0].Backup.KeyCheck)
	must(t, err)
	old.Wipe()
	must(t, h.WipeFormer("alice"))
	if former, err = h.Former("alice"); err != nil || len(former) != 0 {
		t.Fatalf("%d earlier keyrings after wiping, %v", len(former), err)
	}
}
