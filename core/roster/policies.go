package roster

import (
	"fmt"
	"math"

	"github.com/stillvault/stillvault/core/envelope"
)

// policyRecord is one revision of a policy and the statements between which it
// was in force; until is 0 while it is.
type policyRecord struct {
	policy      *Policy
	from, until uint64
}

// policySet is all policies, by what they are looked up with: those in force by
// id and name, and all that ever were by pattern. A roster may hold ten thousand
// of them, so nothing that is done with one walks over the others.
type policySet struct {
	current  map[envelope.ID]*policyRecord
	named    map[string]*policyRecord
	patterns *patternNode
}

// today is later than every statement.
const today = math.MaxUint64

func newPolicySet() policySet {
	return policySet{current: map[envelope.ID]*policyRecord{}, named: map[string]*policyRecord{}, patterns: new(patternNode)}
}

// clone returns a set that can change without changing this one. Policies are
// shared, as are the records of those that ended: nothing changes them.
func (s policySet) clone() policySet {
	c := policySet{
		current: make(map[envelope.ID]*policyRecord, len(s.current)),
		named:   make(map[string]*policyRecord, len(s.named)),
	}
	c.patterns = s.patterns.clone(c.add)
	return c
}

func (s policySet) add(rec *policyRecord) {
	s.current[rec.policy.ID], s.named[rec.policy.Name] = rec, rec
}

// begin puts a policy in force; no other has its id, name or pattern.
func (s policySet) begin(p *Policy, seq uint64) {
	rec := &policyRecord{policy: p, from: seq}
	s.add(rec)
	s.patterns.put(rec)
}

// end takes a policy out of force, where it is.
func (s policySet) end(id envelope.ID, seq uint64) {
	if rec := s.current[id]; rec != nil {
		rec.until = seq
		delete(s.current, id)
		delete(s.named, rec.policy.Name)
	}
}

// checkDistinct refuses a name or pattern that another policy has: of two equal
// patterns neither is the more specific.
func (s policySet) checkDistinct(b *Policy) error {
	for _, rec := range []*policyRecord{s.named[b.Name], s.patterns.exactly(b.Pattern)} {
		if rec != nil && rec.policy.ID != b.ID {
			return fmt.Errorf("policy %q has this name or pattern: %w", rec.policy.Name, ErrStatement)
		}
	}
	return nil
}

// Policy returns a policy in force by id.
func (r *Roster) Policy(id envelope.ID) (*Policy, error) {
	if rec := r.policies.current[id]; rec != nil {
		return rec.policy, nil
	}
	return nil, fmt.Errorf("policy %s: %w", id, ErrUnknown)
}

// PolicyFor returns the policy in force for a secret's path, the most specific
// one; [ErrNoPolicy] if none covers it.
func (r *Roster) PolicyFor(path string) (*Policy, error) {
	if err := CheckPath(path); err != nil {
		return nil, err
	}
	if p := r.policies.patterns.find(path, today); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%q: %w", path, ErrNoPolicy)
}

// PolicyAt returns the policy that was in force for a path at a head, to check
// what an author sealed then.
func (r *Roster) PolicyAt(path string, at Head) (*Policy, error) {
	if err := CheckPath(path); err != nil {
		return nil, err
	}
	if p := r.policies.patterns.find(path, at.Seq); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%q at statement %d: %w", path, at.Seq, ErrNoPolicy)
}

// Policies returns the policies in force, by name.
func (r *Roster) Policies() []*Policy {
	all := make(map[envelope.ID]*Policy, len(r.policies.current))
	for id, rec := range r.policies.current {
		all[id] = rec.policy
	}
	return inForce(all, func(*Policy) bool { return true }, func(p *Policy) string { return p.Name })
}

// PolicyNamed returns the policy in force that has a name.
func (r *Roster) PolicyNamed(name string) (*Policy, error) {
	if rec := r.policies.named[name]; rec != nil {
		return rec.policy, nil
	}
	return nil, fmt.Errorf("policy %.80q: %w", name, ErrUnknown)
}

// PolicyExactly returns the policy in force that has this very pattern.
func (r *Roster) PolicyExactly(pattern string) (*Policy, error) {
	if rec := r.policies.patterns.exactly(pattern); rec != nil {
		return rec.policy, nil
	}
	return nil, fmt.Errorf("policy of pattern %.80q: %w", pattern, ErrUnknown)
}
