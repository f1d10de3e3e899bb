package backend

import (
	"slices"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

// previewed are the kinds of which a preview names the secrets, by status field.
var previewed = []string{"lost", "one_device", "uncovered", "exposed", "disbelieved"}

// foreseen are what a preview says of secrets besides, for which status has no field.
var foreseen = []string{"unruled", "deserted", "unproven"}

// touch says which secrets a kind of statement can change something for.
type touch int

const (
	touchesAll   touch = iota
	touchesMoved       // those that another policy covers, or another revision of it
	touchesNone
)

// touching are the kinds whose touch is known to be less than all. Whoever is admitted
// is in no group and policy yet, and what somebody is called decides nothing.
var touching = map[roster.Kind]touch{
	roster.KindPolicySet: touchesMoved, roster.KindPolicyDelete: touchesMoved,
	roster.KindApproverAdmit: touchesNone, roster.KindApproverSet: touchesNone,
	roster.KindConsumerAdmit: touchesNone, roster.KindConsumerSet: touchesNone,
	roster.KindOrgRotate: touchesNone, roster.KindCheckpoint: touchesNone, roster.KindReceiptsCheckpoint: touchesNone,
}

// comparison holds secrets against the roster that is and the one that statements
// would make.
type comparison struct {
	touch         touch
	before, after *reshare.Appraiser
}

// widest is what statements of some kinds can change together.
func widest(kinds []roster.Kind) touch {
	t := touchesNone
	for _, kind := range kinds {
		t = min(t, touching[kind])
	}
	return t
}

// touches says whether the statements can make a difference to what lies at a path.
// A preview shares the policies that stay, so that the same one is the same pointer.
func (c *comparison) touches(path string) bool {
	switch c.touch {
	case touchesNone:
		return false
	case touchesMoved:
		return c.before.Policy(path) != c.after.Policy(path)
	default:
		return true
	}
}

// compare says what the secrets would lose under another roster. Each version is
// compared with itself: that an old one is lost already must not hide the loss of
// another.
func (b *broker) compare(kinds []roster.Kind, now, then *roster.Roster) map[string]any {
	c := &comparison{widest(kinds), reshare.NewAppraiser(now), reshare.NewAppraiser(then)}
	named := map[string][]string{}
	for _, field := range slices.Concat(previewed, foreseen) {
		named[field] = []string{}
	}
	b.index.each(func(path string, s *stock) {
		if !c.touches(path) {
			return
		}
		for field := range c.losses(path, s) {
			named[field] = append(named[field], path)
		}
	})
	shown := map[string]any{}
	for field, paths := range named {
		slices.Sort(paths)
		shown[field] = paths
	}
	f := reshare.Foretell(c.before, c.after, stocked{b}.Each, c.touches)
	shown["reshare"], shown["policies"], shown["by"] = f.Versions, f.Policies, peopleView(f.People)
	shown["pending"], shown["unmeetable"] = f.Pending, f.Unmeetable
	return shown
}

// losses returns what is wrong with some version after, and is not before. Of those
// that are deleted and could be undeleted, it looks at what no undeletion would cure.
func (c *comparison) losses(path string, s *stock) map[string]bool {
	found := map[string]bool{}
	was, will := c.before.Policy(path), c.after.Policy(path)
	switch {
	case len(s.versions) == 0 || was == nil:
	case will == nil:
		// Only a policy's own statements do that: they change nothing about people.
		found["unruled"] = true
		return found
	case received(c.before.Roster(), was) && !received(c.after.Roster(), will):
		found["deserted"] = true
	}
	s.readable(func(v *versionRecord, latest bool) { c.version(path, v, latest, found) })
	for i := range s.versions {
		if v := &s.versions[i]; v.readable() != nil && c.after.Lost(&v.Shares) && !c.before.Lost(&v.Shares) {
			found["lost"] = true
		}
	}
	return found
}

// version adds what is wrong with a version that can be read.
func (c *comparison) version(path string, v *versionRecord, latest bool, found map[string]bool) {
	was, will := v.standing(c.before, path), v.standing(c.after, path)
	for _, kind := range statusKinds {
		if (latest || kind.older) && slices.Contains(previewed, kind.field) && kind.is(v, will) && !kind.is(v, was) {
			found[kind.field] = true
		}
	}
	// That its break-glass people are left does not make up for the others, also
	// where it waits for a re-share and is uncovered for that reason already.
	if c.before.Ordinary(&v.Shares) && !c.after.Ordinary(&v.Shares) && !found["lost"] {
		found["uncovered"] = true
	}
	if c.after.Unguarded(&v.Shares) && !c.before.Unguarded(&v.Shares) {
		found["unproven"] = true
	}
}

// received says whether any of the consumers that a policy names is in force.
func received(r *roster.Roster, p *roster.Policy) bool {
	for _, id := range p.Consumers {
		if _, err := r.Consumer(id); err == nil {
			return true
		}
	}
	return false
}
