package reshare

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// asked is a request for a re-share, stored at request/<hash>. It is kept for a while
// after another took its place, so that a device that answers late still has its
// receipt on record.
type asked struct {
	Policy  envelope.ID     `json:"policy"`
	Hash    envelope.Hash   `json:"hash"`  // of the policy's text
	Print   envelope.Hash   `json:"print"` // of the target
	Request envelope.Signed `json:"request"`
}

// keepAsked is how long a request is kept that nobody is asked any more.
const keepAsked = 30 * 24 * time.Hour

const requestFolder = "request/"

func (q *asked) entry() string { return requestFolder + q.Request.Hash().String() }

// fits says whether a request asks for what a job wants.
func (q *asked) fits(j *job) bool {
	return q.Policy == j.policy && q.Hash == j.hash && q.Print == j.target.print
}

// Settle brings everything up to date: what has to be shared anew, the requests for
// it, and the deals in waiting, of which those that serve nothing any more are
// deleted. Call it without locks after the roster changed, and now and then.
func (o *Office) Settle(ctx context.Context) error {
	o.settling.Lock()
	defer o.settling.Unlock()
	return o.settle(ctx)
}

func (o *Office) settle(ctx context.Context) error {
	if err := o.cfg.Secrets.Load(ctx); err != nil {
		return err
	}
	if err := o.restore(ctx); err != nil {
		return err
	}
	var unasked []*job
	var idle []string
	err := o.cfg.Roster(func(r *roster.Roster) error {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.plan(r)
		for _, j := range o.jobs {
			if j.ask == nil && j.target.err == nil && len(j.items) > 0 {
				unasked = append(unasked, j)
			}
		}
		idle = o.idleDeals()
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range idle {
		if err := o.cfg.Store.Delete(ctx, name); err != nil {
			return fmt.Errorf("delete a deal that serves nothing any more: %w", err)
		}
	}
	return o.askAll(ctx, unasked)
}

// askAll signs and stores requests and tells the people.
func (o *Office) askAll(ctx context.Context, jobs []*job) error {
	if len(jobs) == 0 {
		return nil
	}
	me, signer, err := o.cfg.Consumer()
	o.mu.Lock()
	o.mute = err
	o.mu.Unlock()
	if err != nil {
		// Whoever looks at the re-shares is told; what else is done goes on.
		return nil
	}
	for _, j := range jobs {
		q := &asked{Policy: j.policy, Hash: j.hash, Print: j.target.print}
		err := o.cfg.Roster(func(r *roster.Roster) (err error) {
			q.Request, err = approval.AskReshare(r, j.policy, o.cfg.Mount, me, signer, o.cfg.Now())
			return err
		})
		if err != nil {
			return err
		}
		if err := o.put(ctx, q.entry(), q); err != nil {
			return fmt.Errorf("store the request for a re-share under %q: %w", j.name, err)
		}
		var people []envelope.ID
		o.mu.Lock()
		j.ask = q
		o.asked[q.Request.Hash()] = q
		for id, c := range o.countsOf(j) {
			if c.wanted > 0 {
				people = append(people, id)
			}
		}
		o.mu.Unlock()
		o.cfg.Ring(people...)
	}
	return nil
}

// Tidy deletes requests that nobody has been asked for a long time.
func (o *Office) Tidy(ctx context.Context) error {
	o.settling.Lock()
	defer o.settling.Unlock()
	o.mu.Lock()
	var old []*asked
	for _, q := range o.asked {
		r, err := envelope.Peek[approval.ReshareRequest](q.Request, envelope.TypeReshare)
		inUse := o.jobs[q.Policy] != nil && o.jobs[q.Policy].ask == q
		if err == nil && !inUse && envelope.At(o.cfg.Now()) >= r.Created.Add(keepAsked) {
			old = append(old, q)
		}
	}
	o.mu.Unlock()
	for _, q := range old {
		if err := o.cfg.Store.Delete(ctx, q.entry()); err != nil {
			return fmt.Errorf("delete an old request for a re-share: %w", err)
		}
		o.mu.Lock()
		delete(o.asked, q.Request.Hash())
		o.mu.Unlock()
	}
	return nil
}

func (o *Office) put(ctx context.Context, name string, value any) error {
	entry, err := envelope.Encode(value)
	if err != nil {
		return err
	}
	return o.cfg.Store.Put(ctx, name, entry)
}

// Notices returns what an approver is asked to share anew, policies by name.
func (o *Office) Notices(ctx context.Context, approver envelope.ID) ([]approval.ReshareNotice, error) {
	if err := o.Settle(ctx); err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	notices := []approval.ReshareNotice{}
	for _, j := range o.sorted() {
		counts := o.countsOf(j)
		c := counts[approver]
		if j.ask == nil || c == nil || c.wanted == 0 {
			continue
		}
		n := approval.ReshareNotice{Request: j.ask.Request, Total: uint32(c.wanted + c.dealt), Done: uint32(c.dealt), Dealt: []envelope.ID{}}
		for id, other := range counts {
			if id != approver && other.dealt > 0 {
				n.Dealt = append(n.Dealt, id)
			}
		}
		slices.SortFunc(n.Dealt, func(a, b envelope.ID) int { return bytes.Compare(a[:], b[:]) })
		notices = append(notices, n)
	}
	return notices, nil
}

// sorted returns the jobs that have something to do, by name. mu is held.
func (o *Office) sorted() []*job {
	var all []*job
	for _, j := range o.jobs {
		if len(j.items) > 0 {
			all = append(all, j)
		}
	}
	slices.SortFunc(all, func(a, b *job) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return all
}
