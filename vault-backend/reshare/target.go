package reshare

import (
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// target is how versions under a policy are to be shared today. Its print tells
// two targets apart. err is why nothing can be shared so: too few people.
type target struct {
	access []secret.Access
	seats  map[seat]bool
	print  envelope.Hash
	err    error
}

// seat is somebody's place in a target: under which requirement, with which
// keyring.
type seat struct {
	requirement uint32
	keyring     Keyring
}

func breakGlass(secret.Access) bool { return false }

// accessOf returns what a policy demands of shares.
func accessOf(p *roster.Policy) []secret.Access {
	access := make([]secret.Access, len(p.Requirements))
	for i, q := range p.Requirements {
		access[i] = secret.Access{Name: q.Name, M: q.M}
	}
	return access
}

func targetOf(r *roster.Roster, p *roster.Policy) target {
	t := target{access: accessOf(p), seats: map[seat]bool{}}
	people, err := r.Assign(p)
	if err == nil {
		err = p.Covers(people)
	}
	if err != nil {
		t.err = err
		return t
	}
	for i, all := range people {
		for _, a := range all {
			t.seats[seat{uint32(i), Keyring{a.ID, a.Generation}}] = true
		}
	}
	return t
}

// follows says whether shares are what a target wants, so that there is nothing
// to share anew: they demand the same, and each of the target's people holds one.
func (s *Shares) follows(t target) bool {
	if !slices.Equal(s.Access, t.access) {
		return false
	}
	have := 0
	for _, h := range s.Holders {
		if !h.Gone && t.seats[seat{h.Requirement, h.keyring()}] {
			have++
		}
	}
	return have == len(t.seats)
}

// Stale says whether the policy asks for other requirements or other people than
// those that hold the version's shares, and why it cannot be shared anew with
// them, nil if it can.
func (a *Appraiser) Stale(p *roster.Policy, s *Shares) (bool, error) {
	t := a.terms(p)
	if t.target.err != nil {
		return !slices.Equal(s.Access, t.target.access), t.target.err
	}
	return !s.follows(t.target), nil
}
