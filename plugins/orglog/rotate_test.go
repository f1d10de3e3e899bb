package orglog_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/orglog"
)

func newKey() *envelope.SigningKey { return envelope.NewSigningKey(envelope.NewKey()) }

// moving is a rotation of the rig's organisation that is as it should be, and
// counts how often it was told that all have signed.
func (r *rig) moving() (x orglog.Rotation, signed *int) {
	signed = new(int)
	return orglog.Rotation{
		To: newKey(), Old: r.Identity, Recovery: r.Recovery, Next: newKey().Public(),
		Signed: func() error { *signed++; return nil },
	}, signed
}

func TestTheOrganisationMovesToAnotherKey(t *testing.T) {
	for name, edit := range map[string]func(*orglog.Rotation){
		"with the key until now":    func(*orglog.Rotation) {},
		"without the key until now": func(x *orglog.Rotation) { x.Old = nil },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.another("theirs")
			x, signed := r.moving()
			edit(&x)
			head, err := r.log.Rotate(t.Context(), x)
			r.Must(err)
			if head.Seq != 2 || head != r.server.head() || r.server.roster.Identity() != x.To.Public() || *signed != 1 {
				t.Errorf("head %d, told %d times", head.Seq, *signed)
			}
			if r.server.roster.Recovery() != roster.RecoveryCommitment(x.Next) || r.server.roster.Organisation() != r.Roster.Organisation() {
				t.Error("not the organisation and recovery key that it should be")
			}
			// This log signs with the new key, and none with the former.
			_, err = r.log.Sign(t.Context(), adding("ours"))
			r.Must(err)
			former := orglog.New(r.server, &orglog.Volatile{Organisation: r.Roster.Organisation()}, r.Identity)
			if _, err := former.Sign(t.Context(), adding("stolen")); !errors.Is(err, orglog.ErrOtherSigner) {
				t.Errorf("the former key: %v", err)
			}
			past := orglog.Rotations(r.server.log)
			if len(past) != 1 || past[0].Seq != 2 || past[0].RecoveryKey != r.Recovery.Public() {
				t.Errorf("rotations %d", len(past))
			}
		})
	}
}

func TestAKeyThatIsNotWhatItIsMeantToBeIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*rig, *orglog.Rotation)
		want error
	}{
		"to the key in force":             {func(r *rig, x *orglog.Rotation) { x.To = r.Identity }, orglog.ErrHeld},
		"to the recovery key":             {func(r *rig, x *orglog.Rotation) { x.To = r.Recovery }, orglog.ErrNextRecovery},
		"with another recovery key":       {func(_ *rig, x *orglog.Rotation) { x.Recovery = newKey() }, orglog.ErrRecovery},
		"with another key until now":      {func(_ *rig, x *orglog.Rotation) { x.Old = newKey() }, orglog.ErrOtherSigner},
		"the same recovery key again":     {func(r *rig, x *orglog.Rotation) { x.Next = r.Recovery.Public() }, orglog.ErrNextRecovery},
		"the new key as recovery key":     {func(_ *rig, x *orglog.Rotation) { x.Next = x.To.Public() }, orglog.ErrNextRecovery},
		"the key until now as recovery's": {func(r *rig, x *orglog.Rotation) { x.Next = r.Identity.Public() }, orglog.ErrNextRecovery},
	} {
		r := newRig(t)
		x, signed := r.moving()
		c.edit(r, &x)
		if _, err := r.log.Rotate(t.Context(), x); !errors.Is(err, c.want) || r.server.head().Seq != 0 || *signed != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhateverFailsInARotationItCanBeMadeAgain(t *testing.T) {
	errNo := errors.New("no")
	for name, spoil := range map[string]func(*rig, *orglog.Rotation, context.CancelFunc){
		"the new key dies":         func(_ *rig, x *orglog.Rotation, _ context.CancelFunc) { x.To = &faltering{Signer: x.To, err: errNo} },
		"the key until now dies":   func(_ *rig, x *orglog.Rotation, _ context.CancelFunc) { x.Old = &faltering{Signer: x.Old, err: errNo} },
		"the recovery key is lost": func(_ *rig, x *orglog.Rotation, _ context.CancelFunc) { x.Signed = func() error { return errNo } },
		"interrupted": func(_ *rig, x *orglog.Rotation, stop context.CancelFunc) {
			x.Signed = func() error { stop(); return nil }
		},
		"the broker refuses": func(r *rig, _ *orglog.Rotation, _ context.CancelFunc) {
			r.server.before = func([]envelope.Signed) error { r.server.before = nil; return &broker.Error{Status: 403} }
		},
		"the broker is unreachable": func(r *rig, _ *orglog.Rotation, _ context.CancelFunc) {
			r.server.before = func([]envelope.Signed) error { r.server.before = nil; return errNo }
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			good, _ := r.moving()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			x := good
			spoil(r, &x, stop)
			if _, err := r.log.Rotate(ctx, x); err == nil || r.server.head().Seq != 0 {
				t.Fatalf("it went on: %v", err)
			}
			_, err := r.log.Sign(t.Context(), adding("before")) // with the key that is still in force
			r.Must(err)
			_, err = r.log.Rotate(t.Context(), good)
			r.Must(err)
		})
	}
}

