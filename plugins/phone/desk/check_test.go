package desk_test

import (
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

func TestTheCheckUpOpensTheKeyringBothWays(t *testing.T) {
	triesPasswords(t)
	_, p, w, kit := kitted(t)
	paper := func() desk.Secrets {
		return desk.Secrets{"password": []byte(password), "recovery": []byte(w.RecoveryKey)}
	}
	assertion, prf, err := p.gesture("check", "", "")
	p.must(err)
	var c desk.Checked
	p.do("check", args{"assertion": assertion}, desk.Secrets{"prf": prf}, &c)
	p.do("check", args{"kit": kit}, paper(), &c)
	if !c.OK || c.Checked["passkey"] == "" || c.Checked["recovery"] == "" {
		t.Fatalf("checked %v", c)
	}
	if s := p.reload(); s.Checked["recovery"] == "" {
		t.Fatal("forgotten")
	}
	p.refused("wrong_factor", "check", args{"kit": kit}, desk.Secrets{"password": []byte("another"), "recovery": []byte(w.RecoveryKey)})
	p.refused("recovery_key_invalid", "check", args{"kit": kit}, desk.Secrets{"password": []byte(password)})
	assertion, prf, err = p.gesture("check", "", "")
	p.must(err)
	prf[0]++
	p.refused("prf_output_changed", "check", args{"assertion": assertion}, desk.Secrets{"prf": prf})
}

// kitted is a ready phone of alice with what she keeps, and what the broker does.
func kitted(t *testing.T) (*office, *phone, desk.Wrapped, string) {
	t.Helper()
	o, p := ready(t, nil)
	p.list()
	return o, p, alice.wrapped, alice.confirmed.Kit
}

func TestTheCheckUpSaysWhenVaultWouldNotBringTheKeyringBack(t *testing.T) {
	_, p, w, kit := kitted(t)
	recovery, err := keyring.ParseRecoveryKey([]byte(w.RecoveryKey))
	p.must(err)
	good, err := envelope.Decode[keyring.Kit]([]byte(kit))
	p.must(err)
	b, err := keyring.OpenKit(good, recovery)
	p.must(err)
	repacked := func(change func(*keyring.Backup)) string {
		other := *b
		change(&other)
		packed, err := keyring.PackKit(&other, recovery)
		p.must(err)
		text, err := envelope.Encode(packed)
		p.must(err)
		return string(text)
	}
	anothers, err := keyring.PackKit(b, envelope.NewKey())
	p.must(err)
	sealedToAnother, err := envelope.Encode(anothers)
	p.must(err)
	cases := []struct{ name, kit, want string }{
		{"nothing", "", "kit_missing"},
		{"no kit", "{}", "kit_differs"},
		{"a kit for another key", string(sealedToAnother), "kit_differs"},
		{"a kit that names another", repacked(func(b *keyring.Backup) { b.Name = "bob" }), "kit_differs"},
		{"a kit of another generation", repacked(func(b *keyring.Backup) { b.Generation++ }), "kit_differs"},
		{"a kit for another mount", repacked(func(b *keyring.Backup) { b.Mount = envelope.NewID() }), "kit_differs"},
		{"a kit with another's key check", repacked(func(b *keyring.Backup) { b.KeyCheck[0] ^= 1 }), "kit_differs"},
	}
	for _, c := range thinned(cases, 2) {
		t.Run(c.name, func(t *testing.T) {
			p.t = t
			p.refused(c.want, "check", args{"kit": c.kit}, desk.Secrets{"password": []byte(password), "recovery": []byte(w.RecoveryKey)})
		})
	}
	p.t = t
	if s := p.reload(); s.Checked["recovery"] != "" {
		t.Error("it counts as checked")
	}
	// The file that it offers then is the one that was offered first.
	var file desk.BackupFile
	p.do("backup", nil, nil, &file)
	if file.Backup != w.Backup || file.BackupName != w.BackupName {
		t.Errorf("another backup: %q", file.BackupName)
	}
	newPhone(t, newOffice(t)).refused("not_enrolled", "backup", nil, nil)
}
