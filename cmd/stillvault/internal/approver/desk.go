package approver

import (
	"slices"

	"github.com/stillvault/stillvault/core/approval"
)

// reconcile makes the open requests those of a complete listing.
func (s *Session) reconcile(items []approval.Item) {
	before := s.open
	s.open = nil
	for _, item := range items {
		hash := item.Request.Hash()
		if s.Device.Memory.Decided(hash) || slices.ContainsFunc(s.open, func(w *waiting) bool { return w.c.Hash == hash }) {
			continue
		}
		if w := s.review(item); w != nil {
			s.open = append(s.open, w)
			if s.agreeing[hash] && w.c.Agreed() {
				delete(s.passed, hash)
				delete(s.agreeing, hash)
			}
		}
	}
	for _, w := range before {
		if !s.isOpen(w) {
			s.sayEnded(w)
		}
	}
}

// review returns an item with its case, or says once why it is refused.
func (s *Session) review(item approval.Item) *waiting {
	c, err := s.reviewer().Review(item, s.Clock.Now())
	if err == nil {
		return &waiting{item, c}
	}
	hash := item.Request.Hash()
	if s.refused[hash] == err.Error() {
		return nil
	}
	s.refused[hash] = err.Error()
	id, peekErr := itemID(item)
	if peekErr != nil || s.Options.Request.IsZero() || s.Options.Request == id {
		s.say("\nRequest %s is refused and cannot be approved here:\n  %s", id, err)
	}
	return nil
}

func (s *Session) reviewer() approval.Reviewer {
	return approval.Reviewer{
		Roster: s.Device.Roster, Mount: s.Device.Mount, Approver: s.Device.Approver,
		Device: s.Device.Keys.ID(), Decided: s.Device.Memory.Decided,
	}
}

func (s *Session) isOpen(w *waiting) bool {
	return slices.ContainsFunc(s.open, func(o *waiting) bool { return o.c.Hash == w.c.Hash })
}

// latest is a request as the last listing showed it, with newer decisions.
func (s *Session) latest(w *waiting) *waiting {
	for _, o := range s.open {
		if o.c.Hash == w.c.Hash {
			return o
		}
	}
	return w
}

// stillOpen says whether a request is listed and its deadline ahead; one whose
// deadline passed is taken off the desk.
func (s *Session) stillOpen(w *waiting) bool {
	if !s.isOpen(w) {
		return false
	}
	if s.Clock.Now().Before(w.c.Request.Deadline.Time()) {
		return true
	}
	s.remove(w)
	s.sayEnded(w)
	return false
}

func (s *Session) remove(w *waiting) {
	s.open = slices.DeleteFunc(s.open, func(o *waiting) bool { return o.c.Hash == w.c.Hash })
}

func (s *Session) sayEnded(w *waiting) {
	hash := w.c.Hash
	if s.Device.Memory.Decided(hash) || s.refused[hash] != "" {
		return
	}
	how := "was cancelled, or answered elsewhere"
	if !s.Clock.Now().Before(w.c.Request.Deadline.Time()) {
		how = "expired unanswered"
	}
	s.say("\nRequest %s for %s %s.", w.c.Request.ID, Shown(w.c.Request.Path), how)
}
