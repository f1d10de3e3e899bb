package backend

import (
	"net/http"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
)

// TestBreakGlassIsAskedOfItsPeopleAndToldUntilAcknowledged goes through it once, as
// Vault's clients see it.
func TestBreakGlassIsAskedOfItsPeopleAndToldUntilAcknowledged(t *testing.T) {
	r := newOrganisation(t)
	carol, dave := r.Admit("carol"), r.Admit("dave")
	p := coretest.Policy("vital", "vital/*", []*coretest.Consumer{r.mount}, coretest.Need("ops", 1, r.alice.Person, r.Admit("erin")))
	directors := coretest.Need("directors", 2, carol, dave)
	p.BreakGlass = &directors
	r.SetPolicy(p)
	r.do(update, "org/log", map[string]any{"statements": r.logTexts()})
	r.do(update, "secret/vital/db", map[string]any{"password": "s3cret", "break_glass": "a key like any other"})

	ask := map[string]any{"break_glass": "true", "reason": "nobody answers", "wait": "0s"}
	r.refused(read, "secret/vital/db", map[string]any{"break_glass": "perhaps"}, http.StatusBadRequest, "input_invalid")
	r.refused(read, "secret/vital/db", map[string]any{"break_glass": "true"}, http.StatusForbidden, "break_glass_refused")
	r.refused(read, "secret/vital/db", ask, http.StatusLocked, "request_waiting")
	id := r.do(list, "alarms/", nil)["keys"].([]string)[0]
	if shown := r.do(read, "requests/"+id, nil); shown["break_glass"] != true || shown["summary"] != "0 of 2 directors" {
		t.Fatalf("request: %v", shown)
	}
	if in := r.open(r.alice, envelope.ID{}); len(in.Items) != 0 || len(in.Alarms) != 1 {
		t.Fatalf("who may not answer is shown %d requests, %d alarms", len(in.Items), len(in.Alarms))
	}
	r.checkRefused(r.acknowledge("alarms/"+id), http.StatusConflict, "alarm_open")
	for i, person := range []*coretest.Person{carol, dave} {
		director := &approver{Person: person}
		if state := r.answer(r.approval(director, r.waitFor(director))); state != []string{"waiting", "approved"}[i] {
			t.Fatalf("state %q", state)
		}
	}
	resp, err := r.send(r.request(read, "secret/vital/db", ask))
	r.Must(err)
	if data, _ := r.body(resp); data["password"] != "s3cret" {
		t.Fatalf("got %d keys", len(data))
	}
	shown := r.do(read, "alarms/"+id, nil)
	if shown["state"] != "approved" || shown["requester"] != "reader" || shown["reason"] != "nobody answers" || len(shown["decisions"].([]any)) != 2 {
		t.Fatalf("alarm: %v", shown)
	}
	if s := r.do(read, "status", nil); s["alarms"] != 1 {
		t.Fatalf("status: %v alarms", s["alarms"])
	}
	if versions := r.do(read, "metadata/vital/db", nil)["versions"].(map[string]any); versions["1"].(map[string]any)["rotate"] != true {
		t.Fatal("what was opened in an emergency is not to be replaced")
	}
	r.refused(update, "alarms/"+id, nil, http.StatusForbidden, "alarm_own")
	for range 2 {
		r.Must(r.acknowledge("alarms/" + id))
	}
	r.refused(read, "alarms/"+id, nil, http.StatusNotFound, "alarm_unknown")
	if s := r.do(read, "status", nil); s["alarms"] != 0 {
		t.Fatalf("status: %v alarms", s["alarms"])
	}
}

// acknowledge acknowledges what somebody else than the usual reader looked into.
func (r *rig) acknowledge(path string) error {
	r.t.Helper()
	req := r.request(update, path, nil)
	req.EntityID, req.ClientTokenAccessor, req.DisplayName = "entity-auditor", "accessor-auditor", "auditor"
	_, err := r.send(req)
	return err
}

func TestAReportIsListedUntilAcknowledged(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"password": "s3cret"})
	done := r.ask("secret/prod/db", map[string]any{"reason": "please"})
	item := r.waitFor(r.alice)
	rel, err := r.review(r.alice, item).Deny("who is this", true, r.alice.Device.Signer(), r.alice.ledger, r.Now)
	r.Must(err)
	r.answer(rel)
	r.checkRefused(await(t, done).err, http.StatusForbidden, "denied")
	r.refused(read, "secret/prod/db", nil, http.StatusUnprocessableEntity, "reported_recently")
	id := r.do(list, "reports/", nil)["keys"].([]string)[0]
	shown := r.do(read, "reports/"+id, nil)
	if shown["by"] != "alice" || shown["text"] != "who is this" || shown["requester"] != "reader" || shown["reason"] != "please" || shown["path"] != "prod/db" {
		t.Fatalf("report: %v", shown)
	}
	if s := r.do(read, "status", nil); s["reports"] != 1 {
		t.Fatalf("status: %v reports", s["reports"])
	}
	for range 2 {
		r.do(update, "reports/"+id, nil)
	}
	r.refused(read, "reports/"+id, nil, http.StatusNotFound, "report_unknown")
	r.refused(read, "secret/prod/db", map[string]any{"wait": "0s"}, http.StatusLocked, "request_waiting")
}
