package provider

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// A broker may show the person's own answer for somebody else's admission, or make
// one of both: words are of the keys in force only where all of those are the same.
func TestWordsAreOfTheKeysInForce(t *testing.T) {
	w := coretest.NewWorld(t)
	made := func(id envelope.ID, generation uint32) roster.Enrolment {
		k, err := keyring.New(w.Roster.Organisation(), id, generation)
		w.Must(err)
		public, err := k.Public()
		w.Must(err)
		return roster.Enrolment{Approver: id, KEM: public.KEM, Signing: public.Signing, Generation: generation}
	}
	answered := func(p *coretest.Person) roster.Enrolment {
		public, err := p.Keyring.Public()
		w.Must(err)
		return roster.Enrolment{Approver: p.ID, KEM: public.KEM, Signing: public.Signing, Generation: 1}
	}
	alice, bob, carol := w.Admit("alice"), w.Admit("bob"), w.Admit("carol")
	renewed := made(carol.ID, 2)
	w.Append(roster.KindApproverRekey, roster.ApproverRekey{
		ID: carol.ID, KEM: renewed.KEM, Signing: renewed.Signing, Generation: 2, Factors: []keyring.FactorKind{keyring.FactorSoftware},
	})
	own, mixed := answered(alice), answered(alice)
	mixed.KEM = made(alice.ID, 1).KEM
	none := own
	none.Generation = 0
	for name, c := range map[string]struct {
		id   envelope.ID
		e    roster.Enrolment
		want error
	}{
		"their own":                        {alice.ID, own, nil},
		"another device's":                 {alice.ID, made(alice.ID, 1), errOtherKeys},
		"another person's":                 {alice.ID, answered(bob), errOtherKeys},
		"with another key to seal to":      {alice.ID, mixed, errOtherKeys},
		"not admitted yet":                 {alice.ID, made(alice.ID, 2), errOtherKeys},
		"of no generation":                 {alice.ID, none, errOtherKeys},
		"those before they were replaced":  {carol.ID, answered(carol), errEarlierKeys},
		"others before they were replaced": {carol.ID, made(carol.ID, 1), errOtherKeys},
		"those that replaced them":         {carol.ID, renewed, nil},
		"others that were to replace them": {carol.ID, made(carol.ID, 2), errOtherKeys},
		"of nobody in force":               {envelope.NewID(), own, roster.ErrUnknown},
	} {
		if err := sameKeys(w.Roster, c.id, c.e); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// A broker that works with whoever answered hides the answer: nobody is told that the
// words do not matter.
func TestAHiddenAnswerLeavesWordsUncompared(t *testing.T) {
	hiding := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"errors":[]}`)
	}))
	defer hiding.Close()
	var diags diag.Diagnostics
	a := &approverResource{newSession(settings{Address: types.StringValue(hiding.URL)}, &diags)}
	if diags.HasError() {
		t.Fatal(diags.Errors()[0].Detail())
	}
	plan := &approverModel{Name: types.StringValue("alice"), Fingerprint: types.StringValue("lusab babad gutih tugad lusab babad gutih tugad")}
	a.confirm(t.Context(), plan, envelope.NewID(), &diags)
	if len(diags) != 1 || diags.HasError() {
		t.Fatalf("%d diagnostics, of them %d errors", len(diags), diags.ErrorsCount())
	}
	said := diags[0].Summary() + ": " + diags[0].Detail()
	if !strings.Contains(said, "could not be compared") || !strings.Contains(said, "approver enroll alice --rekey") || strings.Contains(said, "leave") {
		t.Error(said)
	}
}
