package endtoend

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
)

// policyFor puts a policy for everything below a new name in force, of which
// one of the approvers has to say yes, and returns the name.
func (s *site) policyFor(t testing.TB, approvers []string, flags ...string) string {
	t.Helper()
	name := unique("area")
	s.setPolicy(t, name, approvers, flags...)
	return name
}

func (s *site) setPolicy(t testing.TB, name string, approvers []string, flags ...string) {
	t.Helper()
	s.require(t, name, []string{"on-call=1 of " + strings.Join(approvers, ",")}, flags...)
}

// require puts a policy for everything below a name in force, with these
// requirements. Its requests wait for longer than any test takes.
func (s *site) require(t testing.TB, name string, requirements []string, flags ...string) {
	t.Helper()
	args := []string{"policy", "set", name, "--path", name + "/*", "--author", "vault", "--consumer", "vault", "--request-ttl", "1h"}
	for _, r := range requirements {
		args = append(args, "--require", r)
	}
	s.signer(t, append(args, flags...)...)
}

// store writes a secret with a password of its own and returns that.
func (s *site) store(t testing.TB, path string) string {
	t.Helper()
	client, err := s.client(s.admin)
	if err != nil {
		t.Fatal(err)
	}
	password := envelope.Bytes(envelope.NewKey().Bytes()).String()
	value, err := json.Marshal(map[string]string{"username": "app", "password": password})
	if err == nil {
		_, err = client.WriteSecret(context.Background(), path, value, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return password
}

// reading is a read that blocks.
type reading struct {
	t      testing.TB
	path   string
	cancel context.CancelFunc
	done   chan struct{}
	value  map[string]string
	err    error
}

// read begins to read a path as somebody; it goes on until it is decided.
func (s *site) read(t testing.TB, m member, path, reason string) *reading {
	t.Helper()
	client, err := s.client(m.token)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &reading{t: t, path: path, cancel: cancel, done: make(chan struct{})}
	t.Cleanup(cancel)
	go func() {
		defer close(r.done)
		var answer *broker.Answer
		if answer, r.err = client.AwaitSecret(ctx, path, broker.ReadOptions{Reason: reason}, nil); r.err == nil {
			r.err = json.Unmarshal(answer.JSON, &r.value)
		}
	}()
	return r
}

// readWithVault reads a path with the vault command, with further fields if there
// are any. A wait ends before the clients in between give up, and says to run the
// same again: that is what is done.
func (s *site) readWithVault(t testing.TB, m member, path, reason string, further ...string) *reading {
	t.Helper()
	binary, err := vaultserver.Find(context.Background(), vaultservertest.ModuleRoot(t))
	if err != nil {
		missing(t, "the vault command", err.Error())
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &reading{t: t, path: path, cancel: cancel, done: make(chan struct{})}
	t.Cleanup(cancel)
	go func() {
		defer close(r.done)
		args := append([]string{"read", "-format=json", mountPath + "/secret/" + path, "reason=" + reason}, further...)
		out, complaint, err := s.vault(ctx, binary.Path, m, args...)
		for err != nil && ctx.Err() == nil && strings.Contains(complaint, "request_waiting") {
			out, complaint, err = s.vault(ctx, binary.Path, m, args...)
		}
		if err != nil {
			r.err = fmt.Errorf("vault read: %w: %s", err, complaint)
			return
		}
		var answer struct{ Data map[string]string }
		r.err = json.Unmarshal(out, &answer)
		r.value = answer.Data
	}()
	return r
}

// vault runs the vault command as somebody.
func (s *site) vault(ctx context.Context, binary string, m member, args ...string) (out []byte, complaint string, err error) {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = []string{"VAULT_ADDR=" + s.addr, "VAULT_TOKEN=" + m.token, "HOME=" + s.dir}
	var said strings.Builder
	cmd.Stderr = &said
	out, err = cmd.Output()
	return out, said.String(), err
}

// wait waits until the read ended.
func (r *reading) wait() {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(patience):
		r.t.Fatalf("the read of %s still blocks after %s", r.path, patience)
	}
}

// gives wants the read to end with a password.
func (r *reading) gives(password string) {
	r.t.Helper()
	r.wait()
	if r.err != nil || r.value["password"] != password {
		r.t.Fatalf("the read of %s gave %d fields, %v", r.path, len(r.value), r.err)
	}
}

// fails wants the read to end with an error that says something.
func (r *reading) fails(words ...string) {
	r.t.Helper()
	r.wait()
	for _, w := range words {
		if r.err == nil || !strings.Contains(r.err.Error(), w) {
			r.t.Fatalf("the read of %s ended with %d fields and %v; want %q", r.path, len(r.value), r.err, w)
		}
	}
}

// blocks wants the read not to have ended.
func (r *reading) blocks() {
	r.t.Helper()
	if r.over() {
		r.t.Fatalf("the read of %s ended: %v", r.path, r.err)
	}
}

// over says whether the read has ended.
func (r *reading) over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}
