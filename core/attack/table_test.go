package attack_test

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/internal/mutate"
)

func TestMain(m *testing.M) { os.Exit(mutate.Main(m)) }

// attack is one lie of a broker. try tells it and returns what the party that
// was lied to says; want is the sentinel that must be in it.
type attack struct {
	name string
	try  func(*stage) error
	want error
}

// leastAttacks is how many the project promises.
const leastAttacks = 40

func attacks() []attack {
	return slices.Concat(logAttacks, versionAttacks, wrapAttacks, requestAttacks, contextAttacks,
		consentAttacks, releaseAttacks, quorumAttacks, reshareAttacks, epochAttacks, dealingAttacks, glassAttacks, denialAttacks, enrolmentAttacks, handoverAttacks, inboxAttacks, receiptAttacks)
}

func TestALyingBrokerIsRefused(t *testing.T) {
	all := attacks()
	names, funcs := map[string]bool{}, map[uintptr]string{}
	for _, a := range all {
		if names[a.name] {
			t.Errorf("%q stands twice", a.name)
		}
		names[a.name] = true
		at := reflect.ValueOf(a.try).Pointer()
		if other, taken := funcs[at]; taken {
			t.Errorf("%q and %q are the same attack", a.name, other)
		}
		funcs[at] = a.name
	}
	if len(all) < leastAttacks {
		t.Fatalf("%d attacks, want at least %d", len(all), leastAttacks)
	}
	tried := 0
	for i, a := range all {
		if testing.Short() && i%3 != 0 {
			continue // the quick run tries every third
		}
		tried++
		t.Run(strings.ReplaceAll(a.name, " ", "_"), func(t *testing.T) {
			switch err := a.try(newStage(t)); {
			case err == nil:
				t.Fatal("accepted")
			case !errors.Is(err, a.want):
				t.Fatalf("refused with %v, want %v", err, a.want)
			}
		})
	}
	t.Logf("lying broker: %d attacks of %d, each refused by name", tried, len(all))
}
