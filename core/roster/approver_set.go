package roster

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
)

// ApproverSet is the body that replaces what an approver in force is called and
// which Vault entities they are; both are given whole. Keyring, devices and id stay,
// so that groups, policies and shares, which hold the id, know nothing of it.
//
// Names and entities have no history. A receipt names its approver by id, and is
// shown under the name they have now. Whether somebody asked for themselves is judged
// by the entities they have now too, also for a request from before: which entity
// somebody is, is a fact about the person that the log had wrong or did not have, and
// a relation that is added late has to hold for what waits already. Receipts stay valid:
// they prove who decided, and self-approval was judged when the decision counted.
type ApproverSet struct {
	ID       envelope.ID `json:"id"`
	Name     string      `json:"name"`
	Entities []string    `json:"entities"`
}

func applyApproverSet(r *Roster, _ Statement, b ApproverSet) error {
	a, err := r.Approver(b.ID)
	if err != nil {
		return err
	}
	if err := CheckName(b.Name); err != nil {
		return err
	}
	if err := r.checkPerson(b.ID, b.Name, b.Entities); err != nil {
		return err
	}
	a.Name, a.Entities = b.Name, b.Entities
	return nil
}

// maxEntity is the longest id of a Vault entity, in bytes.
const maxEntity = 128

// checkPerson refuses entities that are malformed, and a name or an entity of
// anybody else who is in force.
func (r *Roster) checkPerson(id envelope.ID, name string, entities []string) error {
	if _, twice := repeated(entities); twice || slices.ContainsFunc(entities, func(e string) bool { return e == "" || len(e) > maxEntity }) {
		return fmt.Errorf("entity ids must be distinct and not empty: %w", ErrStatement)
	}
	for _, a := range r.approvers {
		if a.Revoked || a.ID == id {
			continue
		}
		if a.Name == name {
			return fmt.Errorf("an approver named %q exists: %w", name, ErrStatement)
		}
		// One person under two names would count twice in a quorum.
		if slices.ContainsFunc(entities, a.IsEntity) {
			return fmt.Errorf("approver %q has one of these entities: %w", a.Name, ErrStatement)
		}
	}
	return nil
}
