// Package mutate changes stored and transmitted bytes in every way that a test
// of "nothing changed is accepted" has to try. It is for tests.
//
// How many mutants [Each] makes is set by STILLVAULT_MUTATIONS: "all" for
// every bit of every byte, "some" for two changes of every byte, "few" for an
// even sample. Without it, tests run with -short make few and others some.
package mutate

import (
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"testing"
)

// Variable is the environment variable that sets the density.
const Variable = "STILLVAULT_MUTATIONS"

// sample is the number of positions that are changed at density "few".
const sample = 48

var count atomic.Uint64

// Count returns how many mutants this process has made.
func Count() uint64 { return count.Load() }

// Each calls yield with changed copies of data until there are no more or
// yield returns false. Every copy differs from data and belongs to yield; what
// says what was done to it. The order and the changes are the same in every run.
//
// Copies have a bit flipped or a byte replaced, at every position; are cut to
// every shorter length, also from the front; lack or repeat one byte; or go on
// after the end.
func Each(data []byte, yield func(mutant []byte, what string) bool) {
	m := mutation{data: data, yield: yield, positions: positions(len(data)), bits: 1, density: density()}
	if m.density == all {
		m.bits = 8
	}
	_ = m.replaceBytes() && m.resize() && m.extend()
}

// Main runs a package's tests and prints how many mutants they made. TestMain
// passes its result to os.Exit.
func Main(m *testing.M) int {
	code := m.Run()
	fmt.Printf("mutations: %d\n", Count())
	return code
}

const (
	few  = "few"
	some = "some"
	all  = "all"
)

func density() string {
	switch d := os.Getenv(Variable); d {
	case few, some, all:
		return d
	case "":
		if testing.Testing() && testing.Short() {
			return few
		}
		return some
	default:
		panic(Variable + " is " + d + ", want " + few + ", " + some + " or " + all)
	}
}

// positions returns the offsets that are changed, ascending. A sample always
// has the first and the last: headers and tags end there.
func positions(n int) []int {
	step := 1
	if density() == few {
		step = max(1, n/sample)
	}
	var list []int
	for i := 0; i < n; i += step {
		list = append(list, i)
	}
	if n > 0 && list[len(list)-1] != n-1 {
		list = append(list, n-1)
	}
	return list
}

type mutation struct {
	data      []byte
	yield     func([]byte, string) bool
	positions []int
	bits      int
	density   string
}

func (m *mutation) try(mutant []byte, format string, args ...any) bool {
	if slices.Equal(mutant, m.data) {
		return true
	}
	count.Add(1)
	return m.yield(mutant, fmt.Sprintf(format, args...))
}

func (m *mutation) replaceBytes() bool {
	for _, i := range m.positions {
		for b := range m.bits {
			bit := (i + b) % 8
			if !m.set(i, m.data[i]^1<<bit, "bit %d of byte %d flipped", bit, i) {
				return false
			}
		}
		replacements := []byte{^m.data[i]}
		if m.density == all {
			replacements = append(replacements, 0, ' ', '"', '0', m.data[i]+1)
		}
		for _, b := range replacements {
			if !m.set(i, b, "byte %d set to %#02x", i, b) {
				return false
			}
		}
	}
	return true
}

func (m *mutation) set(i int, b byte, format string, args ...any) bool {
	mutant := slices.Clone(m.data)
	mutant[i] = b
	return m.try(mutant, format, args...)
}

func (m *mutation) resize() bool {
	for _, i := range m.positions {
		if !m.try(slices.Clone(m.data[:i]), "cut to %d bytes", i) {
			return false
		}
		if m.density == few {
			continue
		}
		if !m.try(slices.Delete(slices.Clone(m.data), i, i+1), "byte %d left out", i) ||
			!m.try(slices.Insert(slices.Clone(m.data), i, m.data[i]), "byte %d repeated", i) ||
			m.density == all && !m.try(slices.Clone(m.data[i:]), "first %d bytes left out", i) {
			return false
		}
	}
	return true
}

func (m *mutation) extend() bool {
	for _, tail := range []string{"\x00", "\xff", " ", "\n", "0", "=", "{}", string(m.data)} {
		if !m.try(append(slices.Clone(m.data), tail...), "extended by %d bytes, the first %.1q", len(tail), tail) {
			return false
		}
	}
	for _, head := range []string{"\x00", " "} {
		if !m.try(append([]byte(head), m.data...), "preceded by %q", head) {
			return false
		}
	}
	return true
}
