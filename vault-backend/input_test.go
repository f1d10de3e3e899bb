package backend

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// canary is what must not come back in an error.
const canary = "c4n4ry-v4lue"

// contents is everything that is stored, to tell whether a refused call changed
// anything.
func (r *rig) contents() []string {
	r.t.Helper()
	keys, err := logical.CollectKeys(context.Background(), r.storage)
	r.Must(err)
	slices.Sort(keys)
	for i, key := range keys {
		entry, err := r.storage.Get(context.Background(), key)
		r.Must(err)
		keys[i] += "=" + string(entry.Value)
	}
	return keys
}

// badInput is a call that is refused.
type badInput struct {
	op     logical.Operation
	path   string
	data   map[string]any
	status int
	err    string
}

var (
	nested = map[string]any{"a": canary}
	long   = strings.Repeat("x", 513)
)

// badSecrets are calls about secrets.
var badSecrets = []badInput{
	// Reserved keys, also with values that are secret.
	{update, "secret/prod/new", map[string]any{"wait": canary}, 400, "reserved_key"},
	{update, "secret/prod/new", map[string]any{"reason": nested}, 400, "reserved_key"},
	{update, "secret/prod/new", map[string]any{"version": []any{canary}}, 400, "reserved_key"},
	{update, "secret/prod/new", map[string]any{"code": canary, "k": "v"}, 400, "reserved_key"},
	{update, "secret/prod/new", map[string]any{"cas": canary, "k": "v"}, 400, "input_invalid"},
	{update, "secret/prod/new", map[string]any{"cas": nested, "k": "v"}, 400, "input_invalid"},
	{update, "secret/prod/new", map[string]any{"cas": true, "k": "v"}, 400, "input_invalid"},
	{update, "secret/prod/new", map[string]any{"cas": 1.5, "k": "v"}, 400, "input_invalid"},
	{update, "secret/prod/new", map[string]any{"cas": -1, "k": "v"}, 400, "input_invalid"},
	// Values.
	{update, "secret/prod/new", nil, 400, "value_missing"},
	{update, "secret/prod/new", map[string]any{"cas": 0}, 400, "value_missing"},
	{update, "secret/prod/new", map[string]any{"k": canary, "n": 1e17}, 400, "number_inexact"},
	{update, "secret/prod/new", map[string]any{"k": map[string]any{"l": []any{9007199254740992.0}}}, 400, "number_inexact"},
	{update, "secret/prod/new", map[string]any{"k": strings.Repeat("x", 600<<10)}, 400, "too_large"},
	// Paths.
	{update, "secret/", map[string]any{"k": canary}, 400, "path_invalid"},
	{update, "secret/prod/", map[string]any{"k": canary}, 400, "path_invalid"},
	{update, "secret/prod//db", map[string]any{"k": canary}, 400, "path_invalid"},
	{update, "secret/prod/+", map[string]any{"k": canary}, 400, "path_invalid"},
	{update, "secret/prod/a..b", map[string]any{"k": canary}, 400, "path_invalid"},
	{update, "secret/prod/" + long, map[string]any{"k": canary}, 400, "path_invalid"},
	{update, "secret/prod/\u202edb", map[string]any{"k": canary}, 400, "path_invalid"},
	{read, "secret/prod/../db", nil, 400, "path_invalid"},
	{erase, "secret/prod/", nil, 400, "path_invalid"},
	{list, "secret/prod//", nil, 400, "path_invalid"},
	{read, "metadata/prod/a..b", nil, 400, "path_invalid"},
	{erase, "metadata/", nil, 400, "path_invalid"},
	{update, "destroy/prod/a..b", map[string]any{"versions": "1"}, 400, "path_invalid"},
	{update, "release/prod//db", map[string]any{"request": "x"}, 400, "path_invalid"},
	// Reads.
	{read, "secret/prod/db", map[string]any{"wait": "soon"}, 400, "input_invalid"},
	{read, "secret/prod/db", map[string]any{"wait": "56s"}, 400, "input_invalid"},
	{read, "secret/prod/db", map[string]any{"wait": "-1s"}, 400, "input_invalid"},
	{read, "secret/prod/db", map[string]any{"lease": "0s"}, 400, "input_invalid"},
	{read, "secret/prod/db", map[string]any{"lease": "2h"}, 403, "lease_too_long"},
	{read, "secret/prod/db", map[string]any{"version": "latest"}, 400, "input_invalid"},
	{read, "secret/prod/db", map[string]any{"version": "0"}, 400, "input_invalid"},
	{read, "secret/prod/db", map[string]any{"reason": long}, 400, "reason_invalid"},
	{read, "secret/prod/db", map[string]any{"reason": "a\u202eb"}, 400, "reason_invalid"},
	{read, "secret/nowhere", map[string]any{"reason": "two\nlines"}, 400, "reason_invalid"},
	{read, "secret/prod/db", map[string]any{"code": "1"}, 400, "unknown_field"},
	{read, "secret/prod/db", map[string]any{"cas": "1"}, 400, "unknown_field"},
	{erase, "secret/prod/db", map[string]any{"version": "1"}, 400, "unknown_field"},
	{list, "secret/prod", map[string]any{"recurse": "true"}, 400, "unknown_field"},
}

