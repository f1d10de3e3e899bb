package approver

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// ErrNotShown means that there is more to be dealt than was shown before the gesture:
// other people share it now, or there are more versions.
var ErrNotShown = errors.New("reshare_not_shown: the broker wants dealt what was not shown before you agreed, and none of that was dealt; look at the re-share again")

// look is how the versions of a re-share are shared now, which is what the person
// agrees to change. Every page goes into it: the broker chooses what comes first.
type look struct {
	known   map[string]bool // ways to share, see wayOf
	from    []string        // the same for people
	count   map[string]int  // versions, by from
	joins   []string
	leaves  []string
	refused int // versions that cannot be dealt here
}

// LookAt takes all that waits to be dealt, opening nothing, so that [Resharing.Card]
// shows how it is shared now, who joins and who leaves. [Session.Deal] deals nothing
// that was not looked at.
func (s *Session) LookAt(ctx context.Context, r *Resharing) error {
	l := &look{known: map[string]bool{}, count: map[string]int{}}
	err := s.eachPage(ctx, *r, func(items []approval.ReshareItem) error {
		for _, item := range items {
			v, err := s.dealable(r.Case, item)
			switch {
			case err != nil:
				l.refused++
			case v != nil:
				if err := s.see(l, v.verified); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(l.from)
	slices.Sort(l.joins)
	slices.Sort(l.leaves)
	r.look = l
	return nil
}

// eachPage fetches what waits to be dealt, page after page. It stops at as many
// versions as were told of, and where the broker shows what it showed before: while a
// keyring is open, it must not be kept so.
func (s *Session) eachPage(ctx context.Context, r Resharing, use func([]approval.ReshareItem) error) error {
	seen := 0
	for after := (envelope.Hash{}); ; {
		page, err := s.resharePage(ctx, r.Case, after)
		if err != nil {
			return err
		}
		if seen += len(page.Items); seen > int(r.Left()) {
			return fmt.Errorf("more than %d versions: %w", r.Left(), ErrNotShown)
		}
		if err := use(page.Items); err != nil {
			return err
		}
		if !page.More || len(page.Items) == 0 {
			return nil
		}
		next := headerOf(page.Items[len(page.Items)-1])
		if bytes.Compare(next[:], after[:]) <= 0 {
			return fmt.Errorf("the broker shows what it showed before: %w", approval.ErrReshare)
		}
		after = next
	}
}

// wayOf says how a version is shared now: equal for two versions exactly if the same
// seats hold shares for the same requirements.
func wayOf(v *secret.Verified) string {
	seats := slices.Clone(v.Seats)
	slices.SortFunc(seats, func(a, b secret.Seat) int {
		return cmp.Or(cmp.Compare(a.Requirement, b.Requirement), bytes.Compare(a.Approver[:], b.Approver[:]))
	})
	var b strings.Builder
	for _, a := range v.Access {
		fmt.Fprintf(&b, "%q %d %t;", a.Name, a.M, a.BreakGlass)
	}
	for _, seat := range seats {
		fmt.Fprintf(&b, "%d %s %d;", seat.Requirement, seat.Approver, seat.Generation)
	}
	return b.String()
}

// shows says whether what a version's deal changes was shown.
func (l *look) shows(v *secret.Verified) bool { return l != nil && l.known[wayOf(v)] }

// see adds a version to what is shown.
func (s *Session) see(l *look, v *secret.Verified) error {
	target, err := secret.TargetFor(s.Device.Roster, v.Header.Path)
	if err != nil {
		return err
	}
	from := s.sharedNow(v)
	if l.count[from]++; l.count[from] == 1 {
		l.from = append(l.from, from)
	}
	way := wayOf(v)
	if l.known[way] {
		return nil
	}
	l.known[way] = true
	for _, seat := range target.Seats {
		holds := slices.IndexFunc(v.Seats, func(had secret.Seat) bool { return had.Approver == seat.Approver })
		switch {
		case holds < 0:
			l.joins = including(l.joins, s.nameOf(seat.Approver))
		case v.Seats[holds].Generation != seat.Generation:
			l.joins = including(l.joins, s.nameOf(seat.Approver)+" (with a new keyring)")
		}
	}
	for _, seat := range v.Seats {
		if !slices.ContainsFunc(target.Seats, func(has secret.Seat) bool { return has.Approver == seat.Approver }) {
			l.leaves = including(l.leaves, s.nameOf(seat.Approver))
		}
	}
	return nil
}

func including(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

// nameOf names whoever is or was an approver.
func (s *Session) nameOf(id envelope.ID) string {
	if a, err := s.Device.Roster.FormerApprover(id); err == nil {
		return a.Name
	}
	return id.String()
}

// sharedNow says how a version is shared now.
func (s *Session) sharedNow(v *secret.Verified) string {
	needs := make([]string, len(v.Access))
	for i, a := range v.Access {
		var people []string
		for _, seat := range v.Seats {
			if seat.Requirement == uint32(i) {
				people = append(people, s.nameOf(seat.Approver))
			}
		}
		slices.Sort(people)
		needs[i] = fmt.Sprintf("%d of %s: %s", a.M, a.Name, strings.Join(people, ", "))
		if a.BreakGlass {
			needs[i] = "break-glass " + needs[i]
		}
	}
	return strings.Join(needs, "; ")
}

// write says what was looked at.
func (l *look) write(b *strings.Builder) {
	for _, from := range l.from {
		fmt.Fprintf(b, "  %-11s %s (%d)\n", "from", from, l.count[from])
	}
	if len(l.joins) > 0 {
		fmt.Fprintf(b, "  %-11s %s\n", "joins", strings.Join(l.joins, ", "))
	}
	if len(l.leaves) > 0 {
		fmt.Fprintf(b, "  %-11s %s\n", "leaves", strings.Join(l.leaves, ", "))
	}
	if l.refused > 0 {
		fmt.Fprintf(b, "  %-11s %d, which cannot be dealt here\n", "left out", l.refused)
	}
}
