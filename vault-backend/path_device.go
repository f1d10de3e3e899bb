package backend

import (
	"context"
	"errors"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// Limits of what a device sends, in bytes.
const (
	maxCall    = 16 << 10
	maxRelease = 1 << 20
)

const deviceHelp = `
Devices need no Vault token: each call is signed with the device's own key, which
the organisation admitted, and what waits is sealed to that key. What an address
sends that is refused again and again is answered with a cap for a minute; calls
that are rightly signed are not.`

func (b *broker) pathDevice() []*framework.Path {
	return []*framework.Path{
		{
			Pattern:      "device/inbox",
			DisplayAttrs: display("device-inbox"),
			Fields:       fields{"call": field(framework.TypeString, "The device's signed call.")},
			Operations: operations{
				logical.UpdateOperation: &framework.PathOperation{
					Callback: b.signed(b.inbox), Summary: "Fetch what waits for a device; waits a few seconds if nothing does.",
					Responses:    answers("What waits.", fields{"sealed": required(framework.TypeString, "The inbox, sealed to the device.")}),
					DisplayAttrs: verb("fetch"),
				},
			},
			HelpSynopsis: "Where approvers' devices fetch requests.", HelpDescription: deviceHelp,
		},
		{
			Pattern:      "device/answer",
			DisplayAttrs: display("device-answer"),
			Fields: fields{
				"release": field(framework.TypeString, "The decision, as the device signed it."),
				"request": field(framework.TypeString, "The request it is about, as its consumer signed it; for the record, where nobody knows it any more."),
			},
			Operations: operations{
				logical.UpdateOperation: &framework.PathOperation{
					Callback: b.signed(b.answerRequest), Summary: "Answer a request. The same answer again succeeds.",
					Responses:    answers("Taken.", fields{"state": required(framework.TypeString, "The request's state now.")}),
					DisplayAttrs: verb("send"),
				},
			},
			HelpSynopsis: "Where approvers' devices answer requests.", HelpDescription: deviceHelp,
		},
	}
}

func (b *broker) inbox(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	return answerSealed(req, data, func(call envelope.Signed) (envelope.Envelope, error) {
		x, err := b.routed(ctx)
		if err != nil {
			return envelope.Envelope{}, err
		}
		return x.Inbox(ctx, call)
	})
}

// answerSealed answers a device's signed call with what is sealed to the device.
func answerSealed(req *logical.Request, data *framework.FieldData, of func(call envelope.Signed) (envelope.Envelope, error)) (*logical.Response, error) {
	if err := refuseWrapping(req); err != nil {
		return nil, err
	}
	call, err := message[envelope.Signed](data, "call", maxCall)
	if err != nil {
		return nil, err
	}
	sealed, err := of(call)
	if err != nil {
		return nil, err
	}
	text, err := encodedText(sealed)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"sealed": text}}, nil
}

func (b *broker) answerRequest(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	release, err := message[approval.Release](data, "release", maxRelease)
	if err != nil {
		return nil, err
	}
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	state, err := x.Answer(ctx, release)
	if errors.Is(err, exchange.ErrUnknownRequest) {
		if _, given := data.GetOk("request"); given {
			request, err := message[envelope.Signed](data, "request", maxRequest)
			if err != nil {
				return nil, err
			}
			if err := x.RecordLost(ctx, approval.Evidence{Receipt: release.Receipt, Request: request}); err != nil && !errors.Is(err, exchange.ErrUnknownRequest) {
				return nil, err
			}
		}
		// To who answers, a request that nobody knows any more is over, and not
		// a path that does not exist.
		return nil, logical.CodedError(http.StatusGone, err.Error())
	}
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"state": string(state)}}, nil
}
