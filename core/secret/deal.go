package secret

import (
	"fmt"
	"slices"

	"filippo.io/edwards25519"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// Deal is what one holder of a share makes of it when a version is re-shared: a
// piece for everybody whom the policy names now, committed to, and signed with the
// dealer's keyring. It says nothing of other dealers, so that everybody deals when
// they have time; m deals of every requirement make the next epoch ([Reshare]).
//
// Opening is what the dealer's own share was read from, encrypted under a key that
// is derived from that share. Who puts the pieces together finds the share, can
// open it, and holds it against what the dealer was given: a dealer who deals
// something else is found out and named, without any commitment that a quantum
// computer could open.
type Deal struct {
	Header   envelope.Hash     `json:"header"`
	Previous envelope.Hash     `json:"previous"` // wrap set that the dealer's share is of
	Epoch    uint32            `json:"epoch"`    // that it is for, later than that wrap set's
	Dealer   Seat              `json:"dealer"`   // in that wrap set
	Access   []Access          `json:"access"`   // of the new epoch
	Holders  []Holder          `json:"holders"`  // who is dealt a piece, by requirement, then x
	Opening  envelope.Envelope `json:"opening"`
	Roster   roster.Head       `json:"roster"`
}

// Dealt is a deal with its sealed pieces, in the order of the deal's holders.
type Dealt struct {
	Deal  envelope.Signed     `json:"deal"`
	Wraps []envelope.Envelope `json:"wraps"`
}

// maxSkip is how many epochs may be left out: those that were given up because a
// dealer lied. Without a bound, whoever numbers epochs could use all numbers up.
const maxSkip = 64

// binding is what all ciphertexts and commitments of a deal are bound to: its
// version, the share that it is of, and everybody whom it is for.
func (d *Deal) binding() (envelope.Hash, error) {
	encoded, err := envelope.Encode(struct {
		Header   envelope.Hash `json:"header"`
		Previous envelope.Hash `json:"previous"`
		Epoch    uint32        `json:"epoch"`
		Dealer   Seat          `json:"dealer"`
		Access   []Access      `json:"access"`
		Seats    []Seat        `json:"seats"`
	}{d.Header, d.Previous, d.Epoch, d.Dealer, d.Access, seatsOf(d.Holders)})
	if err != nil {
		return envelope.Hash{}, err
	}
	return envelope.SumHash([]byte("stillvault/deal/v1"), encoded), nil
}

// MayDeal returns why an approver cannot deal: they are not in force, or hold no
// sealed share any more ([ErrNotHolder]). Whether the policy still names them does
// not matter: who falls out of it helps to hand over. Their share may be for an
// earlier generation of their keyring.
func (v *Verified) MayDeal(r *roster.Roster, approver envelope.ID) (*Seat, error) {
	if _, err := r.Approver(approver); err != nil {
		return nil, err
	}
	seat, err := v.Seat(approver)
	if err == nil && !v.sharing.hasWrap(*seat) {
		err = ErrNotHolder
	}
	return seat, err
}

// Deal shares the keyring's share of the version anew, among the people whom the
// roster's policy for the path names, and for nobody else: targets are never taken
// from whoever asks. epoch is the number of the next wrap set. The keyring stays the
// caller's. It returns [ErrFollows] if there is nothing to do, and the errors of
// [TargetFor] where nothing could be written either.
func (v *Verified) Deal(r *roster.Roster, k *keyring.Keyring, epoch uint32) (*Dealt, error) {
	dealt, err := v.deal(r, k, epoch)
	if err != nil {
		return nil, fmt.Errorf("re-share %q version %d: %w", v.Header.Path, v.Header.Version, err)
	}
	return dealt, nil
}

func (v *Verified) deal(r *roster.Roster, k *keyring.Keyring, epoch uint32) (*Dealt, error) {
	seat, err := v.MayDeal(r, k.Approver())
	switch {
	case err != nil:
		return nil, err
	case seat.Generation != k.Generation():
		return nil, keyring.ErrOwner
	case epoch <= v.Epoch || epoch > v.Epoch+maxSkip:
		return nil, fmt.Errorf("epoch %d after %d: %w", epoch, v.Epoch, ErrDeal)
	}
	target, err := TargetFor(r, v.Header.Path)
	if err != nil {
		return nil, err
	}
	if v.Follows(target) {
		return nil, ErrFollows
	}
	share, err := v.sharing.open(&v.Header, *seat, k)
	if err != nil {
		return nil, err
	}
	defer share.Wipe()
	b := Deal{Header: v.HeaderHash, Previous: v.WrapSet, Epoch: epoch, Dealer: *seat, Access: target.Access, Roster: r.Head()}
	for _, s := range target.Seats {
		b.Holders = append(b.Holders, Holder{Seat: s})
	}
	return v.sign(&b, target, share, k)
}

// sign fills in what a deal carries and signs it.
func (v *Verified) sign(b *Deal, t *Target, share *Share, k *keyring.Keyring) (*Dealt, error) {
	binding, err := b.binding()
	if err != nil {
		return nil, err
	}
	d := &dealing{dealer: b.Dealer, binding: binding}
	next := &sharing{epoch: b.Epoch, access: t.Access, seats: t.Seats, previous: v.sharing}
	pieces, err := v.redistribute(b, next, d, share)
	if err != nil {
		return nil, err
	}
	defer wipePieces(pieces)
	tasks, _ := next.wrapAll(&v.Header, d, t, pieces)
	if err := together(tasks); err != nil {
		return nil, err
	}
	b.Holders, b.Opening = d.holders, d.opening
	signer, err := k.Signer()
	if err != nil {
		return nil, err
	}
	defer signer.Wipe()
	signed, err := envelope.Sign(envelope.TypeDeal, b, signer)
	return &Dealt{Deal: signed, Wraps: d.wraps}, err
}

// redistribute splits the share's value and encrypts the opening.
func (v *Verified) redistribute(b *Deal, next *sharing, d *dealing, share *Share) (pieces []*piece, err error) {
	var value *edwards25519.Scalar
	envelope.Confine(func() {
		if value, err = v.sharing.value(share); err == nil {
			pieces, err = split(value, next.access, next.seats)
		}
	})
	if value != nil {
		defer clearScalar(value)
	}
	if err != nil {
		return nil, err
	}
	revealed := share.Reveal()
	defer envelope.Wipe(revealed)
	key, ctx, err := next.openingKey(&v.Header, d, value)
	if err == nil {
		defer key.Wipe()
		d.opening, err = envelope.Seal(key, ctx, revealed)
	}
	if err != nil {
		wipePieces(pieces)
		return nil, err
	}
	return pieces, nil
}

// ReadDeal checks a deal of the version's newest wrap set, for a broker that is to
// keep it until there are enough: by somebody who may deal, and for the people whom
// the roster names now; [ErrDeal] otherwise. It cannot see whether the pieces are of
// the dealer's share; who opens the version can.
func (v *Verified) ReadDeal(r *roster.Roster, dealt Dealt) (*Deal, error) {
	d, _, err := v.sharing.readDeal(r, &v.Header, v.HeaderHash, dealt)
	if err != nil {
		return nil, fmt.Errorf("deal for %q: %w", v.Header.Path, err)
	}
	if err := v.sharing.checkWhole(d, dealt); err != nil {
		return nil, fmt.Errorf("deal for %q: %w", v.Header.Path, err)
	}
	if _, err := v.MayDeal(r, d.Dealer.Approver); err != nil {
		return nil, fmt.Errorf("deal for %q: %w", v.Header.Path, err)
	}
	target, err := TargetFor(r, v.Header.Path)
	if err != nil {
		return nil, fmt.Errorf("deal for %q: %w", v.Header.Path, err)
	}
	if !slices.Equal(d.Access, target.Access) || !slices.Equal(seatsOf(d.Holders), target.Seats) {
		return nil, fmt.Errorf("deal for %q: for others than the policy names now: %w", v.Header.Path, ErrDeal)
	}
	return d, nil
}

// checkWhole wants every piece of a new deal to be there, and each and the opening
// to be as long as what they hold makes them: a dealer who leaves something out, or
// makes the version too large to keep, must not be able to spoil the next epoch.
func (s *sharing) checkWhole(d *Deal, dealt Dealt) error {
	const piece = envelope.EncapsulationSize + pieceSize + envelope.TagSize
	if slices.ContainsFunc(dealt.Wraps, func(w envelope.Envelope) bool { return len(w.Bytes) != piece }) ||
		len(d.Opening.Bytes) != envelope.NonceSize+len(s.dealings)*pieceSize+envelope.TagSize {
		return fmt.Errorf("a part is missing or of the wrong length: %w", ErrDeal)
	}
	return nil
}

// readDeal checks what can be checked at any later time: that a holder of this
// sharing signed the deal while they were an approver, for the requirements of the
// policy that was in force then, and that the wraps are those that they signed.
func (s *sharing) readDeal(r *roster.Roster, h *Header, header envelope.Hash, dealt Dealt) (*Deal, *dealing, error) {
	d, err := envelope.Peek[Deal](dealt.Deal, envelope.TypeDeal)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case d.Header != header || d.Previous != s.hash:
		return nil, nil, fmt.Errorf("of another version or another wrap set: %w", ErrDeal)
	case d.Epoch <= s.epoch || d.Epoch > s.epoch+maxSkip:
		return nil, nil, fmt.Errorf("epoch %d after %d: %w", d.Epoch, s.epoch, ErrDeal)
	case !slices.Contains(s.seats, d.Dealer):
		return nil, nil, fmt.Errorf("dealer %s: %w", d.Dealer.Approver, ErrNotHolder)
	}
	if err := r.Accepts(d.Roster); err != nil {
		return nil, nil, err
	}
	if d.Roster.Seq < s.seen {
		return nil, nil, fmt.Errorf("dealt before the shares that it is of were made: %w", ErrDeal)
	}
	for _, h := range d.Holders {
		if _, err := r.ApproverAt(h.Approver, d.Roster); err != nil {
			return nil, nil, err
		}
	}
	dealer, err := r.ApproverAt(d.Dealer.Approver, d.Roster)
	if err != nil {
		return nil, nil, err
	}
	key, err := dealer.SigningKey(d.Dealer.Generation)
	if err != nil {
		return nil, nil, err
	}
	if err := dealt.Deal.Verify(envelope.TypeDeal, key); err != nil {
		return nil, nil, err
	}
	policy, err := r.PolicyAt(h.Path, d.Roster)
	if err != nil {
		return nil, nil, err
	}
	if !slices.Equal(d.Access, accessOf(policy)) {
		return nil, nil, fmt.Errorf("not the policy's requirements: %w", ErrDeal)
	}
	if err := checkSeats(d.Access, seatsOf(d.Holders)); err != nil {
		return nil, nil, err
	}
	if err := checkWraps(d.Holders, dealt.Wraps); err != nil {
		return nil, nil, err
	}
	binding, err := d.binding()
	return &d, &dealing{dealer: d.Dealer, binding: binding, holders: d.Holders, wraps: dealt.Wraps, opening: d.Opening}, err
}
