// Package exchange routes requests between consumers and approvers.
//
// A consumer is either the mount itself, for `vault read` ([Exchange.Read]), or
// a host that signed its own request ([Exchange.Release]). Both block until
// approvers have answered, their wait is over, or they go away; the request they
// are about lives on until it is decided, cancelled or past its deadline, and
// who asks the same again attaches to it without anybody being prompted again.
// Devices fetch what waits for them ([Exchange.Inbox]) and answer it
// ([Exchange.Answer]); every answer is recorded before it has an effect.
//
// A request that breaks the glass is for an emergency: it asks people of its own,
// and everybody is told of it until somebody acknowledges that ([Exchange.Alarms]).
// A denial may report its requester ([Exchange.Reports]).
//
// The package knows nothing of Vault: it is given a [Store], a roster and a way
// to load versions, and names its errors.
package exchange

import (
	"context"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Config is what an exchange works with. Its functions may be called at the same
// time from several goroutines, and may take locks of their owner's, but, apart
// from Opened, must not call the exchange. Roster's callback calls none
// of the others.
type Config struct {
	Mount envelope.ID
	// Consumer returns the mount's own consumer id and signer;
	// [ErrMountNotAdmitted] where the organisation has not admitted it. The
	// signer stays the owner's.
	Consumer func() (envelope.ID, envelope.Signer, error)
	// Roster runs use under the roster's read lock. It fails where no
	// organisation is pinned yet.
	Roster func(use func(*roster.Roster) error) error
	// Version loads a version, the latest for 0, and says its number. Missing,
	// deleted and destroyed versions are errors, which are passed on.
	Version func(ctx context.Context, path string, version uint64) (*secret.Version, uint64, error)
	// Log returns at most limit statements of the org log, from sequence number
	// from on.
	Log func(ctx context.Context, from uint64, limit int) ([]envelope.Signed, error)
	// Opened is told what became of shares of a version at a path. It may be nil,
	// must bear being told the same twice, and is called with no lock held, so that
	// it may change the version and call [Exchange.VersionChanged].
	Opened func(ctx context.Context, path string, o Opening)
	// Reshares returns the re-shares that an approver may help with, for the last
	// page of their devices' inboxes. Nil for none; see [Exchange.Ring].
	Reshares func(approver envelope.ID) []approval.ReshareNotice

	Store  Store
	Limits func() Limits // nil for DefaultLimits
	Clock  Clock         // nil for the system's
	Logger hclog.Logger  // nil for none; is never given anything secret
}

// Exchange routes requests. It is safe for concurrent use.
//
// Locks, in the order in which they are taken:
//
//  1. changes lets one change of the roster or of a version after the other in.
//  2. a stripe (by request hash) serialises what is done to one request: opening
//     it for a host, each answer to it, and every use of its key, wiping
//     included. It is held across calls of Config's functions.
//  3. notices serialises what is done to alarms and reports. It is held across
//     calls of Config's functions, too.
//  4. whatever Config's functions lock, the roster's read lock above all.
//  5. mu guards everything in memory. It is a leaf: while it is held nothing is
//     called that could block, and no other lock is taken.
//
// So a request's state can change (by a deadline, a cancellation, the roster)
// while an answer to it is being verified and recorded: the answer looks again
// under mu before it has any effect.
type Exchange struct {
	cfg     Config
	changes sync.Mutex
	stripes [64]sync.Mutex
	notices sync.Mutex

	mu        sync.Mutex
	byID      map[envelope.ID]*request
	byHash    map[envelope.Hash]*request
	byKey     map[key]*request  // mount requests that a read may attach to, see attach
	open      map[slot]*request // that wait
	waiting   map[string]int    // requests that wait, by requester
	paths     map[string]int    // requests that wait or are handed out, by path
	pending   int               // requests that wait, in all
	held      int               // approved requests whose key is still there
	over      []*request        // ended mount requests, oldest first
	queues    map[envelope.ID]*queue
	cooldowns map[place]cooldown
	alarms    map[envelope.ID]*alarm  // by request
	reports   map[envelope.ID]*report // by request
	untold    []*alarm                // restored, about what was opened
	loud      uint64                  // counts changes of what every device is told
	calls     callLog
	due       agenda
	epoch     uint64 // counts roster changes
	order     uint64 // of the last request
	endings   uint64 // counts the requests that ended
	prompts   uint64
	readers   int
	devices   int
	lastName  envelope.Time // of the last record
	draining  chan struct{} // closed while draining
	drained   bool
	closed    bool
}

// New returns an exchange without requests; [Exchange.Restore] brings back those
// that outlived an earlier process.
func New(cfg Config) *Exchange {
	if cfg.Clock == nil {
		cfg.Clock = systemClock{}
	}
	if cfg.Limits == nil {
		cfg.Limits = DefaultLimits
	}
	if cfg.Logger == nil {
		cfg.Logger = hclog.NewNullLogger()
	}
	return &Exchange{
		cfg:       cfg,
		byID:      map[envelope.ID]*request{},
		byHash:    map[envelope.Hash]*request{},
		byKey:     map[key]*request{},
		open:      map[slot]*request{},
		waiting:   map[string]int{},
		paths:     map[string]int{},
		queues:    map[envelope.ID]*queue{},
		cooldowns: map[place]cooldown{},
		alarms:    map[envelope.ID]*alarm{},
		reports:   map[envelope.ID]*report{},
		calls:     newCallLog(),
		draining:  make(chan struct{}),
	}
}

// Drain makes every blocked call return at once with [ErrDraining] and keeps
// further ones from blocking, or lets them block again. Requests stay.
func (x *Exchange) Drain(on bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case on == x.drained || x.closed:
		return
	case on:
		close(x.draining)
	default:
		x.draining = make(chan struct{})
	}
	x.drained = on
}

// Tick does what is due. Timers do so by themselves; it is the safety net for a
// clock that jumped, clears away cooldowns that are over, and tells the owner what
// an earlier process may not have lived to tell.
func (x *Exchange) Tick(ctx context.Context) {
	x.settle(ctx)
	x.clearCooldowns(ctx)
	x.tellAgain(ctx)
}

// Close ends all waits and wipes every key. The exchange is of no use after.
func (x *Exchange) Close() {
	x.Drain(true)
	x.mu.Lock()
	x.closed = true
	x.due.disarm()
	all := make([]*request, 0, len(x.byID))
	for _, r := range x.byID {
		r.dropValue()
		all = append(all, r)
	}
	x.mu.Unlock()
	x.bury(all...)
}

// Stats counts.
func (x *Exchange) Stats() Stats {
	draining := x.cfg.Limits().Drain
	x.mu.Lock()
	defer x.mu.Unlock()
	return Stats{
		Alarms: len(x.alarms), Reports: len(x.reports),
		Pending: x.pending, Held: x.held, Kept: len(x.byID) - x.pending - x.held, Prompts: x.prompts,
		WaitingReaders: x.readers, WaitingDevices: x.devices, Draining: draining || x.drained,
	}
}

// stripe returns the lock of a request.
func (x *Exchange) stripe(hash envelope.Hash) *sync.Mutex {
	return &x.stripes[int(hash[0])%len(x.stripes)]
}

// bury wipes the keys of requests that have ended. The caller holds neither mu
// nor a stripe.
func (x *Exchange) bury(all ...*request) {
	for _, r := range all {
		lock := x.stripe(r.hash)
		lock.Lock()
		r.wipe()
		lock.Unlock()
	}
}

func (x *Exchange) now() envelope.Time { return envelope.At(x.cfg.Clock.Now()) }
