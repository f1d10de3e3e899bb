// Package vaultserver runs a real Vault server as a child process on a free
// loopback port: initialised, unsealed and active when Start returns, gone
// when Close returns. `stillvault dev --vault` and the end-to-end tests use it.
//
// It is for development and tests. The unseal key and the root token live in
// this process's memory, and the listener has no TLS, which is why every
// address but a loopback one is refused.
package vaultserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"
)

// startTimeout bounds one start, from exec to an active node. Raft elects its
// single node in about three seconds; a machine under load may take ten times
// that.
const startTimeout = 90 * time.Second

var (
	// ErrNotLoopback means that Options.Address would let other machines
	// reach a server that speaks without TLS.
	ErrNotLoopback = errors.New("not a loopback address; choose one such as 127.0.0.1:8200")

	// ErrStarting means that the child did not become an active Vault; the
	// error that wraps it ends in the last lines of Vault's log.
	ErrStarting = errors.New("vault did not start")

	// ErrClosed means that the server was closed, so it cannot start again.
	ErrClosed = errors.New("the vault server was closed; start a new one")

	// ErrForgets means that Restart was asked of a server that keeps its
	// storage in memory.
	ErrForgets = errors.New("storage in memory does not outlive the process; start the server with Storage: Raft")
)

// Storage says where the server keeps its data.
type Storage int

const (
	// Raft keeps data in a directory, survives Kill and Restart, and can be
	// snapshotted.
	Raft Storage = iota
	// InMemory forgets everything when the process ends.
	InMemory
)

// Options say how to run the server. The zero value runs the Vault found
// without a checkout, on raft, on a free port, in a temporary directory.
type Options struct {
	// Root is the checkout in whose tools/bin Find looks. It may be empty.
	Root string
	// Storage is where the server keeps its data.
	Storage Storage
	// Dir holds configuration, data, log and audit file, and must not hold
	// an earlier server's data. Empty: a new one, which Close removes.
	Dir string
	// PluginDir is where Vault looks for plug-ins. Empty: "plugins" in Dir.
	PluginDir string
	// Address is the loopback host and port to listen on. Empty: a free
	// port of 127.0.0.1.
	Address string
	// RawStorage serves sys/raw, so that tests can read what is at rest.
	RawStorage bool
	// Audit enables a file audit device that writes to AuditLog().
	Audit bool
	// LogLevel is Vault's: trace, debug, info, warn or error. Empty: info.
	LogLevel string
}

// Server is a running Vault. Its methods may be called from any goroutine.
type Server struct {
	binary    Binary
	options   Options
	dir       string
	removeDir bool
	pluginDir string

	mu        sync.Mutex // guards what follows, and orders starts and stops
	addr      listenAddrs
	child     *process
	closed    bool
	unsealKey string
	rootToken string
	userpass  string // accessor of the userpass mount, once enabled
}

// Start runs Vault and returns once it is initialised, unsealed and active.
// The caller owns the server and closes it. The errors are Find's,
// ErrNotLoopback, and ErrStarting.
func Start(ctx context.Context, options Options) (*Server, error) {
	if err := checkLoopback(options.Address); err != nil {
		return nil, err
	}
	binary, err := Find(ctx, options.Root)
	if err != nil {
		return nil, err
	}
	s := &Server{binary: binary, options: options}
	if err := s.makeDirs(); err != nil {
		return nil, err
	}
	if err := s.firstStart(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func checkLoopback(address string) error {
	if address == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("listening on %q: %w", address, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("listening on %q: %w", address, ErrNotLoopback)
	}
	return nil
}

// makeDirs resolves symbolic links, because Vault refuses a plug-in whose
// path leaves the plug-in directory through one.
func (s *Server) makeDirs() (err error) {
	dir := s.options.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "stillvault-vault-"); err != nil {
			return fmt.Errorf("making vault's directory: %w", err)
		}
		s.removeDir = true
	}
	pluginDir := s.options.PluginDir
	if pluginDir == "" {
		pluginDir = filepath.Join(dir, "plugins")
	}
	for _, d := range []string{dir, filepath.Join(dir, "raft"), pluginDir} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return fmt.Errorf("making vault's directories: %w", err)
		}
	}
	if s.dir, err = resolved(dir); err != nil {
		return err
	}
	s.pluginDir, err = resolved(pluginDir)
	return err
}

func resolved(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("resolving %s: %w", path, err)
	}
	real, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		return "", fmt.Errorf("resolving %s: %w", path, err)
	}
	return real, nil
}

// firstStart launches the child, takes its unseal key and root token, and
// enables the audit device.
func (s *Server) firstStart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.launchOnFreePorts(ctx); err != nil {
		return err
	}
	if err := s.initialise(ctx); err != nil {
		return s.withLog(err)
	}
	if err := s.unseal(ctx); err != nil {
		return s.withLog(err)
	}
	if !s.options.Audit {
		return nil
	}
	client, err := s.clientWith(s.rootToken)
	if err != nil {
		return err
	}
	err = client.Sys().EnableAuditWithOptionsWithContext(ctx, "file", &api.EnableAuditOptions{
		Type:    "file",
		Options: map[string]string{"file_path": s.AuditLog()},
	})
	if err != nil {
		return fmt.Errorf("enabling vault's audit device: %w", err)
	}
	return nil
}

// Addr is the base URL of the server, such as http://127.0.0.1:8200. It stays
// the same over Kill and Restart.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr.apiURL()
}

// RootToken is the token that initialisation gave. It may do everything.
func (s *Server) RootToken() string { return s.rootToken }

// Version is the running Vault's, such as "1.21.0".
func (s *Server) Version() string { return s.binary.Version }

// Binary is the path of the program that runs; as a command line client it
// speaks to this server with VAULT_ADDR set to Addr.
func (s *Server) Binary() string { return s.binary.Path }

// PluginDir is the resolved directory in which Vault looks for plug-ins.
func (s *Server) PluginDir() string { return s.pluginDir }

// Log is the file that holds what Vault printed, over all its restarts.
func (s *Server) Log() string { return filepath.Join(s.dir, "vault.log") }

// AuditLog is the file that the audit device writes when Options.Audit is set.
func (s *Server) AuditLog() string { return filepath.Join(s.dir, "audit.log") }

// Client is a new client that holds the root token. It ignores the caller's
// VAULT_ADDR, VAULT_TOKEN and VAULT_NAMESPACE, and times out and retries as
// Vault's own default client does.
func (s *Server) Client() (*api.Client, error) { return s.ClientWith(s.RootToken()) }

// ClientWith is Client with another token.
func (s *Server) ClientWith(token string) (*api.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clientWith(token)
}

func (s *Server) clientWith(token string) (*api.Client, error) {
	client, err := api.NewClient(&api.Config{
		Address:    s.addr.apiURL(),
		Timeout:    60 * time.Second,
		MaxRetries: 2,
	})
	if err != nil {
		return nil, fmt.Errorf("making a vault client: %w", err)
	}
	client.ClearNamespace()
	client.SetToken(token)
	return client, nil
}
