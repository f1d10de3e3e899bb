package desk

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/roster"
)

// maxHistory is how many of the own decisions are remembered; the broker keeps
// all of them as receipts.
const maxHistory = 500

// answer is a decision that the broker has not taken yet.
type answer struct {
	Release string `json:"release"`
	Request string `json:"request"`
	Path    string `json:"path"`
	Deal    string `json:"deal,omitempty"` // an answer to a re-share, in place of Release and Request
}

// Unsent is a decision that is still to be sent.
type Unsent struct {
	Counter uint64 `json:"counter"`
	Release string `json:"release"`
	Request string `json:"request"`
	Path    string `json:"path"`
	Deal    string `json:"deal"` // for device/deal, in place of Release and Request
}

// unsent returns the answers to be sent first, oldest first.
func (d *Desk) unsent(none) ([]Unsent, error) {
	list := []Unsent{}
	for _, key := range d.kept.below(keyUnsent) {
		n, err := number(keyUnsent, key)
		if err != nil {
			return nil, err
		}
		a, _, err := getAs[answer](&d.kept, key)
		if err != nil {
			return nil, err
		}
		list = append(list, Unsent{Counter: n, Release: a.Release, Request: a.Request, Path: a.Path, Deal: a.Deal})
	}
	return list, nil
}

type sentArgs struct {
	Counter uint64 `json:"counter"`
	// State is the request's state as the broker answered, or the name of the
	// error with which it refused the answer for good.
	State string `json:"state"`
}

// Done is the result of an operation that only changes what is kept.
type Done struct{ Keep }

// sent forgets an answer that the broker took or will never take.
func (d *Desk) sent(a sentArgs) (*Done, error) {
	if d.me == nil {
		return nil, ErrNotEnrolled
	}
	key := numbered(keyHistory, a.Counter)
	e, found, err := getAs[Entry](&d.kept, key)
	if err != nil {
		return nil, err
	}
	if found {
		if e.State = a.State; e.State == "" || e.State == stateUnsent || !roster.Printable(e.State) {
			e.State = stateSent
		}
		if err := putAs(&d.kept, key, e); err != nil {
			return nil, err
		}
	}
	d.kept.drop(numbered(keyUnsent, a.Counter))
	return &Done{}, nil
}

// The states of an entry, besides those of its request.
const (
	stateUnsent = "unsent"
	stateSent   = "sent"
	// stateWaiting is a request's that others have to answer too.
	stateWaiting = "waiting"
)

// Entry is one of the person's own decisions.
type Entry struct {
	Counter   uint64 `json:"counter"`
	ID        string `json:"id"` // of the request
	Hash      string `json:"hash"`
	Path      string `json:"path"`
	Version   uint64 `json:"version"`
	Requester string `json:"requester"`
	Consumer  string `json:"consumer"`
	Decision  string `json:"decision"`
	Reason    string `json:"reason"`
	Time      string `json:"time"`
	Lease     uint32 `json:"lease"`
	Receipt   string `json:"receipt"` // as it was signed
	State     string `json:"state"`   // unsent, or the request's after it was sent
	// What follows came later; entries without it are as old as they look.
	Report  bool `json:"report,omitempty"`  // of a denial: nobody should have asked this
	Secrets int  `json:"secrets,omitempty"` // of a re-share: how many were dealt, below Path
	Glass   bool `json:"glass,omitempty"`   // it was an emergency
}

func entryOf(c *approval.Case, rec *approval.Receipt, receipt string) Entry {
	return Entry{
		Counter: rec.Counter, ID: c.Request.ID.String(), Hash: c.Hash.String(), Path: c.Request.Path, Version: c.Request.Version,
		Requester: c.Request.Origin.Requester, Consumer: c.Consumer.Name, Decision: string(rec.Decision), Reason: rec.Reason,
		Time: shown(rec.Time), Lease: rec.Lease, Receipt: receipt, State: stateUnsent, Report: rec.Report, Glass: c.Request.BreakGlass,
	}
}

// Head is the last receipt of this device.
type Head struct {
	// Receipt is DEVICE:COUNTER:HASH, for `stillvault receipts verify`; empty before
	// the first.
	Receipt string `json:"receipt"`
}

// head returns the last receipt, which proves to whoever verifies the broker's
// that none of this device is missing.
func (d *Desk) head(none) (*Head, error) {
	if d.me == nil {
		return nil, ErrNotEnrolled
	}
	if d.ledger.Counter == 0 {
		return &Head{}, nil
	}
	return &Head{fmt.Sprintf("%s:%d:%s", d.me.Device, d.ledger.Counter, d.ledger.Previous)}, nil
}

// history returns the own decisions, newest first.
func (d *Desk) history(none) ([]Entry, error) {
	list := []Entry{}
	for _, key := range d.kept.below(keyHistory) {
		e, _, err := getAs[Entry](&d.kept, key)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	slices.Reverse(list)
	return list, nil
}
