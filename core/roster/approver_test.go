package roster_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

func TestAdmissionsAreRefused(t *testing.T) {
	w := coretest.NewWorld(t)
	alice, gone := w.Admit("alice", "entity-alice"), w.Admit("gone", "entity-gone")
	w.Append(roster.KindApproverRevoke, roster.Removal{ID: gone.ID})
	taken, err := w.Roster.Approver(alice.ID)
	w.Must(err)
	former, err := w.Roster.FormerApprover(gone.ID)
	w.Must(err)
	admit := func(name string, want error, edit func(*roster.ApproverAdmit)) refusal {
		return refusal{name, roster.KindApproverAdmit, admission(w, edit), want}
	}
	refuse(t, w, []refusal{
		admit("no id", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.ID = envelope.ID{} }),
		admit("an id in use", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.ID = alice.ID }),
		admit("an id of somebody revoked", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.ID = gone.ID }),
		admit("a bad name", roster.ErrName, func(b *roster.ApproverAdmit) { b.Name = "Alice" }),
		admit("a name in use", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.Name = "alice" }),
		admit("an entity in use", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.Entities = []string{"entity-alice"} }),
		admit("an empty entity", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.Entities = []string{""} }),
		admit("an entity twice", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.Entities = []string{"e", "e"} }),
		admit("an endless entity", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.Entities = []string{strings.Repeat("e", 129)} }),
		admit("generation 0", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.Generation = 0 }),
		admit("generation 2", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.Generation = 2 }),
		admit("no signing key", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.Signing = envelope.VerifyKey{} }),
		admit("a worthless signing key", envelope.ErrKey, func(b *roster.ApproverAdmit) { b.Signing = envelope.VerifyKey{1} }),
		admit("a KEM key that nothing is sealed to", envelope.ErrKey, func(b *roster.ApproverAdmit) { clear(b.KEM[1184:]) }),
		admit("somebody's KEM key", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.KEM = taken.KEM }),
		admit("somebody's signing key", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.Signing = taken.Signing }),
		admit("the key of somebody revoked", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.Signing = former.Signing }),
		admit("no factors", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.Factors = []keyring.FactorKind{} }),
		admit("a factor twice", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.Factors = append(b.Factors, b.Factors...) }),
		admit("recovery without a password", roster.ErrStatement, func(b *roster.ApproverAdmit) { b.Factors = []keyring.FactorKind{keyring.FactorPasskey} }),
	})
	w.Append(roster.KindApproverAdmit, admission(w, func(b *roster.ApproverAdmit) { b.Name, b.Entities = "gone", []string{"entity-gone"} }))
}

