package orglog

import (
	"fmt"
	"sync"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Volatile is the memory of a program that keeps nothing between runs: what it
// is told when it starts, and what it has seen since.
type Volatile struct {
	// Organisation is the pinned id. Where it is zero, Identity pins: the key
	// that must hold the organisation now, as its own signer's does.
	Organisation envelope.Hash
	Identity     envelope.VerifyKey
	// Minimum is a head that the log must have at least; the zero hash for none.
	Minimum roster.Head

	mu   sync.Mutex
	seen Known
}

var _ Memory = (*Volatile)(nil)

// Recall returns what was seen since the start.
func (v *Volatile) Recall() (Known, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.recall(), nil
}

func (v *Volatile) recall() Known {
	if len(v.seen.Statements) == 0 {
		return Known{Organisation: v.Organisation, Head: v.Minimum}
	}
	return v.seen
}

// Advance keeps a log until the program ends.
func (v *Volatile) Advance(r *roster.Roster, statements []envelope.Signed) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	known := v.recall()
	switch {
	case known.Organisation.IsZero():
		if err := v.pinned(r, statements); err != nil {
			return err
		}
	case known.Organisation != r.Organisation():
		return roster.ErrOrganisation
	}
	if err := follows(r, known.Head); err != nil {
		return err
	}
	// Of its own: whoever fetched it goes on appending to theirs.
	v.seen = Known{r.Organisation(), r.Head(), statements[:len(statements):len(statements)]}
	return nil
}

// pinned holds a log against the key that pins. One that somebody else made up
// cannot be held by it: handing it over takes a signature by this key, too. Having
// been held by it once is not enough: a key that was given up may be stolen.
func (v *Volatile) pinned(r *roster.Roster, statements []envelope.Signed) error {
	switch {
	case v.Identity.IsZero():
		return roster.ErrOrganisation
	case r.Identity() == v.Identity:
		return nil
	case held(statements, v.Identity):
		return fmt.Errorf("the organisation was moved from this key, %s, to another, %s: %w", v.Identity, r.Identity(), ErrOtherSigner)
	}
	return fmt.Errorf("it is that of organisation %s, which is not held by the signer's key, %s; see that Vault's address (VAULT_ADDR), the mount and the signer are the ones that you mean, "+
		"and name the version of a Transit key that was rotated (version=1). Where the organisation was moved to that key, what the broker shows is older, "+
		"and `stillvault org log push` from the machine that moved it gives it the rest: %w", inFull(r.Organisation()), v.Identity, roster.ErrOrganisation)
}
