package consumer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/broker"
)

// putAttempts is how often a write that gave no version to replace is sealed
// anew because somebody else was faster.
const putAttempts = 5

// Put seals a value, a JSON object that stays the caller's to wipe, as the next
// version of a path. cas, where not nil, is the version that must be current,
// 0 for none.
func (h *Host) Put(ctx context.Context, path string, value []byte, cas *uint64) (*broker.Written, error) {
	if err := secret.CheckValue(value); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		written, err := h.putOnce(ctx, path, value, cas)
		if err == nil || cas != nil || attempt == putAttempts || broker.StatusOf(err) != http.StatusConflict {
			return written, err
		}
	}
}

func (h *Host) putOnce(ctx context.Context, path string, value []byte, cas *uint64) (*broker.Written, error) {
	r, err := h.Roster(ctx)
	if err != nil {
		return nil, err
	}
	me, err := h.consumer(r)
	if err != nil {
		return nil, err
	}
	before, err := h.predecessor(ctx, r, path)
	if err != nil {
		return nil, err
	}
	if cas != nil && *cas != before.Version {
		return nil, fmt.Errorf("%q is at version %d, not %d: %w", path, before.Version, *cas, ErrCAS)
	}
	draft := secret.Draft{
		Mount: h.Mount, Secret: before.Secret, Path: path, Version: before.Version + 1, Previous: before.Header, Author: me.ID,
	}
	if before.Version == 0 {
		draft.Secret = envelope.NewID()
	}
	v, err := secret.Seal(r, draft, value, h.Signer, h.Now())
	if err != nil {
		return nil, err
	}
	written, err := h.Broker.WriteSealed(ctx, path, v, before.Version)
	if err != nil {
		return nil, err
	}
	verified, err := v.VerifyHistory(r, h.Mount, path)
	if err != nil {
		return nil, err
	}
	return written, h.Memory.Remember(path, verified.Seen())
}

// predecessor is the version that the next one follows; the zero value where a
// path has none.
func (h *Host) predecessor(ctx context.Context, r *roster.Roster, path string) (secret.Seen, error) {
	seen, err := h.Memory.Seen(path)
	if err != nil {
		return secret.Seen{}, err
	}
	sealed, err := h.Broker.ReadSealed(ctx, path, 0, seen.Version)
	switch {
	case errors.Is(err, broker.ErrMissing), broker.StatusOf(err) == http.StatusNotFound:
		return secret.Seen{}, nil
	case broker.StatusOf(err) == http.StatusGone:
		return h.gone(ctx, path, seen)
	case err != nil:
		return secret.Seen{}, err
	}
	v, err := sealed.Version.VerifyHistory(r, h.Mount, path)
	if errors.Is(err, roster.ErrRevoked) {
		// Its author's key is compromised: nobody believes it, which is why it
		// is written again. Its place in the chain is all that is taken of it.
		return unbelieved(sealed.Version)
	}
	if err != nil {
		return secret.Seen{}, err
	}
	return v.Seen(), h.hold(r, path, seen, v, sealed.Chain)
}

// gone is the predecessor where the current version is deleted or destroyed, so
// that the broker does not show it. A host that remembers the path follows what
// it has seen and nothing else. One that does not takes the broker's word for
// the place, as it does for a path that is said to be new: a wrong word makes a
// version that every reader refuses, and opens nothing.
func (h *Host) gone(ctx context.Context, path string, seen secret.Seen) (secret.Seen, error) {
	known, err := h.Broker.ReadMetadata(ctx, path)
	if err != nil {
		return secret.Seen{}, err
	}
	if seen.Version == 0 {
		return placeOf(known)
	}
	if known.Current != seen.Version || known.Secret != seen.Secret.String() {
		return secret.Seen{}, fmt.Errorf("%q, version %d: %w", path, known.Current, ErrPredecessor)
	}
	return seen, nil
}

func placeOf(m *broker.Metadata) (secret.Seen, error) {
	place := secret.Seen{Version: m.Current}
	var err error
	if place.Secret, err = envelope.ParseID(m.Secret); err != nil {
		return secret.Seen{}, err
	}
	place.Header, err = envelope.ParseHash(m.Versions[strconv.FormatUint(m.Current, 10)].Header)
	return place, err
}

func unbelieved(v *secret.Version) (secret.Seen, error) {
	header, err := envelope.Peek[secret.Header](v.Header, envelope.TypeHeader)
	if err != nil {
		return secret.Seen{}, err
	}
	return secret.Seen{Secret: header.Secret, Version: header.Version, Header: v.Header.Hash(), Created: header.Created}, nil
}
