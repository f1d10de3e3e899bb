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

// accessOf returns what a policy demands of shares.
func accessOf(p *roster.Policy) []secret.Access {
	all := p.All()
	access := make([]secret.Access, len(all))
	for i, q := range all {
		access[i] = secret.Access{Name: q.Name, M: q.M, BreakGlass: i == len(p.Requirements)}
	}
	return access
}

// target returns how what lies at a path is to be shared, of which every path
// under the same policy is told the same.
func (a *Appraiser) target(path string, p *roster.Policy) *target {
	terms := a.terms(p)
	if terms.target != nil {
		return terms.target
	}
	t := &target{access: accessOf(p), seats: map[seat]bool{}}
	terms.target = t
	wanted, err := secret.TargetFor(a.roster, path)
	if err != nil {
		t.err = err
		return t
	}
	for _, s := range wanted.Seats {
		t.seats[seat{s.Requirement, Keyring{s.Approver, s.Generation}}] = true
	}
	t.print, t.err = printTarget(wanted.Access, wanted.Seats)
	return t
}

func printTarget(access []secret.Access, seats []secret.Seat) (envelope.Hash, error) {
	encoded, err := envelope.Encode(struct {
		Access []secret.Access `json:"access"`
		Seats  []secret.Seat   `json:"seats"`
	}{access, seats})
	return envelope.SumHash([]byte("stillvault/target/v1"), encoded), err
}

// follows says whether shares are what a target wants, so that there is nothing
// to share anew: they demand the same, and each of the target's people holds one.
func (s *Shares) follows(t *target) bool {
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
// those that hold the version's shares, so that they have to be shared anew.
func (a *Appraiser) Stale(path string, p *roster.Policy, s *Shares) bool {
	t := a.target(path, p)
	if t.err != nil {
		return !slices.Equal(s.Access, t.access)
	}
	return !s.follows(t)
}
