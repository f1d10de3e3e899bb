package exchange

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// A denial can say besides that nobody should have asked: a report. It is stored at
// report/<request id> until somebody acknowledges it, and as long as that has not
// happened, but at most a day, its requester may not ask for that path.
const reportFolder = "report/"

// reportedCooldown is how long after a report the requester asks nobody for the
// path, unless it is acknowledged before.
const reportedCooldown = 24 * time.Hour

// Report is a denial that said that nobody should have asked. By is the approver's
// name, Text the reason that they gave, and Reason the requester's.
type Report struct {
	Request envelope.ID
	Path    string
	Version uint64
	Origin  approval.Origin
	Reason  string
	By      string
	Text    string
	Time    time.Time
}

// reportEntry is a report as stored.
type reportEntry struct {
	Request envelope.Signed `json:"request"`
	Receipt envelope.Signed `json:"receipt"`
	Who     string          `json:"who"` // requester, as cooldowns name them
	By      string          `json:"by"`
}

// report is a report in memory. It never changes.
type report struct {
	asked   approval.Request
	receipt approval.Receipt
	entry   reportEntry
}

func newReport(e reportEntry) (*report, error) {
	q, err := envelope.Peek[approval.Request](e.Request, envelope.TypeRequest)
	if err != nil {
		return nil, err
	}
	rec, err := envelope.Peek[approval.Receipt](e.Receipt, envelope.TypeReceipt)
	if err != nil {
		return nil, err
	}
	if rec.RequestID != q.ID || !rec.Report {
		return nil, fmt.Errorf("out of place: %w", approval.ErrRelease)
	}
	return &report{q, rec, e}, nil
}

// file stores a report. The same one again changes nothing.
func (x *Exchange) file(ctx context.Context, e reportEntry) error {
	made, err := newReport(e)
	if err != nil {
		return err
	}
	entry, err := envelope.Encode(e)
	if err != nil {
		return err
	}
	x.notices.Lock()
	defer x.notices.Unlock()
	if err := x.cfg.Store.Put(ctx, reportFolder+made.asked.ID.String(), entry); err != nil {
		return fmt.Errorf("store the report about request %s: %w", made.asked.ID, err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.reports[made.asked.ID] = made
	return nil
}

// Reports returns the reports that nobody has acknowledged, oldest first.
func (x *Exchange) Reports() []Report {
	x.mu.Lock()
	defer x.mu.Unlock()
	all := make([]Report, 0, len(x.reports))
	for _, r := range x.reports {
		all = append(all, r.told())
	}
	slices.SortFunc(all, func(a, b Report) int {
		return cmp.Or(a.Time.Compare(b.Time), bytes.Compare(a.Request[:], b.Request[:]))
	})
	return all
}

// Report returns one of [Exchange.Reports]; [ErrUnknownReport] if there is none, or
// none any more.
func (x *Exchange) Report(id envelope.ID) (*Report, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.reports[id]
	if r == nil {
		return nil, tell(ErrUnknownReport, "report %s", id)
	}
	shown := r.told()
	return &shown, nil
}

func (r *report) told() Report {
	return Report{
		Request: r.asked.ID, Path: r.asked.Path, Version: r.asked.Version, Origin: r.asked.Origin, Reason: r.asked.Reason,
		By: r.entry.By, Text: r.receipt.Reason, Time: r.receipt.Time.Time(),
	}
}

// AcknowledgeReport says that somebody, whose name or id who is, has looked into a
// report: the requester may ask again, and it is no longer listed. The denial stays
// on record. Acknowledging it again, or one that there is not, is no error.
func (x *Exchange) AcknowledgeReport(ctx context.Context, id envelope.ID, who string) error {
	x.notices.Lock()
	defer x.notices.Unlock()
	x.mu.Lock()
	r := x.reports[id]
	x.mu.Unlock()
	if r == nil {
		return nil
	}
	// First: who fails in between acknowledges again.
	if err := x.warm(ctx, place{r.entry.Who, r.asked.Path, r.asked.BreakGlass}, id); err != nil {
		return err
	}
	if err := x.cfg.Store.Delete(ctx, reportFolder+id.String()); err != nil {
		return fmt.Errorf("acknowledge the report about request %s: %w", id, err)
	}
	x.mu.Lock()
	delete(x.reports, id)
	x.mu.Unlock()
	x.cfg.Logger.Info("a report was acknowledged", "request", id.String(), "by", who)
	return nil
}

// restoreReports reads back what an earlier process stored.
func (x *Exchange) restoreReports(ctx context.Context) error {
	names, err := x.cfg.Store.List(ctx, reportFolder)
	if err != nil {
		return fmt.Errorf("restore reports: %w", err)
	}
	for _, name := range names {
		raw, err := x.cfg.Store.Get(ctx, reportFolder+name)
		if err != nil {
			return fmt.Errorf("restore reports: %w", err)
		}
		if raw == nil {
			continue
		}
		entry, err := envelope.Decode[reportEntry](raw)
		var made *report
		if err == nil {
			made, err = newReport(entry)
		}
		if err != nil || made.asked.ID.String() != name {
			x.cfg.Logger.Error("a stored report cannot be read", "entry", name, "error", err)
			continue
		}
		x.mu.Lock()
		x.reports[made.asked.ID] = made
		x.mu.Unlock()
	}
	return nil
}
