package secret

import (
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Seen is what a consumer remembers of a path: the newest version that it was
// shown and verified, and the newest shares of it. The zero value is no memory.
type Seen struct {
	Secret  envelope.ID   `json:"secret"`
	Version uint64        `json:"version"`
	Header  envelope.Hash `json:"header"`
	Created envelope.Time `json:"created"`
	Epoch   uint32        `json:"epoch"`    // of its newest wrap set
	WrapSet envelope.Hash `json:"wrap_set"` // hash of that
}

// Seen returns what to remember of a verified version.
func (v *Verified) Seen() Seen {
	return Seen{Secret: v.Header.Secret, Version: v.Header.Version, Header: v.HeaderHash, Created: v.Header.Created, Epoch: v.Epoch, WrapSet: v.WrapSet}
}

// Covers says whether other, of the same secret, is nothing newer: an older version,
// or shares of the same version that are no newer.
func (s Seen) Covers(other Seen) bool {
	return s.Secret == other.Secret &&
		(s.Version > other.Version || s.Version == other.Version && s.Epoch >= other.Epoch)
}

// Check refuses to take v for the path's latest version if something newer was
// seen ([ErrRolledBack]) or something else in its place ([ErrForked]). chain
// holds the signed headers of the versions after the remembered one and before
// v, oldest first, and must link them ([ErrChain]): a broker that drops a
// version from the middle cannot show its successor.
func (s Seen) Check(r *roster.Roster, v *Verified, chain []envelope.Signed) error {
	h := &v.Header
	switch {
	case s.Version == 0:
		return nil
	case h.Secret != s.Secret:
		// The path was deleted for good and written anew. An author signed the
		// new beginning; one that is older than what was seen is a replay.
		if h.Created <= s.Created {
			return fmt.Errorf("%q begins anew before the version seen: %w", h.Path, ErrRolledBack)
		}
		return nil
	case h.Version < s.Version:
		return fmt.Errorf("%q is at version %d, %d was seen: %w", h.Path, h.Version, s.Version, ErrRolledBack)
	case h.Version == s.Version:
		if v.HeaderHash != s.Header {
			return fmt.Errorf("%q version %d: %w", h.Path, h.Version, ErrForked)
		}
		return s.checkEpoch(v)
	}
	return s.checkChain(r, v, chain)
}

// checkEpoch refuses shares that were redistributed since they were seen: old ones
// may still be held by people who were removed.
func (s Seen) checkEpoch(v *Verified) error {
	switch {
	case v.Epoch < s.Epoch:
		return fmt.Errorf("%q version %d: wrap set of epoch %d, %d was seen: %w", v.Header.Path, v.Header.Version, v.Epoch, s.Epoch, ErrRolledBack)
	case v.Epoch == s.Epoch && v.WrapSet != s.WrapSet && !s.WrapSet.IsZero():
		return fmt.Errorf("%q version %d: wrap set of epoch %d: %w", v.Header.Path, v.Header.Version, v.Epoch, ErrForked)
	}
	return nil
}

func (s Seen) checkChain(r *roster.Roster, v *Verified, chain []envelope.Signed) error {
	at, version := s.Header, s.Version
	for _, signed := range chain {
		// Its successor's author confirmed this version by its hash, so one by
		// an author whose key leaked later still links.
		h, _, err := verifyHeader(signed, r, v.Header.Mount, v.Header.Path, r.FormerConsumerAt)
		if err != nil {
			return fmt.Errorf("version %d of %q: %w", version+1, v.Header.Path, err)
		}
		if h.Secret != s.Secret || h.Version != version+1 || h.Previous != at {
			return fmt.Errorf("version %d of %q: %w", version+1, v.Header.Path, ErrChain)
		}
		at, version = signed.Hash(), h.Version
	}
	if v.Header.Version != version+1 || v.Header.Previous != at {
		return fmt.Errorf("version %d of %q: %w", v.Header.Version, v.Header.Path, ErrChain)
	}
	return nil
}
