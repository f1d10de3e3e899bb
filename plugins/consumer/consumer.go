// Package consumer reads and writes secrets end to end, as a consumer and author
// with a key of its own: the broker carries what it cannot open.
//
// Nothing that a broker shows is believed before core verified it under the
// roster that this host fetched itself, and before it was held against what
// this host saw earlier ([secret.Seen]).
package consumer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/broker"
)

// Broker is what a host needs of the broker; [broker.Client] is one.
type Broker interface {
	ReadSealed(ctx context.Context, path string, version, since uint64) (*broker.Sealed, error)
	WriteSealed(ctx context.Context, path string, v *secret.Version, cas uint64) (*broker.Written, error)
	ReadMetadata(ctx context.Context, path string) (*broker.Metadata, error)
	AwaitRelease(ctx context.Context, path string, request envelope.Signed, progress broker.Progress) (*broker.Releases, error)
	CancelRequest(ctx context.Context, id envelope.ID) error
	ReportOpened(ctx context.Context, path string, opened envelope.Signed) error
}

var _ Broker = (*broker.Client)(nil)

// Host is a consumer and author on this machine.
type Host struct {
	Name   string
	Signer envelope.Signer
	Mount  envelope.ID // pinned
	Broker Broker
	Memory Memory
	// Roster fetches the org log and returns the verified roster; it refuses a
	// log that is not the continuation of the one seen before.
	Roster func(context.Context) (*roster.Roster, error)
	Now    func() time.Time
}

// Errors of this package.
var (
	// ErrNotAdmitted means that the organisation does not know the host's key.
	ErrNotAdmitted = errors.New("consumer_not_admitted: the organisation has not admitted this key; its signer runs `stillvault consumer admit`")
	// ErrIncomplete means that the broker called a request answered, and what it
	// showed does not open the secret.
	ErrIncomplete = errors.New("release_incomplete: the broker shows too few releases to open the secret; ask again, and compare `stillvault receipts list` with what the approvers remember")
	// ErrDisbelieved means that a version's author was revoked for a compromised
	// key, or before it claims to have written: anybody may have.
	ErrDisbelieved = errors.New("author_disbelieved: anybody may have written this version; have an allowed author write the secret again, with `stillvault put` or `vault write`")
	// ErrStopped means that the wait for a request was ended from this side.
	ErrStopped = errors.New("stopped: nobody waits any more, so the request is cancelled; ask again if it is still needed")
	// ErrCAS means that another version is current than the one given.
	ErrCAS = errors.New("cas_mismatch: another version is current; look at it and decide again")
	// ErrOlder means that the newest version is older than the caller accepts.
	ErrOlder = errors.New("version_too_old: the newest version shown is older than the one that is accepted; somebody rolled the secret back, or it was removed and written anew")
	// ErrPredecessor means that the version to be followed cannot be shown.
	ErrPredecessor = errors.New("predecessor_gone: the current version is deleted and was written after the one that this host has seen, so it cannot be told to follow; undelete it, write, and delete it again")
)

// consumer finds the host in a roster by its key.
func (h *Host) consumer(r *roster.Roster) (*roster.Consumer, error) {
	for _, c := range r.Consumers() {
		if c.Signing == h.Signer.Public() {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%s, key %s: %w", h.Name, h.Signer.Public(), ErrNotAdmitted)
}

// found is a version that was verified and held against the host's memory.
type found struct {
	version  *secret.Version
	verified *secret.Verified
}

// Look reads the latest version of a path and verifies it, without asking anybody
// for it: who wrote it when, and that it follows what was seen before. It needs no
// admitted key.
func (h *Host) Look(ctx context.Context, path string) (*secret.Verified, error) {
	r, err := h.Roster(ctx)
	if err != nil {
		return nil, err
	}
	f, err := h.find(ctx, r, path, 0)
	if err != nil {
		return nil, err
	}
	return f.verified, nil
}

// find reads a version, the latest for 0, and verifies it. The latest is
// remembered, as is an older one that is newer than what was seen before. Of an
// older one than that, only author and place are checked: what follows it is
// known to be newer.
func (h *Host) find(ctx context.Context, r *roster.Roster, path string, number uint64) (*found, error) {
	seen, err := h.Memory.Seen(path)
	if err != nil {
		return nil, err
	}
	sealed, err := h.Broker.ReadSealed(ctx, path, number, seen.Version)
	if err != nil {
		return nil, err
	}
	v, err := h.verify(r, sealed.Version, path)
	if err != nil {
		return nil, err
	}
	if number != 0 && v.Header.Version != number {
		return nil, fmt.Errorf("version %d of %q asked for, %d shown: %w", number, path, v.Header.Version, secret.ErrHeader)
	}
	if number == 0 || v.Header.Version >= seen.Version {
		if err := h.hold(r, path, seen, v, sealed.Chain); err != nil {
			return nil, err
		}
	}
	return &found{sealed.Version, v}, nil
}

// verify is [secret.Version.Verify], which refuses as revoked an author that
// nobody believes: [ErrDisbelieved].
func (h *Host) verify(r *roster.Roster, v *secret.Version, path string) (*secret.Verified, error) {
	verified, err := v.Verify(r, h.Mount, path)
	if errors.Is(err, roster.ErrRevoked) {
		return nil, fmt.Errorf("%w: %w", err, ErrDisbelieved)
	}
	return verified, err
}

// hold checks a version against what was seen and remembers it, but not its shares:
// those count as seen once they opened it ([Host.opened]). Otherwise an epoch that a
// dealer spoiled could not be taken back for whoever found that out.
func (h *Host) hold(r *roster.Roster, path string, seen secret.Seen, v *secret.Verified, chain []envelope.Signed) error {
	if err := seen.Check(r, v, chain); err != nil {
		return err
	}
	next := v.Seen()
	next.Epoch, next.WrapSet = 0, envelope.Hash{}
	if seen.Header == v.HeaderHash {
		next.Epoch, next.WrapSet = seen.Epoch, seen.WrapSet
	}
	return h.Memory.Remember(path, next)
}

// opened remembers the shares that opened the version that the path is at.
func (h *Host) opened(path string, v *secret.Verified) error {
	seen, err := h.Memory.Seen(path)
	if err != nil || seen.Header != v.HeaderHash || seen.Epoch >= v.Epoch {
		return err
	}
	return h.Memory.Remember(path, v.Seen())
}
