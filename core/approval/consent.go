package approval

import (
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// Agreed says whether everybody needed has consented, so that shares may be
// released.
func (c *Case) Agreed() bool { return c.checkConsents() == nil }

// ConsentedBy says whether an approver's consent is among the decisions.
func (c *Case) ConsentedBy(approver envelope.ID) bool {
	for i := range c.Decisions {
		if c.Decisions[i].Approver == approver && c.Decisions[i].Decision == Consent {
			return true
		}
	}
	return false
}

// ConsentMark is what a device remembers a consent by: the request itself is not
// decided with it.
func (c *Case) ConsentMark() envelope.Hash {
	return envelope.SumHash([]byte("stillvault/consent/v1"), c.Hash[:])
}

// checkConsents wants m consents for every requirement, by distinct people who
// hold a share and may answer: otherwise shares for different requests could
// add up in the hands of one consumer. A consent by anybody else does not count.
func (c *Case) checkConsents() error {
	for _, n := range c.Tally(Consent) {
		if n.Have < n.Want {
			return fmt.Errorf("requirement %q: %d of %d: %w", n.Requirement, n.Have, n.Want, ErrConsent)
		}
	}
	return nil
}
