package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/orglog"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// recoveryKey reads the recovery key from a file that only its owner may read or,
// where path is "", from whoever types it. The caller wipes it.
func (a *app) recoveryKey(path string) (*envelope.SigningKey, error) {
	var text []byte
	var err error
	if path != "" {
		text, err = file.ReadPrivate(path)
	} else if text, err = a.Hidden("the organisation's recovery key:"); err != nil {
		err = fmt.Errorf("%w; type the recovery key, or name its file with --recovery-file", err)
	}
	if err != nil {
		return nil, err
	}
	defer envelope.Wipe(text)
	seed, err := orglog.ParseRecoveryKey(text)
	if err != nil {
		return nil, fmt.Errorf("this is not what `stillvault org init`, `rotate` or `recovery-keygen` showed or wrote as recovery key: %w", err)
	}
	return envelope.NewSigningKey(seed), nil
}

// old opens the key until now; nil where it is gone.
func (m *move) old(ctx context.Context) (signer.Signer, error) {
	if m.withoutOld {
		return nil, nil
	}
	s, err := m.signer(ctx, m.home)
	if err != nil {
		return nil, fmt.Errorf("the Org Identity key until now: %w; where it is lost or stolen, pass --without-old", err)
	}
	if s.Public() != m.before.Identity() {
		_ = s.Close()
		return nil, fmt.Errorf("the Org Identity key until now: %w; where it is lost or stolen, pass --without-old", orglog.ErrOtherSigner)
	}
	return s, nil
}

// target opens the new signer. A key file that is not there is made, and is on
// the disk before anything is signed with it.
func (m *move) target(ctx context.Context) (signer.Signer, error) {
	if m.missing() {
		return m.makeTarget()
	}
	if m.plain && m.to.Scheme != signer.File {
		return nil, fmt.Errorf("--no-passphrase is about a key file, and --to names none: %w", signer.ErrAddress)
	}
	s, err := m.openSigner(ctx, m.to)
	if err != nil {
		return nil, fmt.Errorf("the new Org Identity key: %w", err)
	}
	if s.Public() == m.before.Identity() {
		_ = s.Close()
		return nil, orglog.ErrHeld
	}
	return s, nil
}

// missing says whether the new key is to be in a file that is not there.
func (m *move) missing() bool {
	_, err := os.Lstat(m.to.Name)
	return m.to.Scheme == signer.File && errors.Is(err, fs.ErrNotExist)
}

func (m *move) makeTarget() (signer.Signer, error) {
	key, err := m.newKeyFile(m.to, m.plain)
	if err != nil {
		return nil, err
	}
	if err := key.save(); err != nil {
		_ = key.Close()
		return nil, err
	}
	m.Say("the new Org Identity key is in %s", m.to.Name)
	return key, nil
}

// next is the recovery key after this one. One that is in its file already was
// put there by a run that was interrupted.
func (m *move) next() (recovery, error) {
	if m.nextFile != "" {
		key, err := m.recoveryKey(m.nextFile)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return recovery{}, fmt.Errorf("%s: %w", m.nextFile, err)
		case key.Public() == m.recovery.Public():
			key.Wipe()
			return recovery{}, fmt.Errorf("%s: %w", m.nextFile, orglog.ErrNextRecovery)
		default:
			defer key.Wipe()
			m.Say("the new recovery key is in %s already, and is used from there", m.nextFile)
			return recovery{public: key.Public()}, nil
		}
	}
	r, err := newRecovery(m.nextPublic)
	if err == nil && r.public == m.recovery.Public() {
		err = orglog.ErrNextRecovery
	}
	return r, err
}

// keep has the next recovery key kept before it counts.
func (m *move) keep(next recovery) error {
	if err := m.handOut(next, m.nextFile); err != nil {
		return err
	}
	if next.key != nil && m.nextFile == "" && m.Interactive() {
		return m.Confirm("Is it written down?", "--new-recovery-file")
	}
	return nil
}
