package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// Records are stored at receipt/<day>/<name>, where the name is the time at
// which the decision was taken, the request's id and the beginning of the
// receipt's hash, without which two processes might choose the same name: names
// sort by time, and a day's folder stays small enough to list.
//
// answered/<hash of the receipt> has the name: a device that sends an answer
// again needs no token, so finding out about it must not cost a listing.
const (
	recordFolder = "receipt/"
	answerFolder = "answered/"
	nameTime     = "20060102T150405.000Z"
	dayLength    = len("20060102")
	idLength     = 36
	hashLength   = 8
)

// maxRefused is how many answers to one request are recorded before refused ones
// no longer are: whoever sends that many wants to fill the store.
const maxRefused = 32

// recordEntry is a record as stored. It is never deleted.
type recordEntry struct {
	Refused  string            `json:"refused"`
	Evidence approval.Evidence `json:"evidence"`
}

// recorded is a receipt that is on record, or about to be: its name is chosen
// once, so that recording it again after a failure replaces what there is.
type recorded struct {
	receipt envelope.Hash
	name    string
	refused string
	stored  bool
}

// record stores a receipt with the request it is about. The request's stripe is
// held.
func (x *Exchange) record(ctx context.Context, r *request, g *ruling, refused string) error {
	if refused != "" && len(r.names) >= maxRefused && !r.named(g.hash) {
		return nil
	}
	return x.recordWith(ctx, r, g.hash, approval.Evidence{Receipt: g.release.Receipt, Request: r.signed}, refused)
}

// recordWith stores a receipt with what it is about. The request's stripe is held.
func (x *Exchange) recordWith(ctx context.Context, r *request, hash envelope.Hash, e approval.Evidence, refused string) error {
	known := &r.names[x.nameFor(r, hash)]
	if known.stored && known.refused == refused {
		return nil
	}
	known.refused, known.stored = refused, false
	e.Reshared = slices.Concat([]approval.Reshared{}, e.Reshared)
	entry, err := envelope.Encode(recordEntry{refused, e})
	if err != nil {
		return err
	}
	// First, so that no record is without it: one that leads to no record is
	// taken for none.
	if err := x.cfg.Store.Put(ctx, answerFolder+hash.String(), []byte(known.name)); err != nil {
		return fmt.Errorf("record the answer to request %s: %w", r.id, err)
	}
	if err := x.cfg.Store.Put(ctx, entryOf(known.name), entry); err != nil {
		return fmt.Errorf("record the answer to request %s: %w", r.id, err)
	}
	known.stored = true
	return nil
}

// named says whether a receipt is on record or about to be. The request's stripe
// is held.
func (r *request) named(receipt envelope.Hash) bool {
	return slices.ContainsFunc(r.names, func(n recorded) bool { return n.receipt == receipt })
}

// nameFor returns where in r.names a receipt is, choosing its name if it has
// none. The request's stripe is held.
func (x *Exchange) nameFor(r *request, receipt envelope.Hash) int {
	for i := range r.names {
		if r.names[i].receipt == receipt {
			return i
		}
	}
	x.mu.Lock()
	x.lastName = max(x.lastName+1, x.now())
	name := x.lastName.Time().Format(nameTime) + "-" + r.id.String() + "-" + receipt.String()[:hashLength]
	x.mu.Unlock()
	r.names = append(r.names, recorded{receipt: receipt, name: name})
	return len(r.names) - 1
}

func entryOf(name string) string { return recordFolder + name[:dayLength] + "/" + name }

// parseName returns the request that a record's name is about.
func parseName(name string) (envelope.ID, bool) {
	const idAt, hashAt = len(nameTime) + 1, len(nameTime) + 1 + idLength + 1
	if len(name) != hashAt+hashLength || name[idAt-1] != '-' || name[hashAt-1] != '-' {
		return envelope.ID{}, false
	}
	if _, err := time.Parse(nameTime, name[:idAt-1]); err != nil {
		return envelope.ID{}, false
	}
	if strings.Trim(name[hashAt:], "0123456789abcdef") != "" {
		return envelope.ID{}, false
	}
	id, err := envelope.ParseID(name[idAt : hashAt-1])
	return id, err == nil
}

// Receipts returns the names of at most limit records after a name, empty for
// the first, in the order in which they were taken, and whether there are more.
func (x *Exchange) Receipts(ctx context.Context, after string, limit int) (names []string, more bool, err error) {
	if _, ok := parseName(after); after != "" && !ok {
		return nil, false, tell(ErrUnknownReceipt, "%q is not the name of a record", after)
	}
	days, err := x.days(ctx)
	if err != nil {
		return nil, false, err
	}
	for _, day := range days {
		if after != "" && day < after[:dayLength] {
			continue
		}
		all, err := x.namesOn(ctx, day)
		if err != nil {
			return nil, false, err
		}
		for _, name := range all {
			if name <= after {
				continue
			}
			if len(names) == limit {
				return names, true, nil
			}
			names = append(names, name)
		}
	}
	return names, false, nil
}

