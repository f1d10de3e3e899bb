package approver

import (
	"context"
	"errors"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

// Broker is what a session needs of the broker; [broker.Client] is one.
type Broker interface {
	ReadInbox(ctx context.Context, call envelope.Signed) (envelope.Envelope, error)
	PostAnswer(ctx context.Context, release approval.Release, request *envelope.Signed) (broker.RequestState, error)
	FetchReshare(ctx context.Context, call envelope.Signed) (envelope.Envelope, error)
	SendDeals(ctx context.Context, answer approval.ReshareAnswer) (*broker.DealProgress, error)
}

var _ Broker = (*broker.Client)(nil)

// Memory is what a device must not forget between sessions.
type Memory interface {
	// Decided says whether the device decided a request.
	Decided(request envelope.Hash) bool
	// Decide has sign make a release with the device's ledger as it is, and
	// stores the ledger after it, and the release with its request, before it
	// returns. mark is what the decision is remembered by; one that was made
	// before is [approval.ErrReplayed].
	Decide(mark envelope.Hash, request envelope.Signed, deadline, now time.Time, sign func(approval.Ledger) (approval.Release, error)) (approval.Release, error)
	// Unsent are the stored answers that [Memory.Sent] was not called for,
	// oldest first.
	Unsent() ([]home.Unsent, error)
	// Sent forgets a release that the broker has.
	Sent(release approval.Release) error
	// Deal has sign make a part of a re-share, as Decide does a release. mark is
	// new for each part.
	Deal(mark envelope.Hash, now time.Time, sign func(approval.Ledger) (approval.ReshareAnswer, error)) (approval.ReshareAnswer, error)
	// Undealt is the stored part that [Memory.Dealt] was not called for, or nil.
	Undealt() (*approval.ReshareAnswer, error)
	// Dealt forgets the part that the broker has.
	Dealt() error
	// Muted says whether the person wants no announcement of a request for now.
	Muted(q *approval.Request, now time.Time) bool
	// Extend keeps the roster's log, whose newest statements are given.
	Extend(r *roster.Roster, statements []envelope.Signed) error
}

// Factor opens the approver's keyring for one approval. ask prompts for what
// only the person has; the answer is the factor's to wipe.
type Factor interface {
	Open(owner keyring.Owner, ask func(prompt string) ([]byte, error)) (*keyring.Keyring, error)
	// Asks says whether Open needs ask.
	Asks() bool
}

// Device is an approver's device with what it holds and knows.
type Device struct {
	Roster   *roster.Roster
	Mount    envelope.ID
	Approver envelope.ID
	Keys     *keyring.Device
	Memory   Memory
	Factor   Factor
	// Former open the earlier generations of the keyring that are still kept, newest
	// first: shares that were sealed to them are dealt with them.
	Former []Former
}

// Former opens an earlier generation of an approver's keyring.
type Former struct {
	Generation uint32
	Factor     Factor
}

// Clock is the time; a test brings its own.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

// SystemClock is the real one.
type SystemClock struct{}

// Now returns the time.
func (SystemClock) Now() time.Time { return time.Now() }

// After returns a channel on which the time is sent after d.
func (SystemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Errors of this package.
var (
	// ErrNoRequest means that the request asked for does not wait for this approver.
	ErrNoRequest = errors.New("request_absent: no such request waits for this approver; it may have ended, or is another approver's; see `stillvault requests list`")
	// ErrUnsent means that an answer was signed and written down but could not
	// be sent.
	ErrUnsent = errors.New("answer_unsent: the answer was signed but could not be sent; `stillvault approve` sends it first when it runs again")
	// ErrInputEnded means that nobody is there to answer.
	ErrInputEnded = errors.New("input_ended: the terminal was closed; what waits stays open until its deadline")
	// ErrAllAsks means that answering everything unasked needs a keyring that
	// opens unasked.
	ErrAllAsks = errors.New("factor_asks: --all needs a keyring that opens without a person; this one wants a password and a recovery key, so run `stillvault approve` without --all")
)
