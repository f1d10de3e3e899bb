package reshare

import (
	"slices"
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Forecast is what another roster would have people share anew: how many versions,
// under which policies, and who would be asked to deal. Pending are the versions that
// wait for that already, whatever comes. Unmeetable names the policies under which
// nothing could be shared anew or written any more.
type Forecast struct {
	Versions   int
	Pending    int
	Policies   []string
	People     []Person
	Unmeetable []string
}

// forecaster holds stock against the roster that is and the one that would be.
type forecaster struct {
	now, then  *Appraiser
	of         Forecast
	people     map[envelope.ID]int
	policies   map[string]bool
	unmeetable map[string]bool
}

// Foretell holds stock, as [Secrets.Each] gives it, against the roster that is and
// the one that would be. Of paths that the difference does not touch it only looks
// whether they wait already.
func Foretell(now, then *Appraiser, each func(func(path string, all []Stock)), touches func(path string) bool) Forecast {
	f := &forecaster{now: now, then: then, people: map[envelope.ID]int{}, policies: map[string]bool{}, unmeetable: map[string]bool{}}
	each(func(path string, all []Stock) {
		touched := touches(path)
		for _, v := range all {
			f.version(path, v.Shares, touched)
		}
	})
	for id, n := range f.people {
		f.of.People = append(f.of.People, Person{id, nameOf(then.roster, id), n})
	}
	slices.SortFunc(f.of.People, func(a, b Person) int { return strings.Compare(a.Name, b.Name) })
	f.of.Policies, f.of.Unmeetable = namesIn(f.policies), namesIn(f.unmeetable)
	return f.of
}

func namesIn(set map[string]bool) []string {
	names := []string{}
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (f *forecaster) version(path string, s *Shares, touched bool) {
	was := f.now.Policy(path)
	pending := was != nil && f.now.Stale(path, was, s)
	if pending {
		f.of.Pending++
	}
	p := f.then.Policy(path)
	if !touched || p == nil {
		return
	}
	t := f.then.target(path, p)
	if t.err != nil && (was == nil || f.now.target(path, was).err == nil) {
		f.unmeetable[p.Name] = true
	}
	if !f.then.Stale(path, p, s) || f.then.Lost(s) || pending && sameTarget(f.now, was, t, path) {
		return
	}
	f.of.Versions++
	f.policies[p.Name] = true
	left := s.Clone()
	f.then.Leaving(path, &left)
	i := item{access: left.Access, dealers: f.then.candidates(&left)}
	for _, h := range i.wanted(nil) {
		f.people[h.Approver]++
	}
}

func sameTarget(now *Appraiser, was *roster.Policy, then *target, path string) bool {
	t := now.target(path, was)
	return t.err == nil && then.err == nil && t.print == then.print
}
