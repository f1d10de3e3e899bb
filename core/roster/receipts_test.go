package roster_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// reached is how far a person's device had come.
func reached(p *coretest.Person, counter uint64) roster.ReceiptHead {
	return roster.ReceiptHead{Device: p.Device.ID(), Counter: counter, Receipt: envelope.SumHash([]byte{byte(counter)})}
}

func checkpoint(heads ...roster.ReceiptHead) roster.ReceiptsCheckpoint {
	return roster.ReceiptsCheckpoint{Heads: append([]roster.ReceiptHead{}, heads...)}
}

func TestReceiptsCheckpointsOnlyGoForward(t *testing.T) {
	w := coretest.NewWorld(t)
	a, b, gone := w.Admit("a"), w.Admit("b"), w.Admit("gone")
	if len(w.Roster.ReceiptHeads()) != 0 {
		t.Error("receipts before there are any")
	}
	w.Append(roster.KindReceiptsCheckpoint, checkpoint(reached(a, 5), reached(gone, 2)))
	w.Append(roster.KindApproverRevoke, roster.Removal{ID: gone.ID})
	kind := roster.KindReceiptsCheckpoint
	refuse(t, w, []refusal{
		{"nothing new", kind, checkpoint(), roster.ErrStatement},
		{"no list", kind, roster.ReceiptsCheckpoint{}, roster.ErrStatement},
		{"the same again", kind, checkpoint(reached(a, 5)), roster.ErrStatement},
		{"backwards", kind, checkpoint(reached(b, 1), reached(a, 4)), roster.ErrStatement},
		{"a device twice", kind, checkpoint(reached(b, 1), reached(b, 2)), roster.ErrStatement},
		{"before the first", kind, checkpoint(reached(b, 0)), roster.ErrStatement},
		{"without a hash", kind, checkpoint(roster.ReceiptHead{Device: b.Device.ID(), Counter: 1}), roster.ErrStatement},
		{"a device unknown", kind, checkpoint(reached(b, 1), roster.ReceiptHead{Device: envelope.NewID(), Counter: 1, Receipt: envelope.SumHash()}), roster.ErrUnknown},
		{"an approver for a device", kind, checkpoint(roster.ReceiptHead{Device: a.ID, Counter: 1, Receipt: envelope.SumHash()}), roster.ErrUnknown},
	})
	if got := w.Roster.ReceiptHeads(); len(got) != 2 {
		t.Errorf("a refused checkpoint left %d heads", len(got))
	}
	w.Append(kind, checkpoint(reached(gone, 3), reached(b, 1)))
	want := []roster.ReceiptHead{reached(a, 5), reached(b, 1), reached(gone, 3)}
	slices.SortFunc(want, func(x, y roster.ReceiptHead) int { return bytes.Compare(x.Device[:], y.Device[:]) })
	for name, r := range map[string]*roster.Roster{"appended": w.Roster, "folded": w.Fold(0)} {
		if got := r.ReceiptHeads(); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// As many heads fit into a statement as an organisation can have in a week; who
// has more is told when signing and splits them.
func TestAReceiptsCheckpointHoldsAThousandDevices(t *testing.T) {
	w := coretest.NewWorld(t)
	heads := make([]roster.ReceiptHead, 1000)
	for i := range heads {
		heads[i] = roster.ReceiptHead{Device: envelope.NewID(), Counter: 1<<64 - 1, Receipt: envelope.SumHash()}
	}
	if _, err := w.Roster.Next(roster.KindReceiptsCheckpoint, checkpoint(heads...), w.Now, w.Identity); err != nil {
		t.Error(err)
	}
	if _, err := w.Roster.Next(roster.KindReceiptsCheckpoint, checkpoint(slices.Repeat(heads, 3)...), w.Now, w.Identity); !errors.Is(err, envelope.ErrTooLarge) {
		t.Errorf("3,000 devices: got %v", err)
	}
}
