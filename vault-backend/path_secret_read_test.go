package backend

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
)

// result is what a call came to.
type result struct {
	resp *logical.Response
	err  error
}

// start makes a call that blocks.
func (r *rig) ask(path string, data map[string]any) <-chan result {
	req := r.request(read, path, data)
	done := make(chan result, 1)
	go func() {
		resp, err := r.b.HandleRequest(context.Background(), req)
		done <- result{resp, err}
	}()
	return done
}

// await waits for a call that must come to something.
func await(t *testing.T, done <-chan result) result {
	t.Helper()
	select {
	case got := <-done:
		return got
	case <-time.After(time.Minute):
		t.Fatal("the call does not return")
		return result{}
	}
}

// body decodes a raw answer as Vault's clients do.
func (r *rig) body(resp *logical.Response) (data map[string]any, lease float64) {
	r.t.Helper()
	if resp.Data[logical.HTTPStatusCode] != http.StatusOK || resp.Data[logical.HTTPContentType] != "application/json" || resp.Secret != nil {
		r.t.Fatalf("status %v, type %v, with a lease: %v", resp.Data[logical.HTTPStatusCode], resp.Data[logical.HTTPContentType], resp.Secret != nil)
	}
	var body struct {
		RequestID string         `json:"request_id"`
		LeaseID   *string        `json:"lease_id"`
		Lease     float64        `json:"lease_duration"`
		Renewable bool           `json:"renewable"`
		Data      map[string]any `json:"data"`
	}
	r.Must(json.Unmarshal([]byte(resp.Data[logical.HTTPRawBody].(string)), &body))
	if body.LeaseID == nil || *body.LeaseID != "" || body.Renewable || body.RequestID == "" {
		r.t.Fatalf("body is not as Vault's: lease id %v, renewable %v, request id %q", body.LeaseID, body.Renewable, body.RequestID)
	}
	return body.Data, body.Lease
}

func TestAReadWaitsForAnApprovalAndAnswersRaw(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"password": "s3cret", "path": "mine", "port": float64(5432)})
	done := r.ask("secret/prod/db", map[string]any{"reason": "incident 7"})
	item := r.waitFor(r.alice)
	c := r.review(r.alice, item)
	if q := c.Request; q.Reason != "incident 7" || !q.Origin.Reported || q.Origin.Entity != "entity-reader" || q.Origin.Requester != "reader" || q.Origin.Remote != "192.0.2.7" {
		t.Fatalf("the approver is shown %q by %q, entity %q, from %q", q.Reason, q.Origin.Requester, q.Origin.Entity, q.Origin.Remote)
	}
	select {
	case got := <-done:
		t.Fatalf("the read returned before an approval: %v", got.err)
	default:
	}
	if state := r.answer(r.approval(r.alice, item)); state != "approved" {
		t.Fatalf("state %q", state)
	}
	got := await(t, done)
	r.Must(got.err)
	data, lease := r.body(got.resp)
	if data["password"] != "s3cret" || data["path"] != "mine" || data["port"] != float64(5432) || lease != 900 {
		t.Fatalf("got %d keys, lease %v", len(data), lease)
	}
	if s := r.do(read, "status", nil); s["prompts"] != uint64(1) || s["waiting_readers"] != 0 || s["pending_requests"] != 0 {
		t.Fatalf("prompts %v, readers %v, pending %v", s["prompts"], s["waiting_readers"], s["pending_requests"])
	}
	// Handed out again without a prompt: the first answer may have been lost.
	again := await(t, r.ask("secret/prod/db", map[string]any{"reason": "incident 7"}))
	r.Must(again.err)
}

func TestADenialIsToldWithItsReason(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"password": "s3cret"})
	done := r.ask("secret/prod/db", nil)
	r.answer(r.denial(r.alice, r.waitFor(r.alice), "not today"))
	got := await(t, done)
	r.checkRefused(got.err, http.StatusForbidden, "denied")
	if !strings.Contains(got.err.Error(), "not today") {
		t.Fatalf("the reason is missing: %v", got.err)
	}
	r.refused(read, "secret/prod/db", nil, http.StatusUnprocessableEntity, "denied_recently")
}

