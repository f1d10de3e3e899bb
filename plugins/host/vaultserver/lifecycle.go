package vaultserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
)

const (
	// stopGrace is how long a stop waits for Vault to end by itself. With
	// reads blocked it would take up to 90 s, so it is cut short: raft
	// survives that, and a test does not want to wait for it.
	stopGrace = 5 * time.Second

	// pollEvery paces the looks at a state that Vault does not announce.
	pollEvery = 20 * time.Millisecond

	// portAttempts is how often a start is tried on fresh ports when
	// another process took one between choosing it and listening on it.
	portAttempts = 5
)

// Kill ends Vault and its plug-ins at once with SIGKILL, as a power cut or an
// out-of-memory kill of the whole service does. Restart brings it back.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		return nil
	}
	err := s.child.kill()
	s.child = nil
	return err
}

// Restart ends Vault if it runs, starts it on the same storage and address,
// and returns once it is unsealed and active. On Storage InMemory it fails
// with ErrForgets, after Close with ErrClosed.
func (s *Server) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if s.options.Storage == InMemory {
		return ErrForgets
	}
	if err := s.stop(); err != nil {
		return err
	}
	if err := s.launch(ctx); err != nil {
		return s.withLog(err)
	}
	if err := s.unseal(ctx); err != nil {
		return s.withLog(err)
	}
	return nil
}

// Close ends Vault and its plug-ins, and removes the directory if Start made
// it. Closing twice does nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	err := s.stop()
	if s.removeDir && s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// PID is the process id of Vault, or 0 while it does not run.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		return 0
	}
	return s.child.pid()
}

// Exited is closed when the Vault process that runs now ends for whatever
// reason. After Kill, and until Restart, it is a closed channel.
func (s *Server) Exited() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		ended := make(chan struct{})
		close(ended)
		return ended
	}
	return s.child.done
}

func (s *Server) stop() error {
	if s.child == nil {
		return nil
	}
	err := s.child.stop(stopGrace)
	s.child = nil
	return err
}

// launchOnFreePorts chooses ports and launches. Vault cannot listen on port 0
// and say which it got, so a port may be lost to someone else in between;
// then, and only then, it tries others.
func (s *Server) launchOnFreePorts(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		addr, err := chooseAddrs(s.options.Address)
		if err != nil {
			return err
		}
		s.addr = addr
		err = s.launch(ctx)
		if err == nil {
			return nil
		}
		if attempt == portAttempts || ctx.Err() != nil || addr.free() {
			return s.withLog(err)
		}
	}
}

// launch starts the child and waits until it answers, sealed or not.
func (s *Server) launch(ctx context.Context) error {
	config, err := s.writeConfig()
	if err != nil {
		return err
	}
	s.child, err = startProcess(s.binary.Path, []string{"server", "-config", config}, s.Log())
	if err != nil {
		return fmt.Errorf("starting %s: %w", s.binary.Path, err)
	}
	err = s.await(ctx, "to answer", func(*api.HealthResponse) bool { return true })
	if err != nil {
		return errors.Join(err, s.stop())
	}
	return nil
}

func (s *Server) initialise(ctx context.Context) error {
	client, err := s.clientWith("")
	if err != nil {
		return err
	}
	keys, err := client.Sys().InitWithContext(ctx, &api.InitRequest{SecretShares: 1, SecretThreshold: 1})
	if err != nil {
		return fmt.Errorf("%w: initialising it (is %s a directory of its own?): %w", ErrStarting, s.dir, err)
	}
	s.unsealKey, s.rootToken = keys.KeysB64[0], keys.RootToken
	return nil
}

// unseal hands in the unseal key and waits until the node is active, which
// is when plug-ins run and requests are served.
func (s *Server) unseal(ctx context.Context) error {
	client, err := s.clientWith("")
	if err != nil {
		return err
	}
	if _, err := client.Sys().UnsealWithContext(ctx, s.unsealKey); err != nil {
		return fmt.Errorf("%w: unsealing it: %w", ErrStarting, err)
	}
	return s.await(ctx, "to become active", func(h *api.HealthResponse) bool {
		return h.Initialized && !h.Sealed && !h.Standby
	})
}

// await looks at Vault's health until the state is as wanted, the process
// ends, or ctx does. Until the listener is up an error is no news.
func (s *Server) await(ctx context.Context, state string, wanted func(*api.HealthResponse) bool) error {
	client, err := s.clientWith("")
	if err != nil {
		return err
	}
	client.SetMaxRetries(0)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.child.done:
			return fmt.Errorf("%w: it ended while it was awaited %s", ErrStarting, state)
		case <-ctx.Done():
			return fmt.Errorf("%w: waiting for it %s: %w", ErrStarting, state, ctx.Err())
		case <-tick.C:
		}
		if health, err := client.Sys().HealthWithContext(ctx); err == nil && wanted(health) {
			return nil
		}
	}
}

// withLog adds the end of Vault's log to err, where the reason stands.
func (s *Server) withLog(err error) error {
	const lines = 12
	log, readErr := os.ReadFile(filepath.Clean(s.Log()))
	if readErr != nil || len(log) == 0 {
		return err
	}
	all := strings.Split(strings.TrimRight(string(log), "\n"), "\n")
	return fmt.Errorf("%w; vault's log ends:\n%s", err, strings.Join(all[max(0, len(all)-lines):], "\n"))
}
