package backend

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// limiter bounds how often an address may be refused on the paths that need no
// token. Calls that were signed or carried their ticket's token are not counted:
// many approvers may share an address, and what they send is admitted anyway.
type limiter struct {
	mu    sync.Mutex
	since time.Time
	count map[string]int
}

const (
	refusalWindow = time.Minute
	maxRefusals   = 60
	// maxAddresses bounds the memory that strangers can take. Further ones are
	// not counted: refusing them would let strangers shut everybody out.
	maxAddresses = 10000
)

// check returns errCap for an address that was refused too often.
func (l *limiter) check(address string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetLocked(now)
	if l.count[address] >= maxRefusals {
		return errCap
	}
	return nil
}

// refused counts a refused call.
func (l *limiter) refused(address string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetLocked(now)
	if l.count == nil {
		l.count, l.since = map[string]int{}, now
	}
	if l.count[address] > 0 || len(l.count) < maxAddresses {
		l.count[address]++
	}
}

// forget drops counts that are older than the window.
func (l *limiter) forget(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetLocked(now)
}

func (l *limiter) forgetLocked(now time.Time) {
	if now.Sub(l.since) >= refusalWindow {
		l.count = nil
	}
}

// byStranger says whether a call was refused because nobody known made it.
func byStranger(err error) bool {
	return slices.ContainsFunc([]error{
		errInput, errEnrolmentToken, errNoEnrolment, errHandoverToken, errNoHandover, errNoKit, envelope.ErrSignature, envelope.ErrEncoding, envelope.ErrPayloadType,
		envelope.ErrTooLarge, roster.ErrUnknown, roster.ErrRevoked, approval.ErrDevice, approval.ErrInbox, exchange.ErrInboxReplayed,
		keyring.ErrCertificate, errDeviceKnown,
	}, func(e error) bool { return errors.Is(err, e) })
}

// unauthenticated bounds how often an address is refused, where what is shown is a
// token: one that guessed too often is not heard.
func (b *broker) unauthenticated(f framework.OperationFunc) framework.OperationFunc {
	return func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
		address := addressOf(req)
		if err := b.refusals.check(address, b.now()); err != nil {
			return nil, err
		}
		resp, err := f(ctx, req, data)
		if byStranger(err) {
			b.refusals.refused(address, b.now())
		}
		return resp, err
	}
}

// signed is unauthenticated for calls that carry a signature: who signs rightly is
// served whatever others at the address do. Approvers share one behind a proxy, and
// any page that one of them visits can make calls from it.
func (b *broker) signed(f framework.OperationFunc) framework.OperationFunc {
	return func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
		resp, err := f(ctx, req, data)
		if !byStranger(err) {
			return resp, err
		}
		address := addressOf(req)
		if capped := b.refusals.check(address, b.now()); capped != nil {
			return nil, capped
		}
		b.refusals.refused(address, b.now())
		return resp, err
	}
}

func addressOf(req *logical.Request) string {
	if req.Connection == nil {
		return ""
	}
	return req.Connection.RemoteAddr
}
