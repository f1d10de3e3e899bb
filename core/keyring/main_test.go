package keyring_test

import (
	"os"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/internal/mutate"
	"github.com/stillvault/stillvault/core/keyring"
)

func TestMain(m *testing.M) { os.Exit(mutate.Main(m)) }

var (
	organisation = envelope.SumHash([]byte("organisation"))
	created      = time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC)
)

func approver() envelope.ID { return mustID("0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab") }

func rowID() envelope.ID { return mustID("f0e1d2c3-b4a5-4697-8879-ba9876543210") }

func owner() keyring.Owner {
	return keyring.Owner{Organisation: organisation, Approver: approver(), Generation: 1}
}

func mustID(s string) envelope.ID {
	id, err := envelope.ParseID(s)
	if err != nil {
		panic(err)
	}
	return id
}

// fixed returns n bytes that count up from first.
func fixed(first byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

func fixedKey(t testing.TB, first byte) *envelope.Key {
	t.Helper()
	k, err := envelope.KeyFrom(fixed(first, envelope.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// fixedKeyring is the keyring of the seed 's', 't', …
func fixedKeyring(t testing.TB) *keyring.Keyring {
	t.Helper()
	k, err := keyring.FromSeed(organisation, approver(), 1, fixedKey(t, 's'))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signingKey(t testing.TB, k *keyring.Keyring) envelope.VerifyKey {
	t.Helper()
	p, err := k.Public()
	if err != nil {
		t.Fatal(err)
	}
	return p.Signing
}
