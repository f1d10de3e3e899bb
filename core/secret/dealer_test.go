package secret_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"filippo.io/edwards25519"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/secret"
)

// dealing is a version that three of five people share, 0 to 4, and that is to be
// re-shared among 1 to 5, any two of them, and among 6 to 8 for breaking the glass.
func dealing(t *testing.T) (*cabinet, *secret.Version) {
	c := newCabinet(t, 9, need(3, 0, 1, 2, 3, 4))
	v := c.seal(c.draft())
	glass := coretest.Need("glass", 2, c.people[6:]...)
	c.policy.BreakGlass = &glass
	c.demand(coretest.Need("r", 2, c.people[1:6]...))
	return c, v
}

// lying has a dealer lie and others not, and puts the epoch together.
func (c *cabinet) lying(v *secret.Version, liar *coretest.Person, lie secret.Lie, honest ...*coretest.Person) *secret.Version {
	c.T.Helper()
	verified, err := v.VerifyHistory(c.Roster, c.Mount, path)
	c.Must(err)
	lied, err := verified.DealLying(c.Roster, liar.Keyring, verified.Epoch+1, lie)
	c.Must(err)
	next, err := v.Reshare(c.Roster, c.Mount, path, append(c.deals(v, verified.Epoch+1, honest...), *lied))
	c.Must(err)
	return next
}

// accused returns whom an error names, nobody if it names none.
func accused(err error) envelope.ID {
	var named *secret.DealerError
	if errors.As(err, &named) && errors.Is(err, secret.ErrDealer) {
		return named.Approver
	}
	return envelope.ID{}
}

func another(s *edwards25519.Scalar) { s.Add(s, number(1)) }

func other(b []byte) { copy(b, edwards25519.NewScalar().Add(scalar(b), number(1)).Bytes()) }

// order is the field's: the smallest number that is no scalar.
func order(b []byte) {
	copy(b, edwards25519.NewScalar().Negate(number(1)).Bytes())
	b[0]++
}

// pieceFor changes what one person is dealt.
func pieceFor(p *coretest.Person, change func([]byte)) func(secret.Seat, []byte) {
	return func(s secret.Seat, b []byte) {
		if s.Approver == p.ID {
			change(b)
		}
	}
}

// sentTo changes what is signed and sent to one person.
func sentTo(p *coretest.Person, change func(*secret.Holder, *envelope.Envelope)) secret.Lie {
	return secret.Lie{Holder: func(h *secret.Holder, w *envelope.Envelope) {
		if h.Approver == p.ID {
			change(h, w)
			h.Wrap = envelope.SumHash(w.Bytes)
		}
	}}
}

// with are the sets that somebody is in.
func with(who ...int) func([]int) bool {
	return func(set []int) bool {
		return slices.ContainsFunc(set, func(i int) bool { return slices.Contains(who, i) })
	}
}

var lies = map[string]struct {
	lie    func(*cabinet) secret.Lie
	spoils func(set []int) bool // which sets of the new holders find out
}{
	"none":          {func(*cabinet) secret.Lie { return secret.Lie{} }, with()},
	"another share": {func(*cabinet) secret.Lie { return secret.Lie{Value: another} }, with(1, 2, 3, 4, 5, 6, 7, 8)},
	"another share, and its opening under the true one's key": {func(*cabinet) secret.Lie {
		return secret.Lie{Value: another, Key: func(held, _ *edwards25519.Scalar) *edwards25519.Scalar { return held }}
	}, with(1, 2, 3, 4, 5, 6, 7, 8)},
	"another share, and that one in the opening": {func(*cabinet) secret.Lie {
		return secret.Lie{Value: another, Reveal: func(b []byte) []byte { other(b[:32]); return b }}
	}, with(1, 2, 3, 4, 5, 6, 7, 8)},
	"another share for breaking the glass": {func(*cabinet) secret.Lie {
		return secret.Lie{Piece: func(s secret.Seat, b []byte) {
			if s.Requirement == 1 {
				other(b)
			}
		}}
	}, with(6, 7, 8)},
	"one piece beside the polynomial": {func(c *cabinet) secret.Lie {
		return secret.Lie{Piece: pieceFor(c.people[1], other)}
	}, with(1)},
	"a polynomial of too high a degree": {func(*cabinet) secret.Lie {
		return secret.Lie{Piece: func(s secret.Seat, b []byte) {
			if s.Requirement == 0 {
				square := number(s.X * s.X)
				copy(b, square.Add(square, scalar(b)).Bytes())
			}
		}}
	}, with(1, 2, 3, 4, 5)},
	"a piece that is no scalar": {func(c *cabinet) secret.Lie { return secret.Lie{Piece: pieceFor(c.people[3], order)} }, with(3)},
	"a piece other than was committed to": {func(c *cabinet) secret.Lie {
		return sentTo(c.people[2], func(h *secret.Holder, _ *envelope.Envelope) { h.Commitment[0] ^= 1 })
	}, with(2)},
	"a piece that does not open": {func(c *cabinet) secret.Lie {
		return sentTo(c.people[4], func(_ *secret.Holder, w *envelope.Envelope) { w.Bytes[len(w.Bytes)-1] ^= 1 })
	}, with(4)},
}