func TestARotationWhoseAnswerGotLostIsFoundMade(t *testing.T) {
	r := newRig(t)
	x, _ := r.moving()
	r.server.after = func([]envelope.Signed) error {
		r.server.page = &broker.LogPage{} // and nothing can be looked up
		return errors.New("connection reset")
	}
	if _, err := r.log.Rotate(t.Context(), x); err == nil {
		t.Fatal("it was believed")
	}
	r.server.page, r.server.after = nil, nil
	x.Signed = func() error { t.Error("signed twice"); return nil }
	if _, err := r.log.Rotate(t.Context(), x); !errors.Is(err, orglog.ErrHeld) || r.server.roster.Identity() != x.To.Public() {
		t.Errorf("again: %v", err)
	}
}

func TestARotationIsSignedAnewWhereAnotherSignerWasFaster(t *testing.T) {
	r := newRig(t)
	again := 0
	r.log.Again = func() { again++ }
	r.server.before = func([]envelope.Signed) error { r.server.before = nil; r.another("theirs"); return nil }
	x, signed := r.moving()
	head, err := r.log.Rotate(t.Context(), x)
	r.Must(err)
	if head.Seq != 2 || again != 1 || *signed != 1 || !slices.Equal(r.server.groups(), []string{"theirs"}) {
		t.Errorf("head %d, again %d times, told %d times", head.Seq, again, *signed)
	}
}

// Of two who use the recovery key at a time, one comes through.
func TestARecoveryKeyIsUsedOnce(t *testing.T) {
	r := newRig(t)
	theirs, _ := r.moving()
	other := orglog.New(r.server, &orglog.Volatile{Organisation: r.Roster.Organisation()}, nil)
	r.server.before = func([]envelope.Signed) error {
		r.server.before = nil
		_, err := other.Rotate(t.Context(), theirs)
		return err
	}
	ours, _ := r.moving()
	if _, err := r.log.Rotate(t.Context(), ours); !errors.Is(err, orglog.ErrRecovery) || r.server.roster.Identity() != theirs.To.Public() {
		t.Errorf("got %v", err)
	}
}

func TestABrokerThatWithholdsARotationIsFoundOut(t *testing.T) {
	r := newRig(t)
	before := r.server.log
	x, _ := r.moving()
	_, err := r.log.Rotate(t.Context(), x)
	r.Must(err)
	for name, c := range map[string]struct {
		memory *orglog.Volatile
		want   error
	}{
		"from whoever made it":             {r.memory, roster.ErrRolledBack},
		"from whoever has seen its head":   {&orglog.Volatile{Organisation: r.Roster.Organisation(), Minimum: r.server.head()}, roster.ErrRolledBack},
		"from whom only the new key tells": {&orglog.Volatile{Identity: x.To.Public()}, roster.ErrOrganisation},
	} {
		if err := orglog.New(serving(before), c.memory, x.To).Sync(t.Context()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	pinned := orglog.New(serving(before), &orglog.Volatile{Organisation: r.Roster.Organisation()}, x.To)
	if _, err := pinned.Sign(t.Context(), adding("a")); !errors.Is(err, orglog.ErrOtherSigner) {
		t.Errorf("from whom only the id tells: %v", err)
	}
	if err := orglog.New(r.server, &orglog.Volatile{Identity: r.Identity.Public()}, r.Identity).Sync(t.Context()); !errors.Is(err, orglog.ErrOtherSigner) {
		t.Errorf("to whom only the former key tells: %v", err)
	}
}