func TestAnEndedWaitKeepsTheRequest(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"password": "s3cret"})
	for range 3 {
		r.refused(read, "secret/prod/db", map[string]any{"wait": "0s"}, http.StatusLocked, "request_waiting")
	}
	if s := r.do(read, "status", nil); s["prompts"] != uint64(1) || s["pending_requests"] != 1 {
		t.Fatalf("prompts %v, pending %v", s["prompts"], s["pending_requests"])
	}
	ids := r.do(list, "requests/", nil)["keys"].([]string)
	if len(ids) != 1 {
		t.Fatalf("%d requests", len(ids))
	}
	shown := r.do(read, "requests/"+ids[0], nil)
	if shown["state"] != "waiting" || shown["path"] != "prod/db" || shown["consumer"] != "vault" || len(shown["missing"].([]any)) != 1 {
		t.Fatalf("request: %v", shown)
	}
	if shown["summary"] != "ops: waiting" {
		t.Fatalf("the request stands at %v", shown["summary"])
	}
	r.refused(read, "secret/prod/db", map[string]any{"wait": "0s", "reason": "a better one"}, http.StatusConflict, "request_open")
	r.answer(r.approval(r.alice, r.waitFor(r.alice)))
	r.Must(await(t, r.ask("secret/prod/db", nil)).err)
	shown = r.do(read, "requests/"+ids[0], nil)
	if shown["state"] != "approved" || len(shown["decisions"].([]any)) != 1 || len(shown["missing"].([]any)) != 0 || shown["summary"] != "ops: done" {
		t.Fatalf("request: %v", shown)
	}
	met := shown["requirements"].([]any)[0].(map[string]any)
	if met["requirement"] != "ops" || met["have"] != uint32(1) || met["want"] != uint32(1) || !slices.Equal(met["decided"].([]string), []string{"alice"}) {
		t.Fatalf("its requirement: %v", met)
	}
}

func TestACancelledRequestEndsItsReads(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"password": "s3cret"})
	done := r.ask("secret/prod/db", nil)
	r.waitFor(r.alice)
	id := r.do(list, "requests/", nil)["keys"].([]string)[0]
	r.do(erase, "requests/"+id, nil)
	r.checkRefused(await(t, done).err, http.StatusGone, "request_cancelled")
}

func TestDrainEndsWaits(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"password": "s3cret"})
	done := r.ask("secret/prod/db", nil)
	r.waitFor(r.alice)
	r.do(update, "config", map[string]any{"drain": true})
	r.checkRefused(await(t, done).err, http.StatusLocked, "draining")
	r.do(update, "config", map[string]any{"drain": false})
	r.refused(read, "secret/prod/db", map[string]any{"wait": "0s"}, http.StatusLocked, "request_waiting")
}

func TestWrappingIsRefusedBeforeAnybodyIsPrompted(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"password": "s3cret"})
	for _, req := range []*logical.Request{
		r.request(read, "secret/prod/db", nil), r.request(read, "sealed/prod/db", nil),
		r.request(update, "release/prod/db", map[string]any{"request": "x"}), r.request(update, "device/inbox", map[string]any{"call": "x"}),
	} {
		req.WrapInfo = &logical.RequestWrapInfo{TTL: time.Minute}
		_, err := r.send(req)
		r.checkRefused(err, http.StatusBadRequest, "wrapping_refused")
	}
	if n := r.do(read, "status", nil)["prompts"]; n != uint64(0) {
		t.Fatalf("%v prompts", n)
	}
}

func TestReadsOfWhatIsNotThereAskNobody(t *testing.T) {
	r := newOrganisation(t)
	r.refused(read, "secret/prod/none", nil, http.StatusNotFound, "secret_missing")
	r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	r.refused(read, "secret/prod/db", map[string]any{"version": "7"}, http.StatusBadRequest, "version_missing")
	r.do(erase, "secret/prod/db", nil)
	r.refused(read, "secret/prod/db", nil, http.StatusGone, "version_deleted")
	r.do(update, "destroy/prod/db", map[string]any{"versions": "1"})
	r.refused(read, "secret/prod/db", nil, http.StatusGone, "version_destroyed")
	if n := r.do(read, "status", nil)["prompts"]; n != uint64(0) {
		t.Fatalf("%v prompts", n)
	}
}

func TestDecisionsAreKeptAndListed(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"password": "s3cret"})
	var asked []string
	for range 3 {
		r.refused(read, "secret/prod/db", map[string]any{"wait": "0s"}, http.StatusLocked, "request_waiting")
		item := r.waitFor(r.alice)
		asked = append(asked, r.review(r.alice, item).Request.ID.String())
		r.answer(r.approval(r.alice, item))
		r.do(erase, "requests/"+asked[len(asked)-1], nil)
	}
	r.start()
	if ids := r.do(list, "receipts/", nil)["keys"].([]string); !slices.Equal(ids, asked) {
		t.Fatalf("listed %v, want %v", ids, asked)
	}
	if ids := r.do(list, "receipts/", map[string]any{"after": asked[0]})["keys"].([]string); !slices.Equal(ids, asked[1:]) {
		t.Fatalf("after the first: %v", ids)
	}
	got := r.do(read, "receipts/"+asked[1], nil)["evidence"].([]string)
	if len(got) != 1 {
		t.Fatalf("%d decisions", len(got))
	}
	r.refused(read, "receipts/"+envelope.NewID().String(), nil, http.StatusNotFound, "receipt_unknown")
}
