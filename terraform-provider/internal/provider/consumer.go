package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/consumer"
	"github.com/stillvault/stillvault/plugins/home"
)

// consumerName is what this provider calls itself as a consumer where a name is
// needed on this machine; to the organisation its key is who it is.
const consumerName = "terraform"

var (
	// errNoConsumerKey means that secrets are to be read or written without a key.
	errNoConsumerKey = errors.New("consumer_key_missing: reading and writing secrets needs a key of this provider's own; " +
		"make one with `stillvault consumer keygen terraform`, admit it (stillvault_consumer), and set the provider's consumer_key_file, " +
		consumerKeyFileVariable + ", or " + consumerKeyVariable + " with the file's text")
	// errMountChanged means that the mount is not the one that the state knows.
	errMountChanged = errors.New("mount_changed: the mount has another id than when this secret was seen last; " +
		"if it was set up anew on purpose, remove the resource from the state and import it again")
)

// hasConsumerKey says whether the configuration or the environment names a key.
func (s *session) hasConsumerKey() bool {
	return or(s.settings.ConsumerKeyFile, consumerKeyFileVariable) != "" || os.Getenv(consumerKeyVariable) != ""
}

// consumerKey reads the key of this provider as a consumer. The caller wipes it.
func (s *session) consumerKey() (*envelope.SigningKey, error) {
	if file := or(s.settings.ConsumerKeyFile, consumerKeyFileVariable); file != "" {
		key, err := home.ReadConsumer(file)
		if err != nil {
			return nil, fmt.Errorf("read the provider's consumer key: %w", err)
		}
		return key, nil
	}
	text := []byte(os.Getenv(consumerKeyVariable))
	defer envelope.Wipe(text)
	if len(text) == 0 {
		return nil, errNoConsumerKey
	}
	key, err := home.ParseConsumer(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", consumerKeyVariable, err)
	}
	return key, nil
}

// host is this provider as a consumer and author. Its key is nil where it only looks,
// and stays the caller's to wipe.
func (s *session) host(ctx context.Context, key *envelope.SigningKey) (*consumer.Host, error) {
	mount, err := s.mountID(ctx)
	if err != nil {
		return nil, err
	}
	h := &consumer.Host{
		Name: consumerName, Mount: mount, Broker: s.broker, Memory: &s.seen, Roster: s.log.Fresh, Now: time.Now,
	}
	if key != nil {
		h.Signer = key
	}
	if s.home != nil {
		h.Memory = consumer.Kept{Home: s.home, Consumer: consumerName, Mount: mount}
	}
	return h, nil
}

// mountPin is the id of the mount, once it was found.
type mountPin struct {
	mu sync.Mutex
	id envelope.ID
}

// mountID is the id that secrets must carry: the configured one, else what the state
// directory has pinned, else what the mount says of itself. In the last case a Vault
// that lies may show secrets of another mount of the same organisation in this one's
// place, and have what is written stand there; it can read neither.
func (s *session) mountID(ctx context.Context) (envelope.ID, error) {
	s.where.mu.Lock()
	defer s.where.mu.Unlock()
	if !s.where.id.IsZero() {
		return s.where.id, nil
	}
	if s.home != nil {
		// Pinning a mount takes an organisation that is pinned.
		if err := s.log.View(ctx, func(*roster.Roster) error { return nil }); err != nil {
			return envelope.ID{}, err
		}
	}
	mount, err := s.mount(ctx)
	if err != nil {
		return envelope.ID{}, err
	}
	s.where.id = mount.ID
	return mount.ID, nil
}
