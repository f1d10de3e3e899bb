package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// maxRequest is the longest signed request, in bytes.
const maxRequest = 32 << 10

func (b *broker) pathRelease() *framework.Path {
	return &framework.Path{
		Pattern:      "release/(?P<path>.+)",
		DisplayAttrs: display("release"),
		Fields: fields{
			"path":    field(framework.TypeString, "The secret's path."),
			"request": field(framework.TypeString, "The host's signed request."),
			"opened":  field(framework.TypeString, "Instead of a request: the host's signed word about shares that it was given, that they opened the version or that a dealer lied."),
			"wait":    field(framework.TypeDurationSecond, "How long to wait for approvers: 0s to 55s, default as configured."),
		},
		Operations: operations{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: b.release, Summary: "Ask for a secret as a host, and wait for approvers.",
				Description:  "The same request again attaches to the first one; nobody is prompted again. With opened, nothing is asked for and nothing waits.",
				DisplayAttrs: verb("request"),
				Responses: answers("What approvers answered, sealed to the host.", fields{
					"state":      required(framework.TypeString, "approved or denied; noted for what was opened, and then there is nothing else."),
					"request_id": field(framework.TypeString, "The request's id."),
					"releases":   field(framework.TypeStringSlice, "Releases, as approvers made them."),
					"decisions":  field(framework.TypeSlice, "Who decided what: approver, name, device, decision, time, reason."),
				}),
			},
		},
		HelpSynopsis: "Where hosts ask for secrets under their own key.",
		HelpDescription: `
The host signs a request with the key that the organisation admitted, and makes a
key for this one answer that approvers seal to. What is answered here opens with
that key alone; the host verifies it against its own copy of org/log.`,
	}
}

func (b *broker) release(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	if err := refuseWrapping(req); err != nil {
		return nil, err
	}
	path := data.Get("path").(string)
	if err := checkPath(path); err != nil {
		return nil, err
	}
	if _, given := data.GetOk("opened"); given {
		return b.takeOpened(ctx, req, path, data)
	}
	signed, err := message[envelope.Signed](data, "request", maxRequest)
	if err != nil {
		return nil, err
	}
	wait, err := waitOf(data)
	if err != nil {
		return nil, err
	}
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	got, err := x.Release(ctx, path, signed, b.requesterOf(req), wait)
	if err != nil {
		return nil, err
	}
	releases := []string{}
	for _, r := range got.Releases {
		text, err := encodedText(r)
		if err != nil {
			return nil, err
		}
		releases = append(releases, text)
	}
	return &logical.Response{Data: map[string]any{
		"state": string(got.State), "request_id": got.Request.String(), "releases": releases, "decisions": decisionsView(got.Decided),
	}}, nil
}

// takeOpened takes what a host says about shares that it was given.
func (b *broker) takeOpened(ctx context.Context, req *logical.Request, path string, data *framework.FieldData) (*logical.Response, error) {
	if _, given := data.GetOk("request"); given {
		return nil, fmt.Errorf("\"request\" and \"opened\" are posted one after the other: %w", errInput)
	}
	signed, err := message[envelope.Signed](data, "opened", maxRequest)
	if err != nil {
		return nil, err
	}
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	err = x.Opened(ctx, path, signed, b.requesterOf(req))
	if errors.Is(err, exchange.ErrUnknownRequest) {
		// It was posted here; that it is over is not a path that does not exist.
		return nil, logical.CodedError(http.StatusGone, err.Error())
	}
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"state": "noted"}}, nil
}

func decisionsView(all []exchange.Decision) []any {
	shown := []any{}
	for _, d := range all {
		shown = append(shown, map[string]any{
			"approver": d.Approver.String(), "name": d.Name, "device": d.Device.String(),
			"decision": string(d.Decision), "time": shownTime(envelope.At(d.Time)), "reason": d.Reason,
		})
	}
	return shown
}
