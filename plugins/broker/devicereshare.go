package broker

import (
	"context"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// DealProgress is how far an approver is with a re-share.
type DealProgress struct {
	State string `json:"state"` // open, or done
	Done  uint32 `json:"done"`  // versions that the approver has dealt
	Total uint32 `json:"total"` // versions that there are for them
}

// FetchReshare asks, by a device's signed call and without a Vault token, for
// versions to be re-shared. [approval.OpenReshare] opens the answer.
func (c *Client) FetchReshare(ctx context.Context, call envelope.Signed) (envelope.Envelope, error) {
	return c.callDevice(ctx, "reshare", call)
}

// SendDeals posts what was dealt of a page. It needs no Vault token; the same answer
// again is no error.
func (c *Client) SendDeals(ctx context.Context, answer approval.ReshareAnswer) (*DealProgress, error) {
	encoded, err := envelope.Encode(answer)
	if err != nil {
		return nil, err
	}
	var p DealProgress
	if err := c.post(ctx, c.path("device", "deal"), map[string]any{"answer": string(encoded)}, &p); err != nil {
		return nil, err
	}
	return &p, nil
}

// AcknowledgeSuspects says that somebody looked into what is said of dealers under a
// policy: it is not shown any more.
func (c *Client) AcknowledgeSuspects(ctx context.Context, policy string) error {
	return c.post(ctx, c.path("reshares", policy), map[string]any{}, nil)
}
