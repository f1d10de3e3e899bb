package vaultserver_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
)

// parentEnv makes this test program start a server, print its process id and
// wait to be killed: the parent in TestVaultDiesWithItsParent.
const parentEnv = "VAULTSERVER_TEST_PARENT"

func TestMain(m *testing.M) {
	if root := os.Getenv(parentEnv); root != "" {
		server, err := vaultserver.Start(context.Background(), vaultserver.Options{Root: root, Dir: os.Getenv("TMPDIR")})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(server.PID())
		select {}
	}
	os.Exit(m.Run())
}

// ended waits until no process of that id runs.
func ended(t *testing.T, pid int) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
			return
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && strings.Contains(string(stat), ") Z ") {
			return // dead; who inherited it has not reaped it yet
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("process %d still runs", pid)
		}
	}
}

func TestVaultDiesWithItsParent(t *testing.T) {
	t.Parallel()
	vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory}) // or say that there is none
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"="+vaultservertest.ModuleRoot(t), "TMPDIR="+t.TempDir())
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the parent says nothing: %v, %v", err, parent.Wait())
	}
	vault, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ended(t, vault)
	_ = parent.Wait() // reports the kill
}

// startWithPlugin mounts the echo plug-in at echo/ in a new server.
func startWithPlugin(t *testing.T) *vaultserver.Server {
	t.Helper()
	server := vaultservertest.Start(t, vaultserver.Options{})
	binary := filepath.Join(server.PluginDir(), "echo")
	build := exec.Command("go", "build", "-o", binary, "github.com/stillvault/stillvault/plugins/host/internal/echoplugin")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the plug-in: %v\n%s", err, out)
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(program)
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	err = client.Sys().RegisterPlugin(&api.RegisterPluginInput{
		Name: "echo", Type: api.PluginTypeSecrets, Command: "echo", SHA256: hex.EncodeToString(sum[:]), Version: "v0.1.0",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Sys().Mount("echo", &api.MountInput{Type: "echo"}); err != nil {
		t.Fatal(err)
	}
	return server
}

// onlyPlugin is the process of the one plug-in that runs.
func onlyPlugin(t *testing.T, server *vaultserver.Server) int {
	t.Helper()
	pids, err := server.PluginPIDs()
	if err != nil || len(pids) != 1 {
		t.Fatalf("plug-in processes: %v, %v; want one", pids, err)
	}
	return pids[0]
}

func TestPluginsEndWithVault(t *testing.T) {
	t.Parallel()
	server := startWithPlugin(t)
	first := onlyPlugin(t, server)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	ended(t, first)
	if pids, err := server.PluginPIDs(); err != nil || len(pids) != 0 {
		t.Errorf("plug-in processes of a killed server: %v, %v", pids, err)
	}
	if err := server.Restart(context.Background()); err != nil {
		t.Fatal(err)
	}
	second := onlyPlugin(t, server)
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	ended(t, second)
}
