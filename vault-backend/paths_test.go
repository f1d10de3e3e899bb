package backend

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

func TestEveryPathExplainsItself(t *testing.T) {
	r := newRig(t)
	for _, p := range r.b.Paths {
		if p.HelpSynopsis == "" || p.HelpDescription == "" || p.DisplayAttrs == nil || p.DisplayAttrs.OperationSuffix == "" {
			t.Errorf("%s: help or display attributes are missing", p.Pattern)
		}
		for name, f := range p.Fields {
			if f.Description == "" || typeNames[f.Type] == "" {
				t.Errorf("%s: field %q has no description, or a type that is not checked", p.Pattern, name)
			}
		}
		for op, handler := range p.Operations {
			properties := handler.Properties()
			if properties.Summary == "" || len(properties.Responses) == 0 {
				t.Errorf("%s %s: summary or responses are missing", op, p.Pattern)
			}
			for _, all := range properties.Responses {
				for _, response := range all {
					if response.Description == "" {
						t.Errorf("%s %s: a response has no description", op, p.Pattern)
					}
				}
			}
		}
	}
}

func TestHelpIsShownForEveryPath(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{
		"", "config", "mount", "org/log", "approvers", "approvers/alice", "groups", "policies", "consumers", "enroll/", "enroll/x",
		"enroll/x/answer", "enroll/x/status", "secret/a/b", "undelete/a", "destroy/a", "metadata/a", "sealed/a", "release/a",
		"requests", "requests/x", "receipts", "receipts/x", "device/inbox", "device/answer",
		"device/reshare", "device/deal", "reshares", "reshares/prod", "alarms", "alarms/x", "reports", "reports/x", "preview", "device/propose", "device/kit", "device/handover", "device/handover/offer", "status",
	} {
		resp, err := r.b.HandleRequest(context.Background(), &logical.Request{Operation: logical.HelpOperation, Path: path, Storage: r.storage})
		if err != nil || resp == nil || !strings.Contains(resp.Data["help"].(string), "DESCRIPTION") && path != "" {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestWhoNeedsWhatIsDeclared(t *testing.T) {
	special := specialPaths()
	for _, path := range special.Unauthenticated {
		for _, secret := range []string{"secret/", "sealed/", "release/", "config", "org/", "requests", "receipts", "metadata"} {
			if strings.HasPrefix(path, secret) {
				t.Errorf("%s needs no token", path)
			}
		}
	}
	if special.Root[0] != "config" || special.SealWrapStorage[0] != identityKey {
		t.Errorf("sudo for %v, seal-wrapped %v", special.Root, special.SealWrapStorage)
	}
}
