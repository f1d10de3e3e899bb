package host

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/api"
)

// echoPlugin is the built test engine; see internal/echoplugin.
var echoPlugin string

func TestMain(m *testing.M) {
	if addressFile := os.Getenv(orphanEnv); addressFile != "" {
		hostUntilKilled(addressFile)
		return
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "host-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	echoPlugin = filepath.Join(dir, "echo")
	if out, err := exec.Command("go", "build", "-o", echoPlugin, "./internal/echoplugin").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the echo plug-in: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// The tokens of every test host.
const (
	rootToken   = "root-token"
	aliceToken  = "alice-token"
	plainToken  = "plain-token"
	readerToken = "reader-token"
)

func testTokens() []Token {
	alice := &Entity{ID: "entity-alice", Name: "alice", Aliases: []Alias{{Name: "alice", MountType: "userpass", MountAccessor: "auth_userpass_1"}}}
	return []Token{
		{ID: rootToken, Root: true},
		{ID: aliceToken, DisplayName: "userpass-alice", Entity: alice},
		{ID: plainToken},
		{ID: readerToken, Rules: []Rule{
			{Path: "stillvault/kv/shared/*", Capabilities: []string{"read", "list"}},
			{Path: "stillvault/kv/shared", Capabilities: []string{"list"}},
			{Path: "stillvault/kv/own/+", Capabilities: []string{"create"}},
			{Path: "stillvault/kv/shared/secret", Capabilities: []string{"deny"}},
		}},
	}
}

// startHost starts a host over the echo plug-in, changed by edit, and closes it
// when the test ends.
func startHost(t *testing.T, edit func(*Config)) *Host {
	t.Helper()
	config := Config{
		Plugin:    echoPlugin,
		MountType: "echo",
		Tokens:    testTokens(),
		Logger:    hclog.New(&hclog.LoggerOptions{Output: testWriter{t}, Level: hclog.Warn}),
	}
	if edit != nil {
		edit(&config)
	}
	h, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return h
}

// testWriter sends the log to the test that it belongs to.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(line []byte) (int, error) {
	if w.t.Context().Err() == nil { // after that, logging would panic
		w.t.Log(string(line))
	}
	return len(line), nil
}

// client is Vault's own client, with its retries off unless a test wants them.
func client(t *testing.T, h *Host, token string) *api.Client {
	t.Helper()
	config := api.DefaultConfig()
	if config.Error != nil {
		t.Fatal(config.Error)
	}
	config.Address = h.Addr()
	config.MaxRetries = 0
	c, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	c.SetToken(token)
	return c
}

// eventually waits until condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited two minutes in vain until %s", what)
		}
	}
}

// blockNote is what a blocked read of name has left in the storage.
func blockNote(t *testing.T, h *Host, name string) string {
	t.Helper()
	entry, err := h.Storage().Get(context.Background(), "block/"+name)
	if err != nil {
		t.Fatal(err)
	}
	if entry == nil {
		return ""
	}
	return string(entry.Value)
}

// processGone reports whether no process with this id runs. One that has ended
// but that nobody has waited for does not run.
func processGone(pid int) bool {
	if runtime.GOOS == "linux" {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		return err != nil || bytes.Contains(status, []byte("State:\tZ"))
	}
	process, err := os.FindProcess(pid)
	return err != nil || process.Signal(syscall.Signal(0)) != nil
}

// get makes one plain HTTP request.
func get(t *testing.T, url, token string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("X-Vault-Token", token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}
