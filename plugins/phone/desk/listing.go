package desk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// reviewFor is how long a review holds while nothing changed: polling every two
// seconds need not verify everything every time.
const reviewFor = 5 * time.Second

// maxListed is how many requests one listing has at most: nobody answers more, and
// a broker that goes on and on would have the phone read for ever.
const maxListed = 1000

// listing is what waits, as the broker's last complete listing showed it and the
// desk reviewed it.
type listing struct {
	open    []*waiting
	refused []Refused
	ended   []Ended

	pages    []approval.Item // of a listing under way
	said     map[envelope.Hash]approval.Ended
	after    envelope.ID // the last request listed
	logged   uint64      // the last statement that came with a listing
	more     bool        // the listing under way goes on
	complete bool        // one was, since the desk was opened
	codes    map[envelope.Hash]string
	failed   map[envelope.Hash]*waiting // the refused ones
	noted    map[envelope.Hash]bool     // ends that the history knows
	reshares []*resharing
	misfits  []Refused // re-shares that did not pass
}

func newListing() listing {
	return listing{said: map[envelope.Hash]approval.Ended{}, codes: map[envelope.Hash]string{}, failed: map[envelope.Hash]*waiting{},
		noted: map[envelope.Hash]bool{}}
}

// waiting is a listed request that was reviewed.
type waiting struct {
	item approval.Item
	mark envelope.Hash // of what may change about it while it waits
	c    *approval.Case
	card Card
	err  error // why it is refused; then c is nil
	head roster.Head
	at   time.Time
}

// Refused is a request that did not pass review. It cannot be approved.
type Refused struct {
	Hash string `json:"hash"`
	ID   string `json:"id"`
	Path string `json:"path"` // as it claims; empty where that cannot be read
	Name string `json:"name"`
	Text string `json:"text"`
}

// page takes a page of a listing and says whether it was the last one. The error
// is approval.ErrInbox where the listing leads nowhere.
func (l *listing) page(after envelope.ID, in *approval.Inbox) (complete bool, err error) {
	news := !after.IsZero() && (!l.more || after != l.after)
	if after.IsZero() {
		l.pages, l.after, l.said = nil, envelope.ID{}, map[envelope.Hash]approval.Ended{}
	}
	for _, e := range in.Ended {
		l.said[e.Request] = e
	}
	if news {
		return false, nil
	}
	l.more = false // unless all of it holds
	if err := l.advances(in); err != nil {
		return false, err
	}
	l.pages = append(l.pages, in.Items...)
	if n := len(in.Items); n > 0 {
		q, err := envelope.Peek[approval.Request](in.Items[n-1].Request, envelope.TypeRequest)
		if err != nil {
			return false, fmt.Errorf("read what waits: %w", err)
		}
		l.after = q.ID
	}
	l.more = in.More
	l.complete = l.complete || !in.More
	return !in.More, nil
}

// advances checks that a page brings the listing nearer to its end: a statement of
// the log after those that came before, or a request while there may be more. The
// statements are in the log already.
func (l *listing) advances(in *approval.Inbox) error {
	logged := l.logged
	if n := len(in.Log); n > 0 {
		st, err := envelope.Peek[roster.Statement](in.Log[n-1], envelope.TypeStatement)
		if err != nil {
			return fmt.Errorf("the organisation's log: %w", err)
		}
		l.logged = max(logged, st.Seq)
	}
	switch {
	case len(l.pages)+len(in.Items) > maxListed:
		return fmt.Errorf("more than %d requests are said to wait: %w", maxListed, approval.ErrInbox)
	case in.More && len(in.Items) == 0 && l.logged == logged:
		return fmt.Errorf("the broker says that there is more, and sends nothing: %w", approval.ErrInbox)
	}
	return nil
}

// find returns an open request by its hash.
func (l *listing) find(hash string) (*waiting, error) {
	h, err := envelope.ParseHash(hash)
	if err != nil {
		return nil, fmt.Errorf("hash: %w", ErrArguments)
	}
	for _, w := range l.open {
		if w.c.Hash == h {
			return w, nil
		}
	}
	return nil, ErrNoRequest
}

// remove takes a request off the desk.
func (l *listing) remove(hash envelope.Hash) {
	l.open = slices.DeleteFunc(l.open, func(w *waiting) bool { return w.c.Hash == hash })
}

