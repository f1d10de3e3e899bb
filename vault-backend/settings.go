package backend

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

const settingsKey = "config"

// settingsEntry is what administrators set; durations are in seconds:
//
//	config  {"organisation", "default_wait", "max_pending_entity",
//	         "max_pending", "cooldown", "public_url"}
//
// organisation is zero until it is pinned, and never changes after that.
type settingsEntry struct {
	Organisation     envelope.Hash `json:"organisation"`
	DefaultWait      uint32        `json:"default_wait"`
	MaxPendingEntity uint32        `json:"max_pending_entity"`
	MaxPending       uint32        `json:"max_pending"`
	Cooldown         uint32        `json:"cooldown"`
	PublicURL        string        `json:"public_url"`
}

// Defaults and limits of the settings. A wait ends before clients (60 s) and
// Vault (90 s) give up.
const (
	defaultWait             = 50 * time.Second
	maxWait                 = 55 * time.Second
	defaultMaxPendingEntity = 8
	defaultMaxPending       = 20000
	defaultCooldown         = 5 * time.Minute
	minCooldown             = time.Second
	maxCooldown             = 24 * time.Hour
)

func defaultSettings() settingsEntry {
	return settingsEntry{
		DefaultWait: uint32(defaultWait / time.Second), MaxPendingEntity: defaultMaxPendingEntity,
		MaxPending: defaultMaxPending, Cooldown: uint32(defaultCooldown / time.Second),
	}
}

type settings struct {
	mu     sync.Mutex
	cached *settingsEntry
}

func (s *settings) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cached = nil
}

// config returns the settings in force.
func (b *broker) config(ctx context.Context) (settingsEntry, error) {
	b.settings.mu.Lock()
	defer b.settings.mu.Unlock()
	return b.configLocked(ctx)
}

func (b *broker) configLocked(ctx context.Context) (settingsEntry, error) {
	if b.settings.cached == nil {
		entry, err := load[settingsEntry](ctx, b.storage, settingsKey)
		if err != nil {
			return settingsEntry{}, fmt.Errorf("config: %w", err)
		}
		if entry == nil {
			fresh := defaultSettings()
			entry = &fresh
		}
		b.settings.cached = entry
	}
	return *b.settings.cached, nil
}

// setConfig changes the settings; change may refuse.
func (b *broker) setConfig(ctx context.Context, change func(*settingsEntry) error) error {
	b.settings.mu.Lock()
	defer b.settings.mu.Unlock()
	next, err := b.configLocked(ctx)
	if err != nil {
		return err
	}
	if err := change(&next); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	if err := store(ctx, b.storage, settingsKey, next); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	b.settings.cached = &next
	return nil
}
