package consumer

import (
	"sync"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/home"
)

// Memory is what a host has seen of paths, newest versions only.
type Memory interface {
	Seen(path string) (secret.Seen, error)
	Remember(path string, seen secret.Seen) error
}

var (
	_ Memory = Kept{}
	_ Memory = (*Volatile)(nil)
)

// Kept is a memory in a state directory: what one of its consumers saw of a mount.
type Kept struct {
	Home     *home.Home
	Consumer string // its name there
	Mount    envelope.ID
}

// Seen returns what the consumer saw of a path, the zero value if nothing.
func (k Kept) Seen(path string) (secret.Seen, error) {
	return k.Home.Seen(k.Consumer, k.Mount, path)
}

// Remember keeps what the consumer saw of a path.
func (k Kept) Remember(path string, seen secret.Seen) error {
	return k.Home.RememberSeen(k.Consumer, k.Mount, path, seen)
}

// Volatile is the memory of a program that keeps nothing of its own between runs.
// The zero value has seen nothing. Several goroutines may use one.
type Volatile struct {
	mu   sync.Mutex
	seen map[string]secret.Seen
}

// Seen returns what was seen of a path since the start, the zero value if nothing.
func (v *Volatile) Seen(path string) (secret.Seen, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.seen[path], nil
}

// Remember holds on to what was seen of a path. What is older than what is held of
// the same secret changes nothing.
func (v *Volatile) Remember(path string, seen secret.Seen) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.seen == nil {
		v.seen = map[string]secret.Seen{}
	}
	if !v.seen[path].Covers(seen) {
		v.seen[path] = seen
	}
	return nil
}
