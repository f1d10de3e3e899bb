package broker

import (
	"context"
	"fmt"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// ReadInbox asks, by a device's signed call and without a Vault token, what
// waits for the device. [approval.OpenInbox] opens the answer.
func (c *Client) ReadInbox(ctx context.Context, call envelope.Signed) (envelope.Envelope, error) {
	return c.callDevice(ctx, "inbox", call)
}

// callDevice makes a device's signed call, whose answer is sealed to the device.
func (c *Client) callDevice(ctx context.Context, name string, call envelope.Signed) (envelope.Envelope, error) {
	path := c.path("device", name)
	encoded, err := envelope.Encode(call)
	if err != nil {
		return envelope.Envelope{}, err
	}
	var a struct {
		Sealed string `json:"sealed"`
	}
	if err := c.post(ctx, path, map[string]any{"call": string(encoded)}, &a); err != nil {
		return envelope.Envelope{}, err
	}
	sealed, err := envelope.Decode[envelope.Envelope]([]byte(a.Sealed))
	if err != nil {
		return envelope.Envelope{}, fmt.Errorf("write %s: %w", path, err)
	}
	return sealed, nil
}

// PostAnswer posts a decision. It needs no Vault token; the same release again
// is no error. request is what the decision is about, so that it is put on
// record even if the broker has forgotten that meanwhile; nil where it is not at
// hand.
func (c *Client) PostAnswer(ctx context.Context, release approval.Release, request *envelope.Signed) (RequestState, error) {
	encoded, err := envelope.Encode(release)
	if err != nil {
		return "", err
	}
	body := map[string]any{"release": string(encoded)}
	if request != nil {
		about, err := envelope.Encode(request)
		if err != nil {
			return "", err
		}
		body["request"] = string(about)
	}
	var a struct {
		State RequestState `json:"state"`
	}
	err = c.post(ctx, c.path("device", "answer"), body, &a)
	return a.State, err
}
