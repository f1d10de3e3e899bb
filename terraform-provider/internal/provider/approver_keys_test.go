package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

func TestOtherKeysAndDevicesAreWarnedOf(t *testing.T) {
	w := coretest.NewWorld(t)
	alice := w.Admit("alice")
	seen := func() *approverModel {
		who, err := w.Roster.Approver(alice.ID)
		w.Must(err)
		var m approverModel
		m.show(w.Roster, who)
		return &m
	}
	first := seen()
	w.Append(roster.KindApproverSet, roster.ApproverSet{ID: alice.ID, Name: "alicia", Entities: []string{}})
	renamed := seen()
	w.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: w.Certify(alice, keyring.NewDevice(), "tablet")})
	second := seen()
	renewed, err := keyring.New(w.Roster.Organisation(), alice.ID, 2)
	w.Must(err)
	public, err := renewed.Public()
	w.Must(err)
	w.Append(roster.KindApproverRekey, roster.ApproverRekey{
		ID: alice.ID, KEM: public.KEM, Signing: public.Signing, Generation: 2, Factors: []keyring.FactorKind{keyring.FactorSoftware},
	})
	rekeyed := seen()
	for name, c := range map[string]struct {
		was, is *approverModel
		says    []string // none where nothing is to be said
	}{
		"the same":          {first, first, nil},
		"renamed":           {first, renamed, nil},
		"imported":          {&approverModel{ID: first.ID}, first, nil},
		"pending before":    {&approverModel{Status: types.StringValue(approverPending)}, first, nil},
		"a further device":  {renamed, second, []string{`new: device "tablet" (software).`, "approver revoke alicia --mount team`"}},
		"one device less":   {second, renamed, []string{`gone: device "tablet" (software).`}},
		"their keys":        {second, rekeyed, []string{"(generation 2, and 1 before)", `gone: device "alice-terminal" (software), device "tablet" (software)`}},
		"the keys by value": {&approverModel{SigningKey: rekeyed.SigningKey, Generation: first.Generation, Devices: first.Devices}, first, []string{"keys were replaced"}},
	} {
		var diags diag.Diagnostics
		c.is.warnOfKeys(c.was, "team", &diags)
		if diags.HasError() || len(diags) > 1 || (len(diags) == 0) != (c.says == nil) {
			t.Errorf("%s: %d diagnostics", name, len(diags))
			continue
		}
		for _, text := range c.says {
			if !strings.Contains(diags[0].Detail(), text) {
				t.Errorf("%s: %q is not in %q", name, text, diags[0].Detail())
			}
		}
	}
}
