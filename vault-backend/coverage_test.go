package backend

import (
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// named checks which secrets status names in some fields; in every other field of
// its kind it must name none.
func (r *rig) named(want map[string][]string) {
	r.t.Helper()
	s := r.do(read, "status", nil)
	for _, kind := range statusKinds {
		if got := s[kind.field].([]string); !slices.Equal(got, want[kind.field]) {
			r.t.Fatalf("%s: %v, want %v", kind.field, got, want[kind.field])
		}
	}
}

// rekey gives a person a new keyring and device; their former one still opens
// what was sealed to it.
func (r *rig) rekey(p *coretest.Person) {
	r.t.Helper()
	k, err := keyring.New(r.Roster.Organisation(), p.ID, p.Keyring.Generation()+1)
	r.Must(err)
	public, err := k.Public()
	r.Must(err)
	r.Append(roster.KindApproverRekey, roster.ApproverRekey{
		ID: p.ID, KEM: public.KEM, Signing: public.Signing, Generation: k.Generation(),
		Factors: []keyring.FactorKind{keyring.FactorPassword, keyring.FactorSoftware}, Recovery: true,
	})
	p.Keyring, p.Device = k, keyring.NewDevice()
	r.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: r.Certify(p, p.Device, p.Name+"-rekeyed")})
}

func TestStatusLooksAtEveryReadableVersion(t *testing.T) {
	r := newOrganisation(t)
	bob, err := r.Roster.ApproverNamed("bob")
	r.Must(err)
	carol, dave := r.Admit("carol"), r.Admit("dave")
	two := coretest.Policy("two", "two/*", []*coretest.Consumer{r.mount}, coretest.Need("pair", 2, carol, &coretest.Person{ID: bob.ID}))
	r.SetPolicy(two)
	r.push()
	r.do(update, "secret/two/db", map[string]any{"k": "v"})
	r.do(update, "secret/two/old", map[string]any{"k": "v"})
	two.Requirements = []roster.Requirement{coretest.Need("pair", 2, carol, dave, &coretest.Person{ID: bob.ID})}
	r.SetPolicy(two)
	r.push()
	r.do(update, "secret/two/old", map[string]any{"k": "w"})
	r.named(map[string][]string{"stale": {"two/db", "two/old"}})
	r.Append(roster.KindApproverRevoke, roster.Removal{ID: bob.ID})
	r.push()
	// The older version of two/old is lost with bob; the newer one is not.
	r.named(map[string][]string{
		"lost": {"two/db", "two/old"}, "uncovered": {"two/db", "two/old"}, "stale": {"two/db", "two/old"}, "exposed": {"two/db", "two/old"},
	})
	m := r.do(read, "metadata/two/old", nil)
	if shownVersion(t, m, "1")["lost"] != true || shownVersion(t, m, "2")["lost"] != false || shownVersion(t, m, "2")["stale"] != false {
		t.Fatalf("versions: %v", m["versions"])
	}
	r.do(update, "destroy/two/old", map[string]any{"versions": "1"})
	r.do(update, "secret/two/db", map[string]any{"k": "w"})
	r.do(update, "destroy/two/db", map[string]any{"versions": "1"})
	r.named(map[string][]string{"exposed": {"two/old"}})
}

func TestStatusNamesWhatRestsOnOneDevice(t *testing.T) {
	r := newOrganisation(t)
	carol := r.AdmitWith("carol", []keyring.FactorKind{keyring.FactorPasskey})
	dave := r.AdmitWith("dave", []keyring.FactorKind{keyring.FactorPasskey})
	pair := coretest.Policy("pair", "pair/*", []*coretest.Consumer{r.mount}, coretest.Need("pair", 2, carol, dave))
	pair.MinimumCoverage = 0
	r.SetPolicy(pair)
	r.push()
	r.do(update, "secret/pair/db", map[string]any{"k": "v"})
	r.named(map[string][]string{"one_device": {"pair/db"}})
	further := keyring.NewDevice()
	r.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: r.CertifyAs(carol, further, "carol-second", keyring.FactorPasskey)})
	r.push()
	r.named(map[string][]string{"one_device": {"pair/db"}}) // dave's
	second := keyring.NewDevice()
	r.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: r.CertifyAs(dave, second, "dave-second", keyring.FactorPasskey)})
	r.push()
	r.named(nil)
	r.Append(roster.KindDeviceRevoke, roster.Removal{ID: further.ID()})
	r.push()
	r.named(map[string][]string{"one_device": {"pair/db"}})
}

func TestAReplacedKeyringLosesItsWrapsWhereOthersRemain(t *testing.T) {
	r := newOrganisation(t)
	bob, err := r.Roster.ApproverNamed("bob")
	r.Must(err)
	alone := coretest.Policy("alone", "alone/*", []*coretest.Consumer{r.mount}, coretest.Need("ops", 1, r.alice.Person))
	r.SetPolicy(alone)
	r.push()
	r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	r.do(update, "secret/alone/db", map[string]any{"k": "v"})
	r.rekey(r.alice.Person)
	r.push()
	if held := r.wraps("prod/db", 1); !slices.Equal(held, []envelope.ID{bob.ID}) {
		t.Fatalf("%d wraps of what bob can open, too", len(held))
	}
	if held := r.wraps("alone/db", 1); !slices.Equal(held, []envelope.ID{r.alice.ID}) {
		t.Fatalf("%d wraps of what alice alone can open", len(held))
	}
	r.named(map[string][]string{
		"uncovered": {"alone/db"}, "stale": {"alone/db", "prod/db"}, "exposed": {"alone/db", "prod/db"},
	})
}
