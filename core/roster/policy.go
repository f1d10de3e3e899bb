package roster

import (
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// Requirement is "m of these": that many distinct people among the principals.
type Requirement struct {
	Name       string      `json:"name"`
	Principals []Principal `json:"principals"`
	M          uint32      `json:"m"`
}

// Policy is the body of [KindPolicySet] and a policy as the roster knows it: who
// may release what lies under a path pattern, and to what. All requirements
// must be met, or break-glass alone. Setting an id again replaces the policy.
type Policy struct {
	ID           envelope.ID   `json:"id"`
	Name         string        `json:"name"`
	Pattern      string        `json:"pattern"`
	Requirements []Requirement `json:"requirements"`
	// Authors and Consumers are ids of consumers: which may write, and which
	// may receive. A mount is among them only where it is named.
	Authors   []envelope.ID `json:"authors"`
	Consumers []envelope.ID `json:"consumers"`
	// RefusedFactors excludes people whose keyring can be opened by one of
	// these: any one factor opens it, so it is as strong as the weakest.
	RefusedFactors []keyring.FactorKind `json:"refused_factors"`
	LeaseTTL       uint32               `json:"lease_ttl"`   // seconds that a release holds, from approval
	LeaseMax       uint32               `json:"lease_max"`   // seconds, the most that a requester may ask for
	RequestTTL     uint32               `json:"request_ttl"` // seconds that a request may wait for its people
	SelfApproval   bool                 `json:"self_approval"`
	// MinimumCoverage is how many people a requirement may lose and still be
	// met, unless everyone in it has a recovery factor.
	MinimumCoverage uint32 `json:"minimum_coverage"`
	MatchCode       bool   `json:"match_code"`    // the approver must type it
	ConsentFirst    bool   `json:"consent_first"` // shares only after m consents
	// BreakGlass, where there is one, opens on its own what the requirements
	// open together: at least two people, each with a recovery factor, so that
	// they can act when every device is lost. RefusedFactors do not apply to it.
	BreakGlass *Requirement `json:"break_glass"`
}

// Defaults of a policy's times, for whoever composes one.
const (
	DefaultLeaseTTL        = 15 * time.Minute
	DefaultLeaseMax        = time.Hour
	DefaultRequestTTL      = 5 * time.Minute
	DefaultMinimumCoverage = 1
)

// Limits of a policy's times and of its size, for whoever composes one.
const (
	MaxRequestTTL   = 24 * time.Hour
	MaxLease        = 30 * 24 * time.Hour
	MaxRequirements = 16
	MinBreakGlass   = 2 // people: it is no way for one person around the others
)

// Hash identifies the exact text of the policy.
func (p *Policy) Hash() (envelope.Hash, error) {
	encoded, err := envelope.Encode(p)
	if err != nil {
		return envelope.Hash{}, err
	}
	return envelope.SumHash([]byte("stillvault/policy/v1"), encoded), nil
}

// All returns the requirements and, where the policy has one, break-glass after
// them. The slice is the caller's. Eligible, Assign and Coverage count by it.
func (p *Policy) All() []Requirement {
	all := slices.Clone(p.Requirements)
	if p.BreakGlass != nil {
		all = append(all, *p.BreakGlass)
	}
	return all
}

// AnyOf says whether one person alone suffices: then the approver opens the
// secret and releases its payload; otherwise everyone releases a share. It goes
// by the requirements alone: break-glass is never any-of.
func (p *Policy) AnyOf() bool { return len(p.Requirements) == 1 && p.Requirements[0].M == 1 }

func applyPolicySet(r *Roster, st Statement, b Policy) error {
	if err := checkNew(b.ID, b.Name, false); err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return err
	}
	if err := r.policies.checkDistinct(&b); err != nil {
		return err
	}
	for _, q := range b.All() {
		if err := r.checkPrincipals(q.Principals); err != nil {
			return err
		}
	}
	if err := r.checkBreakGlass(&b); err != nil {
		return err
	}
	for _, id := range slices.Concat(b.Authors, b.Consumers) {
		if _, err := r.Consumer(id); err != nil {
			return err
		}
	}
	if _, err := r.Assign(&b); err != nil {
		return err
	}
	r.policies.end(b.ID, st.Seq)
	r.policies.begin(&b, st.Seq)
	return nil
}

func applyPolicyDelete(r *Roster, st Statement, b Removal) error {
	if _, err := r.Policy(b.ID); err != nil {
		return err
	}
	r.policies.end(b.ID, st.Seq)
	return nil
}

// checkBreakGlass refuses a break-glass requirement that names somebody without
// a recovery factor. Who comes into one of its groups later without one does not
// count ([Roster.Eligible]): that must not stop a group from being changed.
func (r *Roster) checkBreakGlass(b *Policy) error {
	if b.BreakGlass == nil {
		return nil
	}
	for _, a := range r.people(b.BreakGlass.Principals) {
		if !a.Recovery {
			return fmt.Errorf("break-glass %q: approver %q has no recovery factor; have them enrol one, or name others: %w", b.BreakGlass.Name, a.Name, ErrStatement)
		}
	}
	return nil
}

// check refuses what no roster could make meaningful.
func (p *Policy) check() error {
	if err := CheckPattern(p.Pattern); err != nil {
		return err
	}
	if n := len(p.Requirements); n == 0 || n > MaxRequirements {
		return fmt.Errorf("%d requirements, want 1 to %d: %w", n, MaxRequirements, ErrStatement)
	}
	all := p.All()
	for i, q := range all {
		if err := CheckName(q.Name); err != nil {
			return err
		}
		if q.M == 0 || len(q.Principals) == 0 || len(q.Principals) > maxMembers {
			return fmt.Errorf("requirement %q needs principals and an m of at least 1: %w", q.Name, ErrStatement)
		}
		if slices.ContainsFunc(all[:i], func(o Requirement) bool { return o.Name == q.Name }) {
			return fmt.Errorf("requirement %q stands twice: %w", q.Name, ErrStatement)
		}
	}
	if q := p.BreakGlass; q != nil && q.M < MinBreakGlass {
		return fmt.Errorf("break-glass %q needs at least %d people: %w", q.Name, MinBreakGlass, ErrStatement)
	}
	for _, ids := range [][]envelope.ID{p.Authors, p.Consumers} {
		if id, twice := repeated(ids); twice {
			return fmt.Errorf("consumer %s is named twice: %w", id, ErrStatement)
		}
	}
	if p.RequestTTL == 0 || p.RequestTTL > uint32(MaxRequestTTL/time.Second) || p.LeaseTTL == 0 || p.LeaseTTL > p.LeaseMax || p.LeaseMax > uint32(MaxLease/time.Second) {
		return fmt.Errorf("request ttl must be 1 s to 24 h, lease ttl at most the lease maximum, that at most 30 days: %w", ErrStatement)
	}
	return checkFactors(p.RefusedFactors)
}
