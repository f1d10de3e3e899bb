package exchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// A host's request is stored at host/<request hash>/request, and each answer
// that counted at host/<request hash>/<receipt hash>. What an answer comes to is
// not stored: it follows from the answers.
const (
	hostFolder   = "host/"
	requestEntry = "request"
)

// hostEntry is a host's request. Ended is empty unless it was ended by something
// else than its answers and its deadline; Cause then says by what.
type hostEntry struct {
	Request envelope.Signed `json:"request"`
	Who     string          `json:"who"`
	WrapSet envelope.Hash   `json:"wrap_set"`
	Ended   State           `json:"ended"`
	Cause   string          `json:"cause"`
}

// releaseEntry is an answer that counted. Record is the name of its record.
type releaseEntry struct {
	Record      string           `json:"record"`
	Requirement uint32           `json:"requirement"`
	Release     approval.Release `json:"release"`
}

func hostFolderOf(hash envelope.Hash) string { return hostFolder + hash.String() + "/" }

func (r *request) folder() string { return hostFolderOf(r.hash) }

func (x *Exchange) storeHost(ctx context.Context, r *request, ended State, cause string) error {
	entry, err := envelope.Encode(hostEntry{Request: r.signed, Who: r.who, WrapSet: r.wrapSet, Ended: ended, Cause: cause})
	if err != nil {
		return err
	}
	if err := x.cfg.Store.Put(ctx, r.folder()+requestEntry, entry); err != nil {
		return fmt.Errorf("store request %s: %w", r.id, err)
	}
	return nil
}

// storeRelease stores an answer before its record, whose name it keeps: if the
// process dies in between, restoring it makes up for the record.
func (x *Exchange) storeRelease(ctx context.Context, r *request, g *ruling) error {
	name := r.names[x.nameFor(r, g.hash)].name
	entry, err := envelope.Encode(releaseEntry{Record: name, Requirement: g.vetted.Requirement, Release: g.release})
	if err != nil {
		return err
	}
	if err := x.cfg.Store.Put(ctx, r.folder()+g.hash.String(), entry); err != nil {
		return fmt.Errorf("store the answer to request %s: %w", r.id, err)
	}
	return nil
}

func (x *Exchange) loadRelease(ctx context.Context, r *request, receipt envelope.Hash) (*releaseEntry, error) {
	raw, err := x.cfg.Store.Get(ctx, r.folder()+receipt.String())
	if err != nil {
		return nil, fmt.Errorf("load the answer to request %s: %w", r.id, err)
	}
	if raw == nil {
		return nil, tell(ErrUnknownRequest, "request %s was forgotten in this moment", r.id)
	}
	entry, err := envelope.Decode[releaseEntry](raw)
	if err != nil {
		return nil, fmt.Errorf("answer to request %s: %w", r.id, err)
	}
	return &entry, nil
}

// eraseHost removes a host's request from the store, the request itself last:
// what is left behind by a crash is found and removed when it is restored.
func (x *Exchange) eraseHost(ctx context.Context, folder string) {
	names, err := x.cfg.Store.List(ctx, folder)
	for _, name := range names {
		if err == nil && name != requestEntry {
			err = x.cfg.Store.Delete(ctx, folder+name)
		}
	}
	if err == nil {
		err = x.cfg.Store.Delete(ctx, folder+requestEntry)
	}
	if err != nil {
		x.cfg.Logger.Warn("could not remove an ended request; it is removed after the next start", "entry", folder, "error", err)
	}
}