var newSets = [][]int{{1, 2}, {1, 3}, {2, 3}, {2, 4}, {3, 5}, {4, 5}, {6, 7}, {7, 8}}

// Whatever a dealer does, whoever is hindered by it finds out who it was, and nobody
// else is ever named; the others open what they should.
func TestALyingDealerIsNamed(t *testing.T) {
	for name, k := range lies {
		t.Run(name, func(t *testing.T) {
			c, stored := dealing(t)
			liar := c.people[2]
			v := c.verify(c.lying(stored, liar, k.lie(c), c.people[0], c.people[4]))
			for _, set := range newSets {
				switch err := c.opens(v, pick(c, set)...); {
				case !k.spoils(set) && err != nil:
					t.Errorf("%v: %v", set, err)
				case k.spoils(set) && accused(err) != liar.ID:
					t.Errorf("%v do not find the liar out: %v", set, err)
				}
			}
		})
	}
}

// A holder who releases what their own device would have refused is not at fault for
// what the dealer signed, either.
func TestAConsumerNamesTheDealerOfWhatIsNoScalar(t *testing.T) {
	c, stored := dealing(t)
	liar := c.people[2]
	lie := secret.Lie{Piece: pieceFor(c.people[3], order)}
	verified, err := stored.VerifyHistory(c.Roster, c.Mount, path)
	c.Must(err)
	lied, err := verified.DealLying(c.Roster, liar.Keyring, 1, lie)
	c.Must(err)
	deals := append(c.deals(stored, 1, c.people[0], c.people[4]), *lied)
	next, err := stored.Reshare(c.Roster, c.Mount, path, deals)
	c.Must(err)
	v := c.verify(next)
	seat, err := v.Seat(c.people[3].ID)
	c.Must(err)
	var revealed []byte
	for _, dealer := range v.Dealers() {
		i := slices.IndexFunc(deals, func(d secret.Dealt) bool {
			read, err := verified.ReadDeal(c.Roster, d)
			c.Must(err)
			return read.Dealer == dealer
		})
		piece, err := verified.RawPiece(c.Roster, deals[i], c.people[3].Keyring)
		c.Must(err)
		revealed = append(revealed, piece...)
	}
	if _, err := v.ReadShare(revealed, seat); accused(err) != liar.ID {
		t.Errorf("got %v", err)
	}
	revealed[0] ^= 1
	if _, err := v.ReadShare(revealed, seat); !errors.Is(err, secret.ErrShare) || errors.Is(err, secret.ErrDealer) {
		t.Errorf("what nobody committed to: %v", err)
	}
}

