package desk_test

import (
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// enrolment is an office that has admitted alice, her phone, and what she keeps.
type enrolment struct {
	office    *office
	stored    map[string]string
	kept      []string
	auth      authenticator
	wrapped   desk.Wrapped
	confirmed desk.Confirmed
}

// alice is made once, for wrapping a keyring takes an Argon2id, and most tests
// begin behind it.
var alice struct {
	once sync.Once
	enrolment
}

// enrolled is a phone of alice, admitted, at an office of its own.
func enrolled(t testing.TB) (*office, *phone) {
	t.Helper()
	alice.once.Do(func() { alice.enrolment = newEnrolment(t) })
	if alice.office == nil {
		t.Fatal("alice could not be enrolled")
	}
	world := *alice.office.World
	world.T, world.Log = t, slices.Clone(world.Log)
	world.Roster = (&coretest.World{T: t, Log: world.Log, Roster: world.Roster}).Fold(0)
	o := *alice.office
	o.World, o.messages, o.tickets = &world, maps.Clone(o.messages), maps.Clone(o.tickets)
	auth := alice.auth
	p := &phone{t: t, office: &o, stored: maps.Clone(alice.stored), kept: slices.Clone(alice.kept), auth: &auth}
	p.reload()
	t.Cleanup(func() { p.desk.Wipe() })
	return &o, p
}

// newEnrolment takes a new phone through an enrolment with a ticket, to its
// admission.
func newEnrolment(t testing.TB) enrolment {
	t.Helper()
	o := newOffice(t)
	p := newPhone(t, o)
	ticket := p.begun()
	w, err := p.wrap()
	p.must(err)
	var c desk.Confirmed
	p.do("confirm", nil, nil, &c)
	p.post()
	o.admit(ticket)
	p.post()
	return enrolment{office: o, stored: maps.Clone(p.stored), kept: slices.Clone(p.kept), auth: *p.auth, wrapped: w, confirmed: c}
}

// ready is an enrolled phone of alice, whose policy lets her alone release.
func ready(t testing.TB, edit func(*roster.Policy)) (*office, *phone) {
	t.Helper()
	o, p := enrolled(t)
	o.policy(edit, anyOf(o.person("alice")))
	return o, p
}

// thinned keeps a few of a table's cases for the short run: each costs an
// Argon2id or more.
func thinned[T any](all []T, short ...int) []T {
	if !testing.Short() {
		return all
	}
	var few []T
	for _, i := range short {
		few = append(few, all[i])
	}
	return few
}

// triesPasswords leaves a test out of the short run: every password that is tried
// takes an Argon2id.
func triesPasswords(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out with -short: it tries many passwords")
	}
}
