package backend

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// further is a further device of a person, certified by their keyring.
func (r *rig) further(p *coretest.Person, name string) (*keyring.Device, envelope.Signed) {
	r.t.Helper()
	device := keyring.NewDevice()
	public, err := device.Public()
	r.Must(err)
	certificate, err := keyring.Certify(p.Keyring, device.ID(), name, keyring.FactorPasskey, public)
	r.Must(err)
	return device, certificate
}

func (r *rig) propose(certificate envelope.Signed) map[string]any {
	r.t.Helper()
	return r.do(update, "device/propose", map[string]any{"certificate": r.text(certificate)})
}

func (r *rig) proposed(name string) []string {
	r.t.Helper()
	return r.do(read, "approvers/"+name, nil)["proposed"].([]string)
}

func (r *rig) tidies() {
	r.t.Helper()
	r.Must(r.b.periodic(context.Background(), &logical.Request{Storage: r.storage}))
}

func (r *rig) kept(folder string) int {
	r.t.Helper()
	keys, err := logical.CollectKeysWithPrefix(context.Background(), r.storage, folder)
	r.Must(err)
	return len(keys)
}

func TestAFurtherDeviceIsProposedAndAdmitted(t *testing.T) {
	r := newOrganisation(t)
	_, certificate := r.further(r.alice.Person, "alices tablet")
	for range 2 {
		if got := r.propose(certificate); got["state"] != proposalProposed || got["init"] != r.text(r.Log[0]) {
			t.Fatalf("state %v", got["state"])
		}
	}
	if all := r.proposed("alice"); len(all) != 1 || all[0] != r.text(certificate) {
		t.Fatalf("%d proposed", len(all))
	}
	if all := r.proposed("bob"); len(all) != 0 {
		t.Fatalf("%d proposed for somebody else", len(all))
	}
	r.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: certificate})
	r.push()
	if n := r.kept(proposalPrefix); n != 0 {
		t.Fatalf("%d proposals are kept after the admission", n)
	}
	if got := r.propose(certificate); got["state"] != proposalAdmitted {
		t.Fatalf("state %v", got["state"])
	}
	if all := r.proposed("alice"); len(all) != 0 || r.kept(proposalPrefix) != 0 {
		t.Fatalf("an admitted device is proposed")
	}
}

func TestProposalsThatAreRefused(t *testing.T) {
	r := newOrganisation(t)
	bob, err := r.Roster.ApproverNamed("bob")
	r.Must(err)
	stranger, err := keyring.New(r.Roster.Organisation(), r.alice.ID, 1)
	r.Must(err)
	renewed, err := keyring.New(r.Roster.Organisation(), r.alice.ID, 2)
	r.Must(err)
	nobody := &coretest.Person{ID: envelope.NewID()}
	nobody.Keyring, err = keyring.New(r.Roster.Organisation(), nobody.ID, 1)
	r.Must(err)
	elsewhere, err := keyring.New(envelope.SumHash([]byte("another")), bob.ID, 1)
	r.Must(err)
	revoked, revokedCertificate := r.further(r.alice.Person, "lost phone")
	r.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: revokedCertificate})
	r.Append(roster.KindDeviceRevoke, roster.Removal{ID: revoked.ID()})
	r.push()
	taken, err := keyring.NewDevice().Public()
	r.Must(err)
	stolen, err := keyring.Certify(r.alice.Keyring, r.alice.Device.ID(), "other keys", keyring.FactorPasskey, taken)
	r.Must(err)
	for name, c := range map[string]struct {
		certificate envelope.Signed
		status      int
		err         string
	}{
		"another's keyring":      {certificateOf(r, stranger), http.StatusForbidden, "signature_invalid"},
		"a keyring not in force": {certificateOf(r, renewed), http.StatusForbidden, "signature_invalid"},
		"nobody's":               {certificateOf(r, nobody.Keyring), http.StatusBadRequest, "unknown_in_roster"},
		"another organisation":   {certificateOf(r, elsewhere), http.StatusForbidden, "signature_invalid"},
		"a revoked device":       {revokedCertificate, http.StatusForbidden, "revoked"},
		"an admitted id":         {stolen, http.StatusConflict, "device_known"},
		"something else signed":  {r.Log[0], http.StatusBadRequest, "payload_type_unexpected"},
	} {
		t.Run(name, func(t *testing.T) {
			r.refused(update, "device/propose", map[string]any{"certificate": r.text(c.certificate)}, c.status, c.err)
		})
	}
	if n := r.kept(proposalPrefix); n != 0 {
		t.Fatalf("%d proposals are kept", n)
	}
}

func certificateOf(r *rig, k *keyring.Keyring) envelope.Signed {
	r.t.Helper()
	_, certificate := r.further(&coretest.Person{Keyring: k}, "a device")
	return certificate
}

func TestAnApproverHasFewProposals(t *testing.T) {
	r := newOrganisation(t)
	var last envelope.Signed
	for i := range maxProposals {
		_, last = r.further(r.alice.Person, fmt.Sprintf("device %d", i))
		r.propose(last)
	}
	_, more := r.further(r.alice.Person, "one more")
	r.refused(update, "device/propose", map[string]any{"certificate": r.text(more)}, http.StatusUnprocessableEntity, "proposals_full")
	r.propose(last)
	// Admitting one makes room.
	r.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: last})
	r.push()
	r.propose(more)
	if n := len(r.proposed("alice")); n != maxProposals {
		t.Fatalf("%d proposed", n)
	}
}

func TestProposalsAreForgotten(t *testing.T) {
	for name, change := range map[string]func(*rig){
		"after 30 days": func(r *rig) { r.Now = r.Now.Add(keepProposals) },
		"with their approver": func(r *rig) {
			r.Append(roster.KindApproverRevoke, roster.Removal{ID: r.alice.ID})
			r.push()
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newOrganisation(t)
			_, certificate := r.further(r.alice.Person, "tablet")
			r.propose(certificate)
			r.Now = r.Now.Add(keepProposals - 2*time.Hour)
			r.tidies()
			if n := r.kept(proposalPrefix); n != 1 {
				t.Fatalf("%d proposals are kept before", n)
			}
			r.Now = r.Now.Add(-(keepProposals - 2*time.Hour))
			change(r)
			r.Now = r.Now.Add(2 * time.Hour)
			r.tidies()
			if n := r.kept(proposalPrefix); n != 0 {
				t.Fatalf("%d proposals are kept", n)
			}
		})
	}
}

func TestAProposalThatIsCutOffLosesNothing(t *testing.T) {
	var certificate envelope.Signed
	stopEverywhere(t,
		func(r *rig) { _, certificate = r.further(r.alice.Person, "tablet") },
		func(r *rig) *logical.Request {
			return r.request(update, "device/propose", map[string]any{"certificate": r.text(certificate)})
		},
		func(*rig) {},
		func(r *rig) {
			if all := r.proposed("alice"); len(all) != 1 {
				t.Fatalf("%d proposed", len(all))
			}
		})
}