// Restore brings back what an earlier process stored: hosts' requests with the
// answers to them, cooldowns, alarms and reports. Mount requests died with that process, since
// it alone had their keys. Call it before anything else.
func (x *Exchange) Restore(ctx context.Context) error {
	for _, restore := range []func(context.Context) error{x.restoreCooldowns, x.restoreAlarms, x.restoreReports} {
		if err := restore(ctx); err != nil {
			return err
		}
	}
	folders, err := x.cfg.Store.List(ctx, hostFolder)
	if err != nil {
		return fmt.Errorf("restore requests: %w", err)
	}
	var all []*revived
	for _, f := range folders {
		v, err := x.restoreHost(ctx, hostFolder+f)
		if err != nil {
			return fmt.Errorf("restore request %s: %w", strings.TrimSuffix(f, "/"), err)
		}
		if v != nil {
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(a, b *revived) int { return cmp.Compare(a.request.created, b.request.created) })
	for _, v := range all {
		x.resume(v)
		if err := x.soundAgain(ctx, v); err != nil {
			return err
		}
	}
	x.settle(ctx)
	x.RosterChanged(ctx)
	return nil
}

// soundAgain makes up for what the process did not live to note at an alarm.
func (x *Exchange) soundAgain(ctx context.Context, v *revived) error {
	if !v.request.glass || x.stateOf(v.request) == Cancelled {
		return nil
	}
	state := x.stateOf(v.request)
	if state == Waiting {
		// It was raised before the request was stored; if its entry was lost, it is
		// raised again.
		if _, err := x.raise(ctx, v.request); err != nil && !errors.Is(err, ErrCap) {
			return err
		}
	}
	approved := state == Approved
	for i := range v.answers {
		if err := x.sound(ctx, v.request, &v.answers[i], approved); err != nil {
			return err
		}
	}
	return nil
}

// revived is a request as it was stored, with the answers that counted.
type revived struct {
	entry   hostEntry
	request *request
	answers []ruling
}

// restoreHost reads back one request. One that makes no sense is reported and
// left alone: it must not keep the others from starting.
func (x *Exchange) restoreHost(ctx context.Context, folder string) (*revived, error) {
	raw, err := x.cfg.Store.Get(ctx, folder+requestEntry)
	if err != nil || raw == nil {
		return nil, err
	}
	v := &revived{}
	if v.entry, err = envelope.Decode[hostEntry](raw); err != nil {
		x.cfg.Logger.Error("a stored request cannot be read", "entry", folder, "error", err)
		return nil, nil
	}
	q, err := envelope.Peek[approval.Request](v.entry.Request, envelope.TypeRequest)
	if err != nil || hostFolderOf(v.entry.Request.Hash()) != folder {
		x.cfg.Logger.Error("a stored request is out of place", "entry", folder, "error", err)
		return nil, nil
	}
	if x.now() >= q.Deadline.Add(keepEnded) {
		x.eraseHost(ctx, folder)
		return nil, nil
	}
	if v.request, err = x.revive(ctx, &q, v.entry); err != nil {
		x.cfg.Logger.Error("a stored request cannot be brought back", "entry", folder, "error", err)
		return nil, nil
	}
	names, err := x.cfg.Store.List(ctx, folder)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if name == requestEntry {
			continue
		}
		g, err := x.reviveAnswer(ctx, v.request, name)
		if err != nil {
			return nil, err
		}
		if g != nil {
			v.answers = append(v.answers, *g)
		}
	}
	return v, nil
}

// revive makes a request of a stored one.
func (x *Exchange) revive(ctx context.Context, q *approval.Request, entry hostEntry) (*request, error) {
	version, _, err := x.cfg.Version(ctx, q.Path, q.Version)
	if err != nil {
		return nil, err
	}
	var r *request
	err = x.cfg.Roster(func(known *roster.Roster) error {
		verified, epochs, err := rewind(known, version, x.cfg.Mount, q.Path, entry.WrapSet)
		if err != nil {
			return err
		}
		r = newRequest(entry.Request, entry.Request.Hash(), q, verified, entry.Who)
		r.epochs = epochs
		// Also of one that has ended: whoever might have answered is told how.
		if s := newBench(known, x.cfg.Clock.Now()).stands(r, standing{seats: r.seats}); s.err == nil {
			r.policyHash, r.seats = s.policy, s.seats
		}
		return nil
	})
	return r, err
}

// reviveAnswer reads back an answer and makes up for a record that was not
// written.
func (x *Exchange) reviveAnswer(ctx context.Context, r *request, name string) (*ruling, error) {
	hash, err := envelope.ParseHash(name)
	if err != nil {
		return nil, err
	}
	entry, err := x.loadRelease(ctx, r, hash)
	if err != nil {
		return nil, err
	}
	rec, err := envelope.Peek[approval.Receipt](entry.Release.Receipt, envelope.TypeReceipt)
	if err != nil {
		return nil, err
	}
	g := &ruling{release: entry.Release, hash: hash, vetted: &approval.Vetted{Receipt: rec, Requirement: entry.Requirement}}
	err = x.cfg.Roster(func(now *roster.Roster) error {
		g.name = nameOf(now, rec.Approver)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.names = append(r.names, recorded{receipt: hash, name: entry.Record})
	known, err := x.load(ctx, entry.Record)
	switch {
	case err != nil:
		return nil, err
	case known == nil:
		err = x.record(ctx, r, g, "")
	case known.Refused != "":
		// The request had ended when the answer came.
		return nil, nil
	default:
		r.names[len(r.names)-1].stored = true
	}
	return g, err
}

// resume enters a restored request and lets its answers have their effect again.
func (x *Exchange) resume(v *revived) {
	r, entry, answers := v.request, v.entry, v.answers
	x.mu.Lock()
	defer x.mu.Unlock()
	x.enter(r)
	slices.SortFunc(answers, func(a, b ruling) int {
		return cmp.Compare(a.vetted.Receipt.Time, b.vetted.Receipt.Time)
	})
	var denial *answer
	for i := range answers {
		r.answers = append(r.answers, answerOf(&answers[i], true))
		if last := &r.answers[len(r.answers)-1]; last.decision == approval.Deny {
			denial = &answer{name: last.name, reason: last.reason}
		}
	}
	r.lease = r.grantedLease()
	switch {
	case entry.Ended != "":
		x.finish(r, entry.Ended, tell(ErrCancelled, "%s", entry.Cause))
	case denial != nil:
		x.finish(r, Denied, r.deniedBy(denial.name, denial.reason))
	case len(r.missing(approval.Approve)) == 0:
		x.finish(r, Approved, nil)
	}
}
