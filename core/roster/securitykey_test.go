package roster_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// heldBy founds an organisation whose identity key is in hardware.
func heldBy(t *testing.T, key *coretest.SecurityKey, recovery envelope.Signer) *roster.Roster {
	t.Helper()
	first, err := roster.Found(key, recovery.Public(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r, err := roster.Fold(first.Hash(), []envelope.Signed{first})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAnOrganisationMayBeHeldByASecurityKey(t *testing.T) {
	recovery := envelope.NewSigningKey(envelope.NewKey())
	for name, c := range map[string]struct {
		change func(*coretest.SecurityKey)
		want   error
	}{
		"touched":             {func(*coretest.SecurityKey) {}, nil},
		"not touched":         {func(k *coretest.SecurityKey) { k.Flags = 0 }, envelope.ErrSignature},
		"for another purpose": {func(k *coretest.SecurityKey) { k.Application = "ssh:" }, envelope.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			key := coretest.NewSecurityKey()
			r := heldBy(t, key, recovery)
			c.change(key)
			before := r.Head()
			next, err := r.Next(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(time.Now().Add(time.Hour))}, time.Now(), key)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Append(next); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if c.want != nil && r.Head() != before {
				t.Error("the log changed all the same")
			}
			if first, err := roster.Found(key, recovery.Public(), time.Now()); err == nil {
				if _, err := roster.Fold(first.Hash(), []envelope.Signed{first}); !errors.Is(err, c.want) {
					t.Errorf("founding: got %v, want %v", err, c.want)
				}
			}
		})
	}
}

// What founds, and what replaces, may be of either kind.
func TestASecurityKeyRotatesAndIsRotatedTo(t *testing.T) {
	recovery, next := envelope.NewSigningKey(envelope.NewKey()), envelope.NewSigningKey(envelope.NewKey())
	old, fresh := coretest.NewSecurityKey(), coretest.NewSecurityKey()
	body := roster.OrgRotate{PublicKey: fresh.Public(), RecoveryKey: recovery.Public(), Recovery: roster.RecoveryCommitment(next.Public())}
	for name, signers := range map[string][]envelope.Signer{
		"by all three":        {old, fresh, recovery},
		"without the old key": {fresh, recovery},
	} {
		r := heldBy(t, old, recovery)
		s, err := r.Next(roster.KindOrgRotate, body, time.Now(), signers...)
		if err == nil {
			err = r.Append(s)
		}
		if err != nil || r.Identity() != fresh.Public() {
			t.Errorf("%s: %v", name, err)
		}
	}
	fresh.Flags = 0
	r := heldBy(t, old, recovery)
	s, err := r.Next(roster.KindOrgRotate, body, time.Now(), fresh, recovery)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Append(s); !errors.Is(err, envelope.ErrSignature) {
		t.Errorf("untouched: got %v", err)
	}
}
