package install_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/install"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// found gives the engine at a path an organisation whose policy has people
// approve what lies under prod, and stores a secret there.
func (s *site) found(path string) *broker.Client {
	s.t.Helper()
	ctx := context.Background()
	client := s.engine(path)
	mount, err := client.ReadMount(ctx)
	s.must(err)
	w := &coretest.World{T: s.t, Now: time.Now(), Mount: mount.ID,
		Identity: envelope.NewSigningKey(envelope.NewKey()), Recovery: envelope.NewSigningKey(envelope.NewKey())}
	first, err := roster.Found(w.Identity, w.Recovery.Public(), w.Now)
	s.must(err)
	w.Log = []envelope.Signed{first}
	w.Roster, err = roster.Fold(first.Hash(), w.Log)
	s.must(err)
	consumer := &coretest.Consumer{ID: envelope.NewID(), Name: "vault"}
	w.Append(roster.KindConsumerAdmit, roster.ConsumerAdmit{
		ID: consumer.ID, Name: consumer.Name, Kind: roster.ConsumerMount, Signing: mount.Signing, Mount: mount.ID,
	})
	alice, bob := w.Admit("alice"), w.Admit("bob")
	w.SetPolicy(coretest.Policy("prod", "prod/*", []*coretest.Consumer{consumer}, coretest.Need("on-call", 1, alice, bob)))
	s.must(client.PinOrganisation(ctx, first.Hash()))
	s.must(client.AppendLog(ctx, w.Log))
	_, err = client.WriteSecret(ctx, "prod/db", []byte(`{"password":"correct horse"}`), nil)
	s.must(err)
	return client
}

// block begins a read that waits for an approver, and returns once it does. The
// channel gives the read's end.
func (s *site) block(path string) <-chan error {
	s.t.Helper()
	user, err := s.AddUser(context.Background(), "carol", "reader")
	s.must(err)
	s.must(s.client.Sys().PutPolicy("reader", `path "+/secret/*" { capabilities = ["read"] }`))
	vault, err := s.ClientWith(user.Token)
	s.must(err)
	reader, err := broker.New(broker.Config{Client: vault, Mount: path})
	s.must(err)
	ended := make(chan error, 1)
	go func() {
		_, err := reader.ReadSecret(context.Background(), "prod/db", broker.ReadOptions{Wait: 50 * time.Second})
		ended <- err
	}()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, err := s.engine(path).ReadStatus(context.Background())
		s.must(err)
		if status.WaitingReaders > 0 {
			return ended
		}
		select {
		case err := <-ended:
			s.t.Fatalf("the read did not wait: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			s.t.Fatal("the read does not wait")
		}
	}
}

func TestUpgradeEndsWaitingReadsAndRollsBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	s.install(plugin(t, older))
	_, _, err := s.try(install.Options{Binary: plugin(t, older), Path: "second"})
	s.must(err)
	s.found("stillvault")
	s.found("second")
	reads := []<-chan error{s.block("stillvault"), s.block("second")}

	var said said
	began := time.Now()
	plan, result, err := s.try(install.Options{Binary: plugin(t, newer), Say: said.say})
	s.must(err)
	took := time.Since(began)
	for i, ended := range reads {
		// Vault tells nobody to repeat a read that a reload cut off; a drain does.
		if err := <-ended; broker.StatusOf(err) != http.StatusLocked || !strings.Contains(err.Error(), "draining: ") || !strings.Contains(err.Error(), "run the same command again") {
			t.Errorf("read %d ended with: %v", i, err)
		}
	}
	if took > 30*time.Second {
		t.Errorf("the upgrade took %s: it waited for a read", took)
	}
	if !plan.Trial || result.From != older || result.Previous != older || strings.Join(result.Changed, " ") != "copied registered switched" {
		t.Errorf("trial %v, from %s, previous %s, changed %q", plan.Trial, result.From, result.Previous, result.Changed)
	}
	for _, want := range []string{"copying", "registering", "trying v0.2.0 at stillvault-trial/", "draining stillvault/", "draining second/", "reloading", "ending the drain", "verifying"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it did not say %q:\n%s", want, said.String())
		}
	}
	s.runs("stillvault", newer)
	s.runs("second", older)
	if s.drains("stillvault") || s.drains("second") {
		t.Error("an engine still drains")
	}
	if secret, err := s.engine("stillvault").ReadStatus(ctx); err != nil || secret.Secrets != 1 {
		t.Errorf("what was stored before: %d secrets, %v", secret.Secrets, err)
	}
	// Both versions lie in the directory: an upgrade writes over nothing.
	for _, version := range []string{older, newer} {
		if sumOf(t, filepath.Join(s.PluginDir(), install.PluginName+"_"+version)) != sumOf(t, plugin(t, version)) {
			t.Errorf("%s is not in the plug-in directory", version)
		}
	}
	s.rollsBack()
}

// rollsBack goes back to older, forth again, and to a version by its name.
func (s *site) rollsBack() {
	s.t.Helper()
	ctx := context.Background()
	in := s.installer(s.client, install.Options{})
	for _, step := range []struct{ to, want, previous string }{
		{"", older, newer},
		{"", newer, older},
		{older, older, newer},
		{older, older, newer}, // nothing to do
	} {
		plan, err := in.PlanRollback(ctx, step.to)
		s.must(err)
		result, err := in.Apply(ctx, plan)
		s.must(err)
		if result.Version != step.want || result.Previous != step.previous {
			s.t.Errorf("back to %q: runs %s, before %s; want %s, %s", step.to, result.Version, result.Previous, step.want, step.previous)
		}
		if mount := s.runs("stillvault", step.want); mount.Options["previous_plugin_version"] != step.previous {
			s.t.Errorf("the mount remembers %q, want %s", mount.Options["previous_plugin_version"], step.previous)
		}
	}
}

func TestRollbackRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	in := s.installer(s.client, install.Options{})
	if _, err := in.PlanRollback(ctx, ""); !errors.Is(err, install.ErrNotMounted) {
		t.Errorf("nothing mounted: %v", err)
	}
	s.install(plugin(t, older))
	if _, err := in.PlanRollback(ctx, ""); !errors.Is(err, install.ErrNoPrevious) {
		t.Errorf("nothing ran before: %v", err)
	}
	if _, err := in.PlanRollback(ctx, "v9.9.9"); !errors.Is(err, install.ErrNotRegistered) {
		t.Errorf("an unknown version: %v", err)
	}

	s.install(plugin(t, newer))
	s.must(os.Remove(filepath.Join(s.PluginDir(), install.PluginName+"_"+older)))
	plan, err := in.PlanRollback(ctx, "")
	s.must(err)
	if _, err := in.Apply(ctx, plan); !errors.Is(err, install.ErrBinaryMissing) {
		t.Errorf("its file is gone: %v", err)
	}
	s.runs("stillvault", newer)
}

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
