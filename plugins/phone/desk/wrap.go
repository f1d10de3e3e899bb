package desk

import (
	"bytes"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

// bundle is an enrolment that was wrapped and is not confirmed: the person has
// not said yet that they keep the recovery key. None of it is stored before.
type bundle struct {
	keys   *keyring.Device
	record record // without the device's seeds
}

func (b *bundle) wipe() {
	if b != nil {
		b.keys.Wipe()
	}
}

type wrapArgs struct {
	Assertions []Assertion `json:"assertions"`
}

// Wrapped is what the person must keep. RecoveryKey is shown once and stored
// nowhere; Backup is a file, which opens with it and the password.
type Wrapped struct {
	RecoveryKey string `json:"recoveryKey"`
	Backup      string `json:"backup"`
	BackupName  string `json:"backupName"`
	Sheet       Sheet  `json:"sheet"`
}

// Sheet is what stands on the printed page.
type Sheet struct {
	Name              string `json:"name"`
	Organisation      string `json:"organisation"`
	OrganisationWords string `json:"organisationWords"`
	Approver          string `json:"approver"`
	Device            string `json:"device"`
	DeviceName        string `json:"deviceName"`
	Created           string `json:"created"`
	RecoveryKey       string `json:"recoveryKey"`
	BackupName        string `json:"backupName"`
}

// evaluations are the PRF outputs of the two gestures, in turn, so that
// [keyring.Wrap] compares them as it would compare an authenticator's own.
type evaluations struct {
	outputs [2]*envelope.Key
	next    int
}

var _ keyring.PRF = (*evaluations)(nil)

// Evaluate returns the next output. The salt was given to the authenticator with
// the gesture.
func (e *evaluations) Evaluate([32]byte) (*envelope.Key, error) {
	k := e.outputs[e.next%len(e.outputs)].Clone()
	e.next++
	return k, nil
}

func (e *evaluations) wipe() {
	e.outputs[0].Wipe()
	e.outputs[1].Wipe()
}

// readEvaluations checks the two gestures and takes their outputs.
func (d *Desk) readEvaluations(assertions []Assertion, s Secrets) (*evaluations, error) {
	if len(assertions) != 2 {
		return nil, fmt.Errorf("%d assertions: %w", len(assertions), ErrArguments)
	}
	for _, a := range assertions {
		challenge, err := ReadAssertion(a, Expected{Type: typeGet, RPID: d.draft.RPID, Origin: d.draft.Origin, Credential: d.draft.Credential})
		if err != nil {
			return nil, err
		}
		if _, err := d.gestures.redeem(challenge, PurposeEnrol, envelope.Hash{}, d.now); err != nil {
			return nil, err
		}
	}
	first, err := prfOutput(s, "prf1")
	if err != nil {
		return nil, err
	}
	second, err := prfOutput(s, "prf2")
	if err != nil {
		first.Wipe()
		return nil, err
	}
	return &evaluations{outputs: [2]*envelope.Key{first, second}}, nil
}

// wrap makes the keyring, or takes the one that was handed over or restored, and
// wraps it for this device's passkey and a password. It may be called again until
// the enrolment is confirmed.
func (d *Desk) wrap(a wrapArgs, s Secrets) (*Wrapped, error) {
	if d.me != nil {
		return nil, ErrEnrolled
	}
	if err := d.invited(); err != nil {
		return nil, err
	}
	if d.draft == nil || d.draft.Credential == "" {
		return nil, fmt.Errorf("passkey: %w", ErrOrder)
	}
	if len(bytes.TrimSpace(s["password"])) == 0 {
		return nil, ErrPassword
	}
	prf, err := d.readEvaluations(a.Assertions, s)
	if err != nil {
		return nil, err
	}
	defer prf.wipe()
	k := d.keyring
	if k == nil {
		if k, err = keyring.New(d.invite.Organisation, d.invite.Approver, 1); err != nil {
			return nil, err
		}
		defer k.Wipe()
	}
	var recovery *envelope.Key
	if len(s["recovery"]) > 0 {
		if recovery, err = keyring.ParseRecoveryKey(s["recovery"]); err != nil {
			return nil, ErrRecoveryKey
		}
		defer recovery.Wipe()
	}
	w, err := keyring.Wrap(k, keyring.WrapOptions{
		Label: "Keyring of " + d.invite.Name, Created: d.now, PRF: prf, CredentialID: d.draft.Credential,
		Password: s["password"], RecoveryKey: recovery,
	})
	if err != nil {
		return nil, err
	}
	defer w.RecoveryKey.Wipe()
	b, err := d.bundleOf(k, w)
	if err != nil {
		return nil, err
	}
	wrapped, err := d.wrapped(k, w)
	if err != nil {
		b.wipe()
		return nil, err
	}
	d.bundle.wipe()
	d.bundle = b
	return wrapped, nil
}