// badControls are calls to everything else.
var badControls = []badInput{
	// Control paths.
	{update, "config", map[string]any{"organization": "x"}, 400, "unknown_field"},
	{update, "config", map[string]any{"organisation": "x"}, 400, "input_invalid"},
	{update, "config", map[string]any{"organisation": float64(7)}, 400, "input_invalid"},
	{update, "config", map[string]any{"default_wait": "56s"}, 400, "input_invalid"},
	{update, "config", map[string]any{"default_wait": "0s"}, 400, "input_invalid"},
	{update, "config", map[string]any{"default_wait": "long"}, 400, "input_invalid"},
	{update, "config", map[string]any{"cooldown": "25h"}, 400, "input_invalid"},
	{update, "config", map[string]any{"max_pending": 1.5}, 400, "input_invalid"},
	{update, "config", map[string]any{"max_pending": true}, 400, "input_invalid"},
	{update, "config", map[string]any{"max_pending_entity": 0}, 400, "input_invalid"},
	{update, "config", map[string]any{"drain": "perhaps"}, 400, "input_invalid"},
	{update, "config", map[string]any{"public_url": "javascript:alert(1)"}, 400, "input_invalid"},
	{update, "config", map[string]any{"public_url": "https://user:pw@example.org"}, 400, "input_invalid"},
	{read, "config", map[string]any{"verbose": "1"}, 400, "unknown_field"},
	{read, "org/log", map[string]any{"from": "-1"}, 400, "input_invalid"},
	{read, "org/log", map[string]any{"limit": "1001"}, 400, "input_invalid"},
	{read, "org/log", map[string]any{"limit": "many"}, 400, "input_invalid"},
	{update, "undelete/prod/db", map[string]any{"versions": "one"}, 400, "input_invalid"},
	{update, "undelete/prod/db", map[string]any{"versions": nested}, 400, "input_invalid"},
	{update, "destroy/prod/db", map[string]any{"versions": []any{1.5}}, 400, "input_invalid"},
	{update, "destroy/prod/db", map[string]any{"version": "1"}, 400, "unknown_field"},
	// Enrolment.
	{update, "enroll/not-an-id", map[string]any{}, 400, "input_invalid"},
	{update, "enroll/" + exampleID, map[string]any{}, 400, "input_invalid"},
	{update, "enroll/" + exampleID, map[string]any{"approver_id": exampleID, "token_hash": "abc"}, 400, "input_invalid"},
	{read, "enroll/" + strings.ToUpper(exampleID), nil, 400, "input_invalid"},
	// Devices and hosts.
	{update, "device/inbox", nil, 400, "input_invalid"},
	{update, "device/inbox", map[string]any{"call": "{}"}, 400, "encoding_not_canonical"},
	{update, "device/inbox", map[string]any{"call": strings.Repeat("x", maxCall+1)}, 400, "message_too_large"},
	{update, "device/inbox", map[string]any{"call": map[string]any{"payload": canary}}, 400, "input_invalid"},
	{update, "device/answer", nil, 400, "input_invalid"},
	{update, "device/answer", map[string]any{"release": "{}"}, 400, "encoding_not_canonical"},
	{update, "device/answer", map[string]any{"release": strings.Repeat("x", maxRelease+1)}, 400, "message_too_large"},
	{update, "device/reshare", nil, 400, "input_invalid"},
	{update, "device/reshare", map[string]any{"call": "{}"}, 400, "encoding_not_canonical"},
	{update, "device/reshare", map[string]any{"call": strings.Repeat("x", maxCall+1)}, 400, "message_too_large"},
	{update, "device/deal", nil, 400, "input_invalid"},
	{update, "device/deal", map[string]any{"answer": "{}"}, 400, "encoding_not_canonical"},
	{update, "device/deal", map[string]any{"answer": strings.Repeat("x", maxDeals+1)}, 400, "message_too_large"},
	{update, "device/deal", map[string]any{"answer": map[string]any{"deals": canary}}, 400, "input_invalid"},
	{update, "device/propose", nil, 400, "input_invalid"},
	{update, "device/propose", map[string]any{"certificate": "{}"}, 400, "encoding_not_canonical"},
	{update, "device/propose", map[string]any{"certificate": strings.Repeat("x", maxCertificate+1)}, 400, "message_too_large"},
	{update, "device/propose", map[string]any{"name": canary}, 400, "unknown_field"},
	{update, "device/handover", nil, 400, "input_invalid"},
	{update, "device/handover", map[string]any{"call": "{}"}, 400, "encoding_not_canonical"},
	{update, "device/handover", map[string]any{"call": strings.Repeat("x", maxCall+1)}, 400, "message_too_large"},
	{update, "device/handover/offer", map[string]any{"id": exampleID, "token": canary}, 403, "handover_token_invalid"},
	{update, "device/handover/offer", map[string]any{"id": canary}, 400, "input_invalid"},
	{update, "release/prod/db", nil, 400, "input_invalid"},
	{update, "release/prod/db", map[string]any{"request": "{}"}, 400, "encoding_not_canonical"},
	{update, "release/prod/db", map[string]any{"request": "x", "wait": "60s"}, 400, "encoding_not_canonical"},
	{update, "release/prod/db", map[string]any{"request": strings.Repeat("x", maxRequest+1)}, 400, "message_too_large"},
	// Re-shares and previews.
	{read, "reshares/" + long, nil, 400, "name_invalid"},
	{erase, "reshares/none", nil, 404, "policy_missing"},
	{read, "reshares/prod", map[string]any{"all": canary}, 400, "unknown_field"},
	{update, "preview", nil, 400, "input_invalid"},
	{update, "preview", map[string]any{"kind": "approver.revoke"}, 400, "input_invalid"},
	{update, "preview", map[string]any{"kind": "approver.revoke", "body": canary}, 400, "input_invalid"},
	{update, "preview", map[string]any{"kind": "approver.revoke", "body": `{"id": "` + exampleID + `"}`}, 400, "unknown_in_roster"},
	{update, "preview", map[string]any{"kind": "approver.praise", "body": `{}`}, 400, "statement_refused"},
	{update, "preview", map[string]any{"kind": "group.set", "body": `{"name":"` + long + `"}`}, 400, "encoding_not_canonical"},
	{update, "preview", map[string]any{"kind": 7.0, "body": "{}"}, 400, "input_invalid"},
	{list, "enroll/", map[string]any{"after": canary}, 400, "input_invalid"},
	{list, "enroll/", map[string]any{"before": canary}, 400, "unknown_field"},
	// Requests and receipts.
	{read, "requests/all", nil, 400, "input_invalid"},
	{read, "requests/" + exampleID, nil, 404, "request_unknown"},
	{erase, "requests/" + exampleID, nil, 404, "request_unknown"},
	{read, "receipts/all", nil, 404, "receipt_unknown"},
	{list, "receipts/", map[string]any{"after": "x"}, 404, "receipt_unknown"},
}

