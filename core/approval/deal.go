package approval

import (
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// MaxDeals is how many versions one [ReshareAnswer] may deal.
const MaxDeals = 64

// ReshareCase is a re-share that passed every check, with what an approver is shown
// before their one gesture for all of it: how the policy wants its versions shared.
type ReshareCase struct {
	Request  ReshareRequest
	Hash     envelope.Hash
	Policy   *roster.Policy
	People   [][]*roster.Approver // who would hold shares then, by requirement, as [roster.Policy.All]
	signed   envelope.Signed
	head     roster.Head // of the roster when it was reviewed
	reviewer Reviewer
	device   *roster.Device
	approver *roster.Approver
}

// ReviewReshare checks that this device's mount asks for a re-share under a policy in
// force that distinct people can meet. What is dealt to whom, it takes from the
// device's own roster.
func (v Reviewer) ReviewReshare(s envelope.Signed, now time.Time) (*ReshareCase, error) {
	q, p, err := ReadReshareRequest(v.Roster, s, now)
	if err != nil {
		return nil, err
	}
	if !v.Mount.IsZero() && v.Mount != q.Mount {
		return nil, fmt.Errorf("re-share %s: of another mount: %w", q.ID, ErrReshare)
	}
	c := &ReshareCase{Request: *q, Hash: s.Hash(), Policy: p, signed: s, head: v.Roster.Head(), reviewer: v}
	if c.approver, err = v.Roster.Approver(v.Approver); err != nil {
		return nil, fmt.Errorf("re-share %s: %w", q.ID, err)
	}
	if c.device, err = v.Roster.Device(v.Device); err != nil {
		return nil, fmt.Errorf("re-share %s: %w", q.ID, err)
	}
	if c.device.Approver != v.Approver || c.device.Generation != c.approver.Generation {
		return nil, fmt.Errorf("re-share %s: %w", q.ID, ErrDevice)
	}
	if c.People, err = v.Roster.Assign(p); err != nil {
		return nil, fmt.Errorf("re-share %s: %w", q.ID, err)
	}
	return c, nil
}

// Reshared says what was dealt of one version: it is what the receipt of a re-share
// stands for.
type Reshared struct {
	Path    string        `json:"path"`
	Version uint64        `json:"version"`
	Header  envelope.Hash `json:"header"`
	Deal    envelope.Hash `json:"deal"` // of the signed deal
}

// ReshareAnswer is what a device sends for one page: a receipt, signed like that of
// an approval, what it stands for, and the deals, in the same order.
type ReshareAnswer struct {
	Receipt  envelope.Signed `json:"receipt"`
	Reshared []Reshared      `json:"reshared"`
	Deals    []secret.Dealt  `json:"deals"`
}

// hashReshared is what a receipt names the dealt versions by.
func hashReshared(all []Reshared) (envelope.Hash, error) {
	encoded, err := envelope.Encode(all)
	if err != nil {
		return envelope.Hash{}, err
	}
	return envelope.SumHash([]byte("stillvault/reshared/v1"), encoded), nil
}

// Verify checks everything about a version before its share is dealt: that it is
// this mount's, genuine, and under the policy that the case is about.
func (c *ReshareCase) Verify(item ReshareItem) (*secret.Verified, error) {
	h, err := envelope.Peek[secret.Header](item.Version.Header, envelope.TypeHeader)
	if err != nil {
		return nil, fmt.Errorf("re-share %s: %w", c.Request.ID, err)
	}
	p, err := c.reviewer.Roster.PolicyFor(h.Path)
	if err != nil {
		return nil, fmt.Errorf("re-share %q: %w", h.Path, err)
	}
	if p.ID != c.Policy.ID {
		return nil, fmt.Errorf("re-share %q: under another policy: %w", h.Path, ErrReshare)
	}
	return item.Version.VerifyHistory(c.reviewer.Roster, c.Request.Mount, h.Path)
}

// Deal deals versions anew that [ReshareCase.Verify] returned, with the keyrings that
// the approver's factor just opened: keyrings[0] is the current one and signs the
// receipt, earlier generations deal what is still sealed to them. epochs are the items'.
// All of it is one page, at most [MaxDeals]; the keyrings stay the caller's, so that
// one gesture serves for all pages. [ErrReshare] says that the policy means others by
// now than those who were shown.
func (c *ReshareCase) Deal(versions []*secret.Verified, epochs []uint32, keyrings []*keyring.Keyring, device envelope.Signer, l Ledger, now time.Time) (ReshareAnswer, error) {
	if len(versions) == 0 || len(versions) > MaxDeals || len(versions) != len(epochs) || len(keyrings) == 0 {
		return ReshareAnswer{}, fmt.Errorf("re-share %s: %d versions: %w", c.Request.ID, len(versions), ErrReshare)
	}
	if err := c.reviewer.Roster.Fresh(now); err != nil {
		return ReshareAnswer{}, fmt.Errorf("re-share %s: %w", c.Request.ID, err)
	}
	if err := c.unchanged(now); err != nil {
		return ReshareAnswer{}, err
	}
	k := keyrings[0]
	switch {
	case k.Organisation() != c.Request.Organisation || k.Approver() != c.approver.ID || k.Generation() != c.approver.Generation:
		return ReshareAnswer{}, fmt.Errorf("re-share %s: %w", c.Request.ID, keyring.ErrOwner)
	case device.Public() != c.device.Signing:
		return ReshareAnswer{}, fmt.Errorf("re-share %s: %w", c.Request.ID, ErrDevice)
	}
	answer := ReshareAnswer{Reshared: []Reshared{}, Deals: []secret.Dealt{}}
	for i, v := range versions {
		dealt, err := c.dealOne(v, epochs[i], keyrings)
		if err != nil {
			return ReshareAnswer{}, err
		}
		answer.Deals = append(answer.Deals, *dealt)
		answer.Reshared = append(answer.Reshared, Reshared{
			Path: v.Header.Path, Version: v.Header.Version, Header: v.HeaderHash, Deal: dealt.Deal.Hash(),
		})
	}
	return answer, c.sign(&answer, k, device, l, now)
}

// unchanged reviews a case again where the roster has grown since: a person's gesture
// is for those whom they were shown, and for nobody whom the policy names by now.
func (c *ReshareCase) unchanged(now time.Time) error {
	if c.head == c.reviewer.Roster.Head() {
		return nil
	}
	again, err := c.reviewer.ReviewReshare(c.signed, now)
	if err != nil {
		return err
	}
	same := func(a, b *roster.Approver) bool { return a.ID == b.ID }
	if !slices.EqualFunc(c.People, again.People, func(a, b []*roster.Approver) bool { return slices.EqualFunc(a, b, same) }) {
		return fmt.Errorf("re-share %s: the policy means other people by now: %w", c.Request.ID, ErrReshare)
	}
	*c = *again
	return nil
}

// dealOne deals with the keyring that the approver's share is sealed to.
func (c *ReshareCase) dealOne(v *secret.Verified, epoch uint32, keyrings []*keyring.Keyring) (*secret.Dealt, error) {
	seat, err := v.Seat(c.approver.ID)
	if err != nil {
		return nil, err
	}
	for _, k := range keyrings {
		if k.Approver() == seat.Approver && k.Generation() == seat.Generation {
			return v.Deal(c.reviewer.Roster, k, epoch)
		}
	}
	return nil, fmt.Errorf("re-share %q: the share is for generation %d of the keyring: %w", v.Header.Path, seat.Generation, secret.ErrNotHolder)
}

func (c *ReshareCase) sign(answer *ReshareAnswer, k *keyring.Keyring, device envelope.Signer, l Ledger, now time.Time) error {
	hash, err := hashReshared(answer.Reshared)
	if err != nil {
		return err
	}
	answer.Receipt, err = Signatories{device, k}.sign(Receipt{
		Organisation: c.Request.Organisation, Mount: c.Request.Mount, Request: c.Hash, RequestID: c.Request.ID,
		Decision: Reshare, Approver: c.approver.ID, Generation: c.approver.Generation, Device: c.device.Device, Blob: hash,
		Roster: c.reviewer.Roster.Head(), Time: envelope.At(now), Counter: l.Counter + 1, Previous: l.Previous,
	})
	return err
}

// ReadReshareAnswer verifies, for a broker, that an approver and a device in force
// answered a re-share request, and that receipt and deals belong together. The deals
// themselves are checked against their versions, one by one, by
// [secret.Verified.ReadDeal].
func ReadReshareAnswer(r *roster.Roster, request envelope.Signed, a ReshareAnswer, now time.Time) (*Receipt, error) {
	rec, err := ReadReceipt(r, a.Receipt)
	if err != nil {
		return nil, err
	}
	if _, err := (Evidence{Receipt: a.Receipt, Request: request, Reshared: a.Reshared}).Verify(r); err != nil {
		return rec, err
	}
	if err := r.Fresh(now); err != nil {
		return rec, err
	}
	approver, err := r.Approver(rec.Approver)
	if err != nil {
		return rec, err
	}
	if _, err := r.Device(rec.Device); err != nil {
		return rec, err
	}
	switch {
	case rec.Generation != approver.Generation:
		return rec, ErrDevice
	case rec.Time > envelope.At(now).Add(MaxClockSkew):
		return rec, ErrFuture
	case len(a.Deals) == 0 || len(a.Deals) > MaxDeals || len(a.Deals) != len(a.Reshared):
		return rec, fmt.Errorf("%d deals: %w", len(a.Deals), ErrReshare)
	}
	for i, dealt := range a.Deals {
		d, err := envelope.Peek[secret.Deal](dealt.Deal, envelope.TypeDeal)
		if err != nil {
			return rec, err
		}
		if dealt.Deal.Hash() != a.Reshared[i].Deal || d.Header != a.Reshared[i].Header || d.Dealer.Approver != rec.Approver {
			return rec, fmt.Errorf("deal %d is not what the receipt names: %w", i+1, ErrReshare)
		}
	}
	return rec, nil
}
