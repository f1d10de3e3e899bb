package install_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/install"
)

// broken are programs that cannot run as the plug-in, and what is said of them.
func broken(t *testing.T) map[string]struct {
	binary string
	err    error
	says   string
} {
	return map[string]struct {
		binary string
		err    error
		says   string
	}{
		"ends at once":               {script(t, newer, "echo 'no room' >&2; exit 1"), install.ErrCrashed, "cap_ipc_lock"},
		"speaks another protocol":    {script(t, newer, "echo hello"), install.ErrCrashed, "hello"},
		"reports another version":    {script(t, newer, "exec "+plugin(t, older)), install.ErrVersionMismatch, "v0.1.0"},
		"is for another interpreter": {script(t, newer, "exec /nonexistent"), install.ErrCrashed, "Vault's own log"},
	}
}

func TestUpgradeThatDoesNotStartTouchesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.install(plugin(t, older))
	s.found("stillvault")
	ended := s.block("stillvault")
	for name, test := range broken(t) {
		t.Run(name, func(t *testing.T) {
			s.t = t
			_, _, err := s.try(install.Options{Binary: test.binary})
			if !errors.Is(err, test.err) || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("got %v, want %v that says %q", err, test.err, test.says)
			}
			s.runs("stillvault", older)
			if s.drains("stillvault") {
				t.Error("the engine drains")
			}
		})
	}
	select {
	case err := <-ended:
		t.Errorf("the read that waited was ended: %v", err)
	default:
	}
}

// noTrial are the rights that an upgrade takes, without that to mount a trial.
const noTrial = `
path "sys/mounts" { capabilities = ["read"] }
path "sys/mounts/stillvault/tune" { capabilities = ["update"] }
path "sys/plugins/catalog/secret/*" { capabilities = ["read", "update", "sudo"] }
path "sys/plugins/reload/backend" { capabilities = ["update"] }
path "stillvault/config" { capabilities = ["update", "sudo"] }
path "stillvault/status" { capabilities = ["read"] }
path "stillvault/mount" { capabilities = ["read"] }
`

func TestUpgradeThatFailsHalfwayIsUndone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.install(plugin(t, older))
	limited := s.with(noTrial)
	crashes := script(t, newer, "exit 1")
	in := s.installer(limited, install.Options{Binary: crashes, PluginDir: s.PluginDir()})
	plan, err := in.Plan(context.Background())
	s.must(err)
	if plan.Trial || !slices.ContainsFunc(plan.Notes, func(n string) bool { return strings.Contains(n, "not tried before the switch") }) {
		t.Errorf("trial %v, notes %q", plan.Trial, plan.Notes)
	}

	_, err = in.Apply(context.Background(), plan)
	var failed *install.SwitchError
	if !errors.As(err, &failed) || !errors.Is(err, install.ErrCrashed) {
		t.Fatalf("got %v, want a SwitchError that is ErrCrashed", err)
	}
	if failed.Running != older || failed.Restored != nil || failed.Drained || !strings.Contains(err.Error(), "v0.1.0 runs again at stillvault/") {
		t.Errorf("runs %q, restored %v, drained %v: %v", failed.Running, failed.Restored, failed.Drained, err)
	}
	if mount := s.runs("stillvault", older); mount.Options["previous_plugin_version"] != "" {
		t.Errorf("the mount remembers %q as the version before", mount.Options["previous_plugin_version"])
	}
	if s.drains("stillvault") {
		t.Error("the engine drains")
	}

	// The failed registration is not in the way of the version's real build.
	s.install(plugin(t, newer))
	s.runs("stillvault", newer)
}

func TestAnInterruptedUpgradeIsUndone(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"trying", "draining", "reloading", "ending the drain"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.install(plugin(t, older))
			ctx, interrupt := context.WithCancel(context.Background())
			defer interrupt()
			in := s.installer(s.client, install.Options{Binary: plugin(t, newer), Say: func(line string) {
				if strings.HasPrefix(line, at) {
					interrupt()
				}
			}})
			plan, err := in.Plan(ctx)
			s.must(err)
			if _, err := in.Apply(ctx, plan); !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v, want an interruption", err)
			}
			s.runs("stillvault", map[bool]string{true: newer, false: older}[at == "ending the drain"])
			if s.drains("stillvault") {
				t.Error("the engine drains")
			}
			s.install(plugin(t, newer)) // and again
			s.runs("stillvault", newer)
		})
	}
}

func TestUpgradeThatCannotBeUndoneSaysWhatToDo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.install(plugin(t, older))
	in := s.installer(s.with(noTrial), install.Options{Binary: script(t, newer, "exit 1"), PluginDir: s.PluginDir()})
	plan, err := in.Plan(context.Background())
	s.must(err)
	s.must(os.Remove(filepath.Join(s.PluginDir(), install.PluginName+"_"+older)))
	_, err = in.Apply(context.Background(), plan)
	var failed *install.SwitchError
	if !errors.As(err, &failed) || failed.Restored == nil || failed.Running != "" {
		t.Fatalf("got %v, want a SwitchError that could not restore", err)
	}
	for _, want := range []string{"could not be put back", "vault plugin reload -mounts=stillvault", "vault secrets tune -plugin-version=v0.1.0 stillvault"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("it does not say %q: %v", want, err)
		}
	}
	// What it says helps: with the file back, the same version runs again.
	s.must(os.Remove(filepath.Join(s.PluginDir(), install.PluginName+"_"+newer)))
	s.install(plugin(t, older))
	s.runs("stillvault", older)
}
