package approval

import (
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/stillvault/stillvault/core/envelope"
)

// crockford is Crockford's base32 alphabet: no I, L, O or U to misread.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// MatchCode returns the 8 characters that requester and approver compare: 40
// bits of Argon2id (t=1, 64 MiB) of the request's hash. The cost makes it slow
// to search for a second request with the same code while the first one waits.
func MatchCode(request envelope.Hash) string {
	sum := argon2.IDKey(request[:], []byte("stillvault/match-code/v1"), 1, 64<<10, 1, 5)
	var bits uint64
	for _, b := range sum {
		bits = bits<<8 | uint64(b)
	}
	code := make([]byte, 8)
	for i := range code {
		code[i] = crockford[bits>>(35-5*i)&31]
	}
	return string(code[:4]) + "-" + string(code[4:])
}

// CheckMatchCode returns [ErrMatchCode] unless a person typed the request's
// code. Case and separators do not matter.
func CheckMatchCode(request envelope.Hash, typed string) error {
	plain := func(s string) string {
		return strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(s))
	}
	if plain(typed) != plain(MatchCode(request)) {
		return ErrMatchCode
	}
	return nil
}
