package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// maxDeals is the longest answer to a page of a re-share, in bytes.
const maxDeals = envelope.MaxMessage

const deviceReshareHelp = `
When people or requirements of a policy change, the approvers who hold shares deal
them anew to those whom the policy names now: one gesture for all versions under
it. The value is not opened by that, and nobody puts its key together. A device
takes what it deals to whom from its own copy of the organisation's log.`

func (b *broker) pathDeviceReshare() []*framework.Path {
	return []*framework.Path{
		{
			Pattern:      "device/reshare",
			DisplayAttrs: display("device-reshare"),
			Fields:       fields{"call": field(framework.TypeString, "The device's signed call.")},
			Operations: operations{
				logical.UpdateOperation: &framework.PathOperation{
					Callback: b.signed(b.resharePage), Summary: "Fetch versions that an approver is asked to share anew, a page at a time.",
					Responses:    answers("A page of versions without their payload.", fields{"sealed": required(framework.TypeString, "The page, sealed to the device.")}),
					DisplayAttrs: verb("fetch"),
				},
			},
			HelpSynopsis: "Where approvers' devices fetch what is to be shared anew.", HelpDescription: deviceReshareHelp,
		},
		{
			Pattern:      "device/deal",
			DisplayAttrs: display("device-deal"),
			Fields:       fields{"answer": field(framework.TypeString, "What the device dealt of one page, with its receipt.")},
			Operations: operations{
				logical.UpdateOperation: &framework.PathOperation{
					Callback: b.signed(b.takeDeals), Summary: "Send what was dealt of one page. The same answer again succeeds.",
					Responses: answers("Taken.", fields{
						"state": required(framework.TypeString, "open while the approver is asked for more, done otherwise."),
						"done":  required(framework.TypeInt, "How many versions the approver has dealt."),
						"total": required(framework.TypeInt, "How many there are for them."),
					}),
					DisplayAttrs: verb("send"),
				},
			},
			HelpSynopsis: "Where approvers' devices send what they share anew.", HelpDescription: deviceReshareHelp,
		},
	}
}

func (b *broker) resharePage(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	return answerSealed(req, data, func(call envelope.Signed) (envelope.Envelope, error) {
		o, err := b.reshares(ctx)
		if err != nil {
			return envelope.Envelope{}, err
		}
		return o.Page(ctx, call)
	})
}

func (b *broker) takeDeals(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	answer, err := message[approval.ReshareAnswer](data, "answer", maxDeals)
	if err != nil {
		return nil, err
	}
	o, err := b.reshares(ctx)
	if err != nil {
		return nil, err
	}
	p, err := o.Take(ctx, answer)
	if err != nil {
		return nil, err
	}
	state := "open"
	if p.Done == p.Total {
		state = "done"
	}
	return &logical.Response{Data: map[string]any{"state": state, "done": p.Done, "total": p.Total}}, nil
}
