package orglog_test

import (
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// rotate hands the organisation to another key.
func rotate(w *coretest.World) *envelope.SigningKey {
	w.T.Helper()
	next, recovery := envelope.NewSigningKey(envelope.NewKey()), envelope.NewSigningKey(envelope.NewKey())
	s, err := w.Roster.Next(roster.KindOrgRotate, roster.OrgRotate{
		PublicKey: next.Public(), RecoveryKey: w.Recovery.Public(), Recovery: roster.RecoveryCommitment(recovery.Public()),
	}, w.Now, next, w.Recovery)
	w.Must(err)
	w.Must(w.Roster.Append(s))
	w.Log = append(w.Log, s)
	return next
}

func TestWhatPinsAnOrganisationWithoutAHome(t *testing.T) {
	w, other := coretest.NewWorld(t), coretest.NewWorld(t)
	w.Append(roster.KindGroupSet, group("a"))
	first := w.Identity.Public()
	later := rotate(w)
	ahead := roster.Head{Seq: 9, Hash: envelope.SumHash([]byte("x"))}
	forked := roster.Head{Seq: 1, Hash: envelope.SumHash([]byte("x"))}
	for name, c := range map[string]struct {
		memory *orglog.Volatile
		want   error
	}{
		"its id":                     {&orglog.Volatile{Organisation: w.Roster.Organisation()}, nil},
		"another id":                 {&orglog.Volatile{Organisation: other.Roster.Organisation()}, roster.ErrOrganisation},
		"another id, and its key":    {&orglog.Volatile{Organisation: other.Roster.Organisation(), Identity: later.Public()}, roster.ErrOrganisation},
		"the key in force":           {&orglog.Volatile{Identity: later.Public()}, nil},
		"a key that it had":          {&orglog.Volatile{Identity: first}, orglog.ErrOtherSigner},
		"another key":                {&orglog.Volatile{Identity: other.Identity.Public()}, roster.ErrOrganisation},
		"nothing":                    {&orglog.Volatile{}, roster.ErrOrganisation},
		"its id and an earlier head": {&orglog.Volatile{Organisation: w.Roster.Organisation(), Minimum: w.Fold(2).Head()}, nil},
		"its key and its head":       {&orglog.Volatile{Identity: later.Public(), Minimum: w.Roster.Head()}, nil},
		"a newer head":               {&orglog.Volatile{Organisation: w.Roster.Organisation(), Minimum: ahead}, roster.ErrRolledBack},
		"its key and a newer head":   {&orglog.Volatile{Identity: later.Public(), Minimum: ahead}, roster.ErrRolledBack},
		"another history":            {&orglog.Volatile{Organisation: w.Roster.Organisation(), Minimum: forked}, roster.ErrForked},
	} {
		err := orglog.New(serving(w.Log), c.memory, nil).Sync(t.Context())
		if !errors.Is(err, c.want) || (err != nil) != (c.want != nil) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if err := c.memory.Advance(w.Roster, w.Log); !errors.Is(err, c.want) || (err != nil) != (c.want != nil) {
			t.Errorf("%s, told directly: got %v, want %v", name, err, c.want)
		}
	}
}

func TestAKeyThatPinnedDoesSoOnce(t *testing.T) {
	w, other := coretest.NewWorld(t), coretest.NewWorld(t)
	v := &orglog.Volatile{Identity: w.Identity.Public()}
	s := serving(w.Log)
	log := orglog.New(s, v, nil)
	w.Must(log.Sync(t.Context()))
	rotate(w)
	w.Must(s.take(w.Log[1:]))
	w.Must(log.Sync(t.Context()))
	if err := orglog.New(serving(other.Log), v, nil).Sync(t.Context()); err == nil {
		t.Error("another organisation's log was taken for it")
	}
}

func TestABrokerWithoutALogIsNewOrLostIt(t *testing.T) {
	w := coretest.NewWorld(t)
	for name, c := range map[string]struct {
		memory *orglog.Volatile
		want   error
	}{
		"nothing is known": {&orglog.Volatile{Identity: w.Identity.Public()}, orglog.ErrUnfounded},
		"an id is":         {&orglog.Volatile{Organisation: w.Roster.Organisation()}, roster.ErrRolledBack},
		"a head is":        {&orglog.Volatile{Identity: w.Identity.Public(), Minimum: w.Roster.Head()}, roster.ErrRolledBack},
	} {
		if err := orglog.New(serving(nil), c.memory, nil).Sync(t.Context()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
