package approval

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// ReshareRequest is a mount's signed wish that the versions under a policy be shared
// among the people whom the policy names now. It gives no authority: what is dealt to
// whom, every device reads from its own roster. It has no deadline; a newer text of
// the policy, or other people, make another one.
type ReshareRequest struct {
	ID           envelope.ID   `json:"id"`
	Organisation envelope.Hash `json:"organisation"`
	Mount        envelope.ID   `json:"mount"`
	Consumer     envelope.ID   `json:"consumer"` // the mount as a consumer
	Policy       envelope.ID   `json:"policy"`
	PolicyHash   envelope.Hash `json:"policy_hash"`
	Created      envelope.Time `json:"created"`
	Roster       roster.Head   `json:"roster"`
}

// AskReshare signs a mount's wish for the versions under a policy in force.
func AskReshare(r *roster.Roster, policy, mount, consumer envelope.ID, signer envelope.Signer, now time.Time) (envelope.Signed, error) {
	p, err := r.Policy(policy)
	if err != nil {
		return envelope.Signed{}, fmt.Errorf("ask for a re-share: %w", err)
	}
	hash, err := p.Hash()
	if err != nil {
		return envelope.Signed{}, fmt.Errorf("ask for a re-share: %w", err)
	}
	return envelope.Sign(envelope.TypeReshare, ReshareRequest{
		ID: envelope.NewID(), Organisation: r.Organisation(), Mount: mount, Consumer: consumer,
		Policy: policy, PolicyHash: hash, Created: envelope.At(now), Roster: r.Head(),
	}, signer)
}

// ReadReshareRequest verifies that a mount in force asked for a re-share, and returns
// the policy as it is now: [ErrReshare] if it is no longer the one that was meant.
func ReadReshareRequest(r *roster.Roster, s envelope.Signed, now time.Time) (*ReshareRequest, *roster.Policy, error) {
	q, err := readReshare(r, s, r.ConsumerAt)
	if err != nil {
		return nil, nil, fmt.Errorf("re-share: %w", err)
	}
	if _, err := r.Consumer(q.Consumer); err != nil {
		return nil, nil, fmt.Errorf("re-share: %w", err)
	}
	if err := r.Fresh(now); err != nil {
		return nil, nil, fmt.Errorf("re-share: %w", err)
	}
	if q.Created > envelope.At(now).Add(MaxClockSkew) {
		return nil, nil, fmt.Errorf("re-share: %w", ErrFuture)
	}
	p, err := r.Policy(q.Policy)
	if err != nil {
		return nil, nil, fmt.Errorf("re-share: %w", err)
	}
	hash, err := p.Hash()
	if err == nil && hash != q.PolicyHash {
		err = fmt.Errorf("the policy was changed since: %w", ErrReshare)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("re-share: %w", err)
	}
	return q, p, nil
}

// readReshare checks who asked, under a roster that may be newer.
func readReshare(r *roster.Roster, s envelope.Signed, consumerAt func(envelope.ID, roster.Head) (*roster.Consumer, error)) (*ReshareRequest, error) {
	q, err := envelope.Peek[ReshareRequest](s, envelope.TypeReshare)
	if err != nil {
		return nil, err
	}
	if q.Organisation != r.Organisation() {
		return nil, roster.ErrOrganisation
	}
	if err := r.Accepts(q.Roster); err != nil {
		return nil, err
	}
	c, err := consumerAt(q.Consumer, q.Roster)
	if err != nil {
		return nil, err
	}
	if err := s.Verify(envelope.TypeReshare, c.Signing); err != nil {
		return nil, err
	}
	if c.Kind != roster.ConsumerMount || c.Mount != q.Mount || q.ID.IsZero() {
		return nil, fmt.Errorf("not by the mount itself: %w", ErrReshare)
	}
	return &q, nil
}

// ReshareNotice tells a device of a re-share that its approver may help with: how
// many versions there are for them, how many they have dealt, and who else has dealt
// any. All but the request is the broker's word.
type ReshareNotice struct {
	Request envelope.Signed `json:"request"`
	Total   uint32          `json:"total"`
	Done    uint32          `json:"done"`
	Dealt   []envelope.ID   `json:"dealt"`
}

// ReshareItem is one version to be dealt, without its payload, and the number of its
// next epoch.
type ReshareItem struct {
	Version secret.Version `json:"version"`
	Epoch   uint32         `json:"epoch"`
}

// ReshareCall is a device's signed question for versions to deal, after the one with
// the header After. The answer is a [ResharePage], sealed to the device.
type ReshareCall struct {
	Organisation envelope.Hash  `json:"organisation"`
	Device       envelope.ID    `json:"device"`
	Time         envelope.Time  `json:"time"`
	Nonce        envelope.Bytes `json:"nonce"`   // 16 random bytes
	Request      envelope.Hash  `json:"request"` // of the signed re-share request
	After        envelope.Hash  `json:"after"`   // header of the last version shown, zero at first
	Roster       roster.Head    `json:"roster"`
}

// ResharePage is a page of versions, and whether there are more.
type ResharePage struct {
	Items []ReshareItem `json:"items"`
	More  bool          `json:"more"`
}

// CallReshare signs a call for a page.
func CallReshare(r *roster.Roster, device envelope.ID, signer envelope.Signer, request, after envelope.Hash, now time.Time) (envelope.Signed, error) {
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	return envelope.Sign(envelope.TypeReshareCall, ReshareCall{
		Organisation: r.Organisation(), Device: device, Time: envelope.At(now), Nonce: nonce,
		Request: request, After: after, Roster: r.Head(),
	}, signer)
}

// ReadReshareCall verifies, for a broker, that a device in force made the call
// within [MaxClockSkew].
func ReadReshareCall(r *roster.Roster, s envelope.Signed, now time.Time) (*ReshareCall, *roster.Device, error) {
	call, err := envelope.Peek[ReshareCall](s, envelope.TypeReshareCall)
	if err != nil {
		return nil, nil, fmt.Errorf("re-share: %w", err)
	}
	device, err := caller(r, s, deviceCall{call.Organisation, call.Device, call.Time, call.Nonce, call.Roster}, now)
	if err != nil {
		return nil, nil, fmt.Errorf("re-share: %w", err)
	}
	return &call, device, nil
}

// SealReshare seals a page to the device that called for it.
func SealReshare(d *roster.Device, mount envelope.ID, call envelope.Signed, page ResharePage) (envelope.Envelope, error) {
	encoded, err := envelope.Encode(page)
	if err != nil {
		return envelope.Envelope{}, err
	}
	return envelope.SealTo(d.KEM, inboxContext(d.Organisation, mount, d.Device, call), encoded)
}

// OpenReshare opens the page that answers the device's own call, and no other.
func OpenReshare(r *roster.Roster, d *keyring.Device, mount envelope.ID, call envelope.Signed, sealed envelope.Envelope) (*ResharePage, error) {
	opened, err := d.Open(inboxContext(r.Organisation(), mount, d.ID(), call), sealed)
	if err != nil {
		return nil, fmt.Errorf("re-share: %w", err)
	}
	page, err := envelope.Decode[ResharePage](opened)
	if err != nil {
		return nil, fmt.Errorf("re-share: %w", err)
	}
	return &page, nil
}
