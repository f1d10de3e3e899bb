package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/orglog"
	"github.com/stillvault/stillvault/plugins/signer"
)

// rotation is what `org rotate` is told.
type rotation struct {
	to           string // address of the new signer
	plain        bool   // a new key file without a passphrase
	withoutOld   bool
	recoveryFile string // where the recovery key in force is; "" asks
	nextFile     string // where the next one goes; "" shows it
	nextPublic   string // that of one which exists already
}

func (a *app) orgRotateCommand() *cobra.Command {
	var x rotation
	c := &cobra.Command{
		Use:   "rotate --to ADDRESS",
		Short: "Move the organisation to another Org Identity key",
		Long: `Replace the Org Identity key: to have it somewhere safer, or because it is lost or
stolen. The new key is where --to says; a key file that is not there yet is made.
The statement is signed by it, by the recovery key, and by the key until now, which
--signer names as for every other command. Pass --without-old where that one is lost
or stolen.

The organisation's id stays, and with it all that phones, hosts and mounts hold on
to. The recovery key is used up: keep the new one instead, which is written to a new
file or shown once before the broker is given anything. --new-recovery-public-key
takes the half of one that 'org recovery-keygen' made elsewhere.

If anything interrupts this, run it again: it goes on, or says that all is done.`,
		Example: `  stillvault org rotate --to ssh-agent:SHA256:Hv9nJ0Wq5cS7b1Z1vR3m9yQ2kK4tX8uA6dE0fG2hIjM
  stillvault org rotate --to 'transit:organisation?address=https://keys.example.com:8200' \
      --recovery-file /media/usb/recovery --new-recovery-file /media/usb/recovery-2
  stillvault org rotate --to file:/media/usb/org-2.key --without-old \
      --new-recovery-public-key 2Zc1mYw0vB7uJx9kQe4rT8sLhN3dPaFg6iCoXzWtVyU`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if x.withoutOld && (a.key.address != "" || a.key.identity != "") {
				return errTwoOlds
			}
			return a.rotateOrg(cmd.Context(), x)
		},
	}
	flags := c.Flags()
	flags.StringVar(&x.to, "to", "", "`ADDRESS` of the new signer: file:PATH, ssh-agent:FINGERPRINT, transit:NAME or exec:PATH?sha256=HEX")
	flags.BoolVar(&x.plain, "no-passphrase", false, "make a new key file that opens without a passphrase: who reads it is the organisation")
	flags.BoolVar(&x.withoutOld, "without-old", false, "the Org Identity key until now is lost or stolen, and does not sign")
	flags.StringVar(&x.recoveryFile, "recovery-file", "", "the file of the recovery key; asked for without it")
	flags.StringVar(&x.nextFile, "new-recovery-file", "", "write the next recovery key to this new file instead of showing it; keep it offline")
	flags.StringVar(&x.nextPublic, "new-recovery-public-key", "", "the public half, `KEY`, of the next recovery key, which org recovery-keygen made elsewhere")
	c.MarkFlagsMutuallyExclusive("new-recovery-file", "new-recovery-public-key")
	_ = c.MarkFlagRequired("to")
	return c
}

// errTwoOlds means that somebody named the old key and said that it is gone.
var errTwoOlds = errors.New("signer_ambiguous: --signer and --identity name the key until now, and --without-old says that it is gone; use one of them")

// rotateOrg moves the organisation. All that can be told to be wrong is, before
// a key is made, and keys are kept before they count.
func (a *app) rotateOrg(ctx context.Context, x rotation) error {
	h, err := a.home()
	if err != nil {
		return err
	}
	to, err := signer.ParseAddress(x.to)
	if err != nil {
		return err
	}
	client, err := a.broker()
	if err != nil {
		return err
	}
	log := orglog.New(client, h, nil)
	log.Again = func() { a.Say("another signer changed the organisation meanwhile; signing again") }
	if err := log.Sync(ctx); err != nil {
		return err
	}
	recovery, err := a.recoveryKey(x.recoveryFile)
	if err != nil {
		return err
	}
	defer recovery.Wipe()
	var r *roster.Roster
	if err := log.View(ctx, func(now *roster.Roster) error { r = now.Clone(); return nil }); err != nil {
		return err
	}
	m := &move{app: a, home: h, log: log, before: r, recovery: recovery, rotation: x, to: to}
	if roster.RecoveryCommitment(recovery.Public()) != r.Recovery() {
		return m.again(ctx)
	}
	return m.make(ctx)
}

// move is a rotation on its way.
type move struct {
	*app
	rotation
	home     *home.Home
	log      *orglog.Log
	before   *roster.Roster
	recovery *envelope.SigningKey
	to       signer.Address
}

// again is for a recovery key that the log does not commit to: it was used, maybe
// by this very command, whose end nobody saw.
func (m *move) again(ctx context.Context) error {
	for _, past := range orglog.Rotations(m.log.Signed()) {
		if past.RecoveryKey != m.recovery.Public() {
			continue
		}
		if past.PublicKey == m.before.Identity() {
			if held, err := m.holds(ctx, past.PublicKey); err != nil {
				return err
			} else if held {
				return m.doneBefore(past)
			}
		}
		return fmt.Errorf("this recovery key was used already, and that used it up: %w", orglog.ErrRecovery)
	}
	return orglog.ErrRecovery
}

// holds says whether the new signer has a key, without making any.
func (m *move) holds(ctx context.Context, key envelope.VerifyKey) (bool, error) {
	if m.missing() {
		return false, nil
	}
	s, err := m.openSigner(ctx, m.to)
	if err != nil {
		return false, fmt.Errorf("the organisation was moved with this recovery key already: %w", err)
	}
	defer s.Close()
	return s.Public() == key, nil
}

// make has everybody sign, and gives that to the broker.
func (m *move) make(ctx context.Context) error {
	old, err := m.old(ctx)
	if err != nil {
		return err
	}
	if old != nil {
		defer old.Close()
	}
	next, err := m.next()
	if err != nil {
		return err
	}
	defer next.key.Wipe()
	to, err := m.target(ctx)
	if err != nil {
		return err
	}
	defer to.Close()
	x := orglog.Rotation{To: to, Recovery: m.recovery, Next: next.public}
	if old != nil {
		x.Old = old
	}
	given := false
	x.Signed = func() error {
		err := m.keep(next)
		given = err == nil
		return err
	}
	if _, err := m.log.Rotate(ctx, x); err != nil && given {
		return fmt.Errorf("%w; keep both recovery keys, and run this again: it goes on, or says that all is done", err)
	} else if err != nil {
		return err
	}
	past := orglog.Rotations(m.log.Signed())
	return m.done(past[len(past)-1], next.public)
}
