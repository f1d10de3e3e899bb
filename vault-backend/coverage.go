package backend

import (
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// standing is how a stored version stands under today's roster.
type standing struct {
	Policy   *roster.Policy // nil if no policy covers the path now
	Coverage []roster.Coverage
	// Covered says that the version can be released, and could be after losing
	// as many people as the policy demands.
	Covered bool
	// Stale says that today's policy asks for other requirements or other
	// people than those the version is sealed to: write it again.
	Stale bool
	// Exposed says that somebody held a share who is not among the policy's
	// people any more, or a share for a keyring that was replaced. Their wrap is
	// deleted (wraps.go), but they may have kept a copy: the version stays
	// exposed until the secret is written again, and what it protects should be
	// changed.
	Exposed bool
	// Disbelieved says that the author's key is known to be compromised: every
	// reader refuses the version, so write the secret again as another author.
	Disbelieved bool
}

// standing compares the people who hold a version's shares with those whom the
// policy names today.
func (v *versionRecord) standing(r *roster.Roster, path string) standing {
	s := standing{Disbelieved: v.disbelieved(r)}
	policy, err := r.PolicyFor(path)
	if err != nil {
		s.Stale, s.Exposed = true, v.exposed(newDoorman(r), nil)
		return s
	}
	s.Policy, s.Covered = policy, true
	eligible := r.Eligible(policy)
	effective := v.effective(eligible)
	s.Exposed = v.exposed(newDoorman(r), policy)
	s.Stale = !v.enforces(policy) || missesPeople(eligible, v.Holders)
	assigned := make([][]*roster.Approver, len(policy.Requirements))
	if v.enforces(policy) {
		for _, h := range v.Holders {
			if a := effective[h.Approver]; a != nil {
				assigned[h.Requirement] = append(assigned[h.Requirement], a)
			}
		}
	}
	s.Coverage = policy.Coverage(assigned)
	for _, c := range s.Coverage {
		s.Covered = s.Covered && c.Meets(policy.MinimumCoverage)
	}
	return s
}

// exposed says whether somebody holds or held a share who has no say any more.
func (v *versionRecord) exposed(d doorman, p *roster.Policy) bool {
	return slices.ContainsFunc(v.Holders, func(h holding) bool { return h.Gone || !d.stays(p, h) })
}

// disbelieved says whether nothing that the version's author signed counts any
// more.
func (v *versionRecord) disbelieved(r *roster.Roster) bool {
	author, err := r.FormerConsumer(v.Author)
	return err == nil && author.Compromised
}

// effective returns the holders who qualify today for the requirement that
// their share is for, with the keyring that it is sealed to.
func (v *versionRecord) effective(eligible [][]*roster.Approver) map[envelope.ID]*roster.Approver {
	effective := map[envelope.ID]*roster.Approver{}
	for _, h := range v.Holders {
		if h.Gone || int(h.Requirement) >= len(eligible) {
			continue
		}
		for _, a := range eligible[h.Requirement] {
			if a.ID == h.Approver && a.Generation == h.Generation {
				effective[a.ID] = a
			}
		}
	}
	return effective
}

// enforces says whether the version's shares demand what the policy does.
func (v *versionRecord) enforces(p *roster.Policy) bool {
	if len(v.Access) != len(p.Requirements) {
		return false
	}
	for i, q := range p.Requirements {
		if v.Access[i].Name != q.Name || v.Access[i].M != q.M {
			return false
		}
	}
	return true
}

// missesPeople says whether somebody whom the policy names holds no share.
func missesPeople(eligible [][]*roster.Approver, holders []holding) bool {
	for _, people := range eligible {
		for _, a := range people {
			if !slices.ContainsFunc(holders, func(h holding) bool { return !h.Gone && h.Approver == a.ID && h.Generation == a.Generation }) {
				return true
			}
		}
	}
	return false
}