func TestBadInputIsRefusedWithAdvice(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	for _, c := range slices.Concat(badSecrets, badControls) {
		before := r.contents()
		_, err := r.send(r.request(c.op, c.path, c.data))
		var coded logical.HTTPCodedError
		if !errors.As(err, &coded) || coded.Code() != c.status || !strings.HasPrefix(coded.Error(), c.err+": ") {
			t.Errorf("%s %.60q: %v, want %d %s", c.op, c.path, err, c.status, c.err)
			continue
		}
		if strings.Contains(err.Error(), canary) {
			t.Errorf("%s %.60q: the error quotes what was sent: %v", c.op, c.path, err)
		}
		if !slices.Equal(before, r.contents()) {
			t.Errorf("%s %.60q: refused, and yet something was stored", c.op, c.path)
		}
	}
	if n := r.do(read, "status", nil)["prompts"]; n != uint64(0) {
		t.Errorf("%v prompts", n)
	}
}

func TestEveryFailureHasAStatusThatClientsDoNotRepeat(t *testing.T) {
	for _, f := range failures {
		switch f.status {
		case http.StatusPreconditionFailed, http.StatusTooManyRequests:
			t.Errorf("%v: %d", f.err, f.status)
		}
		if f.status < 400 || f.status > 499 {
			t.Errorf("%v: %d", f.err, f.status)
		}
		if !strings.Contains(f.err.Error(), ": ") && f.advice == "" {
			t.Errorf("%v: says nothing about what to do", f.err)
		}
	}
}
