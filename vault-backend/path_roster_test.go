package backend

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func TestTheRosterIsListedAndRead(t *testing.T) {
	r := newOrganisation(t)
	alice, err := r.Roster.ApproverNamed("alice")
	r.Must(err)
	r.Append(roster.KindGroupSet, roster.Group{ID: envelope.NewID(), Name: "dba", Members: []roster.Principal{{Kind: roster.PrincipalApprover, ID: alice.ID}}})
	r.push()
	for path, names := range map[string][]string{
		"approvers": {"alice", "bob"}, "groups": {"dba"}, "policies": {"prod"}, "consumers": {"vault"},
	} {
		listed := r.do(list, path+"/", nil)
		if !slices.Equal(listed["keys"].([]string), names) {
			t.Errorf("%s: %v", path, listed["keys"])
		}
		for _, name := range names {
			shown := r.do(read, path+"/"+name, nil)
			info := listed["key_info"].(map[string]any)[name].(map[string]any)
			if shown["name"] != name || shown["id"] != info["id"] {
				t.Errorf("%s/%s: name %v, id %v", path, name, shown["name"], shown["id"])
			}
		}
		if resp := r.do(read, path+"/nobody", nil); resp != nil {
			t.Errorf("%s/nobody: %v", path, resp)
		}
		r.refused(read, path+"/No%20body", nil, http.StatusBadRequest, "name_invalid")
	}
	if devices := r.do(read, "approvers/alice", nil)["devices"].([]any); len(devices) != 1 {
		t.Errorf("%d devices", len(devices))
	}
	r.Append(roster.KindApproverRevoke, roster.Removal{ID: alice.ID})
	r.push()
	if resp := r.do(read, "approvers/alice", nil); resp != nil {
		t.Errorf("a revoked approver is shown as in force: %v", resp)
	}
}

func TestWithoutALogTheRosterIsEmpty(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"approvers", "groups", "policies", "consumers"} {
		if data := r.do(list, path+"/", nil); data["keys"] != nil {
			t.Errorf("%s: %v", path, data["keys"])
		}
		if data := r.do(read, path+"/alice", nil); data != nil {
			t.Errorf("%s/alice: %v", path, data)
		}
	}
}
