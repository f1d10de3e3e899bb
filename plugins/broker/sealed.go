package broker

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Sealed is a version as the broker stores it.
type Sealed struct {
	Version *secret.Version
	Number  uint64
	// Chain holds the signed headers between the version that the caller
	// remembers and this one, for [secret.Seen.Check].
	Chain []envelope.Signed
	Head  roster.Head // of the broker's org log
	Mount envelope.ID
}

type sealedAnswer struct {
	Version  string   `json:"version"`
	Number   uint64   `json:"number"`
	Chain    []string `json:"chain"`
	HeadSeq  int64    `json:"head_seq"`
	HeadHash string   `json:"head_hash"`
	Mount    string   `json:"mount_id"`
}

// ReadSealed reads a version, 0 for the latest; since is the version that the
// caller remembers, 0 for none. Nobody is prompted. Nothing in the answer is to
// be believed before [secret.Version.Verify].
func (c *Client) ReadSealed(ctx context.Context, path string, version, since uint64) (*Sealed, error) {
	full, err := c.pathOf("sealed", path)
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	if version != 0 {
		query.Set("version", strconv.FormatUint(version, 10))
	}
	if since != 0 {
		query.Set("since", strconv.FormatUint(since, 10))
	}
	var a sealedAnswer
	found, err := c.get(ctx, full, query, &a)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("read %s: %w", full, ErrMissing)
	}
	return a.decode(full)
}

func (a sealedAnswer) decode(path string) (*Sealed, error) {
	version, err := envelope.Decode[secret.Version]([]byte(a.Version))
	if err != nil {
		return nil, fmt.Errorf("read %s: version: %w", path, err)
	}
	s := &Sealed{Version: &version, Number: a.Number, Head: roster.Head{Seq: uint64(max(a.HeadSeq, 0))}}
	if s.Chain, err = decodeAll[envelope.Signed](path, a.Chain); err != nil {
		return nil, err
	}
	if s.Head.Hash, err = optionalHash(a.HeadHash); err != nil {
		return nil, fmt.Errorf("read %s: head: %w", path, err)
	}
	if s.Mount, err = envelope.ParseID(a.Mount); err != nil {
		return nil, fmt.Errorf("read %s: mount id: %w", path, err)
	}
	return s, nil
}

// WriteSealed stores a version that the caller sealed; the broker never sees the
// value. cas is the version that must be the latest, 0 for a new path.
func (c *Client) WriteSealed(ctx context.Context, path string, v *secret.Version, cas uint64) (*Written, error) {
	full, err := c.pathOf("sealed", path)
	if err != nil {
		return nil, err
	}
	encoded, err := envelope.Encode(v)
	if err != nil {
		return nil, err
	}
	var written Written
	if err := c.post(ctx, full, map[string]any{"version": string(encoded), "cas": cas}, &written); err != nil {
		return nil, err
	}
	return &written, nil
}
