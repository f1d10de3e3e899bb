package exchange

import (
	"context"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// A request is answered under the wrap set that was the newest when it was asked,
// until it ends, even if its version is re-shared meanwhile: shares of two wrap
// sets do not add up, a host has fetched that one to verify what it is given, and
// whoever has answered need not answer again. The shares from before are there
// until the new ones have proven themselves, so that nothing is lost by it; who
// holds only a new one is not asked. Where too few of the old ones are left (a
// keyring was replaced, the re-share was proven or given up), the request ends and
// is to be asked again, which is answered under the new wrap set.

// asAsked returns a version as it was shared when the request was made.
func (r *request) asAsked(v *secret.Version) (*secret.Version, error) {
	if len(v.Reshares) < r.epochs {
		return nil, r.sharedAnew()
	}
	before := *v
	before.Reshares = v.Reshares[:r.epochs]
	return &before, nil
}

// sharedAnew ends a request that cannot be answered under its wrap set any more.
func (r *request) sharedAnew() error {
	return tell(supersession, "request %s for version %d of %q ended, its shares were dealt anew", r.id, r.version, r.path)
}

// version returns the version that a request is for, verified, as it was shared
// then. Its stripe is held.
func (x *Exchange) version(ctx context.Context, r *request) (*secret.Verified, error) {
	if r.verified != nil {
		return r.verified, nil
	}
	verified, _, err := x.fetch(ctx, r)
	return verified, err
}

// fetch loads the version that a request is for, as it was shared then, and
// verifies it. It says whether the version was re-shared since.
func (x *Exchange) fetch(ctx context.Context, r *request) (verified *secret.Verified, anew bool, err error) {
	version, _, err := x.cfg.Version(ctx, r.path, r.version)
	if err != nil {
		return nil, false, err
	}
	if version.Header.Hash() != r.header {
		return nil, false, tell(ErrCancelled, "version %d of %q was replaced", r.version, r.path)
	}
	anew = len(version.Reshares) > r.epochs
	if version, err = r.asAsked(version); err != nil {
		return nil, anew, err
	}
	err = x.cfg.Roster(func(known *roster.Roster) (err error) {
		verified, err = version.VerifyHistory(known, x.cfg.Mount, r.path)
		return err
	})
	if err == nil && verified.WrapSet != r.wrapSet {
		err = r.sharedAnew()
	}
	return verified, anew, err
}

// rewind returns a version as it was shared by a wrap set, and how many re-shares
// that is; [secret.ErrWrapSet] if it never was.
func rewind(known *roster.Roster, v *secret.Version, mount envelope.ID, path string, wrapSet envelope.Hash) (*secret.Verified, int, error) {
	before := *v
	for n := len(v.Reshares); n >= 0; n-- {
		before.Reshares = v.Reshares[:n]
		verified, err := before.VerifyHistory(known, mount, path)
		if err != nil {
			return nil, 0, err
		}
		if verified.WrapSet == wrapSet {
			return verified, n, nil
		}
	}
	return nil, 0, secret.ErrWrapSet
}

// seatsIn returns who holds a share of a verified version for a requirement that
// counts.
func (r *request) seatsIn(v *secret.Verified) []seat {
	seats := make([]seat, 0, len(v.Seats))
	for _, s := range v.Seats {
		if !r.counts(int(s.Requirement)) {
			continue
		}
		one := seat{approver: s.Approver, generation: s.Generation, requirement: s.Requirement}
		if !v.HasWrap(s.Approver) {
			one.generation = 0 // no keyring is: there is nothing that this person could open
		}
		seats = append(seats, one)
	}
	return seats
}
