package backend

import (
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

// standing is how a stored version stands under today's roster.
type standing struct {
	Policy   *roster.Policy // nil if no policy covers the path now
	Coverage []roster.Coverage
	// Covered says that the version can be released, and could be after losing
	// as many people as the policy demands.
	Covered bool
	// Lost says that fewer people hold a share than the version's own quorum
	// wants: nobody can open it, and nobody can share it anew.
	Lost bool
	// OneDevice says that losing one single device would lose a requirement.
	OneDevice bool
	// Stale says that today's policy asks for other requirements or other
	// people than those whom the version is shared among: it waits for a
	// re-share, which changes neither payload nor header.
	Stale bool
	// Exposed says that somebody held a share who is not among the policy's
	// people any more, or a share for a keyring that was replaced. They may have
	// kept a copy: the version stays exposed until the secret is written again,
	// and what it protects should be changed.
	Exposed bool
	// Disbelieved says that the author's key is known to be compromised: every
	// reader refuses the version, so write the secret again as another author.
	Disbelieved bool
}

// standing compares the people who hold a version's shares with those whom the
// policy names today.
func (v *versionRecord) standing(a *reshare.Appraiser, path string) standing {
	s := standing{
		Policy: a.Policy(path), Disbelieved: v.disbelieved(a.Roster()), Exposed: a.Exposed(path, &v.Shares),
		Lost: a.Lost(&v.Shares), OneDevice: a.OneDevice(&v.Shares), Stale: true,
	}
	if s.Policy == nil {
		return s
	}
	s.Stale = a.Stale(path, s.Policy, &v.Shares)
	s.Coverage, s.Covered = a.Coverage(s.Policy, &v.Shares), true
	for _, c := range s.Coverage {
		s.Covered = s.Covered && c.Meets(s.Policy.MinimumCoverage)
	}
	return s
}

// disbelieved says whether nothing that the version's author signed counts any
// more.
func (v *versionRecord) disbelieved(r *roster.Roster) bool {
	author, err := r.FormerConsumer(v.Author)
	return err == nil && author.Compromised
}
