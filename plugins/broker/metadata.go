package broker

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stillvault/stillvault/core/roster"
)

// Metadata is what the broker knows of a secret without opening it.
type Metadata struct {
	Secret   string                     `json:"secret_id"`
	Current  uint64                     `json:"current_version"`
	Policy   string                     `json:"policy"`
	Coverage []Coverage                 `json:"coverage"`
	Versions map[string]VersionMetadata `json:"versions"` // by number
}

// Coverage says how well a requirement stands the loss of people.
type Coverage struct {
	roster.Coverage
	Meets bool `json:"meets"`
}

// VersionMetadata is what the broker knows of one version.
type VersionMetadata struct {
	Header    string    `json:"header"` // hash of the signed header, 64 hexadecimal digits
	Created   time.Time `json:"created_time"`
	Deletion  string    `json:"deletion_time"` // RFC 3339, empty unless deleted
	Destroyed bool      `json:"destroyed"`
	Author    string    `json:"author"`
	Policy    string    `json:"policy"`
	// Epoch counts the re-shares; Proven of the Shares have opened the version since
	// the last one, and Former says whether those before are still kept.
	Epoch  uint32 `json:"epoch"`
	Proven int    `json:"proven"`
	Shares int    `json:"shares"`
	Former bool   `json:"former"`
	// Lost means that nobody can open the version or share it anew; the others are
	// as in [Status].
	Lost      bool `json:"lost"`
	OneDevice bool `json:"one_device"`
	Uncovered bool `json:"uncovered"`
	Stale     bool `json:"stale"`
	Exposed   bool `json:"exposed"`
	Rotate    bool `json:"rotate"`
	// Disbelieved means that the author's key is compromised: readers refuse it.
	Disbelieved bool `json:"disbelieved"`
}

// ReadMetadata reads a secret's metadata; nobody is prompted. ErrMissing where
// there is no such secret.
func (c *Client) ReadMetadata(ctx context.Context, path string) (*Metadata, error) {
	full, err := c.pathOf("metadata", path)
	if err != nil {
		return nil, err
	}
	var m Metadata
	found, err := c.get(ctx, full, nil, &m)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("read %s: %w", full, ErrMissing)
	}
	return &m, nil
}

// ListSecrets lists what is directly below a path, "" for the top; what ends in
// a slash has more below it.
func (c *Client) ListSecrets(ctx context.Context, path string) ([]string, error) {
	full := c.path("metadata")
	if path = strings.Trim(path, "/"); path != "" {
		if err := roster.CheckPath(path); err != nil {
			return nil, err
		}
		full = c.path("metadata", path)
	}
	var a struct {
		Keys []string `json:"keys"`
	}
	err := c.list(ctx, full, nil, &a)
	return a.Keys, err
}

// RemoveSecret removes every version of a secret and what is known of it, for good.
func (c *Client) RemoveSecret(ctx context.Context, path string) error {
	full, err := c.pathOf("metadata", path)
	if err != nil {
		return err
	}
	return c.delete(ctx, full)
}
