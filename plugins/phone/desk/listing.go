package desk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

const (
	// reviewFor is how long a review holds while nothing changed: polling every
	// two seconds need not verify everything every time.
	reviewFor = 5 * time.Second
	// maxEnded is how many ended requests are remembered.
	maxEnded = 32
)

// listing is what waits, as the broker's last complete listing showed it and the
// desk reviewed it.
type listing struct {
	open    []*waiting
	refused []Refused
	ended   []Ended

	pages    []approval.Item // of a listing under way
	said     map[envelope.Hash]approval.Ended
	after    envelope.ID // the last request listed
	more     bool        // the listing under way goes on
	complete bool        // one was, since the desk was opened
	codes    map[envelope.Hash]string
	failed   map[envelope.Hash]*waiting // the refused ones
}

func newListing() listing {
	return listing{said: map[envelope.Hash]approval.Ended{}, codes: map[envelope.Hash]string{}, failed: map[envelope.Hash]*waiting{}}
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

// page takes a page of a listing and says whether it was the last one.
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
	l.pages = append(l.pages, in.Items...)
	l.more = in.More
	if n := len(in.Items); n > 0 {
		q, err := envelope.Peek[approval.Request](in.Items[n-1].Request, envelope.TypeRequest)
		if err != nil {
			return false, fmt.Errorf("read what waits: %w", err)
		}
		l.after = q.ID
	}
	l.complete = l.complete || !in.More
	return !in.More, nil
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
		w := d.review(item, hash, cmpWaiting(was, failed[hash]))
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
		if !seen[w.c.Hash] && !d.decided(w.c.Hash) {
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

func cmpWaiting(open, refused *waiting) *waiting {
	if open != nil {
		return open
	}
	return refused
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

// The ways in which requests end, besides those that a broker says.
const howElsewhere = "elsewhere" // decided or cancelled; nobody proves what

// Ended is a request that was open here and is not any more.
type Ended struct {
	Hash   string `json:"hash"`
	ID     string `json:"id"`
	Path   string `json:"path"`
	How    string `json:"how"`    // approved, denied, expired, cancelled, superseded or elsewhere
	By     string `json:"by"`     // names of who decided, proven; empty where nobody did
	Reason string `json:"reason"` // of a denial
}

// end remembers how a request ended. Who decided is only said where their
// receipts prove it, that it was cancelled where the broker says so.
func (d *Desk) end(w *waiting) {
	e := Ended{Hash: w.c.Hash.String(), ID: w.c.Request.ID.String(), Path: w.c.Request.Path, How: howElsewhere}
	said := d.listing.said[w.c.Hash]
	by, reason, denied := d.proven(w.c, said.Decisions)
	switch {
	case denied:
		e.How, e.By, e.Reason = string(approval.EndDenied), by, reason
	case said.State == approval.EndApproved && by != "":
		e.How, e.By = string(approval.EndApproved), by
	case envelope.At(d.now) >= w.c.Request.Deadline:
		e.How = string(approval.EndExpired)
	case d.superseded(w.c):
		e.How = string(approval.EndSuperseded)
	case said.State == approval.EndCancelled, said.State == approval.EndSuperseded, said.State == approval.EndExpired:
		e.How = string(said.State)
	}
	l := &d.listing
	l.ended = slices.DeleteFunc(l.ended, func(o Ended) bool { return o.Hash == e.Hash })
	l.ended = append(l.ended, e)
	if len(l.ended) > maxEnded {
		l.ended = l.ended[1:]
	}
	delete(l.said, w.c.Hash)
}

// proven returns the names of those who decided a request, as their receipts
// prove: of who denied it if somebody who holds a share did, of those who approved
// it otherwise.
func (d *Desk) proven(c *approval.Case, decisions []envelope.Signed) (by, reason string, denied bool) {
	var names []string
	for _, s := range decisions {
		rec, err := approval.ReadReceipt(d.roster, s)
		if err != nil || rec.Request != c.Hash {
			continue
		}
		if _, err := c.Version.Holder(rec.Approver); err != nil {
			continue
		}
		name := d.nameOf(rec.Approver)
		switch {
		case rec.Decision == approval.Deny:
			return name, rec.Reason, true
		case rec.Decision == approval.Approve && !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	return strings.Join(names, ", "), "", false
}

// superseded says whether the same question, asked anew, stands in the listing.
func (d *Desk) superseded(c *approval.Case) bool {
	q := c.Request
	return slices.ContainsFunc(d.listing.open, func(w *waiting) bool {
		n := w.c.Request
		return n.Secret == q.Secret && n.Version == q.Version && n.Consumer == q.Consumer && n.Created > q.Created &&
			n.Origin.Requester == q.Origin.Requester && n.Origin.Entity == q.Origin.Entity
	})
}

// nameOf is the name of an approver, in force or not.
func (d *Desk) nameOf(id envelope.ID) string {
	if a, err := d.roster.FormerApprover(id); err == nil {
		return a.Name
	}
	return id.String()
}
