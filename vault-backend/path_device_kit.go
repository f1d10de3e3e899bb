package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

func (b *broker) pathKit() *framework.Path {
	return &framework.Path{
		Pattern:      "device/kit",
		DisplayAttrs: display("device-kit"),
		Fields:       fields{"token": field(framework.TypeString, "What the recovery key gives to ask with, 32 bytes in base64url.")},
		Operations: operations{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: b.unauthenticated(b.readKit), Summary: "Fetch a recovery kit. Needs the recovery key, no Vault token.",
				Responses: answers("The kit.", fields{
					"kit":  required(framework.TypeString, "The kit, as its device sealed it."),
					"init": required(framework.TypeString, initAbout),
				}),
				DisplayAttrs: verb("fetch"),
			},
		},
		HelpSynopsis: "Where a person who lost every device begins again.",
		HelpDescription: `
A device with a password and a recovery key leaves a kit here when it enrols or
is proposed: its approver's keyring, wrapped by the password and sealed with the
recovery key, which never comes here. Who has the recovery key fetches the kit,
and opens it with the password, on a new device, which then asks to be admitted.
A kit is removed when its approver is revoked or has another keyring.`,
	}
}

func (b *broker) readKit(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	if err := refuseWrapping(req); err != nil {
		return nil, err
	}
	token, err := tokenField(data)
	if err != nil {
		return nil, errNoKit
	}
	defer token.Wipe()
	kit, err := load[keyring.Kit](ctx, b.storage, kitPrefix+envelope.SumHash(token.Bytes()).String())
	if err != nil {
		return nil, err
	}
	if kit == nil {
		return nil, errNoKit
	}
	text, err := encodedText(kit)
	if err != nil {
		return nil, err
	}
	return b.withInit(ctx, map[string]any{"kit": text})
}
