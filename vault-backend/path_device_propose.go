package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
)

// maxCertificate is the longest device certificate, in bytes.
const maxCertificate = 8 << 10

func (b *broker) pathPropose() *framework.Path {
	return &framework.Path{
		Pattern:      "device/propose",
		DisplayAttrs: display("device-proposal"),
		Fields: kitFields(fields{
			"certificate": field(framework.TypeString, "The device's certificate, as the approver's keyring signed it."),
		}),
		Operations: operations{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: b.signed(b.proposeDevice), Summary: "Propose a further device, and ask whether it is admitted. The same again succeeds.",
				Responses: answers("Taken.", fields{
					"state": required(framework.TypeString, "proposed or admitted."),
					"init":  required(framework.TypeString, initAbout),
				}),
				DisplayAttrs: verb("propose"),
			},
		},
		HelpSynopsis: "Where a further device of an approver asks to be admitted.",
		HelpDescription: `
A device that took the approver's keyring over, or restored it, posts its
certificate. Only that keyring can sign one. It is kept for 30 days, eight of an
approver at most, and read with approvers/; the organisation's signer verifies it
again and admits the device in org/log.`,
	}
}

func (b *broker) proposeDevice(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	certificate, err := message[envelope.Signed](data, "certificate", maxCertificate)
	if err != nil {
		return nil, err
	}
	kit, err := kitField(data)
	if err != nil {
		return nil, err
	}
	state, err := b.propose(ctx, certificate, kit)
	if err != nil {
		return nil, err
	}
	return b.withInit(ctx, map[string]any{"state": state})
}

// addProposals adds to what is shown of an approver the devices that wait for
// their admission.
func (b *broker) addProposals(ctx context.Context, shown map[string]any) error {
	id, err := envelope.ParseID(shown["id"].(string))
	if err != nil {
		return err
	}
	open, _, err := b.proposals(ctx, id)
	if err != nil {
		return err
	}
	texts := make([]string, len(open))
	for i, s := range open {
		if texts[i], err = encodedText(s); err != nil {
			return err
		}
	}
	shown["proposed"] = texts
	return nil
}
