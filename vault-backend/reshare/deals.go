package reshare

import (
	"context"
	"fmt"
	"strconv"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// waitingDeal is a deal that waits for others, stored beside the version at
// deal/<SHA-256 of the path>/<version>/<hash of the deal>. Previous is the wrap set
// that the dealer's share is of: an epoch may be taken back while deals of its shares
// wait. Print is the target that it is for, Epoch the number of the epoch.
type waitingDeal struct {
	Place    Place         `json:"place"`
	Approver envelope.ID   `json:"approver"`
	Previous envelope.Hash `json:"previous"`
	Epoch    uint32        `json:"epoch"`
	Print    envelope.Hash `json:"print"`
	Dealt    secret.Dealt  `json:"dealt"`
}

const dealFolder = "deal/"

func dealEntry(at Place, deal envelope.Hash) string {
	return dealFolder + envelope.SumHash([]byte(at.Path)).String() + "/" + strconv.FormatUint(at.Version, 10) + "/" + deal.String()
}

// printOf returns the print of the target that a deal is for.
func printOf(d *secret.Deal) (envelope.Hash, error) {
	seats := make([]secret.Seat, len(d.Holders))
	for i := range d.Holders {
		seats[i] = d.Holders[i].Seat
	}
	return printTarget(d.Access, seats)
}

// keepDeal stores a deal that waits for others. The path's lock is held.
func (o *Office) keepDeal(ctx context.Context, at Place, d *secret.Deal, dealt secret.Dealt) error {
	print, err := printOf(d)
	if err != nil {
		return err
	}
	hash := dealt.Deal.Hash()
	w := &waitingDeal{Place: at, Approver: d.Dealer.Approver, Previous: d.Previous, Epoch: d.Epoch, Print: print, Dealt: dealt}
	if err := o.put(ctx, dealEntry(at, hash), w); err != nil {
		return fmt.Errorf("keep a deal for %q: %w", at.Path, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.addDeal(hash, w)
	return nil
}

// hasDealt says whether a deal of the same dealer's same share for the same epoch and
// target waits.
func (o *Office) hasDealt(at Place, d *secret.Deal) bool {
	print, err := printOf(d)
	if err != nil {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, w := range o.waiting[at] {
		if w.Approver == d.Dealer.Approver && w.Previous == d.Previous && w.Epoch == d.Epoch && w.Print == print {
			return true
		}
	}
	return false
}

// addDeal notes a deal that is stored; the deal itself is read again when it is
// needed. mu is held.
func (o *Office) addDeal(hash envelope.Hash, w *waitingDeal) {
	if o.waiting[w.Place] == nil {
		o.waiting[w.Place] = map[envelope.Hash]*waitingDeal{}
	}
	bare := *w
	bare.Dealt = secret.Dealt{}
	o.waiting[w.Place][hash] = &bare
	o.recount(w.Place.Path)
}

// recount lets what a path's job counts be counted anew. mu is held.
func (o *Office) recount(path string) {
	if policy, is := o.under[path]; is && o.jobs[policy] != nil {
		o.jobs[policy].counts = nil
	}
}

// dealsFor reads the deals that wait for a version's next epoch.
func (o *Office) dealsFor(ctx context.Context, at Place, epoch uint32) ([]secret.Dealt, error) {
	o.mu.Lock()
	var names []string
	for hash, w := range o.waiting[at] {
		if w.Epoch == epoch {
			names = append(names, dealEntry(at, hash))
		}
	}
	o.mu.Unlock()
	var all []secret.Dealt
	for _, name := range names {
		w, err := o.loadDeal(ctx, name)
		if err != nil {
			return nil, err
		}
		if w != nil {
			all = append(all, w.Dealt)
		}
	}
	return all, nil
}

func (o *Office) loadDeal(ctx context.Context, name string) (*waitingDeal, error) {
	raw, err := o.cfg.Store.Get(ctx, name)
	if err != nil || raw == nil {
		return nil, err
	}
	w, err := envelope.Decode[waitingDeal](raw)
	if err != nil {
		return nil, fmt.Errorf("deal in waiting: %w", err)
	}
	return &w, nil
}

// serves says whether a deal is one of those that a job's item waits for.
func (w *waitingDeal) serves(j *job, i *item) bool {
	return w.Previous == i.wrapSet && w.Epoch == i.next && w.Print == j.target.print
}

// idleDeals forgets the deals that serve nothing any more, because their version
// went on or the policy wants it shared otherwise, and returns their entries. mu is
// held.
func (o *Office) idleDeals() []string {
	var idle []string
	for at, deals := range o.waiting {
		j := o.jobs[o.under[at.Path]]
		var i *item
		if j != nil {
			i = j.items[at]
		}
		for hash, w := range deals {
			if i != nil && w.serves(j, i) {
				continue
			}
			idle = append(idle, dealEntry(at, hash))
			delete(deals, hash)
		}
		if len(deals) == 0 {
			delete(o.waiting, at)
		}
	}
	return idle
}
