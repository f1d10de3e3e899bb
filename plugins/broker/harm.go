package broker

import (
	"slices"

	"github.com/stillvault/stillvault/core/roster"
)

// Waiting splits what is uncovered by the statement of a preview: paths that too
// few people would be left for, and those that only wait for being re-shared,
// since their policy has enough people and somebody who can deal. then is the
// roster after the statement.
func (p *Preview) Waiting(kind roster.Kind, then *roster.Roster) (short, waiting []string) {
	if kind == roster.KindApproverRevoke || kind == roster.KindDeviceRevoke || len(p.By) == 0 {
		return p.Uncovered, nil
	}
	for _, path := range p.Uncovered {
		if covered(then, path) {
			waiting = append(waiting, path)
		} else {
			short = append(short, path)
		}
	}
	return short, waiting
}

func covered(r *roster.Roster, path string) bool {
	p, err := r.PolicyFor(path)
	if err != nil {
		return false
	}
	assigned, err := r.Assign(p)
	return err == nil && p.Covers(assigned) == nil
}

// Harmed are the secrets that a statement would lose, or leave without a policy,
// with too few people or with one device: each once, in order. A re-share that waits is no harm.
func (p *Preview) Harmed(kind roster.Kind, then *roster.Roster) []string {
	short, _ := p.Waiting(kind, then)
	harmed := slices.Concat(p.Lost, p.Unruled, short, p.OneDevice)
	if kind == roster.KindApproverRevoke {
		harmed = append(harmed, p.Unproven...) // with their wraps goes the way back
	}
	slices.Sort(harmed)
	return slices.Compact(harmed)
}
