package vaultserver_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
)

func TestServerKeepsItsDataOverKillAndRestart(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server := vaultservertest.Start(t, vaultserver.Options{RawStorage: true, Audit: true})
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Sys().PutPolicy("reader", `path "x/*" { capabilities = ["read"] }`); err != nil {
		t.Fatal(err)
	}
	addr, exited := server.Addr(), server.Exited()

	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	<-exited
	if server.PID() != 0 {
		t.Errorf("a killed server has process id %d", server.PID())
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(addr, "http://")); err == nil {
		t.Error("a killed server still answers")
	}
	if err := server.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(ctx); err != nil {
		t.Fatalf("restarting a running server: %v", err)
	}

	if server.Addr() != addr {
		t.Errorf("address: %s became %s", addr, server.Addr())
	}
	policy, err := client.Sys().GetPolicy("reader")
	if err != nil || !strings.Contains(policy, "x/*") {
		t.Errorf("policy after the restart: %q, %v", policy, err)
	}
	if raw, err := client.Logical().List("sys/raw/logical"); err != nil || raw == nil {
		t.Errorf("sys/raw: %v, %v", raw, err)
	}
	var snapshot bytes.Buffer
	if err := client.Sys().RaftSnapshot(&snapshot); err != nil || snapshot.Len() == 0 {
		t.Errorf("raft snapshot: %d bytes, %v", snapshot.Len(), err)
	}
	if audit, err := os.ReadFile(server.AuditLog()); err != nil || !bytes.Contains(audit, []byte("sys/policies/acl/reader")) {
		t.Errorf("the audit log does not name what was written: %d bytes, %v", len(audit), err)
	}
}

func TestServerInMemoryForgets(t *testing.T) {
	t.Parallel()
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory})
	if err := server.Restart(context.Background()); !errors.Is(err, vaultserver.ErrForgets) {
		t.Errorf("restart: got %v, want ErrForgets", err)
	}
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := client.Logical().List("sys/raw/logical"); err != nil || raw != nil {
		t.Errorf("sys/raw without RawStorage: %v, %v; want no such path", raw, err)
	}
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory})
	exited, dir := server.Exited(), filepath.Dir(server.Log())
	for range 2 {
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
	}
	<-exited
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory that Start made is still there: %v", err)
	}
	if err := server.Restart(context.Background()); !errors.Is(err, vaultserver.ErrClosed) {
		t.Errorf("restart: got %v, want ErrClosed", err)
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	used := vaultservertest.Start(t, vaultserver.Options{Dir: t.TempDir()})
	usedDir := filepath.Dir(used.Log())
	usedAddr := strings.TrimPrefix(used.Addr(), "http://")
	if err := used.Kill(); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()

	tests := map[string]struct {
		options vaultserver.Options
		err     error
		says    string
	}{
		"every interface":       {vaultserver.Options{Address: ":8200"}, vaultserver.ErrNotLoopback, "127.0.0.1"},
		"an outside address":    {vaultserver.Options{Address: "192.0.2.1:8200"}, vaultserver.ErrNotLoopback, "127.0.0.1"},
		"a host name":           {vaultserver.Options{Address: "vault.example.com:8200"}, vaultserver.ErrNotLoopback, "127.0.0.1"},
		"no port":               {vaultserver.Options{Address: "127.0.0.1"}, nil, "missing port"},
		"a port in use":         {vaultserver.Options{Address: listener.Addr().String()}, nil, "stop what listens there"},
		"a directory in use":    {vaultserver.Options{Dir: usedDir, Address: usedAddr}, vaultserver.ErrStarting, "a directory of its own"},
		"an unknown log level":  {vaultserver.Options{LogLevel: "loud"}, vaultserver.ErrStarting, "log level"},
		"a file as a directory": {vaultserver.Options{Dir: used.Log()}, nil, "making vault's directories"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.options.Root = vaultservertest.ModuleRoot(t)
			server, err := vaultserver.Start(context.Background(), test.options)
			if err == nil {
				t.Fatalf("it started; closing it: %v", server.Close())
			}
			if test.err != nil && !errors.Is(err, test.err) {
				t.Errorf("got %v, want %v", err, test.err)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("the message does not say %q: %v", test.says, err)
			}
		})
	}
}

func TestUsersHaveEntitiesAndTokensNeedNot(t *testing.T) {
	t.Setenv("VAULT_TOKEN", "not-for-this-server")
	ctx := context.Background()
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory})
	alice, err := server.AddUser(ctx, "alice", "reader")
	if err != nil {
		t.Fatal(err)
	}
	bob, err := server.AddUser(ctx, "bob")
	if err != nil {
		t.Fatal(err)
	}
	again, err := server.AddUser(ctx, "alice", "reader")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := server.TokenWithoutEntity(ctx, "reader")
	if err != nil {
		t.Fatal(err)
	}
	if alice.EntityID == "" || alice.EntityID == bob.EntityID || alice.EntityID != again.EntityID {
		t.Errorf("entities: alice %q, bob %q, alice again %q", alice.EntityID, bob.EntityID, again.EntityID)
	}
	for token, want := range map[string]struct{ entity, policies string }{
		alice.Token: {alice.EntityID, "default reader"},
		bob.Token:   {bob.EntityID, "default"},
		plain:       {"", "default reader"},
	} {
		client, err := server.ClientWith(token)
		if err != nil {
			t.Fatal(err)
		}
		self, err := client.Auth().Token().LookupSelf()
		if err != nil {
			t.Fatal(err)
		}
		var policies []string
		for _, policy := range self.Data["policies"].([]any) {
			policies = append(policies, policy.(string))
		}
		if self.Data["entity_id"] != want.entity || strings.Join(policies, " ") != want.policies {
			t.Errorf("token: entity %q, policies %q; want %q, %q", self.Data["entity_id"], policies, want.entity, want.policies)
		}
	}
}
