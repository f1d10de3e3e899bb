package broker

import (
	"context"

	"github.com/stillvault/stillvault/core/envelope"
)

// ReportOpened posts a host consumer's signed word about what became of the shares
// that it was released ([approval.ReportOpened]).
func (c *Client) ReportOpened(ctx context.Context, path string, opened envelope.Signed) error {
	full, err := c.pathOf("release", path)
	if err != nil {
		return err
	}
	encoded, err := envelope.Encode(opened)
	if err != nil {
		return err
	}
	return c.post(ctx, full, map[string]any{"opened": string(encoded)}, nil)
}
