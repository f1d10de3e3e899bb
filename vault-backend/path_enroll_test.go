package backend

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// invitation is a ticket and what a device made of it.
type invitation struct {
	ticket    roster.Ticket
	enrolment roster.Enrolment
	message   string
}

// invite makes a ticket for carol and her device's answer to it.
func (r *rig) invite() *invitation {
	r.t.Helper()
	i := &invitation{ticket: roster.NewTicket(r.Roster.Organisation(), envelope.NewID(), envelope.NewID(), "carol", envelope.At(r.Now.Add(time.Hour)))}
	k, err := keyring.New(r.Roster.Organisation(), i.ticket.Approver, 1)
	r.Must(err)
	device := keyring.NewDevice()
	public, err := device.Public()
	r.Must(err)
	certificate, err := keyring.Certify(k, device.ID(), "carols-phone", keyring.FactorSoftware, public)
	r.Must(err)
	mine, err := k.Public()
	r.Must(err)
	i.enrolment = roster.Enrolment{
		Ticket: i.ticket.ID, Organisation: r.Roster.Organisation(), Approver: i.ticket.Approver, KEM: mine.KEM, Signing: mine.Signing,
		Generation: 1, Factors: []keyring.FactorKind{keyring.FactorSoftware}, Certificate: certificate,
	}
	m, err := i.ticket.Close(i.enrolment)
	r.Must(err)
	i.message = r.text(m)
	return i
}

func (i *invitation) path() string { return "enroll/" + i.ticket.ID.String() }

// created is what the signer's machine tells the broker.
func (i *invitation) created(r *rig) map[string]any {
	r.t.Helper()
	token, err := i.ticket.PostToken()
	r.Must(err)
	return map[string]any{
		"name": "carol", "approver_id": i.ticket.Approver.String(), "token_hash": envelope.SumHash(token.Bytes()).String(),
		"expires": i.ticket.Expires.Time().Format(time.RFC3339Nano),
	}
}

// posted is what the device tells the broker.
func (i *invitation) posted(r *rig) map[string]any {
	r.t.Helper()
	token, err := i.ticket.PostToken()
	r.Must(err)
	return map[string]any{"token": envelope.Bytes(token.Bytes()).String(), "message": i.message}
}

func (i *invitation) state(r *rig) string {
	r.t.Helper()
	got := r.do(read, i.path()+"/status", nil)
	if got["init"] != r.text(r.Log[0]) {
		r.t.Fatal("the device is not given where the log begins")
	}
	return got["state"].(string)
}

func TestAnEnrolmentIsAnsweredOnceAndAdmitted(t *testing.T) {
	r := newOrganisation(t)
	i := r.invite()
	for range 2 {
		r.do(update, i.path(), i.created(r))
	}
	if s := i.state(r); s != enrolmentWaiting {
		t.Fatalf("state %s", s)
	}
	for range 2 {
		if got := r.do(update, i.path()+"/answer", i.posted(r)); got["init"] != r.text(r.Log[0]) {
			t.Fatal("the device is not given where the log begins")
		}
	}
	if s := i.state(r); s != enrolmentAnswered {
		t.Fatalf("state %s", s)
	}
	if shown := r.do(read, i.path(), nil); shown["message"] != i.message || shown["name"] != "carol" {
		t.Fatalf("invitation: %v", shown["name"])
	}
	e := i.enrolment
	r.Append(roster.KindApproverAdmit, roster.ApproverAdmit{
		ID: e.Approver, Name: "carol", Entities: []string{}, KEM: e.KEM, Signing: e.Signing, Generation: 1, Factors: e.Factors,
	})
	r.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: e.Certificate})
	r.push()
	if s := i.state(r); s != enrolmentAdmitted {
		t.Fatalf("state %s", s)
	}
	r.do(erase, i.path(), nil)
	if shown := r.do(read, i.path(), nil); shown != nil {
		t.Fatalf("withdrawn, and still there: %v", shown["state"])
	}
}

