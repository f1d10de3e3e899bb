package vaultserver

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/hashicorp/vault/api"
)

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
