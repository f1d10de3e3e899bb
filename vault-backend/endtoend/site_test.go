package endtoend

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/api"

	backend "github.com/stillvault/stillvault/vault-backend"

	"github.com/stillvault/stillvault/plugins/host"
	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
)

// site is a server with the engine mounted.
type site interface {
	addr() string
	// admin is a token that may do everything, and has no entity.
	admin() string
	// member makes somebody with a token and an entity of their own.
	member(t testing.TB) member
	// bare is a token without an entity that may do what members may.
	bare(t testing.TB) string
	// killPlugin ends the plug-in's process with SIGKILL.
	killPlugin(t testing.TB)
	// pluginPID is the plug-in's process.
	pluginPID(t testing.TB) int
	// plant stores something that a search has to find, and trees are where it
	// has to have looked.
	plant(t testing.TB, secret []byte)
	trees() []string
	// stored is everything that lies at rest, by where it lies.
	stored(t testing.TB) map[string][]byte
}

// member is somebody known to the server.
type member struct{ name, token, entity string }

// hostMembers is how many members a development host knows: its tokens are
// fixed when it starts.
const hostMembers = 120

// embedded is the development host.
type embedded struct {
	*host.Host
	used int
}

func startEmbedded(t testing.TB) *embedded {
	t.Helper()
	return startEmbeddedWith(t, pluginBinary, testLogger(t))
}

func startEmbeddedWith(t testing.TB, binary string, logger hclog.Logger, env ...string) *embedded {
	t.Helper()
	tokens := []host.Token{{ID: "admin-token", Root: true}, {ID: "bare-token"}}
	for i := range hostMembers {
		m := hostMember(i)
		tokens = append(tokens, host.Token{
			ID: m.token, DisplayName: "userpass-" + m.name,
			Entity: &host.Entity{ID: m.entity, Name: m.name, Aliases: []host.Alias{
				{Name: m.name, MountType: "userpass", MountAccessor: "auth_userpass_1"},
			}},
		})
	}
	h, err := host.Start(context.Background(), host.Config{
		Plugin: binary, Env: env, Tokens: tokens, Logger: logger,
		// Vault's minute is too long to wait for; the periodic function is the
		// safety net for what timers missed, and is to do no harm.
		RollbackInterval: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("closing the development host: %v", err)
		}
	})
	return &embedded{Host: h}
}

func hostMember(i int) member {
	name := fmt.Sprintf("member-%d", i)
	return member{name: name, token: name + "-token", entity: fmt.Sprintf("00000000-0000-4000-8000-%012d", i)}
}

func (e *embedded) addr() string           { return e.Addr() }
func (e *embedded) admin() string          { return "admin-token" }
func (e *embedded) bare(testing.TB) string { return "bare-token" }

func (e *embedded) member(t testing.TB) member {
	t.Helper()
	if e.used == hostMembers {
		t.Fatal("the development host has no more members; raise hostMembers")
	}
	e.used++
	return hostMember(e.used - 1)
}

func (e *embedded) killPlugin(t testing.TB) {
	t.Helper()
	if err := e.Kill(); err != nil {
		t.Fatal(err)
	}
}

func (e *embedded) pluginPID(testing.TB) int { return e.PluginPID() }

// real is a Vault server.
type real struct {
	*vaultserver.Server
	used int
}

// memberPolicy lets members do everything on the mount but what needs sudo.
const memberPolicy = `path "` + mountPath + `/*" { capabilities = ["create", "read", "update", "delete", "list"] }`

// startReal starts a Vault server on raft with audit log and raw storage. It
// does not return where there is no Vault to run.
func startReal(t testing.TB) *real {
	t.Helper()
	r := &real{Server: vaultservertest.Start(t, vaultserver.Options{RawStorage: true, Audit: true})}
	err := r.MountEngine(context.Background(), vaultserver.Engine{Binary: pluginBinary, Version: backend.Version, Path: mountPath})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.client(t).Sys().PutPolicy("member", memberPolicy); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *real) client(t testing.TB) *api.Client {
	t.Helper()
	client, err := r.Client()
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (r *real) addr() string  { return r.Addr() }
func (r *real) admin() string { return r.RootToken() }

func (r *real) member(t testing.TB) member {
	t.Helper()
	r.used++
	user, err := r.AddUser(context.Background(), fmt.Sprintf("member-%d", r.used), "member")
	if err != nil {
		t.Fatal(err)
	}
	return member{name: user.Name, token: user.Token, entity: user.EntityID}
}

func (r *real) bare(t testing.TB) string {
	t.Helper()
	token, err := r.TokenWithoutEntity(context.Background(), "member")
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (r *real) killPlugin(t testing.TB) {
	t.Helper()
	kill(t, r.pluginPID(t))
}

func (r *real) pluginPID(t testing.TB) int {
	t.Helper()
	var pids []int
	await(t, "one plug-in process", func() bool {
		var err error
		if pids, err = r.PluginPIDs(); err != nil {
			t.Fatal(err)
		}
		return len(pids) == 1
	})
	return pids[0]
}

// testLogger prints the host's and the plug-in's log where -v asks for it.
func testLogger(t testing.TB) hclog.Logger {
	if !testing.Verbose() {
		return hclog.NewNullLogger()
	}
	return hclog.New(&hclog.LoggerOptions{Name: t.Name(), Level: hclog.Info})
}

// patience is how long a test waits for what has to come: more than it takes where
// everything else runs at the same time.
const patience = 2 * time.Minute

// await waits until a condition holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s", patience, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// kill ends a process with SIGKILL.
func kill(t testing.TB, pid int) {
	t.Helper()
	process, err := os.FindProcess(pid)
	if err == nil {
		err = process.Kill()
	}
	if err != nil {
		t.Fatalf("kill process %d: %v", pid, err)
	}
}
