package secret

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Header says what a version is. Its author signs it once and it never changes,
// whoever may open the version later.
//
//	Previous    hash of the header of the version before, zero for the first
//	PolicyHash  exact text of the policy that was in force
//	Commitment  SHA-256(context ‖ payload plaintext); the plaintext begins with
//	            32 random bytes, so the commitment tells nothing of the value
//	Roster      head of the org log that the author saw
type Header struct {
	Suite        envelope.Suite `json:"suite"`
	Organisation envelope.Hash  `json:"organisation"`
	Mount        envelope.ID    `json:"mount"`
	Secret       envelope.ID    `json:"secret"`
	Path         string         `json:"path"`
	Version      uint64         `json:"version"`
	Previous     envelope.Hash  `json:"previous"`
	Policy       envelope.ID    `json:"policy"`
	PolicyHash   envelope.Hash  `json:"policy_hash"`
	Commitment   envelope.Hash  `json:"commitment"`
	Author       envelope.ID    `json:"author"`
	Created      envelope.Time  `json:"created"`
	Roster       roster.Head    `json:"roster"`
}

func (h *Header) context(p envelope.Purpose) envelope.Context {
	return envelope.Context{Purpose: p, Organisation: h.Organisation, Mount: h.Mount, Secret: h.Secret, Version: h.Version}
}

// commit hashes a payload plaintext with the version's context.
func (h *Header) commit(plaintext []byte) (envelope.Hash, error) {
	ctx, err := h.context(envelope.PurposeCommitment).Encode()
	if err != nil {
		return envelope.Hash{}, err
	}
	return envelope.SumHash(ctx, plaintext), nil
}

// Version is a secret version as it is stored and sent: signed header, signed
// wrap set, the sealed shares in the order of its holders, what was re-shared
// since, oldest first, and the encrypted payload. A share without bytes was deleted
// ([Version.DeleteWraps], [Version.Forget]). Nothing in a version is to be believed
// before [Version.Verify].
type Version struct {
	Header   envelope.Signed     `json:"header"`
	WrapSet  envelope.Signed     `json:"wrap_set"`
	Wraps    []envelope.Envelope `json:"wraps"`
	Reshares []Reshare           `json:"reshares"`
	Payload  envelope.Envelope   `json:"payload"`
}

// WithoutPayload returns the version without its payload, for whoever only has
// to do with its shares.
func (v *Version) WithoutPayload() *Version {
	without := v.clone()
	without.Payload = envelope.Envelope{}
	return without
}

// DeleteWraps deletes the sealed shares of every approver whom keep refuses, of
// all epochs, and returns who lost one by this call. Everything signed and everybody
// else's share stay valid. It is for whoever stores versions, when people leave: who
// took a copy before still has it, so the secret itself has to be changed.
func (v *Version) DeleteWraps(keep func(approver envelope.ID) bool) ([]envelope.ID, error) {
	w, err := envelope.Peek[WrapSet](v.WrapSet, envelope.TypeWrapSet)
	if err != nil {
		return nil, fmt.Errorf("delete wraps: %w", err)
	}
	var gone []envelope.ID
	remove := func(holders []Holder, wraps []envelope.Envelope) error {
		if err := checkWraps(holders, wraps); err != nil {
			return fmt.Errorf("delete wraps: %w", err)
		}
		for i, holder := range holders {
			if len(wraps[i].Bytes) > 0 && !keep(holder.Approver) {
				wraps[i].Bytes = nil
				if !slices.Contains(gone, holder.Approver) {
					gone = append(gone, holder.Approver)
				}
			}
		}
		return nil
	}
	if err := remove(w.Holders, v.Wraps); err != nil {
		return nil, err
	}
	for _, reshare := range v.Reshares {
		for _, dealt := range reshare.Deals {
			d, err := envelope.Peek[Deal](dealt.Deal, envelope.TypeDeal)
			if err != nil {
				return nil, fmt.Errorf("delete wraps: %w", err)
			}
			if err := remove(d.Holders, dealt.Wraps); err != nil {
				return nil, err
			}
		}
	}
	return gone, nil
}
