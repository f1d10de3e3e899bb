package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
	"github.com/stillvault/stillvault/plugins/signer"
)

// rotatedView is how a rotation is printed.
type rotatedView struct {
	Organisation string `json:"organisation"`
	Statement    uint64 `json:"statement"`
	Identity     string `json:"identity"`
	Signer       string `json:"signer"`
	Recovery     string `json:"recovery_public_key,omitempty"` // where it is known here
}

// doneBefore is done of a run whose end nobody saw. The recovery key in force is
// the one that it wrote or showed.
func (m *move) doneBefore(past orglog.Rotated) error {
	m.Say("the organisation was moved to this signer already, by an earlier run; nothing was signed")
	next, err := m.nextBefore()
	switch {
	case err != nil:
		return err
	case next.IsZero():
		m.Say("the recovery key in force is the one that that run showed")
	case roster.RecoveryCommitment(next) != past.Recovery:
		m.Warn("the new recovery key that is named here is not the one that the log commits to: that run showed or wrote another")
		next = envelope.VerifyKey{}
	}
	return m.done(past, next)
}

// nextBefore is the next recovery key as it is named here; zero where none is.
func (m *move) nextBefore() (envelope.VerifyKey, error) {
	if m.nextFile != "" {
		key, err := m.recoveryKey(m.nextFile)
		if errors.Is(err, fs.ErrNotExist) {
			return envelope.VerifyKey{}, nil // moved away already, as it should be
		}
		if err != nil {
			return envelope.VerifyKey{}, err
		}
		defer key.Wipe()
		return key.Public(), nil
	}
	if m.nextPublic == "" {
		return envelope.VerifyKey{}, nil
	}
	r, err := newRecovery(m.nextPublic)
	return r.public, err
}

// done says what stays and what to change.
func (m *move) done(past orglog.Rotated, next envelope.VerifyKey) error {
	v := rotatedView{Organisation: m.before.Organisation().String(), Statement: past.Seq, Identity: past.PublicKey.String(), Signer: m.to.String()}
	if !next.IsZero() {
		v.Recovery = next.String()
	}
	m.Say("The organisation's id stays, and all that pins it: phones, hosts, mounts, Terraform's organization.")
	m.Say("Change what names its signer: %s, and the Terraform provider's signer.", signer.Variable)
	m.Say("    export %s='%s'", signer.Variable, m.to)
	if v.Recovery != "" {
		m.Say("Where Terraform manages stillvault_organization, its recovery_public_key is %s.", v.Recovery)
	}
	m.Say("From statement %d on, what the former key signs counts for nothing with whoever has seen that", past.Seq)
	m.Say("statement. Destroy that key, and the recovery key that was used now: neither is needed again.")
	if m.withoutOld {
		m.Warn("if the former key was stolen: what it signed before statement %d stands; look for what nobody of yours signed in `stillvault org log export`. "+
			"Have every host and phone fetch the log soon: a broker that hides statement %d from one of them could show it what the thief signs instead", past.Seq, past.Seq)
	}
	return m.Print(v, func(rows *terminal.Rows) {
		rows.Row("organisation", v.Organisation)
		rows.Row("moved at", fmt.Sprintf("statement %d", v.Statement))
		rows.Row("identity key", v.Identity)
		rows.Row("signer", v.Signer)
		if v.Recovery != "" {
			rows.Row("recovery public key", v.Recovery)
		}
	})
}
