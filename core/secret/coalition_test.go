package secret_test

import (
	"slices"

	"github.com/stillvault/stillvault/core/secret"
)

// suffice says whether seats of an epoch satisfy what its shares enforce.
func (e *epoch) suffice(seats []secret.Seat) bool {
	count := make([]uint32, len(e.Access))
	for _, s := range seats {
		count[s.Requirement]++
	}
	ordinary := true
	for q, a := range e.Access {
		if a.BreakGlass {
			if count[q] >= a.M {
				return true
			}
		} else if count[q] < a.M {
			ordinary = false
		}
	}
	return ordinary
}

// almost is as many seats of an epoch as do not suffice: all but one too few of one
// requirement, and one too few for breaking the glass.
func (l *life) almost(e *epoch) (seats []secret.Seat) {
	ordinary := len(e.Access)
	if e.Access[ordinary-1].BreakGlass {
		ordinary--
	}
	short, count := uint32(l.dice.IntN(ordinary)), make([]uint32, len(e.Access))
	for _, i := range l.dice.Perm(len(e.Seats)) {
		s := e.Seats[i]
		limited := s.Requirement == short || int(s.Requirement) == ordinary
		if limited && count[s.Requirement]+1 >= e.Access[s.Requirement].M {
			continue
		}
		count[s.Requirement]++
		seats = append(seats, s)
	}
	return seats
}

// tryCoalition takes almost enough seats at every epoch, others each time: whoever
// gets hold of people one after the other. They know what those were dealt, also by
// dealers whose deals were not used, and, where they dealt themselves, what their
// program drew. The root is not in the span of all that; with one epoch's holders
// who suffice it is.
func (l *life) tryCoalition() {
	l.T.Helper()
	var theirs span
	var before []secret.Seat
	for i, e := range l.epochs {
		seats := l.almost(e)
		if e.suffice(seats) {
			l.T.Fatal("the coalition is no coalition")
		}
		for j, s := range e.Seats {
			if slices.Contains(seats, s) {
				l.dealtTo(&theirs, e, j, i)
			}
		}
		for _, d := range e.deals {
			if slices.Contains(before, d.dealer) {
				for _, piece := range d.pieces {
					theirs.add(piece)
				}
			}
		}
		before = seats
	}
	root := combination{*number(1)}
	if theirs.has(root) {
		l.T.Errorf("after %d epochs, people who never sufficed can work the root out", len(l.epochs))
	}
	l.sums.coalitions++
	last := len(l.epochs) - 1
	for j := range l.epochs[last].Seats {
		l.dealtTo(&theirs, l.epochs[last], j, last)
	}
	if !theirs.has(root) {
		l.T.Error("all holders together cannot work the root out: the model is wrong")
	}
}

// dealtTo adds what a seat was dealt.
func (l *life) dealtTo(theirs *span, e *epoch, seat, epoch int) {
	if epoch == 0 {
		theirs.add(e.shares[seat])
		return
	}
	for _, d := range e.deals {
		theirs.add(d.pieces[seat])
	}
}
