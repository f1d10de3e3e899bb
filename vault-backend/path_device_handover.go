package backend

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// maxOffer is the longest offer, in bytes.
const maxOffer = 8 << 10

const handoverHelp = `
An approver whose keyring is on one device adds another: the first shows a link,
the second answers it here with an offer, the person compares the words on both
screens, and the first leaves the keyring, sealed to the second. Nothing of it is
stored, everything is over after ten minutes, and a link takes one offer. Two
devices speak here; neither needs a Vault token.`

func (b *broker) pathHandover() []*framework.Path {
	state := required(framework.TypeString, "open, offered or given.")
	return []*framework.Path{
		{
			Pattern:      "device/handover",
			DisplayAttrs: display("device-handover"),
			Fields: fields{
				"call": field(framework.TypeString, "The first device's signed call; with what it gives, once there is an offer."),
			},
			Operations: operations{
				logical.UpdateOperation: &framework.PathOperation{
					Callback: b.signed(b.callHandover), Summary: "Open a handover, ask for its offer, or give. The same call again succeeds.",
					Responses: answers("How far it is.", fields{
						"state": state, "offer": required(framework.TypeString, "What the new device offered, empty until it did."),
					}),
					DisplayAttrs: verb("call"),
				},
			},
			HelpSynopsis: "Where a device hands its approver's keyring to a further one.", HelpDescription: handoverHelp,
		},
		{
			Pattern:      "device/handover/offer",
			DisplayAttrs: display("device-handover-offer"),
			Fields: fields{
				"id":    field(framework.TypeString, "The handover's id."),
				"token": field(framework.TypeString, "The link's post token, 32 bytes in base64url."),
				"offer": field(framework.TypeString, "The offer, as the new device made it; a handover takes one."),
			},
			Operations: operations{
				logical.UpdateOperation: &framework.PathOperation{
					Callback: b.unauthenticated(b.answerHandover), Summary: "Offer to take a keyring over, and ask for it. The same offer again succeeds.",
					Responses: answers("How far it is.", fields{
						"state": state, "sealed": required(framework.TypeString, "The keyring, sealed to the new device, empty until it was given."),
					}),
					DisplayAttrs: verb("send"),
				},
			},
			HelpSynopsis: "Where a new device answers a handover.", HelpDescription: handoverHelp,
		},
	}
}

func (b *broker) callHandover(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	if err := refuseWrapping(req); err != nil {
		return nil, err
	}
	signed, err := message[envelope.Signed](data, "call", maxCall)
	if err != nil {
		return nil, err
	}
	var call *approval.HandoverCall
	err = b.withRoster(ctx, func(r *roster.Roster) (err error) {
		call, _, err = approval.ReadHandoverCall(r, signed, b.now())
		return err
	})
	if err != nil {
		return nil, err
	}
	sealed := ""
	if call.Sealed != nil {
		if sealed, err = encodedText(*call.Sealed); err != nil {
			return nil, err
		}
	}
	box, err := b.handovers.call(call, sealed, envelope.At(b.now()))
	if err != nil {
		return nil, fmt.Errorf("handover %s: %w", call.Handover, err)
	}
	return &logical.Response{Data: map[string]any{"state": box.state(), "offer": box.offer}}, nil
}

func (b *broker) answerHandover(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	if err := refuseWrapping(req); err != nil {
		return nil, err
	}
	id, err := idField(data, "id")
	if err != nil {
		return nil, err
	}
	token, err := tokenField(data)
	if err != nil {
		return nil, errHandoverToken
	}
	defer token.Wipe()
	text, err := offerField(data, id)
	if err != nil {
		return nil, err
	}
	now := envelope.At(b.now())
	box, err := b.handovers.find(id, token, now)
	if err == nil {
		err = b.mayGive(ctx, id, box.device)
	}
	if err == nil {
		box, err = b.handovers.answer(id, token, text, now)
	}
	if err != nil {
		return nil, fmt.Errorf("handover %s: %w", id, err)
	}
	return &logical.Response{Data: map[string]any{"state": box.state(), "sealed": box.sealed}}, nil
}

// offerField returns an offer for a handover, as it came. Only the first device
// can check its MAC.
func offerField(data *framework.FieldData, id envelope.ID) (string, error) {
	m, err := message[roster.OfferMessage](data, "offer", maxOffer)
	if err != nil {
		return "", err
	}
	if len(m.MAC) != envelope.HashSize {
		return "", fmt.Errorf("offer: the MAC wants %d bytes: %w", envelope.HashSize, envelope.ErrEncoding)
	}
	o, err := envelope.Decode[roster.Offer](m.Payload)
	if err != nil {
		return "", fmt.Errorf("offer: %w", err)
	}
	if o.Handover != id {
		return "", fmt.Errorf("offer: it answers another handover: %w", errHandoverToken)
	}
	return data.Get("offer").(string), nil
}

// mayGive ends a handover whose device was revoked since.
func (b *broker) mayGive(ctx context.Context, id, device envelope.ID) error {
	err := b.withRoster(ctx, func(r *roster.Roster) error {
		_, err := r.Device(device)
		return err
	})
	if errors.Is(err, roster.ErrRevoked) {
		b.handovers.drop(id)
		return errNoHandover
	}
	return err
}
