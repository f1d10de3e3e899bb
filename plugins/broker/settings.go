package broker

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// Settings are the mount's configuration.
type Settings struct {
	Organisation     envelope.Hash // zero while none is pinned
	DefaultWait      time.Duration
	MaxPendingEntity int
	MaxPending       int
	Cooldown         time.Duration
	PublicURL        string // of the phone app
	Drain            bool
}

type settingsAnswer struct {
	Organisation     string          `json:"organisation"`
	DefaultWait      json.RawMessage `json:"default_wait"`
	MaxPendingEntity int             `json:"max_pending_entity"`
	MaxPending       int             `json:"max_pending"`
	Cooldown         json.RawMessage `json:"cooldown"`
	PublicURL        string          `json:"public_url"`
	Drain            bool            `json:"drain"`
}

// ReadSettings reads the configuration; it needs sudo.
func (c *Client) ReadSettings(ctx context.Context) (*Settings, error) {
	var a settingsAnswer
	path := c.path("config")
	if _, err := c.get(ctx, path, nil, &a); err != nil {
		return nil, err
	}
	s := &Settings{MaxPendingEntity: a.MaxPendingEntity, MaxPending: a.MaxPending, PublicURL: a.PublicURL, Drain: a.Drain}
	var err error
	if s.Organisation, err = optionalHash(a.Organisation); err != nil {
		return nil, fmt.Errorf("read %s: organisation: %w", path, err)
	}
	if s.DefaultWait, err = duration(a.DefaultWait); err != nil {
		return nil, fmt.Errorf("read %s: default_wait: %w", path, err)
	}
	if s.Cooldown, err = duration(a.Cooldown); err != nil {
		return nil, fmt.Errorf("read %s: cooldown: %w", path, err)
	}
	return s, nil
}

// PinOrganisation tells the mount whose it is. The first write pins; the same
// again succeeds, another is a conflict. It needs sudo.
func (c *Client) PinOrganisation(ctx context.Context, organisation envelope.Hash) error {
	return c.post(ctx, c.path("config"), map[string]any{"organisation": organisation.String()}, nil)
}

// SetDrain makes every blocked call return at once, and new ones not block,
// until it is turned off again. It needs sudo.
func (c *Client) SetDrain(ctx context.Context, drain bool) error {
	return c.post(ctx, c.path("config"), map[string]any{"drain": drain}, nil)
}

// WriteSettings changes the named settings, as they stand in the API; it needs
// sudo.
func (c *Client) WriteSettings(ctx context.Context, settings map[string]any) error {
	return c.post(ctx, c.path("config"), settings, nil)
}

// duration reads seconds or a text such as "50s": Vault's own mounts answer
// with either.
func duration(raw json.RawMessage) (time.Duration, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return 0, nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return time.ParseDuration(text)
	}
	var seconds int64
	if err := json.Unmarshal(raw, &seconds); err != nil {
		return 0, err
	}
	return time.Duration(seconds) * time.Second, nil
}
