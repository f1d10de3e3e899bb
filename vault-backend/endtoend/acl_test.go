package endtoend

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
)

// Each line: role, what, path under the mount.
const (
	roleMay = `
admin   update config
admin   sudo   config
admin   update org/log
admin   create enroll/2f1d8c1e-0000-4000-8000-000000000000
admin   update preview
admin   list   reshares/
admin   read   reshares/prod
admin   update reshares/prod
admin   delete reshares/prod
admin   list   alarms/
admin   update alarms/2f1d8c1e-0000-4000-8000-000000000000
admin   update reports/2f1d8c1e-0000-4000-8000-000000000000
author  create secret/prod/db
author  update sealed/prod/db
author  update destroy/prod/db
reader  read   secret/prod/db
reader  update release/prod/db
reader  read   requests/2f1d8c1e-0000-4000-8000-000000000000
reader  delete requests/2f1d8c1e-0000-4000-8000-000000000000
auditor read   receipts/2f1d8c1e-0000-4000-8000-000000000000
auditor list   receipts/
auditor list   requests/
auditor list   reshares/
auditor read   reshares/prod
auditor list   alarms/
auditor read   alarms/2f1d8c1e-0000-4000-8000-000000000000
auditor read   reports/2f1d8c1e-0000-4000-8000-000000000000
auditor read   status
terraform update org/log
terraform update preview
terraform list   enroll/
terraform read   enroll/2f1d8c1e-0000-4000-8000-000000000000
terraform create sealed/prod/db
terraform delete secret/prod/db`
	roleMayNot = `
admin   read   secret/prod/db
admin   create secret/prod/db
admin   read   sealed/prod/db
admin   update release/prod/db
author  read   secret/prod/db
author  create secret/staging/db
author  update org/log
author  update preview
author  delete reshares/prod
reader  create secret/prod/db
reader  read   secret/staging/db
reader  list   requests/
reader  list   receipts/
reader  update config
reader  update preview
reader  list   alarms/
reader  list   reshares/
auditor read   secret/prod/db
auditor read   sealed/prod/db
auditor update release/prod/db
auditor update org/log
auditor update preview
auditor delete reshares/prod
auditor update alarms/2f1d8c1e-0000-4000-8000-000000000000
auditor update reports/2f1d8c1e-0000-4000-8000-000000000000
terraform update config
terraform create enroll/2f1d8c1e-0000-4000-8000-000000000000
terraform read   secret/prod/db
terraform create secret/prod/db
terraform update release/prod/db
terraform create sealed/staging/db
terraform delete reshares/prod`
)

// TestTheSamplePoliciesGiveEachRoleWhatItNeedsAndNoMore asks a real Vault what
// the files in examples/01-acl allow.
func TestTheSamplePoliciesGiveEachRoleWhatItNeedsAndNoMore(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real Vault; the long run has one")
	}
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory})
	root, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	capabilities := func(role, path string) []string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(vaultservertest.ModuleRoot(t), "examples", "01-acl", role+".hcl"))
		if err != nil {
			t.Fatal(err)
		}
		if err := root.Sys().PutPolicy(role, string(text)); err != nil {
			t.Fatal(err)
		}
		token, err := server.TokenWithoutEntity(context.Background(), role)
		if err != nil {
			t.Fatal(err)
		}
		may, err := root.Sys().Capabilities(token, path)
		if err != nil {
			t.Fatal(err)
		}
		return may
	}
	for lines, want := range map[string]bool{roleMay: true, roleMayNot: false} {
		for line := range strings.Lines(strings.TrimSpace(lines)) {
			f := strings.Fields(line)
			if got := slices.Contains(capabilities(f[0], "stillvault/"+f[2]), f[1]); got != want {
				t.Errorf("%s: allowed = %v, want %v", strings.TrimSpace(line), got, want)
			}
		}
	}
}
