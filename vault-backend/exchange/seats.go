package exchange

import (
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// bench finds out who may answer requests, under one roster. It remembers what
// policies come to, since many requests are usually under few of them.
type bench struct {
	roster   *roster.Roster
	now      time.Time
	policies map[*roster.Policy]bound
}

// bound is what a policy comes to: its hash, and who qualifies, by requirement.
type bound struct {
	hash     envelope.Hash
	eligible [][]*roster.Approver
}

// standing is how a request stands under a roster. err is why it cannot go on.
type standing struct {
	policy envelope.Hash
	seats  []seat
	err    error
}

func newBench(r *roster.Roster, now time.Time) *bench {
	return &bench{roster: r, now: now, policies: map[*roster.Policy]bound{}}
}

func (b *bench) bound(p *roster.Policy) (bound, error) {
	if known, ok := b.policies[p]; ok {
		return known, nil
	}
	hash, err := p.Hash()
	if err != nil {
		return bound{}, err
	}
	made := bound{hash, b.roster.Eligible(p)}
	b.policies[p] = made
	return made, nil
}

// stands holds a request against the roster, given how it stood before. It reads
// only what never changes in the request.
func (b *bench) stands(r *request, before standing) standing {
	if _, err := b.roster.Consumer(r.consumer); err != nil {
		return standing{err: err}
	}
	// No device shows a request for what a stolen key wrote.
	if author, err := b.roster.FormerConsumer(r.author); err != nil || author.Compromised {
		return standing{err: fmt.Errorf("author of version %d: %w", r.version, roster.ErrRevoked)}
	}
	p, err := b.roster.PolicyFor(r.path)
	if err != nil {
		return standing{err: err}
	}
	rules, err := b.bound(p)
	if err != nil {
		return standing{err: err}
	}
	if rules.hash != before.policy {
		if _, _, err := approval.ReadRequest(b.roster, r.signed, b.now); err != nil {
			return standing{err: err}
		}
		if !r.enforces(p) {
			return standing{err: secret.ErrStale}
		}
	}
	seats, err := b.seat(r, p, rules, before.seats)
	return standing{rules.hash, seats, err}
}

// seat finds who of the holders may answer, and whether they are enough.
func (b *bench) seat(r *request, p *roster.Policy, rules bound, before []seat) ([]seat, error) {
	seats := slices.Clone(before)
	may, selves := make([]uint32, len(r.access)), make([]uint32, len(r.access))
	for i := range seats {
		s := &seats[i]
		j := slices.IndexFunc(rules.eligible[s.requirement], func(a *roster.Approver) bool { return a.ID == s.approver })
		if s.may = j >= 0 && rules.eligible[s.requirement][j].Generation == s.generation; !s.may {
			continue
		}
		if rules.eligible[s.requirement][j].IsEntity(r.entity) && !p.SelfApproval {
			s.may = false
			selves[s.requirement]++
			continue
		}
		may[s.requirement]++
	}
	for i, a := range r.access {
		switch {
		case !r.counts(i), may[i] >= a.M:
		case may[i]+selves[i] >= a.M:
			return nil, tell(approval.ErrSelfApproval, "%q needs %d of %q, and without the requester there are %d", r.path, a.M, a.Name, may[i])
		default:
			return nil, tell(ErrApprovers, "%q needs %d of %q, and %d could answer", r.path, a.M, a.Name, may[i])
		}
	}
	return seats, nil
}