// Evidence returns the records of a request, by its id, or a single one by its
// name; [ErrUnknownReceipt] if there is none.
func (x *Exchange) Evidence(ctx context.Context, idOrName string) ([]Record, error) {
	if _, ok := parseName(idOrName); ok {
		record, err := x.load(ctx, idOrName)
		if err != nil {
			return nil, err
		}
		if record == nil {
			return nil, tell(ErrUnknownReceipt, "%s", idOrName)
		}
		return []Record{*record}, nil
	}
	id, err := envelope.ParseID(idOrName)
	if err != nil {
		return nil, tell(ErrUnknownReceipt, "%q is neither a request's id nor the name of a record", idOrName)
	}
	days, err := x.days(ctx)
	if err != nil {
		return nil, err
	}
	var all []Record
	// Answers to one request lie on one day or two that follow each other, and
	// people look for recent ones.
	for _, day := range slices.Backward(days) {
		found, err := x.recordsOn(ctx, day, id)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 && len(all) > 0 {
			break
		}
		all = append(found, all...)
	}
	if len(all) == 0 {
		return nil, tell(ErrUnknownReceipt, "request %s has no answer on record", id)
	}
	return all, nil
}

// recordOf returns the record of a receipt, nil if there is none.
func (x *Exchange) recordOf(ctx context.Context, receipt envelope.Hash) (*Record, error) {
	name, err := x.cfg.Store.Get(ctx, answerFolder+receipt.String())
	if err != nil || name == nil {
		return nil, err
	}
	if _, ok := parseName(string(name)); !ok {
		return nil, fmt.Errorf("find the record of receipt %s: %w", receipt, envelope.ErrEncoding)
	}
	record, err := x.load(ctx, string(name))
	if err != nil || record == nil || record.Evidence.Receipt.Hash() != receipt {
		return nil, err
	}
	return record, nil
}

// recordsAbout returns the records of a request from about a time on.
func (x *Exchange) recordsAbout(ctx context.Context, id envelope.ID, at envelope.Time) ([]Record, error) {
	var all []Record
	var last string
	for _, shift := range []time.Duration{-approval.MaxClockSkew, 0, approval.MaxClockSkew} {
		day := at.Add(shift).Time().Format(nameTime)[:dayLength]
		if day == last {
			continue
		}
		last = day
		found, err := x.recordsOn(ctx, day, id)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func (x *Exchange) recordsOn(ctx context.Context, day string, id envelope.ID) ([]Record, error) {
	names, err := x.namesOn(ctx, day)
	if err != nil {
		return nil, err
	}
	var all []Record
	for _, name := range names {
		if about, _ := parseName(name); about != id {
			continue
		}
		record, err := x.load(ctx, name)
		if err != nil {
			return nil, err
		}
		if record != nil {
			all = append(all, *record)
		}
	}
	return all, nil
}

func (x *Exchange) load(ctx context.Context, name string) (*Record, error) {
	raw, err := x.cfg.Store.Get(ctx, entryOf(name))
	if err != nil || raw == nil {
		return nil, err
	}
	entry, err := envelope.Decode[recordEntry](raw)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", name, err)
	}
	id, _ := parseName(name)
	return &Record{Name: name, Request: id, Evidence: entry.Evidence, Refused: entry.Refused}, nil
}

func (x *Exchange) days(ctx context.Context) ([]string, error) {
	folders, err := x.cfg.Store.List(ctx, recordFolder)
	if err != nil {
		return nil, fmt.Errorf("list receipts: %w", err)
	}
	var days []string
	for _, f := range folders {
		if day, isFolder := strings.CutSuffix(f, "/"); isFolder {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	return days, nil
}

func (x *Exchange) namesOn(ctx context.Context, day string) ([]string, error) {
	all, err := x.cfg.Store.List(ctx, recordFolder+day+"/")
	if err != nil {
		return nil, fmt.Errorf("list receipts of %s: %w", day, err)
	}
	all = slices.DeleteFunc(all, func(name string) bool { _, ok := parseName(name); return !ok })
	slices.Sort(all)
	return all, nil
}

// nameOfError returns the name of the innermost error, which is a sentinel's
// where the error is one of ours.
func nameOfError(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	name, _, _ := strings.Cut(err.Error(), ":")
	return name
}