// A lie of an earlier epoch is found out later, however honest the dealers since.
func TestALieOfAnEarlierEpochIsTracedBack(t *testing.T) {
	c, stored := dealing(t)
	liar := c.people[2]
	v := c.lying(stored, liar, secret.Lie{Value: another}, c.people[0], c.people[4])
	for epoch, step := range []struct{ dealers, holders []int }{{[]int{1, 5}, []int{0, 1, 2, 3}}, {[]int{6, 8}, []int{2, 3, 5}}} {
		c.demand(coretest.Need("r", 2, pick(c, step.holders)...))
		v = c.reshared(v, uint32(epoch+2), pick(c, step.dealers)...)
		now := c.verify(v)
		for _, set := range [][]int{step.holders[:2], step.holders[1:3], {6, 8}} {
			var named *secret.DealerError
			if err := c.opens(now, pick(c, set)...); accused(err) != liar.ID || !errors.As(err, &named) || named.Epoch != 1 {
				t.Errorf("epoch %d, %v: %v", now.Epoch, set, err)
			}
		}
	}
}

// Of two liars one is named, and it is a liar; without that one, the other.
func TestOfTwoLiarsNobodyHonestIsNamed(t *testing.T) {
	c, stored := dealing(t)
	verified, err := stored.VerifyHistory(c.Roster, c.Mount, path)
	c.Must(err)
	deals := c.deals(stored, 1, c.people[0])
	for i, by := range map[int]uint32{2: 1, 4: 40_000} { // so far apart that no weights cancel the lies out
		lie := secret.Lie{Value: func(s *edwards25519.Scalar) { s.Add(s, number(by)) }}
		lied, err := verified.DealLying(c.Roster, c.people[i].Keyring, 1, lie)
		c.Must(err)
		deals = append(deals, *lied)
	}
	next, err := stored.Reshare(c.Roster, c.Mount, path, deals)
	c.Must(err)
	for _, set := range newSets {
		if named := accused(c.opens(c.verify(next), pick(c, set)...)); named != c.people[2].ID && named != c.people[4].ID {
			t.Errorf("%v name %s", set, named)
		}
	}
}

// An opening that opens nothing does no harm while everybody's pieces are right. When
// something else is wrong, whoever gave it is the one who cannot be cleared.
func TestAWrongOpeningAloneHindersNobody(t *testing.T) {
	c, stored := dealing(t)
	lie := secret.Lie{Reveal: func(b []byte) []byte { return bytes.Repeat([]byte{1}, len(b)) }}
	next := c.lying(stored, c.people[2], lie, c.people[0], c.people[4])
	c.Must(c.opens(c.verify(next), pick(c, []int{1, 2})...))
	next.Payload.Bytes = bytes.Clone(next.Payload.Bytes)
	next.Payload.Bytes[20] ^= 1
	if err := c.opens(c.verify(next), pick(c, []int{1, 2})...); accused(err) != c.people[2].ID {
		t.Errorf("got %v", err)
	}
}

// What is not a dealer's fault names no dealer.
func TestNobodyHonestIsNamed(t *testing.T) {
	c, stored := dealing(t)
	next := c.reshared(stored, 1, c.people[0], c.people[2], c.people[4])
	renewed, err := keyring.New(c.Roster.Organisation(), c.people[1].ID, 2)
	c.Must(err)
	for name, try := range map[string]func() error{
		"an altered payload": func() error {
			broken := *next
			broken.Payload.Bytes = bytes.Clone(next.Payload.Bytes)
			broken.Payload.Bytes[20] ^= 1
			return c.opens(c.verify(&broken), pick(c, []int{1, 2})...)
		},
		"a payload left out": func() error { return c.opens(c.verify(next.WithoutPayload()), pick(c, []int{1, 2})...) },
		"a keyring of another generation": func() error {
			_, err := c.verify(next).OpenShare(renewed)
			return err
		},
		"a share altered on its way": func() error {
			v := c.verify(next)
			share, err := v.OpenShare(c.people[1].Keyring)
			c.Must(err)
			b := share.Reveal()
			b[70] ^= 1
			seat, err := v.Seat(c.people[1].ID)
			c.Must(err)
			_, err = v.ReadShare(b, seat)
			return err
		},
		"too few": func() error { return c.opens(c.verify(next), c.people[1], c.people[7]) },
	} {
		if err := try(); err == nil || errors.Is(err, secret.ErrDealer) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
