package secret_test

import (
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// A dealer signs honestly what the lengths and the presence of do not hold: nothing
// of it may get into an epoch, where it would spoil what others dealt.
func TestADealIsTakenWholeOrNotAtAll(t *testing.T) {
	c := newCabinet(t, 4, need(2, 0, 1, 2))
	v := c.seal(c.draft())
	verified := c.verify(v)
	c.demand(need(2, 0, 1, 2, 3)(c.people)...)
	signer, err := c.people[0].Keyring.Signer()
	c.Must(err)
	for name, k := range map[string]struct {
		change func(*secret.Dealt)
		resign func(*secret.Deal)
		want   error
	}{
		"as it is":            {want: nil},
		"a piece left out":    {change: func(d *secret.Dealt) { d.Wraps[1].Bytes = nil }, want: secret.ErrDeal},
		"all pieces left out": {change: func(d *secret.Dealt) { d.Wraps = make([]envelope.Envelope, 4) }, want: secret.ErrWrapSet},
		"a piece too long": {change: func(d *secret.Dealt) { d.Wraps[1].Bytes = make([]byte, 300<<10) }, resign: func(d *secret.Deal) {
			d.Holders[1].Wrap = envelope.SumHash(make([]byte, 300<<10))
		}, want: secret.ErrDeal},
		"an opening too long": {resign: func(d *secret.Deal) { d.Opening.Bytes = make([]byte, 900<<10) }, want: secret.ErrDeal},
		"no opening":          {resign: func(d *secret.Deal) { d.Opening.Bytes = nil }, want: secret.ErrDeal},
		"under an older roster than the author's": {resign: func(d *secret.Deal) { d.Roster = c.Fold(3).Head() }, want: secret.ErrDeal},
		"to somebody who was no approver then":    {resign: func(d *secret.Deal) { d.Holders[3].Approver = envelope.NewID() }, want: roster.ErrUnknown},
	} {
		dealt, err := verified.Deal(c.Roster, c.people[0].Keyring, 1)
		c.Must(err)
		if k.change != nil {
			k.change(dealt)
		}
		if k.resign != nil {
			dealt.Deal = resigned(c, dealt.Deal, k.resign, signer)
		}
		if _, err := verified.ReadDeal(c.Roster, *dealt); !errors.Is(err, k.want) {
			t.Errorf("%s: got %v, want %v", name, err, k.want)
		}
		all := append(c.deals(v, 1, c.people[1]), *dealt)
		if _, err := v.Reshare(c.Roster, c.Mount, path, all); (err == nil) != (k.want == nil) {
			t.Errorf("%s, put together: %v", name, err)
		}
	}
}

func TestADealForAnotherEpochDoesNotHoldTheOthersUp(t *testing.T) {
	c := newCabinet(t, 4, need(2, 0, 1, 2))
	v := c.seal(c.draft())
	c.demand(need(2, 0, 1, 2, 3)(c.people)...)
	deals := append(c.deals(v, 7, c.people[0]), c.deals(v, 1, c.people[1], c.people[2])...)
	next, err := v.Reshare(c.Roster, c.Mount, path, deals)
	c.Must(err)
	c.Must(c.opens(c.verify(next), c.people[3], c.people[0]))
}

func TestWhatIsDeletedFromACopyStaysInTheOriginal(t *testing.T) {
	c := newCabinet(t, 4, need(2, 0, 1, 2))
	v := c.seal(c.draft())
	c.demand(need(2, 0, 1, 2, 3)(c.people)...)
	next := c.reshared(v, 1, c.people[0], c.people[1])
	without := next.WithoutPayload()
	_, err := without.DeleteWraps(func(envelope.ID) bool { return false })
	c.Must(err)
	next.Forget()
	c.Must(c.opens(c.verify(next), c.people[2], c.people[3]))
	old, err := v.VerifyHistory(c.Roster, c.Mount, path)
	c.Must(err)
	c.Must(c.opens(old, c.people[0], c.people[2]))
}

func TestTheQuorumIsWhoseSharesAreUsed(t *testing.T) {
	c := newCabinet(t, 4, need(2, 0, 1, 2, 3))
	v := c.verify(c.seal(c.draft()))
	var shares []*secret.Share
	for _, p := range c.people[:3] {
		s, err := v.OpenShare(p.Keyring)
		c.Must(err)
		shares = append(shares, s)
	}
	if _, err := v.Quorum(shares[:1]); !errors.Is(err, secret.ErrQuorum) {
		t.Errorf("one of two: %v", err)
	}
	seats, err := v.Quorum(shares)
	c.Must(err)
	if len(seats) != 2 {
		t.Errorf("%d seats of 2", len(seats))
	}
}
