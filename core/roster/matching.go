package roster

import "github.com/stillvault/stillvault/core/envelope"

// matching is a bipartite matching of people to requirements that grows by
// augmenting paths (Kuhn's algorithm), in a fixed order. There are at most
// seventeen requirements and perhaps a thousand people, so that it searches among
// requirements, and which of them somebody qualifies for is one word of bits.
type matching struct {
	people   []*Approver // in the order of their first requirement, there by id
	may      []uint32    // by person, a bit for each requirement they qualify for
	of       []int       // by person, the requirement they are given to, or nobody's
	eligible [][]int     // by requirement, the people who qualify, by id
	free     []int       // by requirement, how many of those were found taken so far
	count    []int       // by requirement, how many people it has
}

const unassigned = -1

func newMatching(eligible [][]*Approver) *matching {
	m := &matching{eligible: make([][]int, len(eligible)), free: make([]int, len(eligible)), count: make([]int, len(eligible))}
	index := map[envelope.ID]int{}
	for i, people := range eligible {
		m.eligible[i] = make([]int, len(people))
		for j, a := range people {
			n, known := index[a.ID]
			if !known {
				n = len(m.people)
				index[a.ID] = n
				m.people, m.may, m.of = append(m.people, a), append(m.may, 0), append(m.of, unassigned)
			}
			m.may[n] |= 1 << i
			m.eligible[i][j] = n
		}
	}
	return m
}

// augment gives one more person to a requirement, moving others to further
// requirements they qualify for where that frees one.
func (m *matching) augment(requirement int) bool {
	visited := uint32(0)
	return m.try(requirement, &visited)
}

// try finds one more person for a requirement: the first who is free, or the
// first for whom another requirement finds somebody else. A requirement that was
// visited is on the way already or found nobody, and would find nobody again.
func (m *matching) try(requirement int, visited *uint32) bool {
	*visited |= 1 << requirement
	people := m.eligible[requirement]
	// Who was given away once is moved but never freed, so that nobody before
	// the first free one is looked at twice.
	for ; m.free[requirement] < len(people); m.free[requirement]++ {
		if n := people[m.free[requirement]]; m.of[n] == unassigned {
			m.give(n, requirement)
			return true
		}
	}
	for _, n := range people {
		if held := m.of[n]; *visited&(1<<held) == 0 && m.try(held, visited) {
			m.give(n, requirement)
			return true
		}
	}
	return false
}

func (m *matching) give(person, requirement int) {
	if held := m.of[person]; held != unassigned {
		m.count[held]--
	}
	m.of[person] = requirement
	m.count[requirement]++
}

// spread gives everyone left to whichever of their requirements has the
// smallest margin, the earlier one on a tie.
func (m *matching) spread(all []Requirement) {
	for n := range m.people {
		if m.of[n] != unassigned {
			continue
		}
		best := unassigned
		for i, q := range all {
			if m.may[n]&(1<<i) != 0 && (best == unassigned || m.count[i]-int(q.M) < m.count[best]-int(all[best].M)) {
				best = i
			}
		}
		m.give(n, best)
	}
}

// result returns the people by requirement, by id.
func (m *matching) result() [][]*Approver {
	assigned := make([][]*Approver, len(m.eligible))
	for i, people := range m.eligible {
		for _, n := range people {
			if m.of[n] == i {
				assigned[i] = append(assigned[i], m.people[n])
			}
		}
	}
	return assigned
}