func TestEnrolmentsAreListedAPageAtATime(t *testing.T) {
	r := newOrganisation(t)
	if none := r.do(list, "enroll/", nil); none["keys"] != nil {
		t.Fatalf("before any: %v", none)
	}
	answered := r.invite()
	r.do(update, answered.path(), answered.created(r))
	r.do(update, answered.path()+"/answer", answered.posted(r))
	created := answered.created(r)
	for range maxEnrolments + 5 {
		r.do(update, "enroll/"+envelope.NewID().String(), created)
	}
	first := r.do(list, "enroll/", nil)
	keys := slices.Clone(first["keys"].([]string))
	second := r.do(list, "enroll/", map[string]any{"after": keys[len(keys)-1]})
	if len(keys) != maxEnrolments || first["more"] != true || second["more"] != false {
		t.Fatalf("%d on the first page, more: %v, then %v", len(keys), first["more"], second["more"])
	}
	keys = append(keys, second["keys"].([]string)...)
	if len(keys) != maxEnrolments+6 || !slices.IsSorted(keys) || len(slices.Compact(slices.Clone(keys))) != len(keys) {
		t.Fatalf("%d in all", len(keys))
	}
	id := answered.ticket.ID.String()
	info := map[string]any{}
	maps.Copy(info, first["key_info"].(map[string]any))
	maps.Copy(info, second["key_info"].(map[string]any))
	want := map[string]any{"name": "carol", "approver_id": created["approver_id"], "expires": shownTime(answered.ticket.Expires), "state": enrolmentAnswered}
	if got := info[id].(map[string]any); !maps.Equal(got, want) {
		t.Fatalf("beside it: %v, want %v", got, want)
	}
	for key, shown := range info {
		if state := shown.(map[string]any)["state"]; key != id && state != enrolmentWaiting {
			t.Fatalf("nobody answered: %v", state)
		}
	}
	if rest := r.do(list, "enroll/", map[string]any{"after": keys[len(keys)-1]}); rest["keys"] != nil {
		t.Fatalf("after the last: %v", rest)
	}
}

func TestAnswersThatDoNotFitAreRefused(t *testing.T) {
	r := newOrganisation(t)
	i, other := r.invite(), r.invite()
	r.do(update, i.path(), i.created(r))
	bad := func(change func(map[string]any)) map[string]any {
		data := i.posted(r)
		change(data)
		return data
	}
	foreign := i.enrolment
	foreign.Organisation = envelope.SumHash([]byte("another"))
	forged, err := i.ticket.Close(foreign)
	r.Must(err)
	for name, c := range map[string]struct {
		data   map[string]any
		status int
		err    string
	}{
		"another ticket's token": {bad(func(d map[string]any) { d["token"] = other.posted(r)["token"] }), http.StatusForbidden, "enrolment_token_invalid"},
		"no token":               {bad(func(d map[string]any) { delete(d, "token") }), http.StatusForbidden, "enrolment_token_invalid"},
		"a token in hex":         {bad(func(d map[string]any) { d["token"] = envelope.NewID().String() }), http.StatusForbidden, "enrolment_token_invalid"},
		"another's answer":       {bad(func(d map[string]any) { d["message"] = other.message }), http.StatusForbidden, "enrolment_token_invalid"},
		"no message":             {bad(func(d map[string]any) { delete(d, "message") }), http.StatusBadRequest, "input_invalid"},
		"white space":            {bad(func(d map[string]any) { d["message"] = i.message + " " }), http.StatusBadRequest, "encoding_not_canonical"},
		"a long message":         {bad(func(d map[string]any) { d["message"] = string(make([]byte, maxEnrolmentText+1)) }), http.StatusBadRequest, "message_too_large"},
		"another organisation":   {bad(func(d map[string]any) { d["message"] = r.text(forged) }), http.StatusForbidden, "enrolment_mac_invalid"},
		"an unknown field":       {bad(func(d map[string]any) { d["device"] = "x" }), http.StatusBadRequest, "unknown_field"},
	} {
		t.Run(name, func(t *testing.T) {
			r.refused(update, i.path()+"/answer", c.data, c.status, c.err)
			if s := i.state(r); s != enrolmentWaiting {
				t.Fatalf("state %s", s)
			}
		})
	}
	r.refused(update, other.path()+"/answer", other.posted(r), http.StatusNotFound, "enrolment_missing")
	r.refused(read, other.path()+"/status", nil, http.StatusNotFound, "enrolment_missing")
}

