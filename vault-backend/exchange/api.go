package exchange

import (
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// Requester is who calls, as Vault knows it. Entity is Vault's entity id, empty
// for tokens that have none; such requesters are told apart by their token's
// accessor. Name and Remote are shown to approvers as reported by Vault.
type Requester struct {
	Entity   string
	Accessor string
	Name     string
	Remote   string
}

// Ask is a read of a secret with the mount as consumer. Version 0 is the latest
// one; Lease 0 is the policy's; Wait is how long this call may block, 0 for
// [Limits.DefaultWait] and never longer than [MaxWait].
type Ask struct {
	Path    string
	Version uint64
	Reason  string
	Lease   time.Duration
	Wait    time.Duration
	// BreakGlass asks those whom the policy names for an emergency, and nobody else,
	// and tells everybody that it was asked. It needs a reason.
	BreakGlass bool
	Requester  Requester
}

// Answer is a value that was approved. The caller owns Value and wipes it.
// Lease is what is left of the lease, in seconds; it began with the approval.
type Answer struct {
	Value   *secret.Value
	Lease   uint32
	Request envelope.ID
	Version uint64
}

// Releases is what a host request came to: everything that approvers sent, for
// the host to verify and open. State is [Approved] or [Denied].
type Releases struct {
	Request  envelope.ID
	State    State
	Releases []approval.Release
	Decided  []Decision
}

// State says where a request is.
type State string

// The states of a request. A request that the roster or a deletion ended is
// [Cancelled]; [Status.Cause] says why.
const (
	Waiting   State = "waiting"
	Approved  State = "approved"
	Denied    State = "denied"
	Expired   State = "expired"
	Cancelled State = "cancelled"
)

// Decision is one approver's word, for people to read. Approver and Device are
// ids; Name is the approver's.
type Decision struct {
	Approver envelope.ID
	Name     string
	Device   envelope.ID
	Decision approval.Decision
	Reason   string
	Time     time.Time
}

// Line is a request in a list.
type Line struct {
	Request envelope.ID
	Path    string
	Version uint64
	// BreakGlass says that it asks those whom the policy names for an emergency.
	BreakGlass bool
	State      State
	Summary    string // who has decided and what is missing, as "1 of 2 sre; security: waiting"
	Created    time.Time
	Deadline   time.Time
}

// Status is everything that can be told about a request. Cause is why it ended
// without an approval, nil otherwise. Requirements say who has decided and what is
// missing, in the order of the policy.
type Status struct {
	Line
	Hash         envelope.Hash
	Consumer     envelope.ID
	ConsumerName string
	Origin       approval.Origin
	Reason       string
	Readers      int // who wait for it at this moment
	Decisions    []Decision
	Requirements []Requirement
	Cause        error
	MatchCode    string // that approvers are to be told; empty where the policy wants none, or it is over
}

// Record is a decision as it is kept for ever. Name orders records by the time
// they were taken and can be used in place of the request's id to read this one
// alone. Refused is the name of the error with which an authentic receipt was
// refused: it counted for nothing, but without it the device's chain of receipts
// would have a gap.
type Record struct {
	Name     string
	Request  envelope.ID
	Evidence approval.Evidence
	Refused  string
}

// Limits are what an operator may set. They are asked for anew at every use.
type Limits struct {
	DefaultWait      time.Duration // of a read that does not say; at most MaxWait
	MaxPendingEntity int           // requests that wait, per requester
	MaxPending       int           // requests that wait, in all
	Cooldown         time.Duration // after a denial, per requester and path
	HandOut          time.Duration // after the first hand-out
	Drain            bool
}

// MaxWait is the longest that a call blocks: below the 60 s after which Vault's
// clients and most load balancers give up.
const MaxWait = 55 * time.Second

// DefaultLimits returns the limits of a mount that nobody configured.
func DefaultLimits() Limits {
	return Limits{
		DefaultWait: 50 * time.Second, MaxPendingEntity: 8, MaxPending: 20000,
		Cooldown: 5 * time.Minute, HandOut: time.Minute,
	}
}

// Stats are counts for `status` and for tests.
type Stats struct {
	Pending        int    // requests that wait for an answer
	Held           int    // approved requests whose key is still held for another hand-out
	Kept           int    // ended requests that are still remembered
	Prompts        uint64 // requests opened since the start
	WaitingReaders int    // calls that block, of mount and host requests
	WaitingDevices int    // inbox calls that block
	Alarms         int    // that nobody acknowledged
	Reports        int    // that nobody acknowledged
	Draining       bool
}
