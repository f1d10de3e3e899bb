package backend

import (
	"context"
	"fmt"
	"sync"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

const identityKey = "identity"

// identityEntry is the mount itself, made once and never changed:
//
//	identity  {"id": mount id, "seed": Ed25519 seed of its consumer key}
//
// The key signs requests and headers in the mount's name. It opens nothing: an
// attacker who has it can ask, and approvers are shown who asks.
type identityEntry struct {
	ID   envelope.ID    `json:"id"`
	Seed envelope.Bytes `json:"seed"`
}

// self is the mount as it is held in memory.
type self struct {
	id     envelope.ID
	signer *envelope.SigningKey
}

type identity struct {
	mu   sync.Mutex
	self *self
}

func (i *identity) reset() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.self = nil
}

// self returns the mount's identity and makes it where there is none yet. It
// may be called any number of times, also after a crash in between: what counts
// is the entry in storage, and that is written once.
func (b *broker) self(ctx context.Context) (*self, error) {
	i := &b.identity
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.self != nil {
		return i.self, nil
	}
	entry, err := load[identityEntry](ctx, b.storage, identityKey)
	if err != nil {
		return nil, fmt.Errorf("the mount's identity: %w", err)
	}
	if entry == nil {
		seed := envelope.NewKey()
		entry = &identityEntry{ID: envelope.NewID(), Seed: seed.Bytes()}
		if err := store(ctx, b.storage, identityKey, entry); err != nil {
			return nil, fmt.Errorf("the mount's identity: %w", err)
		}
	}
	seed, err := envelope.KeyFrom(entry.Seed)
	if err != nil {
		return nil, fmt.Errorf("the mount's identity: %w", errStored)
	}
	envelope.Wipe(entry.Seed)
	i.self = &self{id: entry.ID, signer: envelope.NewSigningKey(seed)}
	return i.self, nil
}

// consumer returns the mount as the organisation admitted it; exchange.ErrMountNotAdmitted if
// it did not.
func (s *self) consumer(r *roster.Roster) (*roster.Consumer, error) {
	for _, c := range r.Consumers() {
		if c.Kind == roster.ConsumerMount && c.Mount == s.id && c.Signing == s.signer.Public() {
			return c, nil
		}
	}
	return nil, exchange.ErrMountNotAdmitted
}
