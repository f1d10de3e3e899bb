package secret

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Access is a requirement as the shares enforce it: any m of its holders. All
// requirements but the one for breaking the glass have to be met together; that
// one, where there is one, suffices alone.
type Access struct {
	Name       string `json:"name"`
	M          uint32 `json:"m"`
	BreakGlass bool   `json:"break_glass"`
}

// Seat is one person's place in a sharing: the requirement that they count for,
// as index into the access structure, where its polynomial is evaluated for them,
// and the generation of their keyring.
type Seat struct {
	Requirement uint32      `json:"requirement"`
	X           uint32      `json:"x"` // from 1, without gaps within the requirement
	Approver    envelope.ID `json:"approver"`
	Generation  uint32      `json:"generation"`
}

// accessOf is what a policy demands, in the order of [roster.Policy.All].
func accessOf(p *roster.Policy) []Access {
	all := p.All()
	access := make([]Access, len(all))
	for i, q := range all {
		access[i] = Access{Name: q.Name, M: q.M, BreakGlass: i == len(p.Requirements)}
	}
	return access
}

// anyOf says whether one person alone opens the version in the ordinary way.
func anyOf(access []Access) bool {
	ordinary := alternatives(access)[0]
	return len(ordinary) == 1 && access[ordinary[0]].M == 1
}

// alternatives returns the requirements that suffice together, as indices: the
// ordinary ones first, and then, where there is one, that for breaking the glass.
func alternatives(access []Access) [][]int {
	all := make([][]int, 1, 2)
	for i, a := range access {
		if a.BreakGlass {
			all = append(all, []int{i})
		} else {
			all[0] = append(all[0], i)
		}
	}
	return all
}

// checkSeats wants every requirement to have at least m seats, every person to
// sit once, and every x to be the next: a duplicate or zero x would make the
// interpolation fail or, worse, count one person twice.
func checkSeats(access []Access, seats []Seat) error {
	people := make(map[envelope.ID]bool, len(seats))
	count := make([]uint32, len(access))
	for i, s := range seats {
		if i > 0 && s.Requirement < seats[i-1].Requirement || uint64(s.Requirement) >= uint64(len(access)) {
			return fmt.Errorf("holders out of order: %w", ErrWrapSet)
		}
		count[s.Requirement]++
		if s.X != count[s.Requirement] || people[s.Approver] || s.Approver.IsZero() || s.Generation == 0 {
			return fmt.Errorf("a share or a person stands twice: %w", ErrWrapSet)
		}
		people[s.Approver] = true
	}
	for i, a := range access {
		if count[i] < a.M {
			return fmt.Errorf("requirement %q has too few shares: %w", a.Name, ErrWrapSet)
		}
	}
	return nil
}

// seatOf returns an approver's seat; [ErrNotHolder] if they have none.
func seatOf(seats []Seat, approver envelope.ID) (*Seat, error) {
	if i := slices.IndexFunc(seats, func(s Seat) bool { return s.Approver == approver }); i >= 0 {
		return &seats[i], nil
	}
	return nil, ErrNotHolder
}
