package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/plugin"
)

// roleVariable makes this test program the plug-in, or what starts it and then
// hangs, as Vault would. outVariable names the file for what the plug-in prints:
// a pipe would end it when nobody reads.
const (
	roleVariable = "STILLVAULT_TEST_ROLE"
	outVariable  = "STILLVAULT_TEST_OUT"
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "plugin":
		os.Args = os.Args[:1]
		main()
	case "parent":
		if err := beParent(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		os.Exit(m.Run())
	}
}

// beParent starts the plug-in, prints its process id, and hangs.
func beParent() error {
	out, err := os.OpenFile(os.Getenv(outVariable), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), roleVariable+"=plugin",
		plugin.HandshakeConfig.MagicCookieKey+"="+plugin.HandshakeConfig.MagicCookieValue,
		pluginutil.PluginAutoMTLSEnv+"=true")
	child.Stdout, child.Stderr = out, out
	if err := child.Start(); err != nil {
		return err
	}
	fmt.Println(child.Process.Pid)
	select {}
}

// await waits for a condition.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within two minutes", what)
		}
	}
}

// runs says whether a process is there and not just waiting to be reaped.
func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.Contains(stat, []byte(") Z "))
}

func TestThePlugInEndsWhenItsParentIsKilled(t *testing.T) {
	printed := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(printed, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), roleVariable+"=parent", outVariable+"="+printed)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var line [32]byte
	n, err := out.Read(line[:])
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if runs(pid) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	await(t, "the plug-in serves", func() bool {
		said, err := os.ReadFile(printed)
		return err == nil && bytes.Contains(said, []byte("|grpc|"))
	})
	if !runs(pid) {
		t.Fatal("the plug-in ended while its parent runs")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // reports the kill
	await(t, "the plug-in ends", func() bool { return !runs(pid) })
}
