package secret

import (
	"testing"

	"filippo.io/edwards25519"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// Observer is told of scalars as they come into being.
type Observer struct {
	Assembled, Drawn, Computed func(*edwards25519.Scalar)
}

// Observe sets the hooks until the test ends.
func Observe(t testing.TB, o Observer) {
	before := Observer{assembled, drawn, computed}
	t.Cleanup(func() { assembled, drawn, computed = before.Assembled, before.Drawn, before.Computed })
	for _, hook := range []struct {
		into *func(*edwards25519.Scalar)
		set  func(*edwards25519.Scalar)
	}{{&assembled, o.Assembled}, {&drawn, o.Drawn}, {&computed, o.Computed}} {
		if hook.set != nil {
			*hook.into = hook.set
		}
	}
}

// Weights is what each of the dealers counts for.
func (v *Verified) Weights() []*edwards25519.Scalar {
	weights := make([]*edwards25519.Scalar, len(v.sharing.dealings))
	for i := range weights {
		weights[i] = v.sharing.weight(i)
	}
	return weights
}

// Dealers are the seats, in the epoch before, of those who dealt.
func (v *Verified) Dealers() []Seat {
	dealers := make([]Seat, len(v.sharing.dealings))
	for i := range dealers {
		dealers[i] = v.sharing.dealings[i].dealer
	}
	return dealers
}

// Force is what people do who are too few and do not mind: they interpolate what
// they have, in every way that a policy may be met, and try what comes out.
func (v *Verified) Force(shares []*Share) (opened bool) {
	for _, requirements := range alternatives(v.Access) {
		var these []*Share
		for _, s := range shares {
			for _, q := range requirements {
				if int(s.Requirement) == q {
					these = append(these, s)
				}
			}
		}
		sum, err := v.sharing.sum(these, v.sharing.value)
		if err != nil {
			continue
		}
		root, err := encodeScalar(sum)
		if err != nil {
			continue
		}
		_, err = v.openPayload(root)
		opened = opened || err == nil
	}
	return opened
}

// Lie says how a dealer departs from what [Verified.Deal] does. What is nil is done
// honestly.
type Lie struct {
	Value   func(value *edwards25519.Scalar)                            // what is dealt instead of the share
	Piece   func(s Seat, value []byte)                                  // a piece before it is committed to
	Reveal  func(revealed []byte) []byte                                // what the opening holds
	Key     func(held, dealt *edwards25519.Scalar) *edwards25519.Scalar // what the opening is encrypted under
	Holder  func(h *Holder, wrap *envelope.Envelope)                    // what is signed and sent of a piece
	Opening func(*envelope.Envelope)
	Deal    func(*Deal)
}

// DealLying deals as a dealer who changed their program.
func (v *Verified) DealLying(r *roster.Roster, k *keyring.Keyring, epoch uint32, lie Lie) (*Dealt, error) {
	seat, err := v.Seat(k.Approver())
	if err != nil {
		return nil, err
	}
	target, err := TargetFor(r, v.Header.Path)
	if err != nil {
		return nil, err
	}
	share, err := v.sharing.open(&v.Header, *seat, k)
	if err != nil {
		return nil, err
	}
	b := Deal{Header: v.HeaderHash, Previous: v.WrapSet, Epoch: epoch, Dealer: *seat, Access: target.Access, Roster: r.Head()}
	for _, s := range target.Seats {
		b.Holders = append(b.Holders, Holder{Seat: s})
	}
	if lie.Deal != nil {
		lie.Deal(&b)
	}
	d, err := v.fabricate(&b, target, share, lie)
	if err != nil {
		return nil, err
	}
	signer, err := k.Signer()
	if err != nil {
		return nil, err
	}
	signed, err := envelope.Sign(envelope.TypeDeal, b, signer)
	return &Dealt{Deal: signed, Wraps: d.wraps}, err
}

func (v *Verified) fabricate(b *Deal, t *Target, share *Share, lie Lie) (*dealing, error) {
	binding, err := b.binding()
	if err != nil {
		return nil, err
	}
	d := &dealing{dealer: b.Dealer, binding: binding}
	next := &sharing{epoch: b.Epoch, access: t.Access, seats: t.Seats, previous: v.sharing}
	held, err := v.sharing.value(share)
	if err != nil {
		return nil, err
	}
	dealt := edwards25519.NewScalar().Set(held)
	if lie.Value != nil {
		lie.Value(dealt)
	}
	pieces, err := split(dealt, t.Access, t.Seats)
	if err != nil {
		return nil, err
	}
	for i, p := range pieces {
		if lie.Piece != nil {
			lie.Piece(t.Seats[i], p.value.Bytes())
		}
	}
	revealed, under := share.Reveal(), dealt
	if lie.Reveal != nil {
		revealed = lie.Reveal(revealed)
	}
	if lie.Key != nil {
		under = lie.Key(held, dealt)
	}
	key, ctx, err := next.openingKey(&v.Header, d, under)
	if err != nil {
		return nil, err
	}
	if d.opening, err = envelope.Seal(key, ctx, revealed); err != nil {
		return nil, err
	}
	tasks, _ := next.wrapAll(&v.Header, d, t, pieces)
	if err := together(tasks); err != nil {
		return nil, err
	}
	for i := range d.holders {
		if lie.Holder != nil {
			lie.Holder(&d.holders[i], &d.wraps[i])
		}
	}
	if lie.Opening != nil {
		lie.Opening(&d.opening)
	}
	b.Holders, b.Opening = d.holders, d.opening
	return d, nil
}

// Piece opens what a deal has for a keyring, whether it is used in the end or not.
func (v *Verified) Piece(r *roster.Roster, dealt Dealt, k *keyring.Keyring) ([]byte, error) {
	d, its, err := v.sharing.readDeal(r, &v.Header, v.HeaderHash, dealt)
	if err != nil {
		return nil, err
	}
	next := &sharing{epoch: d.Epoch, access: d.Access, seats: seatsOf(d.Holders), previous: v.sharing, dealings: []dealing{*its}}
	seat, err := seatOf(next.seats, k.Approver())
	if err != nil {
		return nil, err
	}
	share, err := next.open(&v.Header, *seat, k)
	if err != nil {
		return nil, err
	}
	return share.Reveal(), nil
}

// RawPiece opens what a deal has for a keyring and checks nothing about it, as a
// holder's changed program might.
func (v *Verified) RawPiece(r *roster.Roster, dealt Dealt, k *keyring.Keyring) ([]byte, error) {
	d, its, err := v.sharing.readDeal(r, &v.Header, v.HeaderHash, dealt)
	if err != nil {
		return nil, err
	}
	next := &sharing{epoch: d.Epoch, access: d.Access, seats: seatsOf(d.Holders), previous: v.sharing}
	seat, err := seatOf(next.seats, k.Approver())
	if err != nil {
		return nil, err
	}
	i, err := next.index(*seat)
	if err != nil {
		return nil, err
	}
	return k.Open(next.pieceContext(&v.Header, its, *seat, false), its.wraps[i])
}
