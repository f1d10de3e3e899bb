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
	"sync"
	"time"

	"github.com/hashicorp/vault/api"
)

// startTimeout bounds one start, from exec to an active node. Raft elects its
// single node in about three seconds; a machine under load may take many times
// that.
const startTimeout = 3 * time.Minute

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
	// NoPlugins tells Vault of no plug-in directory, so that it runs no plug-ins
	// but those that it is built with.
	NoPlugins bool
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
	unsealKey string // base64, as Vault gives it; kept for Restart
	rootToken string

	mu       sync.Mutex // guards what follows, and orders starts and stops
	addr     listenAddrs
	child    *process // nil while Vault does not run
	closed   bool
	userpass string // accessor of the userpass mount, once enabled
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
