package sshagent_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/sshagent"
)

// testAgent is an agent of one key whose behaviour a test chooses.
type testAgent struct {
	agent.Agent
	blob []byte
	sign func(data []byte) (*ssh.Signature, error)
}

func (a testAgent) List() ([]*agent.Key, error) {
	return []*agent.Key{{Format: "test", Blob: a.blob, Comment: "a key"}}, nil
}

func (a testAgent) Sign(_ ssh.PublicKey, data []byte) (*ssh.Signature, error) { return a.sign(data) }

// serve answers every connection at a new socket, where SSH_AUTH_SOCK then
// points, until the test ends or stop is called.
func serve(t *testing.T, answer func(net.Conn)) (stop func()) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	stop = func() { _ = listener.Close() }
	t.Cleanup(stop)
	t.Setenv(sshagent.SocketVariable, socket)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				answer(conn)
			}()
		}
	}()
	return stop
}

func serveAgent(t *testing.T, a agent.Agent) (stop func()) {
	return serve(t, func(conn net.Conn) { _ = agent.ServeAgent(a, conn) })
}

// securityKey is a key that somebody touches.
type securityKey struct {
	private     ed25519.PrivateKey
	application string
	flags       byte
	counter     uint32
}

func newSecurityKey() *securityKey {
	_, private, _ := ed25519.GenerateKey(nil)
	return &securityKey{private, envelope.SecurityKeyApplication, 0x01, 41}
}

func (k *securityKey) public() envelope.VerifyKey {
	return envelope.VerifyKey(k.private.Public().(ed25519.PublicKey))
}

func (k *securityKey) blob() []byte {
	public := k.public()
	return ssh.Marshal(struct {
		Type        string
		Key         []byte
		Application string
	}{ssh.KeyAlgoSKED25519, public[:], k.application})
}

func (k *securityKey) sign(data []byte) (*ssh.Signature, error) {
	application, message := sha256.Sum256([]byte(k.application)), sha256.Sum256(data)
	said := binary.BigEndian.AppendUint32([]byte{k.flags}, k.counter)
	signature := ed25519.Sign(k.private, slices.Concat(application[:], said, message[:]))
	return &ssh.Signature{Format: ssh.KeyAlgoSKED25519, Blob: signature, Rest: said}, nil
}

// fingerprintOf is what ssh-add -l prints for a key of any kind.
func fingerprintOf(blob []byte) string {
	return ssh.FingerprintSHA256(&agent.Key{Blob: blob})
}

func open(t *testing.T, blob []byte, limit time.Duration) *sshagent.Signer {
	t.Helper()
	s, err := sshagent.Open(t.Context(), fingerprintOf(blob), signer.Options{Timeout: limit})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// signed has s sign a statement, and checks that what it says is its signature is
// one that a roster takes.
func signed(t *testing.T, s signer.Signer) error {
	t.Helper()
	message, err := envelope.Sign(envelope.TypeStatement, map[string]string{"kind": "test"}, s)
	if err != nil {
		return err
	}
	return message.VerifyStatement(s.Public())
}

func TestASecurityKeyInAnAgentSigns(t *testing.T) {
	other := newSecurityKey()
	for name, c := range map[string]struct {
		change func(*securityKey)
		sign   func(*securityKey, []byte) (*ssh.Signature, error) // (*securityKey).sign where nil
		want   error
	}{
		"touched":           {},
		"touched, with PIN": {change: func(k *securityKey) { k.flags = 0x05 }},
		"not touched":       {change: func(k *securityKey) { k.flags = 0x04 }, want: signer.ErrSignature},
		"as another application": {want: signer.ErrSignature, sign: func(k *securityKey, data []byte) (*ssh.Signature, error) {
			login := *k
			login.application = "ssh:"
			return login.sign(data)
		}},
		"by another key": {want: signer.ErrSignature, sign: func(_ *securityKey, data []byte) (*ssh.Signature, error) { return other.sign(data) }},
		"something else": {want: signer.ErrSignature, sign: func(k *securityKey, _ []byte) (*ssh.Signature, error) { return k.sign([]byte("x")) }},
		"as a plain key": {want: signer.ErrSignature, sign: func(k *securityKey, data []byte) (*ssh.Signature, error) {
			return &ssh.Signature{Format: ssh.KeyAlgoED25519, Blob: ed25519.Sign(k.private, data)}, nil
		}},
		"without flags": {want: signer.ErrSignature, sign: func(k *securityKey, data []byte) (*ssh.Signature, error) {
			s, _ := k.sign(data)
			s.Rest = nil
			return s, nil
		}},
		"with more behind": {want: signer.ErrSignature, sign: func(k *securityKey, data []byte) (*ssh.Signature, error) {
			s, _ := k.sign(data)
			s.Rest = append(s.Rest, 0)
			return s, nil
		}},
		"a short signature": {want: signer.ErrSignature, sign: func(k *securityKey, data []byte) (*ssh.Signature, error) {
			s, _ := k.sign(data)
			s.Blob = s.Blob[:63]
			return s, nil
		}},
		"nobody wants to": {want: signer.ErrRefused, sign: func(*securityKey, []byte) (*ssh.Signature, error) { return nil, errors.New("no") }},
	} {
		t.Run(name, func(t *testing.T) {
			k := newSecurityKey()
			serveAgent(t, testAgent{agent.NewKeyring(), k.blob(), func(data []byte) (*ssh.Signature, error) {
				if c.sign != nil {
					return c.sign(k, data)
				}
				return k.sign(data)
			}})
			s := open(t, k.blob(), 0)
			if s.Public() != k.public() {
				t.Error("another public key")
			}
			if c.change != nil {
				c.change(k)
			}
			if err := signed(t, s); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestASecurityKeySignsStatementsOnly(t *testing.T) {
	k := newSecurityKey()
	serveAgent(t, testAgent{agent.NewKeyring(), k.blob(), k.sign})
	if _, err := open(t, k.blob(), 0).Sign(envelope.TypeReceipt, nil); !errors.Is(err, signer.ErrRefused) {
		t.Errorf("got %v", err)
	}
}