func TestATicketExpires(t *testing.T) {
	r := newOrganisation(t)
	i := r.invite()
	r.do(update, i.path(), i.created(r))
	r.Now = r.Now.Add(2 * time.Hour)
	if s := i.state(r); s != enrolmentExpired {
		t.Fatalf("state %s", s)
	}
	r.refused(update, i.path()+"/answer", i.posted(r), http.StatusGone, "enrolment_expired")
	late := r.invite()
	data := late.created(r)
	data["expires"] = r.Now.Add(-time.Minute).Format(time.RFC3339)
	r.refused(update, late.path(), data, http.StatusBadRequest, "input_invalid")
}

func TestAnAnsweredInvitationTakesNoOther(t *testing.T) {
	r := newOrganisation(t)
	i := r.invite()
	r.do(update, i.path(), i.created(r))
	r.do(update, i.path()+"/answer", i.posted(r))
	second := i.enrolment
	second.Recovery, second.Factors = true, []keyring.FactorKind{keyring.FactorPassword}
	m, err := i.ticket.Close(second)
	r.Must(err)
	data := i.posted(r)
	data["message"] = r.text(m)
	r.refused(update, i.path()+"/answer", data, http.StatusConflict, "enrolment_answered")
	changed := i.created(r)
	changed["name"] = "mallory"
	r.refused(update, i.path(), changed, http.StatusConflict, "enrolment_exists")
}

func TestAnEnrolmentThatIsCutOffLosesNothing(t *testing.T) {
	var i *invitation
	for name, c := range map[string]struct {
		setup func(*rig)
		call  func(*rig) *logical.Request
		state string
	}{
		"invitation": {
			func(r *rig) { i = r.invite() },
			func(r *rig) *logical.Request { return r.request(update, i.path(), i.created(r)) }, enrolmentWaiting,
		},
		"answer": {
			func(r *rig) { i = r.invite(); r.do(update, i.path(), i.created(r)) },
			func(r *rig) *logical.Request { return r.request(update, i.path()+"/answer", i.posted(r)) }, enrolmentAnswered,
		},
	} {
		t.Run(name, func(t *testing.T) {
			stopEverywhere(t, c.setup, c.call, func(*rig) {}, func(r *rig) {
				if s := i.state(r); s != c.state {
					t.Fatalf("state %s", s)
				}
			})
		})
	}
}

func TestAnAddressThatGuessesHasToWait(t *testing.T) {
	r := newOrganisation(t)
	i, other := r.invite(), r.invite()
	r.do(update, i.path(), i.created(r))
	guess := i.posted(r)
	guess["token"] = other.posted(r)["token"]
	for range maxRefusals {
		r.refused(update, i.path()+"/answer", guess, http.StatusForbidden, "enrolment_token_invalid")
	}
	r.refused(update, i.path()+"/answer", i.posted(r), http.StatusUnprocessableEntity, "address_cap")
	elsewhere := r.request(update, i.path()+"/answer", i.posted(r))
	elsewhere.Connection = &logical.Connection{RemoteAddr: "198.51.100.1"}
	_, err := r.send(elsewhere)
	r.Must(err)
	r.Now = r.Now.Add(refusalWindow)
	r.do(update, i.path()+"/answer", i.posted(r))
}

func TestOldInvitationsAreForgotten(t *testing.T) {
	r := newOrganisation(t)
	old, fresh := r.invite(), r.invite()
	r.do(update, old.path(), old.created(r))
	r.Now = r.Now.Add(keepEnrolments)
	data := fresh.created(r)
	data["expires"] = r.Now.Add(time.Hour).Format(time.RFC3339)
	r.do(update, fresh.path(), data)
	for _, gone := range []bool{false, true} {
		r.Must(r.b.periodic(context.Background(), &logical.Request{Storage: r.storage}))
		if shown := r.do(read, old.path(), nil); (shown == nil) != gone {
			t.Fatalf("gone %v, want %v", shown == nil, gone)
		}
		r.Now = r.Now.Add(2 * time.Hour)
	}
	if shown := r.do(read, fresh.path(), nil); shown == nil {
		t.Fatal("an invitation that expired a moment ago was forgotten")
	}
}

func TestBeforeThereIsALogNoneIsBegun(t *testing.T) {
	r := newRig(t)
	i := r.invite()
	r.do(update, i.path(), i.created(r))
	if got := r.do(read, i.path()+"/status", nil); got["init"] != "" || got["state"] != enrolmentWaiting {
		t.Fatalf("state %v", got["state"])
	}
}
