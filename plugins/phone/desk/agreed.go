package desk

import (
	"errors"
	"fmt"
	"slices"
)

var (
	// ErrUnseen means that a gesture was asked for before the versions were looked at.
	ErrUnseen = errors.New("reshare_unseen: how these secrets are shared now was not shown yet; look at it first")
	// ErrUnshown means that the broker brings more than the person agreed to.
	ErrUnshown = errors.New("reshare_unshown: more is shown now than when you agreed; nothing of that was dealt, so look again, and go on with another gesture if it is right")
)

// agreed is what a person was shown of a re-share when they made the gesture. The
// broker chooses which versions come first: whatever a later page brings besides
// takes another gesture.
type agreed struct {
	look ReshareLook
	left int // versions for this approver
}

// ReshareMore is what a page brought that had not been shown.
type ReshareMore struct {
	From    []ReshareFrom `json:"from"`
	Joins   []string      `json:"joins"`
	Leaves  []string      `json:"leaves"`
	Secrets int           `json:"secrets"` // to be dealt, at least; 0 where they are not more
	Agreed  int           `json:"agreed"`  // how many the gesture was for
}

// left is how many versions there are still for this approver, by the broker's word.
func (rs *resharing) left() int {
	return int(rs.notice.Total - min(rs.notice.Done, rs.notice.Total))
}

// shown is what a gesture that is made now agrees to.
func (rs *resharing) shown() (*agreed, error) {
	if rs.look == nil {
		return nil, fmt.Errorf("re-share under %q: %w", rs.c.Policy.Name, ErrUnseen)
	}
	return &agreed{look: rs.look.clone(), left: rs.left()}, nil
}

// beyond returns what of a page was not agreed to, or nil; dealt is how many
// versions were dealt before it.
func (a *agreed) beyond(page []sharing, dealt int) *ReshareMore {
	m := &ReshareMore{From: []ReshareFrom{}, Joins: []string{}, Leaves: []string{}, Agreed: a.left}
	more := false
	for _, s := range page {
		if a.look.way(s.needs) < 0 {
			m.From, more = countWay(m.From, s.needs), true
		}
		for _, name := range s.joins {
			if !slices.Contains(a.look.Joins, name) {
				m.Joins, more = including(m.Joins, name), true
			}
		}
		for _, name := range s.leaves {
			if !slices.Contains(a.look.Leaves, name) {
				m.Leaves, more = including(m.Leaves, name), true
			}
		}
	}
	if n := dealt + len(page); n > a.left {
		m.Secrets, more = n, true
	}
	if !more {
		return nil
	}
	return m
}

// more stops a re-share at a page of versions that brings what was not agreed to,
// and has it shown from then on.
func (rs *resharing) more(m *ReshareMore, versions int) error {
	rs.since = m
	rs.notice.Total = max(rs.notice.Total, rs.notice.Done+uint32(versions))
	return fmt.Errorf("re-share under %q: %w", rs.c.Policy.Name, ErrUnshown)
}