func TestAnApproverIsFoundByIdNameAndEntity(t *testing.T) {
	w := coretest.NewWorld(t)
	founded := w.Roster.Head()
	alice := w.Admit("alice", "one", "two")
	for _, entity := range []string{"one", "two"} {
		if a := w.Roster.ApproverOf(entity); a == nil || a.ID != alice.ID {
			t.Errorf("entity %s: got %v", entity, a)
		}
	}
	if w.Roster.ApproverOf("") != nil || w.Roster.ApproverOf("three") != nil {
		t.Error("somebody is nobody's entity")
	}
	if a, err := w.Roster.ApproverNamed("alice"); err != nil || a.ID != alice.ID {
		t.Errorf("by name: %v", err)
	}
	while := w.Roster.Head()
	w.Append(roster.KindApproverRevoke, roster.Removal{ID: alice.ID})
	if _, err := w.Roster.Approver(alice.ID); !errors.Is(err, roster.ErrRevoked) {
		t.Errorf("revoked: got %v", err)
	}
	for name, c := range map[string]struct {
		at   roster.Head
		want error
	}{"before": {founded, roster.ErrUnknown}, "while": {while, nil}, "after": {w.Roster.Head(), roster.ErrRevoked}} {
		if _, err := w.Roster.ApproverAt(alice.ID, c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if _, err := w.Roster.ApproverAt(envelope.NewID(), w.Roster.Head()); !errors.Is(err, roster.ErrUnknown) {
		t.Errorf("unknown at a head: got %v", err)
	}
	if a, err := w.Roster.FormerApprover(alice.ID); err != nil || !a.Revoked {
		t.Errorf("former: %v", err)
	}
	if _, err := w.Roster.ApproverNamed("alice"); !errors.Is(err, roster.ErrUnknown) || w.Roster.ApproverOf("one") != nil {
		t.Error("a revoked approver is found by name or entity")
	}
	if _, err := w.Roster.Approver(envelope.NewID()); !errors.Is(err, roster.ErrUnknown) {
		t.Errorf("unknown: got %v", err)
	}
	if _, err := w.Roster.FormerApprover(envelope.NewID()); !errors.Is(err, roster.ErrUnknown) {
		t.Errorf("unknown former: got %v", err)
	}
	refuse(t, w, []refusal{
		{"revoked twice", roster.KindApproverRevoke, roster.Removal{ID: alice.ID}, roster.ErrRevoked},
		{"unknown revoked", roster.KindApproverRevoke, roster.Removal{ID: envelope.NewID()}, roster.ErrUnknown},
	})
}

func TestARekeyRaisesTheGenerationAndEndsTheDevices(t *testing.T) {
	w := coretest.NewWorld(t)
	alice, bob := w.Admit("alice"), w.Admit("bob")
	old, err := w.Roster.Approver(alice.ID)
	w.Must(err)
	oldKey := old.Signing
	rekey := func(edit func(*roster.ApproverRekey)) roster.ApproverRekey {
		public := keys(w, alice.ID, 2)
		b := roster.ApproverRekey{ID: alice.ID, KEM: public.KEM, Signing: public.Signing, Generation: 2, Factors: []keyring.FactorKind{keyring.FactorPasskey}}
		if edit != nil {
			edit(&b)
		}
		return b
	}
	refuse(t, w, []refusal{
		{"same generation", roster.KindApproverRekey, rekey(func(b *roster.ApproverRekey) { b.Generation = 1 }), roster.ErrStatement},
		{"a generation left out", roster.KindApproverRekey, rekey(func(b *roster.ApproverRekey) { b.Generation = 3 }), roster.ErrStatement},
		{"the same key", roster.KindApproverRekey, rekey(func(b *roster.ApproverRekey) { b.Signing = oldKey }), roster.ErrStatement},
		{"another's key", roster.KindApproverRekey, rekey(func(b *roster.ApproverRekey) {
			other, _ := w.Roster.Approver(bob.ID)
			b.KEM = other.KEM
		}), roster.ErrStatement},
		{"somebody unknown", roster.KindApproverRekey, rekey(func(b *roster.ApproverRekey) { b.ID = envelope.NewID() }), roster.ErrUnknown},
	})
	before := w.Roster.Head()
	w.Append(roster.KindApproverRekey, rekey(nil))
	a, err := w.Roster.Approver(alice.ID)
	w.Must(err)
	first, err := a.SigningKey(1)
	w.Must(err)
	second, err := a.SigningKey(2)
	w.Must(err)
	if first != oldKey || second != a.Signing || first == second {
		t.Error("generations are confused")
	}
	for _, g := range []uint32{0, 3} {
		if _, err := a.SigningKey(g); !errors.Is(err, roster.ErrUnknown) {
			t.Errorf("generation %d: %v", g, err)
		}
	}
	if _, err := w.Roster.Device(alice.Device.ID()); !errors.Is(err, roster.ErrRevoked) {
		t.Errorf("her device: %v", err)
	}
	if _, err := w.Roster.DeviceAt(alice.Device.ID(), before); err != nil {
		t.Errorf("her device before: %v", err)
	}
	if _, err := w.Roster.DeviceAt(alice.Device.ID(), w.Roster.Head()); !errors.Is(err, roster.ErrRevoked) {
		t.Errorf("her device now: %v", err)
	}
	if _, err := w.Roster.Device(bob.Device.ID()); err != nil {
		t.Errorf("bob's device: %v", err)
	}
	refuse(t, w, []refusal{
		{"back to the first key", roster.KindApproverRekey, rekey(func(b *roster.ApproverRekey) { b.Signing, b.Generation = oldKey, 3 }), roster.ErrStatement},
		{"a device of the keyring that was replaced", roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: w.Certify(alice, keyring.NewDevice(), "late")}, envelope.ErrSignature},
	})
}

func TestDevicesAreAdmittedByTheirApproversKeyring(t *testing.T) {
	w := coretest.NewWorld(t)
	alice, bob := w.Admit("alice"), w.Admit("bob")
	foreign := coretest.NewWorld(t).Admit("alice")
	elsewhere, err := keyring.New(foreign.Keyring.Organisation(), alice.ID, 1)
	w.Must(err)
	later, err := keyring.New(w.Roster.Organisation(), alice.ID, 2)
	w.Must(err)
	certified := func(p *coretest.Person, d *keyring.Device) roster.DeviceAdmit {
		return roster.DeviceAdmit{Certificate: w.Certify(p, d, "phone")}
	}
	sameKeys := func() *keyring.Device {
		kem, signing := alice.Device.Seeds()
		return keyring.DeviceFrom(envelope.NewID(), kem, signing)
	}
	refuse(t, w, []refusal{
		{"the same device", roster.KindDeviceAdmit, certified(alice, alice.Device), roster.ErrStatement},
		{"the same keys", roster.KindDeviceAdmit, certified(bob, sameKeys()), roster.ErrStatement},
		{"an unknown approver", roster.KindDeviceAdmit, certified(foreign, keyring.NewDevice()), roster.ErrUnknown},
		{"another organisation's keyring", roster.KindDeviceAdmit, certified(&coretest.Person{Keyring: elsewhere}, keyring.NewDevice()), envelope.ErrSignature},
		{"a keyring that was not admitted", roster.KindDeviceAdmit, certified(&coretest.Person{Keyring: later}, keyring.NewDevice()), envelope.ErrSignature},
		{"something else signed", roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: w.Log[0]}, envelope.ErrPayloadType},
		{"unknown revoked", roster.KindDeviceRevoke, roster.Removal{ID: envelope.NewID()}, roster.ErrUnknown},
	})
	second := keyring.NewDevice()
	before := w.Roster.Head()
	w.Append(roster.KindDeviceAdmit, certified(alice, second))
	if len(w.Roster.Devices(alice.ID)) != 2 || len(w.Roster.Devices(bob.ID)) != 1 {
		t.Error("devices are confused")
	}
	admitted := w.Roster.Head()
	w.Append(roster.KindDeviceRevoke, roster.Removal{ID: second.ID()})
	for name, c := range map[string]struct {
		at   roster.Head
		want error
	}{"before": {before, roster.ErrUnknown}, "while": {admitted, nil}, "after": {w.Roster.Head(), roster.ErrRevoked}} {
		if _, err := w.Roster.DeviceAt(second.ID(), c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if d, err := w.Roster.FormerDevice(second.ID()); err != nil || !d.Revoked {
		t.Errorf("former: %v", err)
	}
	if len(w.Roster.Devices(alice.ID)) != 1 {
		t.Error("a revoked device is listed")
	}
	w.Append(roster.KindApproverRevoke, roster.Removal{ID: alice.ID})
	if len(w.Roster.Devices(alice.ID)) != 0 {
		t.Error("the device of somebody revoked is listed")
	}
	refuse(t, w, []refusal{
		{"revoked twice", roster.KindDeviceRevoke, roster.Removal{ID: second.ID()}, roster.ErrRevoked},
		{"a device of somebody revoked", roster.KindDeviceAdmit, certified(alice, keyring.NewDevice()), roster.ErrRevoked},
	})
}
