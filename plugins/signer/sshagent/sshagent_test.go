package sshagent_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/sshagent"
)

// keyring is an agent in this process with an Ed25519 key, and what it knows it by.
func keyring(t *testing.T) (agent.Agent, []byte) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: private, Comment: "org"}); err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return ring, key.Marshal()
}

func TestAKeyInOpenSSHsAgentSigns(t *testing.T) {
	dir := t.TempDir()
	socket, key := filepath.Join(dir, "agent"), filepath.Join(dir, "key")
	for _, program := range []string{"ssh-agent", "ssh-keygen", "ssh-add"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is missing; install OpenSSH", program)
			}
			t.Skipf("NOT TESTED with OpenSSH's agent: %s is missing", program)
		}
	}
	t.Setenv(sshagent.SocketVariable, socket)
	running := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := running.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Process.Kill(); _ = running.Wait() })
	run := func(program string, args ...string) string {
		t.Helper()
		out, err := exec.Command(program, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", program, err, out)
		}
		return string(out)
	}
	run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
	// The socket is there before anybody listens at it.
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("ssh-agent does not listen: %v", err)
		}
	}
	run("ssh-add", "-q", key)
	fingerprint := strings.Fields(run("ssh-add", "-l"))[1]
	s, err := sshagent.Open(t.Context(), fingerprint, signer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := signed(t, s); err != nil {
		t.Error(err)
	}
	run("ssh-add", "-q", "-d", key)
	if err := signed(t, s); !errors.Is(err, signer.ErrRefused) {
		t.Errorf("after the key was removed: %v", err)
	}
	_ = running.Process.Kill()
	_ = running.Wait()
	if err := signed(t, s); !errors.Is(err, signer.ErrUnavailable) {
		t.Errorf("after the agent was killed: %v", err)
	}
}

