package home

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// Ledger is what a terminal approver's device remembers of its decisions: its
// last receipt, and which requests it decided until their deadline is past, when
// they could not be decided any more.
type Ledger struct {
	approval.Ledger
	decided map[envelope.Hash]envelope.Time
}

// Decided says whether a request with this hash was decided here.
func (l *Ledger) Decided(request envelope.Hash) bool {
	_, found := l.decided[request]
	return found
}

type ledgerFile struct {
	format
	Counter  uint64         `json:"counter"`
	Previous envelope.Hash  `json:"previous"`
	Decided  []ledgerMemory `json:"decided"`
}

type ledgerMemory struct {
	Request  envelope.Hash `json:"request"`
	Deadline envelope.Time `json:"deadline"`
}

var ledgerFormat = format{Kind: "stillvault-ledger", Version: 1}

// Ledger reads the ledger of a terminal approver.
func (h *Home) Ledger(approver string) (*Ledger, error) {
	dir, err := h.named("approver", approver)
	if err != nil {
		return nil, err
	}
	l := &Ledger{decided: map[envelope.Hash]envelope.Time{}}
	f, err := load[ledgerFile](filepath.Join(dir, "ledger.json"), ledgerFormat)
	if errors.Is(err, ErrNone) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ledger of %q: %w", approver, err)
	}
	l.Counter, l.Previous = f.Counter, f.Previous
	for _, d := range f.Decided {
		l.decided[d.Request] = d.Deadline
	}
	return l, nil
}

// Decide lets decide make one decision with the ledger as it is, and stores the
// receipt's place in it before it returns: only then may the release be sent.
// Another process cannot decide in between, so no receipt number is given twice.
// A request that was decided before is [approval.ErrReplayed].
func (h *Home) Decide(approver string, request envelope.Hash, deadline, now time.Time,
	decide func(approval.Ledger) (approval.Release, error)) (approval.Release, error) {
	dir, err := h.named("approver", approver)
	if err != nil {
		return approval.Release{}, err
	}
	unlock, err := h.lock("ledger-" + approver)
	if err != nil {
		return approval.Release{}, err
	}
	defer unlock()
	l, err := h.Ledger(approver)
	if err != nil {
		return approval.Release{}, err
	}
	if l.Decided(request) {
		return approval.Release{}, approval.ErrReplayed
	}
	release, err := decide(l.Ledger)
	if err != nil {
		return approval.Release{}, err
	}
	l.Ledger = l.After(release.Receipt)
	// The margin covers a clock that is set back a little.
	maps.DeleteFunc(l.decided, func(_ envelope.Hash, until envelope.Time) bool {
		return until.Add(2*approval.MaxClockSkew) < envelope.At(now)
	})
	l.decided[request] = envelope.At(deadline)
	if err := store(filepath.Join(dir, "ledger.json"), l.file(), file.WritePrivate); err != nil {
		return approval.Release{}, fmt.Errorf("store the ledger of %q, so nothing was sent: %w", approver, err)
	}
	return release, nil
}

func (l *Ledger) file() ledgerFile {
	f := ledgerFile{format: ledgerFormat, Counter: l.Counter, Previous: l.Previous, Decided: []ledgerMemory{}}
	for request, deadline := range l.decided {
		f.Decided = append(f.Decided, ledgerMemory{request, deadline})
	}
	slices.SortFunc(f.Decided, func(a, b ledgerMemory) int { return bytes.Compare(a.Request[:], b.Request[:]) })
	return f
}
