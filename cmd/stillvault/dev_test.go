package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
)

func TestTheDemonstrationShowsASecretArriving(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	out := demonstrate(t)
	for _, part := range []string{"it waits, and prints nothing", "match code", "username", "The secret arrived.", "The password is in none of them"} {
		if !strings.Contains(out, part) {
			t.Errorf("the demonstration does not show %q:\n%s", part, out)
		}
	}
	if strings.Contains(out, "\x1b[") {
		t.Error("the demonstration is coloured where nobody sees it")
	}
}

func TestTheDemonstrationWorksOnARealVault(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short")
	}
	binary, err := vaultserver.Find(context.Background(), vaultservertest.ModuleRoot(t))
	if errors.Is(err, vaultserver.ErrNoVault) && os.Getenv("CI") != "true" && os.Getenv(vaultservertest.RequireEnv) == "" {
		t.Skipf("NOT RUN: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("VAULT_BIN", binary.Path)
	if out := demonstrate(t, "--vault"); !strings.Contains(out, "The secret arrived.") {
		t.Errorf("the secret did not arrive:\n%s", out)
	}
}

func demonstrate(t *testing.T, flags ...string) string {
	t.Helper()
	var out, complaint bytes.Buffer
	args := append([]string{"dev", "--demo", "--plugin", os.Getenv(pluginVariable)}, flags...)
	if code := run(args, strings.NewReader(""), &out, &complaint); code != exitOK {
		t.Fatalf("exit code %d: %s\n%s", code, complaint.String(), out.String())
	}
	return out.String()
}

func TestTheFolderIsNamedWhereAShellWouldNotFindTheProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir()
	t.Setenv("PATH", path)
	if got := offPath(); got != filepath.Dir(self) {
		t.Errorf("not on PATH: %q", got)
	}
	if err := os.Symlink(self, filepath.Join(path, "stillvault")); err != nil {
		t.Fatal(err)
	}
	if got := offPath(); got != "" {
		t.Errorf("on PATH: %q", got)
	}
}

// A development server that keeps its data is the same one when it is started
// again: the organisation, the tokens, the secrets.
func TestADevelopmentServerKeepsItsData(t *testing.T) {
	data := filepath.Join(t.TempDir(), "dev.db")
	address, token := "", ""
	inDevelopment(t, data, func(out string) {
		address, token = exported(t, out, "VAULT_ADDR"), exported(t, out, "VAULT_TOKEN") // the author's, who comes first
		call(t, http.MethodPost, address, token, "secret/prod/db", `{"password":"kept"}`)
	})
	inDevelopment(t, data, func(out string) {
		address = exported(t, out, "VAULT_ADDR")
		call(t, http.MethodPost, address, token, "secret/prod/db", `{"password":"changed","cas":1}`)
	})
}

// inDevelopment runs a development server for as long as use takes.
func inDevelopment(t *testing.T, data string, use func(out string), flags ...string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var out shown
	a := &app{Terminal: terminal.New(strings.NewReader(""), &out, io.Discard)}
	root := a.root()
	root.SetArgs(append([]string{"dev", "--plugin", os.Getenv(pluginVariable), "--data", data, "--listen", "127.0.0.1:0"}, flags...))
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	for deadline := time.Now().Add(3 * time.Minute); !strings.Contains(out.String(), "Ctrl-C"); {
		if time.Now().After(deadline) {
			t.Fatal("the development server did not start within three minutes")
		}
		select {
		case err := <-ended:
			t.Fatalf("the development server ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	use(out.String())
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func exported(t *testing.T, out, name string) string {
	t.Helper()
	match := regexp.MustCompile(name + `=(\S+)`).FindStringSubmatch(out)
	if match == nil {
		t.Fatalf("%s is not printed:\n%s", name, out)
	}
	return match[1]
}

func call(t *testing.T, method, address, token, path, body string) {
	t.Helper()
	req, err := http.NewRequest(method, address+"/v1/stillvault/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Vault-Token", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if said, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, said, err)
	}
}

// shown collects what is printed while somebody looks at it.
type shown struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shown) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *shown) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
