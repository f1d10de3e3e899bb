package broker

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/stillvault/stillvault/core/roster"
)

// Status is the broker's account of itself.
type Status struct {
	Version         string `json:"version"`
	Organisation    string `json:"organisation"` // empty while none is pinned
	HeadSeq         uint64 `json:"head_seq"`
	HeadHash        string `json:"head_hash"`
	HeadExpires     string `json:"head_expires"` // RFC 3339, empty without checkpoints
	Secrets         uint64 `json:"secrets"`
	PendingRequests uint64 `json:"pending_requests"`
	Prompts         uint64 `json:"prompts"` // requests opened since the plug-in started
	WaitingReaders  uint64 `json:"waiting_readers"`
	Drain           bool   `json:"drain"`
	// What needs somebody's attention, as the broker tells it.
	Uncovered json.RawMessage `json:"uncovered"`
	Stale     json.RawMessage `json:"stale"`
	Exposed   json.RawMessage `json:"exposed"`
	Problems  []string        `json:"problems"`
}

// Head is the head of the broker's org log; ok is false where it has none.
func (s *Status) Head() (head roster.Head, ok bool) {
	hash, err := optionalHash(s.HeadHash)
	return roster.Head{Seq: s.HeadSeq, Hash: hash}, err == nil && !hash.IsZero()
}

// ReadStatus reads the broker's status.
func (c *Client) ReadStatus(ctx context.Context) (*Status, error) {
	var s Status
	path := c.path("status")
	found, err := c.get(ctx, path, nil, &s)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("read %s: %w; is a Stillvault engine mounted at %q?", path, ErrMissing, c.mount)
	}
	return &s, nil
}
