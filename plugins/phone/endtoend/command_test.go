package endtoend

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
)

// result is how a command ended and what it printed.
type result struct {
	stdout, stderr string
	code           int
}

// command runs the built stillvault with a token, and what is not given read
// from the signer's home.
func (s *site) command(token string, args ...string) result {
	cmd := exec.Command(commandBinary, args...)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "VAULT_") && !strings.HasPrefix(variable, "STILLVAULT_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(cmd.Env, "VAULT_ADDR="+s.addr, "VAULT_TOKEN="+token, "STILLVAULT_HOME="+s.home, "STILLVAULT_MOUNT="+mountPath)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	r := result{}
	if err := cmd.Run(); err != nil {
		r.code = -1
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			r.code = exit.ExitCode()
		} else {
			complaint.WriteString(err.Error())
		}
	}
	r.stdout, r.stderr = out.String(), complaint.String()
	return r
}

// signer runs a command of the signer's, which has to succeed, and returns what
// it printed.
func (s *site) signer(t testing.TB, args ...string) string {
	t.Helper()
	r := s.trySigner(args...)
	if r.code != 0 {
		t.Fatalf("stillvault %s: code %d\n%s", strings.Join(args, " "), r.code, r.stderr)
	}
	return r.stdout
}

func (s *site) trySigner(args ...string) result {
	s.signing.Lock()
	defer s.signing.Unlock()
	return s.command(s.admin, args...)
}

// invitation is what approver enroll prints.
type invitation struct {
	Name   string `json:"name"`
	ID     string `json:"id"`
	Ticket string `json:"ticket"`
	Link   string `json:"link"`
}

// fragment is what stands behind the # of the link.
func (i invitation) fragment() string {
	_, fragment, _ := strings.Cut(i.Link, "#")
	return fragment
}

// invite makes a ticket for somebody.
func (s *site) invite(t testing.TB, name string, m member) invitation {
	t.Helper()
	var i invitation
	if err := json.Unmarshal([]byte(s.signer(t, "approver", "enroll", name, "--entity", m.entity, "--format", "json")), &i); err != nil {
		t.Fatal(err)
	}
	return i
}

var uniqueCount atomic.Int64

// unique is a name that nobody else has.
func unique(name string) string { return fmt.Sprintf("%s-%d", name, uniqueCount.Add(1)) }
