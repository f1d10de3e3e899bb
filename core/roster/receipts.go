package roster

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
)

// ReceiptsCheckpoint is the body of [KindReceiptsCheckpoint]: how far the
// receipts of devices had come. Receipts chain by device, so that whoever has
// one can tell what is missing before it, but not what was cut off after it; a
// head that the organisation signed ends that. Heads has the devices whose
// receipts went on since the checkpoint before, and no others; where they do not
// fit into one statement, another follows.
type ReceiptsCheckpoint struct {
	Heads []ReceiptHead `json:"heads"`
}

// ReceiptHead is the last receipt of a device: its number, counted from 1, and
// its hash.
type ReceiptHead struct {
	Device  envelope.ID   `json:"device"`
	Counter uint64        `json:"counter"`
	Receipt envelope.Hash `json:"receipt"`
}

func applyReceiptsCheckpoint(r *Roster, _ Statement, b ReceiptsCheckpoint) error {
	if len(b.Heads) == 0 {
		return fmt.Errorf("no receipts since the last one: %w", ErrStatement)
	}
	moved := make(map[envelope.ID]ReceiptHead, len(b.Heads))
	for _, h := range b.Heads {
		// A device may have been revoked since: what it signed before that came
		// to light later, and belongs to the chain all the same.
		d, err := r.FormerDevice(h.Device)
		if err != nil {
			return err
		}
		if _, twice := moved[h.Device]; twice {
			return fmt.Errorf("device %q is named twice: %w", d.Name, ErrStatement)
		}
		if last := r.receipts[h.Device].Counter; h.Counter <= last || h.Receipt.IsZero() {
			return fmt.Errorf("receipt %d of device %q does not follow receipt %d: %w", h.Counter, d.Name, last, ErrStatement)
		}
		moved[h.Device] = h
	}
	maps.Copy(r.receipts, moved)
	return nil
}

// ReceiptHeads returns the last receipt of every device that any checkpoint
// names, by device id. Whoever verifies receipts must find each of them.
func (r *Roster) ReceiptHeads() []ReceiptHead {
	return slices.SortedFunc(maps.Values(r.receipts), func(a, b ReceiptHead) int { return bytes.Compare(a.Device[:], b.Device[:]) })
}
