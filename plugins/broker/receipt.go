package broker

import (
	"context"
	"fmt"
	"net/url"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// ListReceipts lists the ids of requests that were decided, a page after the
// one named; zero begins.
func (c *Client) ListReceipts(ctx context.Context, after envelope.ID) ([]envelope.ID, error) {
	query := url.Values{}
	if !after.IsZero() {
		query.Set("after", after.String())
	}
	var a struct {
		Keys []string `json:"keys"`
	}
	path := c.path("receipts")
	if err := c.list(ctx, path, query, &a); err != nil {
		return nil, err
	}
	ids := make([]envelope.ID, len(a.Keys))
	for i, key := range a.Keys {
		id, err := envelope.ParseID(key)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", path, err)
		}
		ids[i] = id
	}
	return ids, nil
}

// ReadReceipts reads the evidence of a request's decisions. It proves something
// after [approval.Evidence.Verify].
func (c *Client) ReadReceipts(ctx context.Context, request envelope.ID) ([]approval.Evidence, error) {
	var a struct {
		Evidence []string `json:"evidence"`
	}
	path := c.path("receipts", request.String())
	found, err := c.get(ctx, path, nil, &a)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("read %s: %w", path, ErrMissing)
	}
	return decodeAll[approval.Evidence](path, a.Evidence)
}
