package envelope

import (
	"encoding/hex"
	"fmt"
)

// lowOrder lists the encodings, sign bit cleared, of the eight points of the
// Ed25519 curve whose order divides 8. Under such a key a signature says
// nothing: anybody can find one for a message.
var lowOrder = map[VerifyKey]bool{}

func init() {
	for _, s := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000", // y = 0
		"0100000000000000000000000000000000000000000000000000000000000000", // y = 1
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", // order 8
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // y = −1
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // y = p, not reduced
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // y = p + 1, not reduced
	} {
		var k VerifyKey
		if _, err := hex.Decode(k[:], []byte(s)); err != nil {
			panic(err) // a misprint in this table
		}
		lowOrder[k] = true
	}
}

// Check returns [ErrKey] for a key under which signatures prove nothing. It is
// for keys that are admitted from outside; the standard library verifies with
// them all the same.
func (k VerifyKey) Check() error {
	k[len(k)-1] &= 0x7f
	if lowOrder[k] {
		return fmt.Errorf("verification key of low order: %w", ErrKey)
	}
	return nil
}
