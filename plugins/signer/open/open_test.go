package open_test

import (
	"crypto/ed25519"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/file"
	"github.com/stillvault/stillvault/plugins/signer/open"
	"github.com/stillvault/stillvault/plugins/signer/sshagent"
	"github.com/stillvault/stillvault/plugins/signer/transit"
)

const noProgram = "exec:/nonexistent/signer?sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// Without a signer, none is returned: not even a nil pointer of some kind.
func TestNothingIsOpenedWithoutAnErrorThatHasAName(t *testing.T) {
	for _, variable := range []string{sshagent.SocketVariable, transit.AddressVariable, transit.TokenVariable, "VAULT_ADDR", "VAULT_TOKEN", file.PassphraseVariable} {
		t.Setenv(variable, "")
	}
	for address, want := range map[string]error{
		"":                                    signer.ErrAddress,
		"org.key":                             signer.ErrAddress,
		"pkcs11:token=org":                    signer.ErrAddress,
		"exec:/bin/true":                      signer.ErrAddress,
		noProgram:                             signer.ErrUnavailable,
		"transit:org":                         signer.ErrAddress,
		"transit:org?address=https://[::1]:1": signer.ErrUnavailable,
		"ssh-agent:SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU": signer.ErrUnavailable,
	} {
		s, err := open.Signer(t.Context(), address, signer.Options{})
		if s != nil || !errors.Is(err, want) {
			t.Errorf("%q: got %v, %v, want %v", address, s, err, want)
		}
		// What a person reads ends in what to do next.
		if err != nil && !strings.HasSuffix(err.Error(), want.Error()) && !strings.Contains(err.Error(), want.Error()) {
			t.Errorf("%q: %v does not say what to do", address, err)
		}
	}
	if s, err := open.Signer(t.Context(), "file:"+filepath.Join(t.TempDir(), "none"), signer.Options{}); s != nil || err == nil {
		t.Errorf("no file: got %v, %v", s, err)
	}
}

func TestEachKindThatIsHereSigns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "what? org.key")
	key := file.New()
	if err := key.Save(path, nil); err != nil {
		t.Fatal(err)
	}
	for address, public := range map[string]envelope.VerifyKey{
		signer.FileAddress(path).String(): key.Public(),
		agentWith(t):                      {},
	} {
		s, err := open.Signer(t.Context(), address, signer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !public.IsZero() && s.Public() != public {
			t.Errorf("%s: another key", address)
		}
		message, err := envelope.Sign(envelope.TypeStatement, map[string]string{}, s)
		if err == nil {
			err = message.VerifyStatement(s.Public())
		}
		if err != nil {
			t.Errorf("%s: %v", address, err)
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("%s: close: %v", address, err)
			}
		}
		if _, err := s.Sign(envelope.TypeStatement, nil); !errors.Is(err, signer.ErrUnavailable) {
			t.Errorf("%s: closed, it signs: %v", address, err)
		}
	}
}

// agentWith runs an agent with one key until the test ends, and returns the key's
// address.
func agentWith(t *testing.T) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	t.Setenv(sshagent.SocketVariable, socket)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_ = agent.ServeAgent(ring, conn)
			}()
		}
	}()
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return "ssh-agent:" + ssh.FingerprintSHA256(key)
}