// reconcile makes what is open that of a complete listing.
func (d *Desk) reconcile() {
	l := &d.listing
	before, failed := l.open, l.failed
	l.open, l.refused, l.failed = nil, nil, map[envelope.Hash]*waiting{}
	seen := map[envelope.Hash]bool{}
	for _, item := range l.pages {
		hash := item.Request.Hash()
		if seen[hash] || d.decided(hash) {
			continue
		}
		seen[hash] = true
		was := find(before, hash)
		w := d.review(item, hash, cmp.Or(was, failed[hash]))
		switch {
		case w.err == nil:
			l.open = append(l.open, w)
		case was != nil && isEnd(w.err):
			seen[hash] = false // it ended as it was looked at
			if _, said := l.said[hash]; !said {
				l.said[hash] = approval.Ended{Request: hash, Decisions: item.Decisions}
			}
		default:
			l.failed[hash] = w
			l.refused = append(l.refused, refusedOf(w, hash))
		}
	}
	for _, w := range before {
		if seen[w.c.Hash] || d.decided(w.c.Hash) {
			continue
		}
		if again := d.review(w.item, w.c.Hash, w); again.err == nil && d.rests(again) {
			l.open = append(l.open, again)
		} else {
			d.end(w)
		}
	}
	for hash := range l.codes {
		if find(l.open, hash) == nil {
			delete(l.codes, hash)
		}
	}
	l.pages = nil
}

// rests says whether a request that is not listed still waits, for others: a broker
// asks whoever consented again when all have, and says nothing until then.
func (d *Desk) rests(w *waiting) bool {
	_, ended := d.listing.said[w.c.Hash]
	return !ended && w.card.ConsentFirst && w.card.Consented && !w.card.Agreed
}

// isEnd says whether a request that passed review before has only come to its end.
func isEnd(err error) bool {
	return errors.Is(err, approval.ErrExpired) || errors.Is(err, approval.ErrDenied)
}

func find(list []*waiting, hash envelope.Hash) *waiting {
	for _, w := range list {
		if w.c.Hash == hash {
			return w
		}
	}
	return nil
}

// review reviews an item, unless a review of the same is young enough.
func (d *Desk) review(item approval.Item, hash envelope.Hash, was *waiting) *waiting {
	mark := markOf(item)
	head := d.roster.Head()
	if was != nil && was.mark == mark && was.head == head && d.now.Sub(was.at).Abs() < reviewFor &&
		(was.c == nil || envelope.At(d.now) < was.c.Request.Deadline) {
		return was
	}
	w := &waiting{item: item, mark: mark, head: head, at: d.now}
	if w.c, w.err = d.reviewer().Review(item, d.now); w.err == nil {
		w.card = d.card(w.c)
	}
	return w
}

func (d *Desk) reviewer() approval.Reviewer {
	return approval.Reviewer{
		Roster: d.roster, Mount: d.me.Mount, Approver: d.me.Approver, Device: d.me.Device, Decided: d.decided,
	}
}

// markOf tells two listings of a request apart that differ in what may change: the
// version's wrap set, and the decisions.
func markOf(item approval.Item) envelope.Hash {
	set := item.Version.WrapSet.Hash()
	parts := [][]byte{set[:]}
	for _, reshare := range item.Version.Reshares {
		for _, dealt := range reshare.Deals {
			h := dealt.Deal.Hash()
			parts = append(parts, h[:])
		}
	}
	for _, s := range item.Decisions {
		h := s.Hash()
		parts = append(parts, h[:])
	}
	return envelope.SumHash(parts...)
}

// refusedOf shows a request that did not pass: what it says of itself is nobody's
// word, and only what shows as what it is is shown.
func refusedOf(w *waiting, hash envelope.Hash) Refused {
	r := Refused{Hash: hash.String(), Name: Name(w.err), Text: Text(w.err)}
	q, err := envelope.Peek[approval.Request](w.item.Request, envelope.TypeRequest)
	if err != nil {
		return r
	}
	r.ID = q.ID.String()
	if roster.CheckPath(q.Path) == nil {
		r.Path = q.Path
	}
	return r
}

// expire ends what is open and past its deadline.
func (d *Desk) expire() {
	for _, w := range slices.Clone(d.listing.open) {
		if envelope.At(d.now) >= w.c.Request.Deadline {
			d.listing.remove(w.c.Hash)
			d.end(w)
		}
	}
}
