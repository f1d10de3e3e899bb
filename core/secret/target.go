package secret

import (
	"slices"

	"github.com/stillvault/stillvault/core/roster"
)

// Target is how the versions at a path are to be shared under the roster: the
// requirements of the policy in force, and its people, each counted once.
type Target struct {
	Policy *roster.Policy
	Access []Access
	Seats  []Seat
	people []*roster.Approver // in the order of Seats
}

// TargetFor returns the target for a path, from nothing but the roster:
// [roster.ErrNoPolicy], [roster.ErrUnmeetable] or [roster.ErrCoverage] where
// nothing could be written there either.
func TargetFor(r *roster.Roster, path string) (*Target, error) {
	policy, err := r.PolicyFor(path)
	if err != nil {
		return nil, err
	}
	assigned, err := r.Assign(policy)
	if err != nil {
		return nil, err
	}
	if err := policy.Covers(assigned); err != nil {
		return nil, err
	}
	t := &Target{Policy: policy, Access: accessOf(policy), people: slices.Concat(assigned...)}
	for q, people := range assigned {
		for i, a := range people {
			t.Seats = append(t.Seats, Seat{Requirement: uint32(q), X: uint32(i + 1), Approver: a.ID, Generation: a.Generation})
		}
	}
	return t, nil
}

// Follows says whether a version is shared as a target wants, so that nothing is to
// be re-shared: the same requirements, and everybody has a sealed share for theirs
// and for the keyring that they have now. Who has one besides is no reason: their
// wraps are deleted, and what they may have copied no re-share takes back.
func (v *Verified) Follows(t *Target) bool {
	return slices.Equal(v.Access, t.Access) && !slices.ContainsFunc(t.Seats, func(want Seat) bool {
		return !slices.ContainsFunc(v.Seats, func(have Seat) bool {
			return have.Requirement == want.Requirement && have.Approver == want.Approver &&
				have.Generation == want.Generation && v.sharing.hasWrap(have)
		})
	})
}
