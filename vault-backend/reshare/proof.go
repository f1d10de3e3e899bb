package reshare

import (
	"math"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// prove notes that these people's shares opened the version together. Shares are
// proven by taking part in a combination that opened and in which all others were
// proven before, or in the first such combination: two wrong shares might cancel
// each other out. Break-glass shares are apart. It says whether anything changed.
func (s *Shares) prove(people []envelope.ID) bool {
	for _, glass := range []bool{false, true} {
		var unproven []*Holding
		first := true
		for i := range s.Holders {
			h := &s.Holders[i]
			if int(h.Requirement) >= len(s.Access) || s.Access[h.Requirement].BreakGlass != glass {
				continue
			}
			first = first && !h.Proven
			if !h.Proven && slices.Contains(people, h.Approver) {
				unproven = append(unproven, h)
			}
		}
		if len(unproven) == 0 || !first && len(unproven) > 1 {
			continue
		}
		for _, h := range unproven {
			h.Proven = true
		}
		return true
	}
	return false
}

// Proven counts the newest epoch's shares that are proven, and those whose wraps
// are still there.
func (s *Shares) Proven() (proven, of int) {
	for _, h := range s.Holders {
		if h.Gone {
			continue
		}
		of++
		if h.Proven {
			proven++
		}
	}
	return proven, of
}

// forgettable says whether former epochs are of no use any more. For every ordinary
// requirement enough shares have opened the version that m remain when coverage of
// their holders are lost, or all that there are have, where those are fewer: then
// whatever is wrong with the others costs no secret. To wait for every share would
// keep a raised quorum from ever binding, since with many approvers somebody never
// takes part. Those that break the glass need not be proven, for they can be dealt
// anew by the others; nor do they count as a way back.
func (s *Shares) forgettable(coverage uint32, inForce func(Holding) bool) bool {
	if len(s.Former) == 0 || len(s.Access) == 0 {
		return false
	}
	there := func(h Holding) bool { return !h.Gone && inForce(h) }
	left := counted(s.Access, s.Holders, there)
	proven := counted(s.Access, s.Holders, func(h Holding) bool { return h.Proven && there(h) })
	for i, a := range s.Access {
		if !a.BreakGlass && (proven[i] < a.M || uint64(proven[i]) < min(uint64(a.M)+uint64(coverage), uint64(left[i]))) {
			return false
		}
	}
	return true
}

// forgettable asks that of a version at a path, with the coverage that its policy
// wants; where none covers it, everybody has to have taken part.
func (a *Appraiser) forgettable(path string, s *Shares) bool {
	coverage := uint32(math.MaxUint32)
	if p := a.Policy(path); p != nil {
		coverage = p.MinimumCoverage
	}
	return s.forgettable(coverage, a.inForce)
}

// solid says whether the newest epoch can be fallen back on: a quorum of those who
// hold its shares has opened the version with them. Then the epochs before it are of
// no use once another follows; with many approvers, who never all take part, they
// would pile up otherwise.
func (s *Shares) solid() bool {
	return enough(s.Access, counted(s.Access, s.Holders, func(h Holding) bool { return h.Proven && !h.Gone }))
}

// dropFormer marks every wrap of former epochs as gone.
func (s *Shares) dropFormer() {
	for i := range s.Former {
		for j := range s.Former[i].Holders {
			s.Former[i].Holders[j].Gone = true
		}
	}
}

// counted returns how many shares of each requirement are such.
func counted(access []secret.Access, holders []Holding, such func(Holding) bool) []uint32 {
	count := make([]uint32, len(access))
	for _, h := range holders {
		if int(h.Requirement) < len(count) && such(h) {
			count[h.Requirement]++
		}
	}
	return count
}

// enough says whether so many shares of each requirement open a version: those of
// every normal requirement, or those of the break-glass one.
func enough(access []secret.Access, count []uint32) bool {
	normal := len(access) > 0
	for i, a := range access {
		if a.BreakGlass && count[i] >= a.M {
			return true
		}
		normal = normal && (a.BreakGlass || count[i] >= a.M)
	}
	return normal
}
