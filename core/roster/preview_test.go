package roster_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

func TestAPreviewIsWhatTheSignedStatementMakes(t *testing.T) {
	l := newLived(t)
	all := l.changes()
	for kind := range bodies {
		if !slices.ContainsFunc(all, func(c change) bool { return c.kind == kind }) {
			t.Errorf("%s is not previewed here", kind)
		}
	}
	before := portrait(t, l.Roster, l.Log, l.paths)
	for i, c := range all {
		s, err := l.Roster.Next(c.kind, c.body, l.Now, c.signers...)
		l.Must(err)
		log := append(slices.Clone(l.Log), s)
		made, err := roster.Fold(l.Roster.Organisation(), log)
		l.Must(err)
		seen, err := l.Roster.Preview(c.kind, c.body, l.Now)
		l.Must(err)
		if portrait(t, seen, log, l.paths) != portrait(t, made, log, l.paths) {
			t.Errorf("%d, %s: previewed otherwise than made", i, c.kind)
		}
		if portrait(t, seen, log, l.paths) == portrait(t, l.Roster, log, l.paths) {
			t.Errorf("%d, %s: the portrait does not show the change, so it proves nothing", i, c.kind)
		}
	}
	if portrait(t, l.Roster, l.Log, l.paths) != before {
		t.Error("previews changed the roster")
	}
	for _, kind := range []roster.Kind{roster.KindOrgInit, "approver.promote"} {
		if _, err := l.Roster.Preview(kind, struct{}{}, l.Now); !errors.Is(err, roster.ErrStatement) {
			t.Errorf("%s: got %v", kind, err)
		}
	}
	if _, err := l.Roster.Preview(roster.KindOrgRotate, roster.OrgRotate{PublicKey: l.Recovery.Public(), RecoveryKey: l.Identity.Public(), Recovery: envelope.SumHash()}, l.Now); !errors.Is(err, roster.ErrStatement) {
		t.Errorf("a recovery key that is none: got %v", err)
	}
	if _, err := l.Roster.Preview(roster.KindGroupSet, roster.Removal{ID: l.spare.ID}, l.Now); !errors.Is(err, envelope.ErrEncoding) {
		t.Errorf("another kind's body: got %v", err)
	}
}

func TestAPreviewAndItsRosterChangeWithoutEachOther(t *testing.T) {
	l := newLived(t)
	type copied struct {
		r      *roster.Roster
		before string
	}
	var copies []copied
	keep := func(r *roster.Roster, err error) *roster.Roster {
		if err != nil {
			return nil // some statements do not go together
		}
		copies = append(copies, copied{r, portrait(t, r, l.Log, l.paths)})
		return r
	}
	keep(l.Roster, nil)
	all := l.changes()
	for _, first := range all {
		if once := keep(l.Roster.Preview(first.kind, first.body, l.Now)); once != nil {
			for _, second := range all {
				keep(once.Preview(second.kind, second.body, l.Now))
			}
		}
	}
	for i, c := range copies {
		if portrait(t, c.r, l.Log, l.paths) != c.before {
			t.Errorf("copy %d changed with another", i)
		}
	}
	log := slices.Clone(l.Log)
	made := 0
	for _, c := range all {
		if l.TryAppend(c.kind, c.body) == nil {
			made++
		}
	}
	for i, c := range copies[1:] {
		if portrait(t, c.r, log, l.paths) != c.before {
			t.Errorf("copy %d changed with the roster", i)
		}
	}
	if len(copies) < 200 || made < 10 {
		t.Errorf("%d copies, %d statements: too few to say much", len(copies), made)
	}
	t.Logf("%d previews of previews, then %d statements on the roster", len(copies)-1, made)
}

// Types that nothing changes after they were made. A preview may share them.
var unchanging = []reflect.Type{
	reflect.TypeFor[*roster.Policy](), reflect.TypeFor[*roster.Group](), reflect.TypeFor[*envelope.Recipient](),
	reflect.TypeFor[envelope.KEMKey](), reflect.TypeFor[[]string](), reflect.TypeFor[[]keyring.FactorKind](),
}

func TestAPreviewSharesNothingThatStatementsChange(t *testing.T) {
	l := newLived(t)
	c, err := l.Roster.Preview(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(l.Now.Add(time.Hour))}, l.Now)
	l.Must(err)
	own := map[reflect.Type]map[uintptr]bool{}
	walk(reflect.ValueOf(l.Roster), func(v reflect.Value) {
		if own[v.Type()] == nil {
			own[v.Type()] = map[uintptr]bool{}
		}
		own[v.Type()][v.Pointer()] = true
	})
	looked, ended := 0, 0
	walk(reflect.ValueOf(c), func(v reflect.Value) {
		looked++
		switch shared := own[v.Type()][v.Pointer()]; {
		case !shared:
		case v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct && v.Elem().FieldByName("until").IsValid() && v.Elem().FieldByName("until").Uint() != 0:
			ended++ // a policy that ended does not end again
		default:
			t.Errorf("shared: %s", v.Type())
		}
	})
	if looked < 40 || ended == 0 {
		t.Errorf("looked at %d parts, %d ended", looked, ended)
	}
}
