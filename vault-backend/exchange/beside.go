package exchange

import (
	"context"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// Opening is what shares that were put together came to: those of Approvers opened a
// version, or Accused, a dealer, was found to have lied. WrapSet is the one that the
// shares are of. BreakGlass says that the people for an emergency opened it; that is
// also told without the shares, of a host's request and after a restart.
type Opening struct {
	Version    uint64
	WrapSet    envelope.Hash
	Approvers  []envelope.ID
	Accused    envelope.ID // zero if nobody lied
	Epoch      uint32      // into which the accused dealt, 0 if nobody lied
	ByHost     bool        // a host consumer says so, who can prove it to nobody
	BreakGlass bool
}

// Ring wakes the polls of people's devices: something new waits for them that is no
// request.
func (x *Exchange) Ring(approvers ...envelope.ID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, id := range approvers {
		x.queueOf(id).ring()
	}
}

// Record puts a decision on record that was taken elsewhere, such as a re-share, so
// that the device's chain of receipts has no gap. The caller has verified it. refused
// is the name of the error with which it was refused, empty if it counted. The same
// receipt again changes nothing.
func (x *Exchange) Record(ctx context.Context, e approval.Evidence, refused string) error {
	hash := e.Receipt.Hash()
	rec, err := envelope.Peek[approval.Receipt](e.Receipt, envelope.TypeReceipt)
	if err != nil {
		return err
	}
	lock := x.stripe(rec.Request)
	lock.Lock()
	defer lock.Unlock()
	if known, err := x.recordOf(ctx, hash); known != nil || err != nil {
		return err
	}
	r := &request{id: rec.RequestID, hash: rec.Request, signed: e.Request}
	return x.recordWith(ctx, r, hash, e, refused)
}
