package external

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
)

// signing starts a signature that does not end by itself, and returns when the
// signer is at it.
func signing(t *testing.T) (*running, <-chan error) {
	t.Helper()
	var log journal
	s := mustOpen(t, "deaf", log.options(hclog.Info))
	done := make(chan error, 1)
	go func() {
		_, err := s.Sign(envelope.TypeStatement, payload)
		done <- err
	}()
	eventually(t, "the signer is signing", func() bool { return strings.Contains(log.String(), "signing") })
	return s, done
}

func TestASignerIsKilledWhileItSigns(t *testing.T) {
	s, done := signing(t)
	killed := s.process.pid()
	if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wantError(t, <-done, signer.ErrUnavailable)
	wantError(t, signs(s), signer.ErrUnavailable)
	if s.process.pid() != killed {
		t.Error("the signer was started again")
	}
}

func TestASignerIsClosedWhileItSigns(t *testing.T) {
	s, done := signing(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, <-done, signer.ErrUnavailable)
}

func TestASignerThatHangsIsClosed(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT RUN with -short: it waits for seconds")
	}
	s := mustOpen(t, "good", signer.Options{})
	if err := syscall.Kill(s.process.pid(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the signer is stopped", func() bool {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.pid()))
		return err != nil || bytes.Contains(status, []byte("State:\tT"))
	})
	begun := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > 2*polite+drain+10*time.Second {
		t.Errorf("closing took %s", took)
	}
	if !gone(s.process.pid()) {
		t.Error("the signer is still there")
	}
}

// orphanEnv names the file into which the other host writes its signer's id.
const orphanEnv = "STILLVAULT_TEST_SIGNER_NOTE"

func TestNoSignerOutlivesAHostThatIsKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("NOT RUN: the signer of this test does not answer, and only Linux ends it then; see package child")
	}
	note := filepath.Join(t.TempDir(), "pid")
	host := exec.Command(self)
	host.Env = append(os.Environ(), orphanEnv+"="+note, "TMPDIR="+filepath.Dir(note)) // a killed host leaves a socket
	var said bytes.Buffer
	host.Stderr = &said
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	eventually(t, "the other host's signer is signing", func() bool {
		data, err := os.ReadFile(note)
		if err != nil {
			return false
		}
		n, err := fmt.Sscanf(string(data), "%d\n", &pid)
		return n == 1 && err == nil
	})
	if gone(pid) {
		t.Fatalf("the other host's signer is not there: %s", said.String())
	}
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait() // it was killed
	eventually(t, "the signer is gone", func() bool { return gone(pid) })
}

// hostUntilKilled is the other process of the test above: killed while its signer
// signs.
func hostUntilKilled() {
	var log journal
	s, err := Open(context.Background(), self, selfSum, []string{"signer:deaf"}, log.options(hclog.Info))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go func() { _ = signs(s) }()
	for !strings.Contains(log.String(), "signing") {
		time.Sleep(time.Millisecond)
	}
	if err := os.WriteFile(os.Getenv(orphanEnv), fmt.Appendf(nil, "%d\n", s.(*running).process.pid()), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}
