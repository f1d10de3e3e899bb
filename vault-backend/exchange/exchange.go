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
// The package knows nothing of Vault: it is given a [Store], a roster and a way
// to load versions, and names its errors.
package exchange

import (
	"context"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Config is what an exchange works with. Its functions are called without any
// lock of the exchange held except that Roster's callback is never left waiting
// for another.
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
	Log    func(ctx context.Context, from uint64, limit int) ([]envelope.Signed, error)
	Store  Store
	Limits func() Limits // nil for DefaultLimits
	Clock  Clock         // nil for the system's
	Logger hclog.Logger  // nil for none; is never given anything secret
}

// Exchange routes requests. It is safe for concurrent use.
type Exchange struct {
	cfg Config
}

// New returns an exchange without requests; [Exchange.Restore] brings back those
// that outlived an earlier process.
func New(cfg Config) *Exchange {
	return &Exchange{cfg: cfg}
}

// Read asks for a secret with the mount as consumer, or attaches to the same
// requester's request for the same, and blocks until there is something to say:
// the value, or an error. [ErrWaiting] and [ErrDraining] leave the request as it
// is; so does the end of ctx, whose error is returned.
func (x *Exchange) Read(ctx context.Context, ask Ask) (*Answer, error) {
	return nil, ErrDraining
}

// Release takes a host's signed request, or attaches to it if it was posted
// before, and blocks as [Exchange.Read] does, until the policy is met or
// somebody denied. path must be the request's, and who the requester that the
// request names.
func (x *Exchange) Release(ctx context.Context, path string, signed envelope.Signed, who Requester, wait time.Duration) (*Releases, error) {
	return nil, ErrDraining
}

// Inbox answers a device's signed call with what its approver may answer, sealed
// to the device. It blocks for as long as the call wants, at most
// [approval.MaxInboxWait], while there is nothing.
func (x *Exchange) Inbox(ctx context.Context, call envelope.Signed) (envelope.Envelope, error) {
	return envelope.Envelope{}, ErrDraining
}

// Answer takes an approver's release. It is verified and recorded before anybody
// learns of it; the same release again has no further effect and gives the same
// result. A release that does not count is refused with its named error, and the
// request goes on.
func (x *Exchange) Answer(ctx context.Context, rel approval.Release) (State, error) {
	return "", ErrDraining
}

// List returns the requests of one requester, all for nil, oldest first.
func (x *Exchange) List(who *Requester) []Line { return nil }

// Get tells about one request, of one requester or of anybody for nil;
// [ErrUnknownRequest] if there is none.
func (x *Exchange) Get(id envelope.ID, who *Requester) (*Status, error) {
	return nil, ErrUnknownRequest
}

// Cancel ends a request that waits. One that has ended stays as it ended.
func (x *Exchange) Cancel(ctx context.Context, id envelope.ID, who *Requester) error {
	return ErrUnknownRequest
}

// Receipts returns the names of at most limit records after a name, empty for
// the first, in the order in which they were taken, and whether there are more.
func (x *Exchange) Receipts(ctx context.Context, after string, limit int) (names []string, more bool, err error) {
	return nil, false, nil
}

// Evidence returns the records of a request, by its id, or a single one by its
// name; [ErrUnknownReceipt] if there is none.
func (x *Exchange) Evidence(ctx context.Context, idOrName string) ([]Record, error) {
	return nil, ErrUnknownReceipt
}

// RosterChanged holds every request against the roster as it is now. Call it
// after the change, without the roster's lock.
func (x *Exchange) RosterChanged(ctx context.Context) {}

// VersionChanged holds the requests for a path against its versions as they are
// now: one whose version is gone ends. Call it after the change.
func (x *Exchange) VersionChanged(ctx context.Context, path string) {}

// Drain makes every blocked call return at once with [ErrDraining] and keeps
// further ones from blocking, or lets them block again.
func (x *Exchange) Drain(on bool) {}

// Restore brings back what an earlier process stored. Mount requests died with
// it, since it alone had their keys.
func (x *Exchange) Restore(ctx context.Context) error { return nil }

// Tick does what is due. Timers do so by themselves; it is the safety net for a
// clock that jumped.
func (x *Exchange) Tick(ctx context.Context) {}

// Close ends all waits and wipes every key. The exchange is of no use after.
func (x *Exchange) Close() {}

// Stats counts.
func (x *Exchange) Stats() Stats { return Stats{} }
