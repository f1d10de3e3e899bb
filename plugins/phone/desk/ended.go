package desk

import (
	"slices"
	"strings"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// howElsewhere is how a request ended that is gone without a word.
const howElsewhere = "elsewhere" // decided or cancelled; nobody proves what

// maxEnded is how many ended requests are remembered.
const maxEnded = 32

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
		if _, err := c.Version.Seat(rec.Approver); err != nil {
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

// aftermath notes in the history what became of requests that were answered here
// and went on, as the broker says: others had to answer them too. It says whether
// there was anything to note.
func (d *Desk) aftermath(ended []approval.Ended) (news bool, err error) {
	for _, e := range ended {
		if !d.decided(e.Request) || d.listing.noted[e.Request] {
			continue
		}
		d.listing.noted[e.Request] = true
		for _, key := range d.kept.below(keyHistory) {
			entry, _, err := getAs[Entry](&d.kept, key)
			if err != nil {
				return news, err
			}
			if entry.Hash != e.Request.String() || entry.State != stateWaiting {
				continue
			}
			entry.State, news = string(e.State), true
			if err := putAs(&d.kept, key, entry); err != nil {
				return news, err
			}
		}
	}
	return news, nil
}
