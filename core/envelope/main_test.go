package envelope_test

import (
	"encoding/hex"
	"os"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/internal/mutate"
)

func TestMain(m *testing.M) { os.Exit(mutate.Main(m)) }

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

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// contexts holds one valid context for every purpose, with every field that
// the purpose binds set to a value of its own.
func contexts() map[envelope.Purpose]envelope.Context {
	full := envelope.Context{
		Organisation: envelope.Hash(fixed(0x10, 32)),
		Mount:        envelope.ID(fixed(0x30, 16)),
		Secret:       envelope.ID(fixed(0x40, 16)),
		Version:      7,
		Recipient:    envelope.ID(fixed(0x50, 16)),
		Generation:   2,
		Epoch:        3,
		Requirement:  4,
		X:            5,
		Request:      envelope.Hash(fixed(0x60, 32)),
	}
	all := map[envelope.Purpose]envelope.Context{}
	for purpose, drop := range map[envelope.Purpose]string{
		envelope.PurposeDEK:             "rgsq",
		envelope.PurposePayload:         "rgsq",
		envelope.PurposeCommitment:      "rgsq",
		envelope.PurposeShare:           "q",
		envelope.PurposeShareCommitment: "rgq",
		envelope.PurposePiece:           "",
		envelope.PurposePieceCommitment: "rg",
		envelope.PurposeOpening:         "",
		envelope.PurposeReleasePayload:  "gs",
		envelope.PurposeReleaseShare:    "g",
		envelope.PurposeInbox:           "vgs",
		envelope.PurposeHandover:        "vgs",
		envelope.PurposeHandoverSeed:    "vgs",
		envelope.PurposeKit:             "vgsq",
		envelope.PurposeSignerFile:      "ovrgs",
	} {
		c := full
		c.Purpose = purpose
		for _, part := range drop {
			switch part {
			case 'o':
				c.Organisation, c.Mount = envelope.Hash{}, envelope.ID{}
			case 'v':
				c.Secret, c.Version = envelope.ID{}, 0
			case 'r':
				c.Recipient = envelope.ID{}
			case 'g':
				c.Generation = 0
			case 's':
				c.Epoch, c.Requirement, c.X = 0, 0, 0
			case 'q':
				c.Request = envelope.Hash{}
			}
		}
		all[purpose] = c
	}
	return all
}

// changes are the ways in which one field of a context can be another, each
// still valid for a purpose that binds the field.
var changes = map[string]func(*envelope.Context){
	"organisation": func(c *envelope.Context) { c.Organisation[31] ^= 1 },
	"mount":        func(c *envelope.Context) { c.Mount[0] ^= 1 },
	"secret":       func(c *envelope.Context) { c.Secret[15] ^= 1 },
	"version":      func(c *envelope.Context) { c.Version++ },
	"recipient":    func(c *envelope.Context) { c.Recipient[7] ^= 0x80 },
	"generation":   func(c *envelope.Context) { c.Generation++ },
	"epoch":        func(c *envelope.Context) { c.Epoch++ },
	"requirement":  func(c *envelope.Context) { c.Requirement++ },
	"x":            func(c *envelope.Context) { c.X++ },
	"request":      func(c *envelope.Context) { c.Request[0] ^= 1 },
}
