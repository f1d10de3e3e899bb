package broker

import (
	"context"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// Mount is what a mount says of itself. Nobody vouches for it but the mount:
// its consumer key counts once the organisation admitted it.
type Mount struct {
	ID           envelope.ID
	Organisation envelope.Hash      // zero while none is pinned
	Signing      envelope.VerifyKey // of the mount as a consumer
	Consumer     envelope.ID        // zero while it is not admitted
	Version      string             // of the plug-in
}

type mountAnswer struct {
	ID           string             `json:"mount_id"`
	Organisation string             `json:"organisation"`
	Signing      envelope.VerifyKey `json:"signing"`
	Consumer     string             `json:"consumer_id"`
	Version      string             `json:"version"`
}

// ReadMount reads the mount's id, key and version.
func (c *Client) ReadMount(ctx context.Context) (*Mount, error) {
	var a mountAnswer
	found, err := c.get(ctx, c.path("mount"), nil, &a)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("read %s: %w; is a Stillvault engine mounted at %q?", c.path("mount"), ErrMissing, c.mount)
	}
	m := &Mount{Signing: a.Signing, Version: a.Version}
	if m.ID, err = envelope.ParseID(a.ID); err != nil {
		return nil, fmt.Errorf("read %s: mount id: %w", c.path("mount"), err)
	}
	if m.Organisation, err = optionalHash(a.Organisation); err != nil {
		return nil, fmt.Errorf("read %s: organisation: %w", c.path("mount"), err)
	}
	if m.Consumer, err = optionalID(a.Consumer); err != nil {
		return nil, fmt.Errorf("read %s: consumer id: %w", c.path("mount"), err)
	}
	return m, nil
}

func optionalHash(s string) (envelope.Hash, error) {
	if s == "" {
		return envelope.Hash{}, nil
	}
	return envelope.ParseHash(s)
}

func optionalID(s string) (envelope.ID, error) {
	if s == "" {
		return envelope.ID{}, nil
	}
	return envelope.ParseID(s)
}
