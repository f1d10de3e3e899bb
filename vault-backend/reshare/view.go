package reshare

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Person is somebody who takes part in a re-share, and in how many versions.
type Person struct {
	ID       envelope.ID
	Name     string
	Versions int
}

// View is a re-share for people to read. From and To are what the shares demand, now
// and then. Done counts the versions shared anew since the mount started, Waiting
// those that still have to be. Of those that were shared anew and still keep the
// shares from before, Unproven has the number, and Proven and Shares say how many of
// the new shares have opened a version. Stuck are versions for which too few people
// can deal. Suspected are dealers who are said to have lied, which people have to look
// into. Cause is why nothing can be shared anew at all, nil otherwise.
type View struct {
	Policy   envelope.ID
	Name     string
	Pattern  string
	Request  envelope.ID // zero while none is signed
	Created  time.Time
	From     []string
	To       string
	People   []string // names of those who hold shares then
	Done     int
	Waiting  int
	Paths    []string
	Stuck    []string
	Dealt    []Person
	Missing  []Person
	Unproven int
	Proven   int
	Shares   int
	Cause    error

	Suspected []Suspicion
}

// Suspicion is that somebody lied when they dealt a version into an epoch. ByHost says
// that only a host said so; otherwise the mount found it out, and could not take back
// what they dealt.
type Suspicion struct {
	Place
	Suspect
	Name string
}

// Views returns every policy under which something has to be shared anew, or was and
// is not proven yet, or somebody is suspected of having lied, by name.
func (o *Office) Views(ctx context.Context) ([]View, error) {
	if err := o.Settle(ctx); err != nil {
		return nil, err
	}
	all := map[envelope.ID]*View{}
	err := o.cfg.Roster(func(r *roster.Roster) error {
		a := NewAppraiser(r)
		of := func(p *roster.Policy) *View {
			if all[p.ID] == nil {
				all[p.ID] = &View{Policy: p.ID, Name: p.Name, Pattern: p.Pattern, To: describe(accessOf(p))}
			}
			return all[p.ID]
		}
		o.cfg.Secrets.Each(func(path string, stock []Stock) {
			for _, v := range stock {
				p := a.Policy(path)
				if p != nil && v.Shares.HoldsFormer() {
					of(p).addUnproven(v.Shares)
				}
				if p != nil && len(v.Shares.Suspects) > 0 {
					of(p).addSuspects(r, Place{path, v.Version}, v.Shares.Suspects)
				}
			}
		})
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, j := range o.sorted() {
			if p, err := r.Policy(j.policy); err == nil {
				o.describe(r, of(p), j)
			}
		}
		return nil
	})
	views := make([]View, 0, len(all))
	for _, v := range all {
		views = append(views, *v)
	}
	slices.SortFunc(views, func(a, b View) int { return strings.Compare(a.Name, b.Name) })
	return views, err
}

func (v *View) addUnproven(s *Shares) {
	proven, of := s.Proven()
	v.Unproven++
	v.Proven += proven
	v.Shares += of
}

func (v *View) addSuspects(r *roster.Roster, at Place, all []Suspect) {
	for _, p := range all {
		v.Suspected = append(v.Suspected, Suspicion{at, p, nameOf(r, p.Approver)})
	}
	slices.SortStableFunc(v.Suspected, func(a, b Suspicion) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Place.Version, b.Place.Version))
	})
}

// describe fills in a view of a job. mu is held, under the roster's lock.
func (o *Office) describe(r *roster.Roster, v *View, j *job) {
	v.Done, v.Waiting, v.Cause = j.done, len(j.items), j.target.err
	if v.Cause == nil && j.ask == nil {
		v.Cause = o.mute
	}
	if j.ask != nil {
		if q, err := envelope.Peek[approval.ReshareRequest](j.ask.Request, envelope.TypeReshare); err == nil {
			v.Request, v.Created = q.ID, q.Created.Time()
		}
	}
	for s := range j.target.seats {
		v.People = append(v.People, nameOf(r, s.keyring.Approver))
	}
	for at, i := range j.items {
		v.Paths = append(v.Paths, at.Path)
		v.From = append(v.From, describe(i.access))
		if len(i.wanted(o.dealtBy(j, at, i))) == 0 {
			v.Stuck = append(v.Stuck, at.Path)
		}
	}
	for id, c := range o.countsOf(j) {
		if c.dealt > 0 {
			v.Dealt = append(v.Dealt, Person{id, nameOf(r, id), c.dealt})
		}
		if c.wanted > 0 {
			v.Missing = append(v.Missing, Person{id, nameOf(r, id), c.wanted})
		}
	}
	for _, names := range []*[]string{&v.People, &v.Paths, &v.From, &v.Stuck} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	for _, people := range [][]Person{v.Dealt, v.Missing} {
		slices.SortFunc(people, func(a, b Person) int { return strings.Compare(a.Name, b.Name) })
	}
}

// describe says in words what shares demand: "2 of ops and 1 of security, or 2 of
// directors to break the glass".
func describe(access []secret.Access) string {
	var text strings.Builder
	for i, a := range access {
		switch {
		case a.BreakGlass:
			text.WriteString(", or ")
		case i > 0:
			text.WriteString(" and ")
		}
		fmt.Fprintf(&text, "%d of %s", a.M, a.Name)
		if a.BreakGlass {
			text.WriteString(" to break the glass")
		}
	}
	return text.String()
}

func nameOf(r *roster.Roster, id envelope.ID) string {
	if a, err := r.FormerApprover(id); err == nil {
		return a.Name
	}
	return id.String()
}
