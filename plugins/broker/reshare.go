package broker

import (
	"context"
	"fmt"
)

// ReshareBy is somebody's part in a re-share, in versions.
type ReshareBy struct {
	Approver string `json:"approver"` // id
	Name     string `json:"name"`
	Versions int    `json:"versions"`
}

// ReshareLine is a re-share in a list, in versions.
type ReshareLine struct {
	Policy   string
	Done     int `json:"done"`
	Waiting  int `json:"waiting"`
	Stuck    int `json:"stuck"`    // of those that wait, too few people can deal
	Unproven int `json:"unproven"` // shared anew, and the shares from before are kept still
}

// Reshare is how far sharing anew under one policy is. From and To are what shares
// demand, in words. The numbers count versions, but for Proven of Shares, which are
// the new shares of versions that keep those from before.
type Reshare struct {
	Policy   string      `json:"policy"`
	Pattern  string      `json:"pattern"`
	Request  string      `json:"request_id"` // empty while nobody is asked
	Created  string      `json:"created"`    // RFC 3339, empty while nobody is asked
	From     []string    `json:"from"`
	To       string      `json:"to"`
	People   []string    `json:"people"` // names of those who will hold shares
	Total    int         `json:"total"`
	Done     int         `json:"done"`
	Waiting  int         `json:"waiting"`
	Paths    []string    `json:"paths"` // that wait, the first 100
	Stuck    []string    `json:"stuck"` // that too few people can share anew, the first 100
	Dealt    []ReshareBy `json:"dealt"`
	Missing  []ReshareBy `json:"missing"`
	Unproven int         `json:"unproven"`
	Proven   int         `json:"proven"`
	Shares   int         `json:"shares"`
	Problem  string      `json:"problem"` // why nothing can be shared anew
}

// ListReshares lists the policies under which something is shared anew, or was and is
// not proven yet.
func (c *Client) ListReshares(ctx context.Context) ([]ReshareLine, error) {
	var a struct {
		Keys []string               `json:"keys"`
		Info map[string]ReshareLine `json:"key_info"`
	}
	if err := c.list(ctx, c.path("reshares"), nil, &a); err != nil {
		return nil, err
	}
	all := make([]ReshareLine, 0, len(a.Keys))
	for _, name := range a.Keys {
		line := a.Info[name]
		line.Policy = name
		all = append(all, line)
	}
	return all, nil
}

// ReadReshare reads how far a policy's re-share is; ErrMissing where there is none.
func (c *Client) ReadReshare(ctx context.Context, policy string) (*Reshare, error) {
	var r Reshare
	path := c.path("reshares", policy)
	found, err := c.get(ctx, path, nil, &r)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("read %s: %w", path, ErrMissing)
	}
	return &r, nil
}

// AbandonReshare takes back what of a policy's re-share is not proven yet, where the
// shares from before still are a quorum, and has it asked for again.
func (c *Client) AbandonReshare(ctx context.Context, policy string) error {
	return c.delete(ctx, c.path("reshares", policy))
}
