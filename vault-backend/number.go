package backend

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Vault hands a plug-in numbers as float64, whatever the user wrote. Whether
// one was rounded on the way cannot be seen any more, only whether it may have
// been: from 2⁵³ on whole numbers are, and a decimal of more than 15 digits may
// be. Those are refused. What remains comes back as the same number, though
// perhaps spelled otherwise (1e3 as 1000). One case cannot be told: a decimal
// written with so many digits that the nearest float64 has a short name of its
// own (0.1000000000000000055) arrives as that one (0.1).
const (
	maxExact  = 1 << 53
	maxDigits = 15
)

func writeFloat(s sink, f float64) error {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if math.IsNaN(f) || math.Abs(f) >= maxExact || digits(text) > maxDigits && f != math.Trunc(f) {
		return errInexact
	}
	if f == math.Trunc(f) {
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	s.text(text)
	return nil
}

// writeNumber takes a number that has still its text, as it has where no plug-in
// interface lies between.
func writeNumber(s sink, n json.Number) error {
	f, err := n.Float64()
	if err != nil || len(n) > 400 {
		return errInexact
	}
	exact, fine := new(big.Rat).SetString(string(n))
	if !fine {
		return fmt.Errorf("not a number: %w", errInput)
	}
	short, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	if short == nil || exact.Cmp(short) != 0 {
		return errInexact
	}
	return writeFloat(s, f)
}

// digits counts the significant digits of a decimal, without its exponent.
func digits(text string) int {
	mantissa, _, _ := strings.Cut(text, "e")
	count := 0
	for _, c := range strings.TrimLeft(mantissa, "-0.") {
		if c != '.' {
			count++
		}
	}
	return count
}
