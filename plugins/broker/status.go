package broker

import (
	"context"
	"fmt"

	"github.com/stillvault/stillvault/core/roster"
)

// Status is the broker's account of itself.
type Status struct {
	Version         string `json:"version"`
	Organisation    string `json:"organisation"` // empty while none is pinned
	HeadSeq         int64  `json:"head_seq"`     // −1 without a log
	HeadHash        string `json:"head_hash"`
	HeadExpires     string `json:"head_expires"` // RFC 3339, empty without checkpoints
	Secrets         uint64 `json:"secrets"`
	PendingRequests uint64 `json:"pending_requests"`
	Prompts         uint64 `json:"prompts"` // requests opened since the plug-in started
	WaitingReaders  uint64 `json:"waiting_readers"`
	Drain           bool   `json:"drain"`
	// Paths that need somebody's attention: nobody can open a version any more,
	// losing one device would lose one, losing too few people would, the policy names
	// others now, somebody outside it holds a share, the author's key is compromised
	// and every reader refuses the version, or break-glass was used and the secret
	// not written again since.
	Lost        []string `json:"lost"`
	OneDevice   []string `json:"one_device"`
	Uncovered   []string `json:"uncovered"`
	Stale       []string `json:"stale"`
	Exposed     []string `json:"exposed"`
	Disbelieved []string `json:"disbelieved"`
	Rotate      []string `json:"rotate"`
	// Suspected are paths of which a host says that a dealer lied; ReadReshare says who.
	Suspected []string `json:"suspected"`
	// The lists above end at 100; these are their whole lengths.
	LostCount        int `json:"lost_count"`
	OneDeviceCount   int `json:"one_device_count"`
	UncoveredCount   int `json:"uncovered_count"`
	StaleCount       int `json:"stale_count"`
	ExposedCount     int `json:"exposed_count"`
	DisbelievedCount int `json:"disbelieved_count"`
	RotateCount      int `json:"rotate_count"`
	// Resharing says, by policy, how many versions wait for being shared anew;
	// Unproven counts those that were and still keep the shares from before.
	Resharing map[string]int `json:"resharing"`
	// Unasked are the policies under which nobody can be asked for that, by reason of
	// something that Problems has.
	Unasked  []string `json:"unasked"`
	Unproven int      `json:"unproven"`
	// Alarms and Reports count those that nobody has acknowledged.
	Alarms   int      `json:"alarms"`
	Reports  int      `json:"reports"`
	Problems []string `json:"problems"`
}

// Head is the head of the broker's org log; ok is false where it has none.
func (s *Status) Head() (head roster.Head, ok bool) {
	hash, err := optionalHash(s.HeadHash)
	if err != nil || hash.IsZero() || s.HeadSeq < 0 {
		return roster.Head{}, false
	}
	return roster.Head{Seq: uint64(s.HeadSeq), Hash: hash}, true
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
