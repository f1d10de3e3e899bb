package roster

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// ApproverAdmit is the body that admits a person with the public half of their
// keyring. Entities are the Vault entity ids that are the same person, so that
// nobody approves what they asked for themselves.
type ApproverAdmit struct {
	ID         envelope.ID          `json:"id"`
	Name       string               `json:"name"`
	Entities   []string             `json:"entities"`
	KEM        envelope.KEMKey      `json:"kem"`
	Signing    envelope.VerifyKey   `json:"signing"`
	Generation uint32               `json:"generation"`
	Factors    []keyring.FactorKind `json:"factors"`  // every kind that opens the keyring
	Recovery   bool                 `json:"recovery"` // one of them survives the loss of every device
}

// ApproverRekey replaces a keyring after a suspected leak. The generation rises
// by one; wraps to earlier generations are useless from then on.
type ApproverRekey struct {
	ID         envelope.ID          `json:"id"`
	KEM        envelope.KEMKey      `json:"kem"`
	Signing    envelope.VerifyKey   `json:"signing"`
	Generation uint32               `json:"generation"`
	Factors    []keyring.FactorKind `json:"factors"`
	Recovery   bool                 `json:"recovery"`
}

// Approver is a person who may approve, as the roster knows them. Factors has
// the kinds of the devices that were admitted since, too.
type Approver struct {
	ApproverAdmit
	Revoked bool
	// recipient is the KEM key, parsed once for all that is sealed to it.
	recipient *envelope.Recipient
	// former holds the signing keys of earlier generations, oldest first, for
	// receipts that were signed then.
	former      []envelope.VerifyKey
	from, until uint64 // statements that admitted and revoked them; until is 0 while in force
}

// SigningKey returns the verification key of a generation, current or former.
func (a *Approver) SigningKey(generation uint32) (envelope.VerifyKey, error) {
	switch {
	case generation == a.Generation:
		return a.Signing, nil
	case generation >= 1 && int(generation) <= len(a.former):
		return a.former[generation-1], nil
	}
	return envelope.VerifyKey{}, fmt.Errorf("generation %d of approver %s: %w", generation, a.Name, ErrUnknown)
}

// Recipient returns the KEM key of an approver in force, ready to be sealed to.
func (a *Approver) Recipient() *envelope.Recipient { return a.recipient }

// Holds returns [ErrKeys] unless the public half of a keyring is the one that
// this approver was admitted with: a row that was swapped gives keys that nobody
// admitted.
func (a *Approver) Holds(public keyring.Public) error {
	if public.Signing != a.Signing || !bytes.Equal(public.KEM, a.KEM) {
		return fmt.Errorf("approver %q: %w", a.Name, ErrKeys)
	}
	return nil
}

// IsEntity says whether a Vault entity id is this person, by the entities of now:
// see [ApproverSet].
func (a *Approver) IsEntity(entity string) bool {
	return entity != "" && slices.Contains(a.Entities, entity)
}

func applyApproverAdmit(r *Roster, st Statement, b ApproverAdmit) error {
	if err := checkNew(b.ID, b.Name, r.approvers[b.ID] != nil); err != nil {
		return err
	}
	if b.Generation != 1 {
		return fmt.Errorf("generation %d, want 1: %w", b.Generation, ErrStatement)
	}
	if err := r.checkKeys(b.KEM, b.Signing, b.Factors, b.Recovery); err != nil {
		return err
	}
	if err := r.checkPerson(b.ID, b.Name, b.Entities); err != nil {
		return err
	}
	recipient, err := b.KEM.Recipient()
	if err != nil {
		return err
	}
	r.approvers[b.ID] = &Approver{ApproverAdmit: b, recipient: recipient, from: st.Seq}
	return nil
}

func applyApproverRekey(r *Roster, st Statement, b ApproverRekey) error {
	a, err := r.Approver(b.ID)
	if err != nil {
		return err
	}
	if b.Generation != a.Generation+1 {
		return fmt.Errorf("generation %d, want %d: %w", b.Generation, a.Generation+1, ErrStatement)
	}
	if err := r.checkKeys(b.KEM, b.Signing, b.Factors, b.Recovery); err != nil {
		return err
	}
	recipient, err := b.KEM.Recipient()
	if err != nil {
		return err
	}
	a.former, a.recipient = append(a.former, a.Signing), recipient
	a.KEM, a.Signing, a.Generation, a.Factors, a.Recovery = b.KEM, b.Signing, b.Generation, b.Factors, b.Recovery
	// The devices were certified by the keyring that is suspected now.
	for _, d := range r.devices {
		if d.Approver == a.ID {
			d.revoke(st)
		}
	}
	return nil
}

