package reshare

import (
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// job is what has to be shared anew under one policy. err is why nothing can be:
// distinct people cannot meet the policy, or too few.
type job struct {
	policy envelope.ID
	name   string
	hash   envelope.Hash // of the policy's text
	target *target
	items  map[Place]*item
	ask    *asked              // nil until it is signed
	done   int                 // versions shared anew for this target since the start
	dealt  map[envelope.ID]int // of those, by dealer
	counts map[envelope.ID]*count
}

// item is one version that has to be shared anew.
type item struct {
	header  envelope.Hash
	wrapSet envelope.Hash // that is dealt from
	next    uint32
	access  []secret.Access
	dealers []Holding // who can deal
}

// count says how many versions somebody is wanted for, and has dealt.
type count struct{ wanted, dealt int }

// plan brings the jobs up to date with the roster and the stock. Only what changed
// is looked at, unless the roster did. mu is held, under the roster's lock.
func (o *Office) plan(r *roster.Roster) {
	a := NewAppraiser(r)
	if o.planned && o.head == r.Head() {
		for path := range o.changed {
			o.look(a, path, o.cfg.Secrets.Of(path))
			delete(o.changed, path)
		}
		return
	}
	before := o.jobs
	o.jobs, o.under = map[envelope.ID]*job{}, map[string]envelope.ID{}
	clear(o.changed)
	o.cfg.Secrets.Each(func(path string, all []Stock) { o.look(a, path, all) })
	o.planned, o.head = true, r.Head()
	for id, j := range o.jobs {
		if old := before[id]; old != nil && old.target.print == j.target.print {
			j.done, j.dealt = old.done, old.dealt
		}
	}
}

// look finds what of a path has to be shared anew. mu is held.
func (o *Office) look(a *Appraiser, path string, all []Stock) {
	if policy, had := o.under[path]; had {
		delete(o.under, path)
		if j := o.jobs[policy]; j != nil {
			for at := range j.items {
				if at.Path == path {
					delete(j.items, at)
				}
			}
			j.counts = nil
		}
	}
	p := a.Policy(path)
	if p == nil {
		return
	}
	for _, v := range all {
		if !a.Stale(path, p, v.Shares) || a.Lost(v.Shares) {
			continue
		}
		j := o.jobOf(a, path, p)
		o.under[path] = p.ID
		j.counts = nil
		j.items[Place{path, v.Version}] = &item{
			header: v.Header, wrapSet: v.Shares.WrapSet, next: v.Shares.Next, access: v.Shares.Access, dealers: a.candidates(v.Shares),
		}
	}
}

func (o *Office) jobOf(a *Appraiser, path string, p *roster.Policy) *job {
	t := a.target(path, p)
	if j := o.jobs[p.ID]; j != nil {
		return j
	}
	hash, err := p.Hash()
	if err != nil && t.err == nil {
		t.err = err
	}
	j := &job{policy: p.ID, name: p.Name, hash: hash, target: t, items: map[Place]*item{}, dealt: map[envelope.ID]int{}}
	for _, q := range o.asked {
		if q.fits(j) {
			j.ask = q
		}
	}
	o.jobs[p.ID] = j
	return j
}

// candidates returns the holders who can deal.
func (a *Appraiser) candidates(s *Shares) []Holding {
	var all []Holding
	for _, h := range s.Holders {
		if !h.Gone && a.inForce(h) && !slices.Contains(s.Liars, h.Approver) {
			all = append(all, h)
		}
	}
	return all
}

// wanted returns who is still to deal a version, given who has. The break-glass
// people are asked only where the others cannot.
func (i *item) wanted(dealt map[envelope.ID]bool) []Holding {
	could := counted(i.access, i.dealers, func(Holding) bool { return true })
	have := counted(i.access, i.dealers, func(h Holding) bool { return dealt[h.Approver] })
	glass := false
	for q, a := range i.access {
		glass = glass || !a.BreakGlass && could[q] < a.M
	}
	var all []Holding
	for _, h := range i.dealers {
		a := i.access[h.Requirement]
		if !dealt[h.Approver] && a.BreakGlass == glass && have[h.Requirement] < a.M && could[h.Requirement] >= a.M {
			all = append(all, h)
		}
	}
	return all
}

// dealtBy returns who has dealt a version for the job's target, with a deal that
// waits for others. mu is held.
func (o *Office) dealtBy(j *job, at Place, i *item) map[envelope.ID]bool {
	dealt := map[envelope.ID]bool{}
	for _, d := range o.waiting[at] {
		if d.serves(j, i) {
			dealt[d.Approver] = true
		}
	}
	return dealt
}

// countsOf returns what everybody is wanted for. mu is held.
func (o *Office) countsOf(j *job) map[envelope.ID]*count {
	if j.counts != nil {
		return j.counts
	}
	j.counts = map[envelope.ID]*count{}
	of := func(id envelope.ID) *count {
		if j.counts[id] == nil {
			j.counts[id] = &count{dealt: j.dealt[id]}
		}
		return j.counts[id]
	}
	for at, i := range j.items {
		dealt := o.dealtBy(j, at, i)
		for id := range dealt {
			of(id).dealt++
		}
		for _, h := range i.wanted(dealt) {
			of(h.Approver).wanted++
		}
	}
	return j.counts
}
