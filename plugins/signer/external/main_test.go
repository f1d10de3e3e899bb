package external

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
)

// The test binary is the host, every signer, and the host that is killed.
var (
	self    string
	selfSum []byte
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "signer:") {
		behave(strings.TrimPrefix(os.Args[1], "signer:"))
		os.Exit(0)
	}
	if err := setUp(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if os.Getenv(orphanEnv) != "" {
		hostUntilKilled()
	}
	os.Exit(m.Run())
}

// setUp hashes the test binary, and makes it what a signer has to be where the
// umask lets a group write.
func setUp() (err error) {
	if self, err = os.Executable(); err != nil {
		return err
	}
	if err := os.Chmod(self, 0o755); err != nil {
		return err
	}
	selfSum, err = sumOf(self)
	return err
}

func sumOf(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return nil, err
	}
	return hash.Sum(nil), nil
}

// long is more than any of these signers takes that is not meant to be slow.
const long = time.Minute

// openAs opens the test binary as a signer that behaves in one way.
func openAs(t *testing.T, behaviour string, o signer.Options) (*running, error) {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = long
	}
	s, err := Open(t.Context(), self, selfSum, []string{"signer:" + behaviour}, o)
	if err != nil {
		return nil, err
	}
	r := s.(*running)
	t.Cleanup(func() {
		r.Close()
		if pid := r.process.pid(); !gone(pid) {
			t.Errorf("the signer's process %d is still there after it was closed", pid)
		}
	})
	return r, nil
}

func mustOpen(t *testing.T, behaviour string, o signer.Options) *running {
	t.Helper()
	s, err := openAs(t, behaviour, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sentinels are all that package signer names, so that a test can say which one
// an error is, and that it is no other.
var sentinels = map[string]error{
	"address": signer.ErrAddress, "passphrase": signer.ErrPassphrase, "wrong passphrase": signer.ErrWrongPassphrase, "unavailable": signer.ErrUnavailable,
	"timeout": signer.ErrTimeout, "refused": signer.ErrRefused, "changed": signer.ErrChanged,
	"key changed": signer.ErrKeyChanged, "signature": signer.ErrSignature, "version": signer.ErrVersion,
	"exposed": ErrExposed,
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	for name, sentinel := range sentinels {
		if is := errors.Is(err, sentinel); is != (sentinel == want) {
			t.Errorf("error is %q: %t; want %v, got: %v", name, is, want, err)
		}
	}
	if len(err.Error()) > 2000 || strings.ContainsAny(err.Error(), "\x1b\u202e") {
		t.Errorf("the error is not fit to show (%d bytes): %.200q", len(err.Error()), err)
	}
}

// journal is a logger that a test can read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) options(level hclog.Level) signer.Options {
	return signer.Options{Logger: hclog.New(&hclog.LoggerOptions{Output: j, Level: level})}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("not after two minutes: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// gone reports whether no process with this id runs. One that has ended but that
// nobody has waited for does not run.
func gone(pid int) bool {
	if runtime.GOOS == "linux" {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		return err != nil || bytes.Contains(status, []byte("State:\tZ"))
	}
	process, err := os.FindProcess(pid)
	return err != nil || process.Signal(syscall.Signal(0)) != nil
}

var payload = []byte(`{"kind":"checkpoint"}`)

func signs(s signer.Signer) error {
	signature, err := s.Sign(envelope.TypeStatement, payload)
	if err != nil {
		return err
	}
	return signer.Check(envelope.TypeStatement, payload, s.Public(), signature)
}
