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

// reshareLook takes the first page, to show how the versions are shared now.
func (d *Desk) reshareLook(a resharePageArgs) (*Looked, error) {
	rs, err := d.reshare(a.Hash)
	if err != nil {
		return nil, err
	}
	page, err := d.resharePage(rs.c, a)
	if err != nil {
		return nil, err
	}
	look := &ReshareLook{From: []ReshareFrom{}, Joins: []string{}, Leaves: []string{}, Refused: []RefusedVersion{}}
	for _, item := range page.Items {
		v, target, err := d.verifyItem(rs.c, item)
		if err != nil {
			look.Refused = append(look.Refused, refusedVersion(item, err))
			continue
		}
		look.count(d, v, target)
	}
	slices.Sort(look.Joins)
	slices.Sort(look.Leaves)
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

// count adds a version to what is shown.
func (l *ReshareLook) count(d *Desk, v *secret.Verified, target *secret.Target) {
	needs := d.sharedNow(v)
	i := slices.IndexFunc(l.From, func(f ReshareFrom) bool {
		return slices.EqualFunc(f.Needs, needs, func(a, b ReshareNeed) bool {
			return a.Name == b.Name && a.M == b.M && a.BreakGlass == b.BreakGlass && slices.Equal(a.People, b.People)
		})
	})
	if i < 0 {
		i, l.From = len(l.From), append(l.From, ReshareFrom{Needs: needs})
	}
	l.From[i].Secrets++
	for _, s := range target.Seats {
		if !slices.ContainsFunc(v.Seats, func(had secret.Seat) bool { return had.Approver == s.Approver && had.Generation == s.Generation }) {
			l.Joins = including(l.Joins, d.nameOf(s.Approver))
		}
	}
	for _, s := range v.Seats {
		if !slices.ContainsFunc(target.Seats, func(has secret.Seat) bool { return has.Approver == s.Approver }) {
			l.Leaves = including(l.Leaves, d.nameOf(s.Approver))
		}
	}
}

// including adds a name that is not there yet.
func including(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
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
		needs = append(needs, need)
	}
	return needs
}
