package secret_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/cryptotest"

	"filippo.io/edwards25519"

	"github.com/stillvault/stillvault/core/secret"
)

// life is a version through its epochs, with what was dealt at each.
type life struct {
	*town
	version *secret.Version
	epochs  []*epoch
	root    *edwards25519.Scalar
	known   algebra
	sums    tally
}

type tally struct {
	figures
	steps, deals, coalitions, old int
}

// epoch is a version as it was shared for a while, and what its holders were dealt,
// by everybody who dealt and not only by those whose deals were used.
type epoch struct {
	*secret.Verified
	deals  []dealt
	shares []combination // by seat
	values []*edwards25519.Scalar
}

type dealt struct {
	dealer secret.Seat // in the epoch before
	pieces []combination
	values []*edwards25519.Scalar
}

// After every one of a random sequence of changes, the new shares open exactly what
// the policy says. What people hold of all epochs together, m−1 of the right
// ones in each, opens nothing, and cannot: the root is not in the span of it. And
// nobody but the consumer ever puts the root together.
func TestRedistributionKeepsTheRootApartThroughAnyChanges(t *testing.T) {
	const seed = 11
	cryptotest.SetGlobalRandom(t, seed)
	lives, steps := 24, 6
	if testing.Short() {
		lives, steps = 3, 4
	}
	var sums tally
	for i := range lives {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			l := begin(t, seed+uint64(i))
			for range steps {
				l.change()
				l.reshare()
				l.look()
			}
			sums.add(&l.sums)
		})
	}
	t.Logf("%d re-shares by %d deals: %d sets of people tried, %d opened, %d failed; %d old shares refused; the root is in the span of none of %d coalitions across epochs",
		sums.steps, sums.deals, sums.sets, sums.opened, sums.refused, sums.old, sums.coalitions)
}

func (t *tally) add(o *tally) {
	t.steps, t.deals, t.coalitions, t.old = t.steps+o.steps, t.deals+o.deals, t.coalitions+o.coalitions, t.old+o.old
	t.sets, t.opened, t.refused = t.sets+o.sets, t.opened+o.opened, t.refused+o.refused
}

// begin seals a version and finds its root, as a consumer would.
func begin(t *testing.T, seed uint64) *life {
	l := &life{town: newTown(t, seed, 6, 2), known: algebra{drawn: map[[32]byte]bool{}}}
	l.demandAnything()
	secret.Observe(t, secret.Observer{Drawn: func(s *edwards25519.Scalar) { l.known.drawn[[32]byte(s.Bytes())] = true }})
	l.version = l.seal(l.draft())
	v := l.verify(l.version)
	secret.Observe(t, secret.Observer{Assembled: func(s *edwards25519.Scalar) { l.root = edwards25519.NewScalar().Set(s) }})
	l.trySet(v, l.everything(v), 1<<len(v.Seats)-1, &l.sums.figures)
	root, err := l.known.fresh(l.root)
	l.Must(err)
	first := &epoch{Verified: v, values: make([]*edwards25519.Scalar, len(v.Seats))}
	for i, revealed := range l.everything(v) {
		first.values[i] = scalar(revealed[:32])
	}
	first.shares, err = l.known.dealing(v.Access, v.Seats, root, l.root, first.values)
	l.Must(err)
	l.epochs = append(l.epochs, first)
	return l
}

// everything is what all holders would reveal to a consumer.
func (l *life) everything(v *secret.Verified) [][]byte {
	revealed := make([][]byte, len(v.Seats))
	for i, s := range v.Seats {
		revealed[i] = l.reveals(v, s)
	}
	return revealed
}

