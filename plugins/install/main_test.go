package install_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
	"github.com/stillvault/stillvault/plugins/install"
)

// builds holds the plug-in in two versions, built when the first test needs it.
var builds string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "stillvault-install-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	builds = dir
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

const (
	older = "v0.1.0"
	newer = "v0.2.0"
)

var buildOnce = sync.OnceValue(func() error {
	for _, version := range []string{older, newer} {
		build := exec.Command("go", "build", "-o", filepath.Join(builds, version),
			"-ldflags", "-X github.com/stillvault/stillvault/vault-backend.Version="+version,
			"github.com/stillvault/stillvault/vault-backend/cmd/"+install.PluginName)
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build the plug-in: %w\n%s", err, out)
		}
	}
	return nil
})

// plugin is the path of the real plug-in, built as that version.
func plugin(t *testing.T, version string) string {
	t.Helper()
	if err := buildOnce(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(builds, version)
}

// script is a program that says it is a version and otherwise runs body.
func script(t *testing.T, version, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin")
	text := "#!/bin/sh\nif [ \"$1\" = --version ]; then echo '" + version + "'; exit; fi\n" + body + "\n"
	writeProgram(t, path, []byte(text), 0o755)
	return path
}

// writeProgram writes what is to be run. Meanwhile this process starts no other: a
// child of another test would have the file open for writing until its own program
// runs, and what somebody writes to, the kernel does not start.
func writeProgram(t *testing.T, path string, program []byte, mode os.FileMode) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, program, mode); err != nil {
		t.Fatal(err)
	}
}

// site is a real Vault that something is installed into.
type site struct {
	*vaultserver.Server
	t      *testing.T
	client *api.Client
}

func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteWith(t, vaultserver.Options{Storage: vaultserver.InMemory})
}

func newSiteWith(t *testing.T, options vaultserver.Options) *site {
	t.Helper()
	if testing.Short() {
		t.Skip("runs a Vault for each case; run it without -short")
	}
	server := vaultservertest.Start(t, options)
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	return &site{server, t, client}
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// with is a client that holds a token with these policies alone.
func (s *site) with(rules string) *api.Client {
	s.t.Helper()
	s.must(s.client.Sys().PutPolicy("limited", rules))
	token, err := s.TokenWithoutEntity(context.Background(), "limited")
	s.must(err)
	client, err := s.ClientWith(token)
	s.must(err)
	return client
}

// said collects what an installer says.
type said struct {
	mu    sync.Mutex
	lines []string
}

func (s *said) say(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

func (s *site) installer(client *api.Client, options install.Options) *install.Installer {
	s.t.Helper()
	in, err := install.New(client, options)
	s.must(err)
	return in
}

// try plans and applies with the root token.
func (s *site) try(options install.Options) (*install.Plan, *install.Result, error) {
	s.t.Helper()
	in := s.installer(s.client, options)
	plan, err := in.Plan(context.Background())
	if err != nil {
		return nil, nil, err
	}
	result, err := in.Apply(context.Background(), plan)
	return plan, result, err
}

// install has to succeed.
func (s *site) install(binary string) *install.Result {
	s.t.Helper()
	_, result, err := s.try(install.Options{Binary: binary})
	s.must(err)
	return result
}

// runs checks what Vault and the engine say that a mount runs.
func (s *site) runs(path, version string) *api.MountOutput {
	s.t.Helper()
	mounts, err := s.client.Sys().ListMounts()
	s.must(err)
	mount := mounts[path+"/"]
	if mount == nil {
		s.t.Fatalf("nothing is mounted at %s/", path)
	}
	if mount.PluginVersion != version || mount.RunningVersion != version {
		s.t.Errorf("%s/ is to run %s and runs %s, want %s", path, mount.PluginVersion, mount.RunningVersion, version)
	}
	own, err := s.engine(path).ReadMount(context.Background())
	s.must(err)
	if own.Version != version {
		s.t.Errorf("the engine at %s/ says it is %s, want %s", path, own.Version, version)
	}
	for other := range mounts {
		if strings.HasSuffix(other, "-trial/") {
			s.t.Errorf("the trial at %s was left behind", other)
		}
	}
	return mount
}

func (s *site) engine(path string) *broker.Client {
	s.t.Helper()
	client, err := s.Client()
	s.must(err)
	b, err := broker.New(broker.Config{Client: client, Mount: path})
	s.must(err)
	return b
}

// drains says whether the engine at a path is draining.
func (s *site) drains(path string) bool {
	s.t.Helper()
	settings, err := s.engine(path).ReadSettings(context.Background())
	s.must(err)
	return settings.Drain
}