func TestAPlainKeySignsEveryType(t *testing.T) {
	ring, blob := keyring(t)
	serveAgent(t, ring)
	s := open(t, blob, 0)
	for _, kind := range []envelope.PayloadType{envelope.TypeStatement, envelope.TypeReceipt} {
		message, err := envelope.Sign(kind, map[string]string{}, s)
		if err != nil {
			t.Fatal(err)
		}
		if err := message.Verify(kind, s.Public()); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestOpenRefusesWhatCannotSign(t *testing.T) {
	_, blob := keyring(t)
	login, ecdsaKey := newSecurityKey(), newECDSA(t)
	login.application = "ssh:"
	website := newSecurityKey()
	website.application = "stillvault"
	empty := ssh.Marshal(struct {
		Type string
		Key  []byte
	}{ssh.KeyAlgoED25519, make([]byte, 32)})
	short := ssh.Marshal(struct {
		Type string
		Key  []byte
	}{ssh.KeyAlgoED25519, make([]byte, 31)})
	for name, c := range map[string]struct {
		held, asked []byte
		want        error
		says        string
	}{
		"another key":                 {newSecurityKey().blob(), blob, signer.ErrUnavailable, "ssh-add -l"},
		"an ECDSA key":                {ecdsaKey, ecdsaKey, signer.ErrKeyType, "ecdsa-sha2-nistp256"},
		"a security key for logins":   {login.blob(), login.blob(), signer.ErrKeyType, `made for "ssh:"`},
		"a security key of a website": {website.blob(), website.blob(), signer.ErrKeyType, `made for "stillvault"`},
		"a key of low order":          {empty, empty, signer.ErrKeyType, ""},
		"a short key":                 {short, short, signer.ErrKeyType, ""},
		"no key at all":               {[]byte("x"), []byte("x"), signer.ErrKeyType, ""},
	} {
		t.Run(name, func(t *testing.T) {
			serveAgent(t, testAgent{agent.NewKeyring(), c.held, nil})
			_, err := sshagent.Open(t.Context(), fingerprintOf(c.asked), signer.Options{})
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func newECDSA(t *testing.T) []byte {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return key.Marshal()
}

func TestALockedAgentIsNamed(t *testing.T) {
	ring, blob := keyring(t)
	serveAgent(t, ring)
	s := open(t, blob, 0)
	if err := ring.Lock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := signed(t, s); !errors.Is(err, signer.ErrRefused) {
		t.Errorf("locked after it was opened: %v", err)
	}
	_, err := sshagent.Open(t.Context(), fingerprintOf(blob), signer.Options{})
	if !errors.Is(err, signer.ErrUnavailable) || !strings.Contains(err.Error(), "locked") {
		t.Errorf("locked before: %v", err)
	}
	if err := ring.Unlock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := signed(t, s); err != nil {
		t.Errorf("unlocked: %v", err)
	}
}

func TestNoAgentIsNamed(t *testing.T) {
	for name, socket := range map[string]string{"no variable": "", "no socket": filepath.Join(t.TempDir(), "none")} {
		t.Setenv(sshagent.SocketVariable, socket)
		if _, err := sshagent.Open(t.Context(), fingerprintOf(nil), signer.Options{}); !errors.Is(err, signer.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What an agent says once it was opened as it should be.
func TestABrokenAgentIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		answer []byte
		want   error
	}{
		"hangs up":                {nil, signer.ErrUnavailable},
		"half a length":           {[]byte{0, 0}, signer.ErrUnavailable},
		"nothing":                 {[]byte{0, 0, 0, 0}, signer.ErrUnavailable},
		"too much":                {[]byte{0xff, 0xff, 0xff, 0xff}, signer.ErrUnavailable},
		"less than it says":       {[]byte{0, 0, 0, 9, 14}, signer.ErrUnavailable},
		"an answer to another":    {[]byte{0, 0, 0, 5, 12, 0, 0, 0, 0}, signer.ErrUnavailable},
		"an answer without parts": {[]byte{0, 0, 0, 1, 14}, signer.ErrUnavailable},
		"an empty signature":      {[]byte{0, 0, 0, 5, 14, 0, 0, 0, 0}, signer.ErrSignature},
		"no":                      {[]byte{0, 0, 0, 1, 5}, signer.ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			ring, blob := keyring(t)
			var opened atomic.Bool
			serve(t, func(conn net.Conn) {
				if !opened.Load() {
					_ = agent.ServeAgent(ring, conn)
					return
				}
				_, _ = io.ReadAtLeast(conn, make([]byte, 1<<10), 4)
				_, _ = conn.Write(c.answer)
			})
			s := open(t, blob, 0)
			opened.Store(true)
			if err := signed(t, s); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestAnAgentThatNeverAnswersIsGivenUp(t *testing.T) {
	ring, blob := keyring(t)
	var opened atomic.Bool
	asked := make(chan struct{}, 2)
	serve(t, func(conn net.Conn) {
		if !opened.Load() {
			_ = agent.ServeAgent(ring, conn)
			return
		}
		_, _ = io.ReadAtLeast(conn, make([]byte, 1<<10), 4)
		asked <- struct{}{}
		_, _ = conn.Read(make([]byte, 1)) // until whoever asked gives up
	})
	hasty, patient := open(t, blob, time.Hour), open(t, blob, time.Hour)
	opened.Store(true)
	failed := make(chan error, 1)
	go func() {
		_, err := patient.Sign(envelope.TypeStatement, nil)
		failed <- err
	}()
	<-asked
	hasty.SetLimit(50 * time.Millisecond)
	if err := signed(t, hasty); !errors.Is(err, signer.ErrTimeout) {
		t.Errorf("got %v", err)
	}
	for range 2 {
		if err := patient.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-failed; !errors.Is(err, signer.ErrUnavailable) {
		t.Errorf("closed meanwhile: %v", err)
	}
	if _, err := patient.Sign(envelope.TypeStatement, nil); !errors.Is(err, signer.ErrUnavailable) {
		t.Errorf("closed before: %v", err)
	}
}
