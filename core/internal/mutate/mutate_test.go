package mutate_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/internal/mutate"
)

func collect(data []byte) (list []string) {
	mutate.Each(data, func(mutant []byte, what string) bool {
		list = append(list, what+": "+string(mutant))
		return true
	})
	return list
}

func TestEveryByteIsChangedAndEveryLengthTried(t *testing.T) {
	data := []byte("0123456789")
	for _, density := range []string{"few", "some", "all"} {
		t.Run(density, func(t *testing.T) {
			t.Setenv(mutate.Variable, density)
			changed, lengths := make([]int, len(data)), map[int]bool{}
			mutate.Each(data, func(mutant []byte, what string) bool {
				if bytes.Equal(mutant, data) {
					t.Errorf("%s: nothing changed", what)
				}
				lengths[len(mutant)] = true
				if len(mutant) == len(data) {
					for i := range data {
						if mutant[i] != data[i] {
							changed[i]++
						}
					}
				}
				return true
			})
			for i, n := range changed {
				if want := map[string]int{"few": 2, "some": 2, "all": 9}[density]; n < want {
					t.Errorf("byte %d changed %d times, want %d", i, n, want)
				}
			}
			for n := range len(data) + 2 {
				if n != len(data) && !lengths[n] {
					t.Errorf("no mutant of %d bytes", n)
				}
			}
		})
	}
}

func TestASampleIsSpreadFromFirstToLastByte(t *testing.T) {
	t.Setenv(mutate.Variable, "few")
	data := bytes.Repeat([]byte{7}, 10_000)
	var first, last bool
	before := mutate.Count()
	mutate.Each(data, func(mutant []byte, _ string) bool {
		if len(mutant) == len(data) {
			first = first || mutant[0] != 7
			last = last || mutant[len(data)-1] != 7
		}
		return true
	})
	if n := mutate.Count() - before; !first || !last || n > 200 {
		t.Errorf("%d mutants, first byte changed %t, last %t", n, first, last)
	}
}

func TestMutantsAreTheSameInEveryRun(t *testing.T) {
	if data := []byte("the same"); !slices.Equal(collect(data), collect(data)) {
		t.Error("two runs differ")
	}
}

func TestStopsWhenToldTo(t *testing.T) {
	n := 0
	mutate.Each([]byte("stop"), func([]byte, string) bool { n++; return n < 3 })
	if n != 3 {
		t.Errorf("%d mutants after the third said stop", n)
	}
}

func TestNothingHasMutantsToo(t *testing.T) {
	if len(collect(nil)) == 0 {
		t.Error("an empty message can be extended")
	}
}
