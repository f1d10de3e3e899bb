package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// lostFor is how long after a decision its receipt is recorded although nobody
// knows the request any more. Later than that it might be on record already,
// under another day.
const lostFor = time.Hour

// RecordLost records a decision about a request that nobody knows any more: the
// device that made it brings the request along. The process that had asked ended
// before the answer came. It releases nothing, but without it the device's
// receipts would seem to lack one.
func (x *Exchange) RecordLost(ctx context.Context, e approval.Evidence) error {
	var found *approval.Finding
	err := x.cfg.Roster(func(known *roster.Roster) (err error) {
		found, err = e.Verify(known)
		return err
	})
	if err != nil {
		return fmt.Errorf("record a lost answer: %w", err)
	}
	rec := &found.Receipt
	if rec.Mount != x.cfg.Mount || envelope.At(x.cfg.Clock.Now()).Sub(rec.Time).Abs() > lostFor {
		return tell(ErrUnknownRequest, "request %s", rec.RequestID)
	}
	lock := x.stripe(rec.Request)
	lock.Lock()
	defer lock.Unlock()
	hash := e.Receipt.Hash()
	if known, err := x.recordOf(ctx, hash); known != nil || err != nil {
		return err
	}
	// Only who has the device's key comes this far, and each time leaves a record.
	records, err := x.recordsAbout(ctx, rec.RequestID, rec.Time)
	if err != nil {
		return err
	}
	if len(records) >= maxRefused {
		return nil
	}
	if rec.Report {
		// It stands, though there is nothing left to be denied.
		who, _ := Requester{Entity: found.Request.Origin.Entity}.identity()
		if err := x.file(ctx, reportEntry{Request: e.Request, Receipt: e.Receipt, Who: who, By: found.Approver.Name}); err != nil {
			return err
		}
	}
	r := &request{id: rec.RequestID, hash: rec.Request, signed: e.Request}
	return x.record(ctx, r, &ruling{release: approval.Release{Receipt: e.Receipt}, hash: hash}, nameOfError(ErrUnknownRequest))
}
