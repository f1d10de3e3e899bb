// Package host runs a Vault secrets engine without a Vault server, for
// development and tests.
//
// It starts the engine's own plug-in binary as Vault would (a separate process,
// gRPC, mutual TLS with one-time certificates, pinned by SHA-256) and serves it
// as one mount over Vault's HTTP API on a loopback address, so that the vault
// command, Vault's Go client and a browser work against it unchanged. Begin with
// Start.
//
// It is not a Vault: storage is not encrypted, there is no audit log, no leases,
// no response wrapping and no seal, tokens are fixed in the configuration, and
// one mount is all it has. It says so when it starts and refuses to listen on
// anything but loopback.
package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"
)

// Version is what the host reports where Vault reports its own version, to
// clients and to the plug-in: the Vault release whose behaviour it follows, with
// build metadata that says what it is.
const Version = "1.21.0+development-host"

// shutdownGrace is how long Close waits for requests to end before it drops
// their connections. Their contexts are cancelled first, so this is short.
const shutdownGrace = 5 * time.Second

// Host is a running plug-in and the loopback server in front of it.
// Its methods may be called from several goroutines.
type Host struct {
	config Config
	logger hclog.Logger
	tokens *tokens
	mount  *mount
	store  store

	cancel context.CancelFunc
	server *http.Server
	addr   string
	loops  sync.WaitGroup

	closeOnce sync.Once
	closeErr  error
}

// Start launches the plug-in, initialises it and serves it. It returns when the
// host answers requests. Cancelling ctx closes the host, as Close does.
//
// It returns ErrNotLoopback for an address that other machines could reach,
// ErrConfig for any other unusable setting, ErrDataInUse when another process
// has the data file open, and otherwise what the plug-in or the system said.
func Start(ctx context.Context, config Config) (*Host, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	h := &Host{config: config, logger: config.Logger}
	if h.store, err = openStore(config.Data); err != nil {
		return nil, err
	}
	salt, err := h.store.salt()
	if err != nil {
		return nil, errors.Join(err, h.store.close())
	}
	if h.tokens, err = newTokens(salt, config.Tokens); err != nil {
		return nil, errors.Join(err, h.store.close())
	}
	listener, err := listenLoopback(config.Listen)
	if err != nil {
		return nil, errors.Join(err, h.store.close())
	}
	h.addr = "http://" + listener.Addr().String()

	if h.mount, err = newMount(config, salt, h.store, h.tokens); err == nil {
		err = h.mount.start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, listener.Close(), h.store.close())
	}
	h.serve(ctx, listener)
	h.logger.Warn("this is a development host, not a Vault server: storage is not encrypted and nothing is audited",
		"address", h.addr, "mount", config.MountPath, "plugin_pid", h.PluginPID())
	return h, nil
}

// serve starts the HTTP server and the rollback ticker, and ties both to ctx.
func (h *Host) serve(ctx context.Context, listener net.Listener) {
	running, cancel := context.WithCancel(ctx)
	h.server = &http.Server{
		Handler:           h.handler(),
		BaseContext:       func(net.Listener) context.Context { return running },
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       5 * time.Minute,
		ErrorLog:          h.logger.StandardLogger(&hclog.StandardLoggerOptions{InferLevels: true}),
	}
	h.loops.Go(func() {
		if err := h.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			h.logger.Error("the development host stopped serving", "error", err)
		}
	})
	h.loops.Go(func() { h.rollbackLoop(running) })
	unwatch := context.AfterFunc(ctx, func() {
		if err := h.Close(); err != nil {
			h.logger.Error("closing the development host", "error", err)
		}
	})
	h.cancel = func() {
		unwatch()
		cancel()
	}
}

// rollbackLoop runs the engine's periodic work as often as Vault does.
func (h *Host) rollbackLoop(ctx context.Context) {
	ticker := time.NewTicker(h.config.RollbackInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := h.Rollback(ctx); err != nil && ctx.Err() == nil {
				h.logger.Error("the plug-in's periodic work failed", "error", err)
			}
		}
	}
}

// Addr is the host's base URL, for example "http://127.0.0.1:8200": what
// VAULT_ADDR takes.
func (h *Host) Addr() string { return h.addr }

// Banner is what a command prints when it starts a host: that this is no Vault,
// and where it is. It ends in a newline.
func (h *Host) Banner() string {
	storage := "in memory, gone when the host stops"
	if h.config.Data != "" {
		storage = "in " + h.config.Data + ", not encrypted by the host"
	}
	return fmt.Sprintf("Development host, not a Vault server: for development and tests only.\n"+
		"  address  %s\n  mount    %s\n  storage  %s\n", h.addr, h.config.MountPath, storage)
}

// PluginPID is the process id of the plug-in that now runs, or 0 when none does.
func (h *Host) PluginPID() int { return h.mount.pid() }

// Storage is the host's storage itself, beneath Config.WrapStorage: what a test
// reads to see what lies at rest. It must not be used after Close.
func (h *Host) Storage() logical.Storage { return h.store }

// Restart replaces the plug-in process by a new one over the same storage and
// initialises it, as `vault plugin reload` does. Like that command it first waits
// for the requests in flight, so a blocked read delays it. When the new process
// does not start, the host answers 500 until a later Restart succeeds.
func (h *Host) Restart(ctx context.Context) error { return h.mount.restart(ctx) }

// Kill ends the plug-in process with SIGKILL and returns when it is gone, as a
// crash would look. Requests in flight are replayed once, or fail, as in Vault;
// the next request starts a new process.
func (h *Host) Kill() error { return h.mount.kill() }

// Rollback runs the engine's periodic work once, as Vault does every minute on
// the active node. An engine that has none is not an error.
func (h *Host) Rollback(ctx context.Context) error {
	req := &logical.Request{Operation: logical.RollbackOperation, MountPoint: h.config.MountPath}
	_, err := h.mount.handleRequest(ctx, req)
	if errors.Is(err, logical.ErrUnsupportedOperation) {
		return nil
	}
	return err
}

// Close ends the requests in flight, stops serving, lets the plug-in clean up,
// ends its process and closes the storage. Further calls return what the first did.
func (h *Host) Close() error {
	h.closeOnce.Do(func() {
		h.cancel()
		ctx, cancel := context.WithTimeout(context.Background(), shutdownGrace)
		defer cancel()
		if err := h.server.Shutdown(ctx); err != nil {
			h.closeErr = errors.Join(h.closeErr, h.server.Close())
		}
		h.loops.Wait()
		h.mount.stop()
		h.closeErr = errors.Join(h.closeErr, h.store.close())
	})
	return h.closeErr
}
