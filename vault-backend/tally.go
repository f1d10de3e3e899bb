package backend

import (
	"slices"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

// maxNamed is how many paths status names of each kind.
const maxNamed = 100

// statusKind is one thing that may be wrong with a secret: the field in which
// status names such secrets, and what it says about them. Of kinds that writing
// the secret again cures, older versions do not count.
type statusKind struct {
	field   string
	older   bool
	is      func(*versionRecord, standing) bool
	problem string
}

var statusKinds = []statusKind{
	{"lost", true, func(_ *versionRecord, s standing) bool { return s.Lost },
		"of some secrets fewer people hold a share than their quorum wants, so nobody can open them: write them again, and destroy the versions that are lost"},
	{"one_device", true, func(_ *versionRecord, s standing) bool { return s.OneDevice && !s.Lost },
		"some secrets rest on one device: have its owner set up a recovery key or a second device, or admit more approvers"},
	{"uncovered", true, func(_ *versionRecord, s standing) bool { return !s.Covered },
		"some secrets would be lost with too few people: admit more approvers, and have the secrets shared anew"},
	{"stale", true, func(_ *versionRecord, s standing) bool { return s.Stale },
		"some secrets are shared among others than their policy names now: their approvers are asked to share them anew; reshares/ shows how far that is. Deleted versions that rest on an earlier keyring are among them: undelete or destroy those"},
	{"exposed", false, func(_ *versionRecord, s standing) bool { return s.Exposed },
		"of some secrets somebody outside the policy holds a share: change the credentials and write them again"},
	{"disbelieved", false, func(_ *versionRecord, s standing) bool { return s.Disbelieved },
		"some secrets were written with a key that is compromised, and every reader refuses them: write them again from an allowed author"},
	{"rotate", false, func(v *versionRecord, _ standing) bool { return v.Rotate },
		"break-glass was used for some secrets: change the credentials and write them again"},
}

// tally goes through secrets and remembers which of them have something wrong.
type tally struct {
	appraiser *reshare.Appraiser
	secrets   int
	named     map[string]*concerned // by status field
}

// concerned are the paths of secrets with one thing wrong, apart where only older
// versions are concerned.
type concerned struct{ latest, older []string }

func newTally(r *roster.Roster) *tally {
	t := &tally{appraiser: reshare.NewAppraiser(r), named: map[string]*concerned{}}
	for _, kind := range statusKinds {
		t.named[kind.field] = &concerned{}
	}
	return t
}

// count adds a secret.
func (t *tally) count(path string, s *stock) {
	t.secrets++
	wrong := map[string]bool{}
	s.readable(func(v *versionRecord, latest bool) {
		now := v.standing(t.appraiser, path)
		for _, kind := range statusKinds {
			if wrong[kind.field] || !latest && !kind.older || !kind.is(v, now) {
				continue
			}
			wrong[kind.field] = true
			if named := t.named[kind.field]; latest {
				named.latest = append(named.latest, path)
			} else {
				named.older = append(named.older, path)
			}
		}
	})
	for i := range s.versions {
		// Nobody is asked to share it anew while it is deleted, and yet it can be
		// undeleted: who looks here before they wipe their earlier keyring has to see it.
		if v := &s.versions[i]; v.readable() != nil && !wrong["stale"] && t.appraiser.OnFormerKeyring(&v.Shares) {
			wrong["stale"] = true
			t.named["stale"].older = append(t.named["stale"].older, path)
		}
	}
}

// all returns the paths, those whose latest version is concerned first.
func (c *concerned) all() []string {
	slices.Sort(c.latest)
	slices.Sort(c.older)
	return append(append([]string{}, c.latest...), c.older...)
}

// firstOf returns the first paths.
func firstOf(paths []string) []string {
	return append([]string{}, paths[:min(len(paths), maxNamed)]...)
}
