package orglog_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// worldOf is an organisation whose log has some statements.
func worldOf(t *testing.T, statements int) *coretest.World {
	t.Helper()
	w := coretest.NewWorld(t)
	for len(w.Log) < statements {
		w.Append(roster.KindGroupSet, group("g-"+envelope.NewID().String()))
	}
	return w
}

// Asking another organisation's Vault, or with another's state directory, is a
// mistake that is told from a history that was forked.
func TestAnotherOrganisationsLogIsNoFork(t *testing.T) {
	ours := worldOf(t, 3)
	for name, length := range map[string]int{"shorter": 1, "as long": 3, "longer": 5} {
		theirs := worldOf(t, length)
		for kept, statements := range map[string][]envelope.Signed{"pinned alone": nil, "seen": ours.Log} {
			h, err := home.Open(t.TempDir())
			ours.Must(err)
			ours.Must(h.Pin(ours.Roster.Organisation()))
			if statements != nil {
				ours.Must(h.Advance(ours.Roster, statements))
			}
			before, err := h.Recall()
			ours.Must(err)
			_, err = orglog.Fetch(t.Context(), h, serving(theirs.Log))
			if !errors.Is(err, roster.ErrOrganisation) || errors.Is(err, roster.ErrForked) {
				t.Errorf("%s, %s: %v", name, kept, err)
				continue
			}
			for _, part := range []string{ours.Roster.Organisation().String(), theirs.Roster.Organisation().String(), "http://broker.test", "VAULT_ADDR", "STILLVAULT_HOME"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s, %s: %v does not say %q", name, kept, err, part)
				}
			}
			if after, err := h.Recall(); err != nil || after.Head != before.Head || len(after.Statements) != len(before.Statements) {
				t.Errorf("%s, %s: it was remembered: %v, %v", name, kept, after.Head, err)
			}
		}
	}
}

// A fork stays one, also where what is shown of it begins with another statement
// that belongs to no log.
func TestAForkIsNoOtherOrganisation(t *testing.T) {
	ours, theirs := worldOf(t, 3), worldOf(t, 3)
	fork := ours.Fold(2)
	s, err := fork.Next(roster.KindGroupSet, group("other"), ours.Now, ours.Identity)
	ours.Must(err)
	ours.Must(fork.Append(s))
	forked := serving(append(ours.Log[:2:2], s))
	odd := serving(nil)
	odd.page = &broker.LogPage{Statements: []envelope.Signed{theirs.Log[0], s}, Head: fork.Head()}
	for name, b := range map[string]orglog.Broker{"shown whole": forked, "shown with another beginning": odd} {
		h, err := home.Open(t.TempDir())
		ours.Must(err)
		ours.Must(h.Adopt(ours.Roster, ours.Log))
		if _, err := orglog.Fetch(t.Context(), h, b); !errors.Is(err, roster.ErrForked) || errors.Is(err, roster.ErrOrganisation) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
