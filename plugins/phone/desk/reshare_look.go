package desk

import (
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Looked is the re-shares, of which one was looked at.
type Looked struct {
	Reshares []Reshare `json:"reshares"`
}

// reshareLook takes the first page, to show how the versions are shared now, beside
// what other pages showed before.
func (d *Desk) reshareLook(a resharePageArgs) (*Looked, error) {
	rs, err := d.reshare(a.Hash)
	if err != nil {
		return nil, err
	}
	page, err := d.resharePage(rs.c, a)
	if err != nil {
		return nil, err
	}
	look := rs.look.orNew()
	look.Refused = []RefusedVersion{}
	for _, item := range page.Items {
		v, target, err := d.verifyItem(rs.c, item)
		if err != nil {
			look.Refused = append(look.Refused, refusedVersion(item, err))
			continue
		}
		look.count(d.sharingOf(v, target))
	}
	rs.look = look
	return &Looked{d.reshareCards()}, nil
}

// verifyItem checks a version before it is dealt: that it is genuine, that this
// approver holds a share of it, and that there is something to do.
func (d *Desk) verifyItem(c *approval.ReshareCase, item approval.ReshareItem) (*secret.Verified, *secret.Target, error) {
	v, err := c.Verify(item)
	if err != nil {
		return nil, nil, err
	}
	if _, err := v.MayDeal(d.roster, d.me.Approver); err != nil {
		return nil, nil, err
	}
	target, err := secret.TargetFor(d.roster, v.Header.Path)
	if err == nil && v.Follows(target) {
		err = secret.ErrFollows
	}
	return v, target, err
}

func refusedVersion(item approval.ReshareItem, err error) RefusedVersion {
	refused := RefusedVersion{Name: Name(err), Text: Text(err)}
	if h, err := envelope.Peek[secret.Header](item.Version.Header, envelope.TypeHeader); err == nil && roster.CheckPath(h.Path) == nil {
		refused.Path, refused.Version = h.Path, h.Version
	}
	return refused
}

// sharing is how one version is shared now, and what dealing it would change.
type sharing struct {
	header        envelope.Hash
	needs         []ReshareNeed
	joins, leaves []string
}

func (d *Desk) sharingOf(v *secret.Verified, target *secret.Target) sharing {
	s := sharing{header: v.HeaderHash, needs: d.sharedNow(v)}
	for _, seat := range target.Seats {
		if !slices.ContainsFunc(v.Seats, func(had secret.Seat) bool { return had.Approver == seat.Approver && had.Generation == seat.Generation }) {
			s.joins = including(s.joins, d.nameOf(seat.Approver))
		}
	}
	for _, seat := range v.Seats {
		if !slices.ContainsFunc(target.Seats, func(has secret.Seat) bool { return has.Approver == seat.Approver }) {
			s.leaves = including(s.leaves, d.nameOf(seat.Approver))
		}
	}
	return s
}

func (l *ReshareLook) orNew() *ReshareLook {
	if l != nil {
		return l
	}
	return &ReshareLook{From: []ReshareFrom{}, Joins: []string{}, Leaves: []string{}, Refused: []RefusedVersion{}, counted: map[envelope.Hash]bool{}}
}

// clone returns what is shown; counting goes on in the original alone.
func (l *ReshareLook) clone() ReshareLook {
	return ReshareLook{From: slices.Clone(l.From), Joins: slices.Clone(l.Joins), Leaves: slices.Clone(l.Leaves)}
}

// count adds a version to what is shown, once.
func (l *ReshareLook) count(s sharing) {
	if l.counted[s.header] {
		return
	}
	l.counted[s.header] = true
	l.From = countWay(l.From, s.needs)
	for _, name := range s.joins {
		l.Joins = including(l.Joins, name)
	}
	for _, name := range s.leaves {
		l.Leaves = including(l.Leaves, name)
	}
}

// way is the place of a way to share among those shown, or -1.
func (l *ReshareLook) way(needs []ReshareNeed) int { return wayOf(l.From, needs) }

func wayOf(from []ReshareFrom, needs []ReshareNeed) int {
	return slices.IndexFunc(from, func(f ReshareFrom) bool {
		return slices.EqualFunc(f.Needs, needs, func(a, b ReshareNeed) bool {
			return a.Name == b.Name && a.M == b.M && a.BreakGlass == b.BreakGlass && slices.Equal(a.People, b.People)
		})
	})
}

func countWay(from []ReshareFrom, needs []ReshareNeed) []ReshareFrom {
	i := wayOf(from, needs)
	if i < 0 {
		i, from = len(from), append(from, ReshareFrom{Needs: needs})
	}
	from[i].Secrets++
	return from
}

// including adds a name that is not there yet, in its place.
func including(names []string, name string) []string {
	i, found := slices.BinarySearch(names, name)
	if found {
		return names
	}
	return slices.Insert(names, i, name)
}

// sharedNow is how a version's newest wrap set shares it.
func (d *Desk) sharedNow(v *secret.Verified) []ReshareNeed {
	needs := []ReshareNeed{}
	for i, access := range v.Access {
		need := ReshareNeed{Name: access.Name, M: access.M, BreakGlass: access.BreakGlass, People: []string{}}
		for _, s := range v.Seats {
			if s.Requirement == uint32(i) {
				need.People = append(need.People, d.nameOf(s.Approver))
			}
		}
		slices.Sort(need.People)
		needs = append(needs, need)
	}
	return needs
}
