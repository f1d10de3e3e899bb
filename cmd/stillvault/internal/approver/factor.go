package approver

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// Software opens a keyring with a key from a file, without asking anybody.
type Software struct {
	Row      *keyring.Row
	KeyCheck envelope.Hash // zero where it is not known
	Key      *keyring.Software
}

var _ Factor = Software{}

// Asks is false.
func (Software) Asks() bool { return false }

// Open opens the keyring; the caller wipes it.
func (f Software) Open(owner keyring.Owner, _ func(string) ([]byte, error)) (*keyring.Keyring, error) {
	output, err := f.Key.Evaluate(keyring.PRFSalt(owner.Approver))
	if err != nil {
		return nil, err
	}
	defer output.Wipe()
	return keyring.OpenWithPRF(f.Row, owner, output, f.KeyCheck)
}

// Password opens a keyring with a password and the recovery key, which it asks
// for every time.
type Password struct{ Row *keyring.Row }

var _ Factor = Password{}

// Asks is true.
func (Password) Asks() bool { return true }

// Open asks twice and opens the keyring; the caller wipes it.
func (f Password) Open(owner keyring.Owner, ask func(string) ([]byte, error)) (*keyring.Keyring, error) {
	password, err := ask("password (not shown): ")
	if err != nil {
		return nil, err
	}
	defer envelope.Wipe(password)
	text, err := ask("recovery key (not shown): ")
	if err != nil {
		return nil, err
	}
	defer envelope.Wipe(text)
	recovery, err := keyring.ParseRecoveryKey(text)
	if err != nil {
		return nil, fmt.Errorf("recovery key: %w", err)
	}
	defer recovery.Wipe()
	return keyring.OpenWithPassword(f.Row, owner, password, recovery)
}

// unlock opens the approver's keyring and holds it against the roster: a row that
// was swapped gives keys that nobody admitted.
func (s *Session) unlock(ask func(string) ([]byte, error)) (*keyring.Keyring, error) {
	r := s.Device.Roster
	a, err := r.Approver(s.Device.Approver)
	if err != nil {
		return nil, err
	}
	k, err := s.Device.Factor.Open(keyring.Owner{Organisation: r.Organisation(), Approver: a.ID, Generation: a.Generation}, ask)
	if err != nil {
		return nil, err
	}
	public, err := k.Public()
	if err == nil {
		err = a.Holds(public)
	}
	if err != nil {
		k.Wipe()
		return nil, err
	}
	return k, nil
}

// unlockAll opens the approver's keyring and the earlier generations that are kept,
// which their shares prove.
func (s *Session) unlockAll(ask func(string) ([]byte, error)) ([]*keyring.Keyring, error) {
	k, err := s.unlock(ask)
	if err != nil {
		return nil, fmt.Errorf("open the keyring: %w", err)
	}
	all := []*keyring.Keyring{k}
	for _, former := range s.Device.Former {
		owner := k.Owner()
		owner.Generation = former.Generation
		k, err := former.Factor.Open(owner, ask)
		if err != nil {
			wipeAll(all)
			return nil, fmt.Errorf("open generation %d of the keyring: %w", former.Generation, err)
		}
		all = append(all, k)
	}
	return all, nil
}

func wipeAll(all []*keyring.Keyring) {
	for _, k := range all {
		k.Wipe()
	}
}

// keeps says whether a generation of the keyring can be opened here.
func (s *Session) keeps(generation uint32) bool {
	if a, err := s.Device.Roster.Approver(s.Device.Approver); err == nil && a.Generation == generation {
		return true
	}
	return slices.ContainsFunc(s.Device.Former, func(f Former) bool { return f.Generation == generation })
}
