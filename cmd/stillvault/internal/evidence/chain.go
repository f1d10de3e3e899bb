package evidence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// link is a receipt with its line.
type link struct {
	line     int
	finding  approval.Finding
	hash     envelope.Hash
	evidence envelope.Signed
}

// verifyChains has core decide whether the receipts of each device link up, and
// finds the line at which they first do not.
func (report *Report) verifyChains(r *roster.Roster, lines map[int]envelope.Signed) {
	chains := map[envelope.ID][]link{}
	for _, p := range report.Proven {
		s := lines[p.Line]
		id := p.Finding.Receipt.Device
		chains[id] = append(chains[id], link{p.Line, p.Finding, s.Hash(), s})
	}
	for _, id := range slices.SortedFunc(maps.Keys(chains), func(a, b envelope.ID) int { return cmp.Compare(a.String(), b.String()) }) {
		chain := chains[id]
		slices.SortStableFunc(chain, func(a, b link) int {
			return cmp.Compare(a.finding.Receipt.Counter, b.finding.Receipt.Counter)
		})
		receipts := make([]envelope.Signed, len(chain))
		for i, l := range chain {
			receipts[i] = l.evidence
		}
		first := chain[0].finding
		if err := approval.VerifyChains(r, receipts); err != nil {
			report.Problems = append(report.Problems, &Problem{brokenAt(chain), fmt.Errorf("%s's device %q: %w", first.Approver.Name, first.Device.Name, err)})
			continue
		}
		report.Devices = append(report.Devices, Device{
			ID: id, Name: first.Device.Name, Approver: first.Approver.Name,
			Receipts: chain[len(chain)-1].finding.Receipt.Counter, last: chain[len(chain)-1].hash,
		})
	}
}

// brokenAt returns the line of the first receipt of a chain, sorted by number,
// that does not follow the one before it.
func brokenAt(chain []link) int {
	var before link
	for _, l := range chain {
		rec := l.finding.Receipt
		same := rec.Counter == before.finding.Receipt.Counter && l.hash == before.hash
		follows := rec.Counter == before.finding.Receipt.Counter+1 && rec.Previous == before.hash
		if !same && !follows {
			return l.line
		}
		before = l
	}
	return chain[len(chain)-1].line
}