// reshare has some of those who may deal do so, and makes an epoch of it. Meanwhile
// the root must not come into being.
func (l *life) reshare() {
	l.T.Helper()
	now := l.epochs[len(l.epochs)-1]
	number := now.Epoch + 1 + uint32(l.dice.IntN(3))
	var deals []secret.Dealt
	stop := l.forbid(now)
	for _, s := range l.dealers(now) {
		before := *l.version
		v, err := before.VerifyHistory(l.Roster, l.Mount, path)
		l.Must(err)
		d, err := v.Deal(l.Roster, l.rings[s.Approver][s.Generation-1], number)
		l.Must(err)
		deals = append(deals, *d)
	}
	l.dice.Shuffle(len(deals), func(i, j int) { deals[i], deals[j] = deals[j], deals[i] })
	next, err := l.version.Reshare(l.Roster, l.Mount, path, deals)
	l.Must(err)
	v := l.verify(next)
	stop()
	if v.Epoch != number {
		l.T.Fatalf("epoch %d, want %d", v.Epoch, number)
	}
	l.version = next
	l.learn(now, v, deals)
	l.sums.steps++
	l.sums.deals += len(deals)
}

// forbid has the test fail if the root is assembled, drawn or worked out, unless one
// person alone may open the version: then the share is the root.
func (l *life) forbid(now *epoch) (stop func()) {
	forbidden := true
	alone := slices.ContainsFunc(now.Seats, func(s secret.Seat) bool { return now.suffice([]secret.Seat{s}) })
	meet := func(s *edwards25519.Scalar) {
		if forbidden && !alone && s.Equal(l.root) == 1 {
			l.T.Error("the root came into being outside the consumer")
		}
	}
	secret.Observe(l.T, secret.Observer{
		Assembled: func(*edwards25519.Scalar) {
			if forbidden {
				l.T.Error("a root was put together outside the consumer")
			}
		},
		Drawn:    func(s *edwards25519.Scalar) { meet(s); l.known.drawn[[32]byte(s.Bytes())] = true },
		Computed: meet,
	})
	return func() { forbidden = false }
}

// learn works out what the holders of a new epoch were dealt.
func (l *life) learn(before *epoch, v *secret.Verified, deals []secret.Dealt) {
	l.T.Helper()
	now := &epoch{Verified: v}
	for _, d := range deals {
		read, err := before.ReadDeal(l.Roster, d)
		l.Must(err)
		its := dealt{dealer: read.Dealer}
		for _, s := range v.Seats {
			piece, err := before.Piece(l.Roster, d, l.rings[s.Approver][s.Generation-1])
			l.Must(err)
			its.values = append(its.values, scalar(piece[:32]))
		}
		i := slices.Index(before.Seats, read.Dealer)
		its.pieces, err = l.known.dealing(v.Access, v.Seats, before.shares[i], before.values[i], its.values)
		l.Must(err)
		now.deals = append(now.deals, its)
	}
	weights := v.Weights()
	for i := range v.Seats {
		share, value := combination{}, edwards25519.NewScalar()
		for j, dealer := range v.Dealers() {
			d := now.deals[slices.IndexFunc(now.deals, func(d dealt) bool { return d.dealer == dealer })]
			share = share.plus(weights[j], d.pieces[i])
			value.MultiplyAdd(weights[j], d.values[i], value)
		}
		now.shares, now.values = append(now.shares, share), append(now.values, value)
	}
	l.epochs = append(l.epochs, now)
}

// look tries the newest epoch, the old shares at it, and what coalitions know.
func (l *life) look() {
	l.T.Helper()
	now := l.epochs[len(l.epochs)-1]
	l.seated(now.Verified)
	revealed := l.everything(now.Verified)
	for _, set := range setsOf(l.dice, len(now.Seats), 32) {
		l.trySet(now.Verified, revealed, set, &l.sums.figures)
	}
	for _, old := range l.epochs[:len(l.epochs)-1] {
		l.tryOld(old, now)
	}
	for range 3 {
		l.tryCoalition()
	}
}

// tryOld shows shares of an old epoch to a consumer who reads a new one.
func (l *life) tryOld(old, now *epoch) {
	for _, s := range old.Seats {
		seat, err := now.Seat(s.Approver)
		if errors.Is(err, secret.ErrNotHolder) {
			continue
		}
		if _, err := now.ReadShare(l.reveals(old.Verified, s), seat); !errors.Is(err, secret.ErrShare) {
			l.T.Errorf("a share of epoch %d at epoch %d: %v", old.Epoch, now.Epoch, err)
		}
		l.sums.old++
	}
}
