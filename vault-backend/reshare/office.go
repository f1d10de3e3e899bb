package reshare

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Place names one version of a secret.
type Place struct {
	Path    string `json:"path"`
	Version uint64 `json:"version"`
}

// Stock is one version of a secret that has a value to give.
type Stock struct {
	Version uint64
	Header  envelope.Hash
	Shares  *Shares // the owner's, not to be changed
}

// Outcome is what a change made of a version. Version is nil where the ciphertext
// stays as it is; it is stored before what is known of its shares.
type Outcome struct {
	Version *secret.Version
	Shares  bool // whether they were changed
}

// Secrets are the stored versions.
type Secrets interface {
	// Load makes Each and Of know everything. The first call may take a while.
	Load(ctx context.Context) error
	// Each calls f with every secret's stock, in no order.
	Each(f func(path string, all []Stock))
	// Of returns a path's stock, none if there is no such secret.
	Of(path string) []Stock
	// Version loads a version that is in stock.
	Version(ctx context.Context, at Place) (*secret.Version, error)
	// Change runs f while nobody else changes the path, and stores what came of it.
	// It does nothing where the version is not in stock any more.
	Change(ctx context.Context, at Place, f func(load func() (*secret.Version, error), s *Shares) (Outcome, error)) error
}

// Store keeps requests, deals in waiting and notes of what is being done, as small
// named entries of less than 900 KiB. Names are segments separated by slashes.
type Store interface {
	// Put stores an entry, replacing one of the same name.
	Put(ctx context.Context, name string, entry []byte) error
	// Get returns an entry, or nil if there is none.
	Get(ctx context.Context, name string) ([]byte, error)
	// List returns what lies directly under a prefix that ends in a slash: names of
	// entries, and of folders with a slash at their end, in any order.
	List(ctx context.Context, prefix string) ([]string, error)
	// Delete removes an entry; one that is not there is no error.
	Delete(ctx context.Context, name string) error
}

// Config is what an office works with. Its functions may be called at the same time
// from several goroutines and may take locks of their owner's, but must not call the
// office. Roster's callback calls none of the others but [Secrets.Of] and
// [Secrets.Each].
type Config struct {
	Mount envelope.ID
	// Consumer returns the mount's own consumer id and signer, or why it has none.
	Consumer func() (envelope.ID, envelope.Signer, error)
	// Roster runs use under the roster's read lock. It fails where no organisation
	// is pinned yet.
	Roster  func(use func(*roster.Roster) error) error
	Secrets Secrets
	Store   Store
	// Record puts a verified decision on record, once, with the name of the error
	// with which it was refused, empty if it counted.
	Record func(ctx context.Context, e approval.Evidence, refused string) error
	// Ring tells people's devices that something new waits for them.
	Ring   func(approvers ...envelope.ID)
	Now    func() time.Time
	Logger hclog.Logger // never given anything secret
}

// Office runs the re-shares of a mount. It is safe for concurrent use.
//
// settling serialises what is done about the plan as a whole; it is held across calls
// of Config's functions. mu guards what is in memory and is a leaf, but for
// [Secrets.Of] and [Secrets.Each].
type Office struct {
	cfg      Config
	settling sync.Mutex

	mu       sync.Mutex
	restored bool
	planned  bool
	head     roster.Head // that the jobs are of
	changed  map[string]bool
	jobs     map[envelope.ID]*job // by policy
	under    map[string]envelope.ID
	asked    map[envelope.Hash]*asked // requests, by hash
	waiting  map[Place]map[envelope.Hash]*waitingDeal
	undone   []string // notes of what was left half done
	mute     error    // why nobody can be asked, nil if they can
}

// New returns an office. It reads what an earlier process left when it is first
// asked for something.
func New(cfg Config) *Office {
	if cfg.Logger == nil {
		cfg.Logger = hclog.NewNullLogger()
	}
	return &Office{
		cfg: cfg, changed: map[string]bool{}, jobs: map[envelope.ID]*job{}, under: map[string]envelope.ID{},
		asked: map[envelope.Hash]*asked{}, waiting: map[Place]map[envelope.Hash]*waitingDeal{},
	}
}

// Changed notes that a path's versions changed. It may be called with locks held.
func (o *Office) Changed(path string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changed[path] = true
}

// Reset forgets the plan: the next call makes it anew.
func (o *Office) Reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.planned = false
}
