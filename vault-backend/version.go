package backend

import (
	"context"
	"fmt"
	"strconv"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

const versionPrefix = "version/"

// versionEntry is one version's ciphertext:
//
//	version/<SHA-256 of the path>/<number>  {"header", "wrap_set", "wraps", "reshares", "payload"}
//
// The path is hashed because a path may be the beginning of another's. A
// destroyed version keeps its header, which links those around it, and has
// neither wrap set, wraps nor payload. An entry without them is destroyed, whatever
// the metadata says.
type versionEntry struct {
	Header  envelope.Signed     `json:"header"`
	WrapSet *envelope.Signed    `json:"wrap_set"`
	Wraps   []envelope.Envelope `json:"wraps"`
	// Reshares are the epochs after the author's, oldest first.
	Reshares []secret.Reshare   `json:"reshares"`
	Payload  *envelope.Envelope `json:"payload"`
}

func entryOf(v *secret.Version) versionEntry {
	return versionEntry{Header: v.Header, WrapSet: &v.WrapSet, Wraps: v.Wraps, Reshares: v.Reshares, Payload: &v.Payload}
}

func versionFolder(path string) string {
	return versionPrefix + envelope.SumHash([]byte(path)).String() + "/"
}

func versionKey(path string, n uint64) string {
	return versionFolder(path) + strconv.FormatUint(n, 10)
}

// loadVersion returns a stored version. A missing entry is errStored: metadata
// is written after it.
func (b *broker) loadVersion(ctx context.Context, path string, n uint64) (*secret.Version, error) {
	entry, err := load[versionEntry](ctx, b.storage, versionKey(path, n))
	if err != nil {
		return nil, fmt.Errorf("version %d of %q: %w", n, path, err)
	}
	if entry == nil {
		return nil, fmt.Errorf("version %d of %q: %w", n, path, errStored)
	}
	if entry.WrapSet == nil || entry.Payload == nil {
		return nil, fmt.Errorf("version %d of %q: %w", n, path, errDestroyed)
	}
	return &secret.Version{Header: entry.Header, WrapSet: *entry.WrapSet, Wraps: entry.Wraps, Reshares: entry.Reshares, Payload: *entry.Payload}, nil
}

// version returns a path's stored version and its number, the latest for 0.
// It returns errMissing, errVersionMissing, errDeleted or errDestroyed where
// there is nothing to give.
func (b *broker) version(ctx context.Context, path string, n uint64) (*secret.Version, uint64, error) {
	r, err := b.loadRecord(ctx, path)
	if err != nil {
		return nil, 0, err
	}
	v, err := r.version(n)
	if err != nil {
		return nil, 0, fmt.Errorf("%q: %w", path, err)
	}
	if err := v.readable(); err != nil {
		return nil, 0, fmt.Errorf("%q: %w", path, err)
	}
	version, err := b.loadVersion(ctx, path, v.Number)
	return version, v.Number, err
}

// maxChain bounds the headers of one answer.
const maxChain = 1000

// chain returns the signed headers of the versions between two, both excluded.
func (b *broker) chain(ctx context.Context, path string, since, until uint64) ([]envelope.Signed, error) {
	if since >= until {
		return nil, nil
	}
	if until-since > maxChain+1 {
		return nil, fmt.Errorf("%d versions: %w", until-since-1, errChainLong)
	}
	var headers []envelope.Signed
	for n := since + 1; n < until; n++ {
		entry, err := load[versionEntry](ctx, b.storage, versionKey(path, n))
		if err != nil {
			return nil, fmt.Errorf("header of version %d of %q: %w", n, path, err)
		}
		if entry == nil {
			return nil, fmt.Errorf("header of version %d of %q: %w", n, path, errStored)
		}
		headers = append(headers, entry.Header)
	}
	return headers, nil
}
