package secret_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/cryptotest"

	"github.com/stillvault/stillvault/core/secret"
)

// figures are what a property was tried on.
type figures struct{ policies, several, glass, sets, opened, refused int }

// Policies are drawn at random, and sets of their people: those that satisfy the
// policy open what was sealed under it, as a consumer does, and the others do not,
// neither by asking nor by force.
func TestExactlyTheSetsThatSatisfyAPolicyOpen(t *testing.T) {
	const seed = 7
	cryptotest.SetGlobalRandom(t, seed)
	policies := 2000
	if testing.Short() {
		policies = 80
	}
	var f figures
	for world := range policies / 80 {
		w := newTown(t, seed+uint64(world), 8, 3)
		for range 80 {
			if w.dice.IntN(4) == 0 {
				w.regroup(w.dice.IntN(len(w.groups)))
			}
			w.demandAnything()
			w.trySets(&f)
		}
	}
	if f.policies < policies || f.opened*20 < f.sets || f.refused*20 < f.sets || f.glass*10 < f.policies || f.several*10 < f.policies {
		t.Errorf("too few of a kind were tried")
	}
	t.Logf("%d policies (%d of several requirements, %d with break-glass): %d sets of people, %d opened, %d failed, none otherwise than the policy says",
		f.policies, f.several, f.glass, f.sets, f.opened, f.refused)
}

// trySets seals under the policy in force and tries all sets of the people who hold
// shares, a sample where those are more than five.
func (w *town) trySets(f *figures) {
	w.T.Helper()
	v := w.verify(w.seal(w.draft()))
	w.seated(v)
	f.policies++
	if len(v.Policy.Requirements) > 1 {
		f.several++
	}
	if v.Policy.BreakGlass != nil {
		f.glass++
	}
	revealed := make([][]byte, len(v.Seats))
	for i, s := range v.Seats {
		revealed[i] = w.reveals(v, s)
	}
	for _, set := range setsOf(w.dice, len(v.Seats), 24) {
		w.trySet(v, revealed, set, f)
	}
}

// reveals is what a holder releases to a consumer.
func (w *town) reveals(v *secret.Verified, s secret.Seat) []byte {
	w.T.Helper()
	share, err := v.OpenShare(w.rings[s.Approver][s.Generation-1])
	w.Must(err)
	defer share.Wipe()
	return share.Reveal()
}

// setsOf returns sets of n people as bits: all of them, or at most so many.
func setsOf(dice *rand.Rand, n, most int) []uint64 {
	var sets []uint64
	if 1<<n <= most {
		for set := range uint64(1) << n {
			sets = append(sets, set)
		}
		return sets
	}
	for range most {
		sets = append(sets, dice.Uint64N(1<<n))
	}
	return sets
}

// trySet has people release what they hold, and a consumer read and combine it.
func (w *town) trySet(v *secret.Verified, revealed [][]byte, set uint64, f *figures) {
	w.T.Helper()
	var shares []*secret.Share
	var seats []secret.Seat
	for i, s := range v.Seats {
		if set&(1<<i) == 0 {
			continue
		}
		share, err := v.ReadShare(revealed[i], &s)
		w.Must(err)
		shares, seats = append(shares, share), append(seats, s)
	}
	f.sets++
	plaintext, err := v.Combine(shares)
	if meets(&w.policy, seats) {
		w.Must(err)
		got, err := v.ReadPayload(plaintext)
		w.Must(err)
		if string(got.JSON()) != value {
			w.T.Fatal("opened as something else")
		}
		f.opened++
		return
	}
	if !errors.Is(err, secret.ErrQuorum) || v.Force(shares) {
		w.T.Fatalf("%d people who do not satisfy the policy: %v", len(seats), err)
	}
	f.refused++
}

// Force opens what it is given enough for: otherwise its failing would say nothing.
func TestForceOpensWhatSuffices(t *testing.T) {
	c := newCabinet(t, 3, need(2, 0, 1, 2))
	v := c.verify(c.seal(c.draft()))
	var shares []*secret.Share
	for _, p := range c.people {
		share, err := v.OpenShare(p.Keyring)
		c.Must(err)
		shares = append(shares, share)
	}
	if !v.Force(shares[1:]) || v.Force(shares[:1]) {
		t.Error("two of three do not open it, or one does")
	}
}
