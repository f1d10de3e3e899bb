package install_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/plugins/install"
)

func sumOf(t *testing.T, path string) string {
	t.Helper()
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(program)
	return hex.EncodeToString(sum[:])
}

func TestFreshInstallThenAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	binary := plugin(t, older)
	plan, result, err := s.try(install.Options{Binary: binary})
	s.must(err)

	placed := filepath.Join(s.PluginDir(), install.PluginName+"_"+older)
	want := []string{
		"copy " + binary + " to " + placed,
		"register " + install.PluginName + " v0.1.0, sha256 " + sumOf(t, binary),
		"enable it at stillvault/, with the headers that its pages need",
		"verify that stillvault/ runs v0.1.0",
	}
	if got := plan.Steps(); !slices.Equal(got, want) {
		t.Errorf("steps:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := strings.Join(result.Changed, " "); got != "copied registered enabled" {
		t.Errorf("changed: %s", got)
	}
	if result.Version != older || result.From != "" || result.Previous != "" || result.SHA256 != sumOf(t, placed) {
		t.Errorf("result: %q, from %q, previous %q, sha256 %s", result.Version, result.From, result.Previous, result.SHA256)
	}
	mount := s.runs("stillvault", older)
	for _, header := range []string{"Content-Security-Policy", "ETag", "Permissions-Policy"} {
		if !slices.Contains(mount.Config.AllowedResponseHeaders, header) {
			t.Errorf("%s may not cross the mount", header)
		}
	}
	if mount.Config.ListingVisibility != "" || mount.Config.AuditNonHMACRequestKeys != nil || mount.Config.AuditNonHMACResponseKeys != nil {
		t.Error("the mount is listed to strangers, or keys are exempt from the audit log's HMAC")
	}
	if info, err := os.Stat(placed); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%s: %v, %v", placed, info, err)
	}

	again, result, err := s.try(install.Options{Binary: binary})
	s.must(err)
	if !again.Done() || len(result.Changed) != 0 || len(again.Steps()) != 1 {
		t.Errorf("the second time: steps %q, changed %q", again.Steps(), result.Changed)
	}
	entries, err := os.ReadDir(s.PluginDir())
	s.must(err)
	if len(entries) != 1 {
		t.Errorf("the plug-in directory holds %d files, want one", len(entries))
	}
}

func TestInstallRepairsWhatIsLeftOfAnInterruptedOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	binary := plugin(t, older)
	s.install(binary)
	placed := filepath.Join(s.PluginDir(), install.PluginName+"_"+older)

	tests := []struct {
		name    string
		damage  func()
		changed string
	}{
		{"the file is another one", func() {
			s.must(os.Remove(placed))
			s.must(os.WriteFile(placed, []byte("half a pro"), 0o755))
		}, "copied"},
		{"the file is gone", func() { s.must(os.Remove(placed)) }, "copied"},
		{"the file may not be run", func() { s.must(os.Chmod(placed, 0o644)) }, "copied"},
		{"the registration is gone", func() {
			s.must(s.client.Sys().DeregisterPlugin(&api.DeregisterPluginInput{
				Name: install.PluginName, Type: api.PluginTypeSecrets, Version: older,
			}))
		}, "registered"},
		{"headers are not allowed, and others are", func() {
			headers := []string{"X-Mine", "etag"}
			s.must(s.client.Sys().TuneMountAllowNil("stillvault", api.TuneMountConfigInput{AllowedResponseHeaders: &headers}))
		}, "tuned"},
		{"somebody mounted it by hand", func() {
			_, err := s.client.Logical().Delete("sys/mounts/stillvault")
			s.must(err)
			s.must(s.client.Sys().Mount("stillvault", &api.MountInput{Type: install.PluginName}))
		}, "tuned"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.t = t
			test.damage()
			result := s.install(binary)
			if got := strings.Join(result.Changed, " "); got != test.changed {
				t.Errorf("changed %q, want %q", got, test.changed)
			}
			if sumOf(t, placed) != sumOf(t, binary) {
				t.Error("the plug-in directory holds another file")
			}
			mount := s.runs("stillvault", older)
			if !slices.Contains(mount.Config.AllowedResponseHeaders, "Content-Security-Policy") {
				t.Error("the headers were not allowed")
			}
			if strings.Contains(test.name, "others are") && !slices.Contains(mount.Config.AllowedResponseHeaders, "X-Mine") {
				t.Error("the operator's own header was taken away")
			}
		})
	}
}

func TestPlanningChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if _, err := s.installer(s.client, install.Options{Binary: plugin(t, older)}).Plan(context.Background()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(s.PluginDir())
	s.must(err)
	_, err = s.client.Sys().GetPlugin(&api.GetPluginInput{Name: install.PluginName, Type: api.PluginTypeSecrets, Version: older})
	if len(entries) != 0 || err == nil {
		t.Errorf("%d files, registration: %v", len(entries), err)
	}
}

func TestInstallAtAnotherPathWithTheDirectoryNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, _, err := s.try(install.Options{Binary: plugin(t, older), Path: "/team/secrets/", PluginDir: s.PluginDir()})
	s.must(err)
	s.runs("team/secrets", older)
}