func applyApproverRevoke(r *Roster, st Statement, b Removal) error {
	a, err := r.Approver(b.ID)
	if err != nil {
		return err
	}
	a.Revoked, a.until, a.recipient = true, st.Seq, nil
	for _, d := range r.devices {
		if d.Approver == a.ID {
			d.revoke(st)
		}
	}
	return nil
}

// checkKeys refuses malformed keys, unknown factors, and keys that somebody
// already has: two approvers with one keyring would be one person twice.
func (r *Roster) checkKeys(kem envelope.KEMKey, signing envelope.VerifyKey, factors []keyring.FactorKind, recovery bool) error {
	if len(kem) != envelope.KEMKeySize || signing.IsZero() {
		return fmt.Errorf("keys missing: %w", ErrStatement)
	}
	if err := kem.Check(); err != nil {
		return err
	}
	if err := signing.Check(); err != nil {
		return err
	}
	if err := checkFactors(factors); err != nil {
		return err
	}
	if len(factors) == 0 || recovery && !slices.Contains(factors, keyring.FactorPassword) {
		return fmt.Errorf("factors missing: %w", ErrStatement)
	}
	for _, a := range r.approvers {
		if slices.Equal(a.KEM, kem) || a.Signing == signing || slices.Contains(a.former, signing) {
			return fmt.Errorf("approver %q has this key: %w", a.Name, ErrStatement)
		}
	}
	return nil
}

func checkFactors(factors []keyring.FactorKind) error {
	for i, f := range factors {
		if err := f.Check(); err != nil {
			return err
		}
		if slices.Contains(factors[:i], f) {
			return fmt.Errorf("factor %q stands twice: %w", f, ErrStatement)
		}
	}
	return nil
}

// Approver returns an approver in force; [ErrUnknown] or [ErrRevoked] otherwise.
func (r *Roster) Approver(id envelope.ID) (*Approver, error) {
	a := r.approvers[id]
	switch {
	case a == nil:
		return nil, fmt.Errorf("approver %s: %w", id, ErrUnknown)
	case a.Revoked:
		return nil, fmt.Errorf("approver %q: %w", a.Name, ErrRevoked)
	}
	return a, nil
}

// FormerApprover returns an approver whether in force or revoked, to check what
// they signed while they were.
func (r *Roster) FormerApprover(id envelope.ID) (*Approver, error) {
	if a := r.approvers[id]; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("approver %s: %w", id, ErrUnknown)
}

// ApproverAt returns an approver who was in force at a head, to check what they
// signed then: [ErrUnknown] before their admission, [ErrRevoked] from their
// revocation on. Name, entities, keys, factors and whether they are revoked are
// as of now; see [Approver.SigningKey] for the keys of earlier generations.
func (r *Roster) ApproverAt(id envelope.ID, at Head) (*Approver, error) {
	a := r.approvers[id]
	switch {
	case a == nil || at.Seq < a.from:
		return nil, fmt.Errorf("approver %s at statement %d: %w", id, at.Seq, ErrUnknown)
	case a.Revoked && at.Seq >= a.until:
		return nil, fmt.Errorf("approver %q at statement %d: %w", a.Name, at.Seq, ErrRevoked)
	}
	return a, nil
}

// Approvers returns the approvers in force, by name.
func (r *Roster) Approvers() []*Approver {
	return inForce(r.approvers, func(a *Approver) bool { return !a.Revoked }, func(a *Approver) string { return a.Name })
}

// ApproverNamed returns the approver in force who has a name.
func (r *Roster) ApproverNamed(name string) (*Approver, error) {
	return named("approver", name, r.Approvers(), func(a *Approver) string { return a.Name })
}

// ApproverOf returns the approver in force who is a Vault entity, or nil.
func (r *Roster) ApproverOf(entity string) *Approver {
	for _, a := range r.approvers {
		if !a.Revoked && a.IsEntity(entity) {
			return a
		}
	}
	return nil
}
