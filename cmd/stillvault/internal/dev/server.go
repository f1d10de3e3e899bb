package dev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-hclog"
)

// Mount is where the engine is mounted.
const Mount = "stillvault"

// pluginName is the file name of the plug-in.
const pluginName = "vault-plugin-secrets-stillvault"

var (
	// ErrNoPlugin means that the plug-in was not found beside the command.
	ErrNoPlugin = errors.New("plugin_missing: build it with `make build`, or name it with --plugin")
	// ErrVaultState means that a Vault was to take up what an earlier server left.
	ErrVaultState = errors.New("state_of_another_server: a Vault started by `stillvault dev --vault` begins empty; name a new directory with --home")
	// ErrVaultData means that a Vault was asked to keep its data.
	ErrVaultData = errors.New("data_with_vault: --data is the development host's; a Vault started by `stillvault dev --vault` forgets everything when it stops")
)

// Options say what server to run.
type Options struct {
	Vault  bool   // a real Vault instead of the development host
	Plugin string // path of the plug-in; beside this program when empty
	Data   string // bbolt file of the development host; in memory when empty
	Listen string // loopback address; a free port when empty
	Home   string // state directory; a temporary one when both it and Data are empty
	Logger hclog.Logger
}

// Server is a running server. Its owner closes it.
type Server struct {
	Address  string
	Kind     string // what runs, for people
	Home     string // the state directory
	Kept     bool   // Home and data outlive the server
	People   map[string]Person
	Storage  Storage
	close    func() error
	tempHome bool
}

// Storage is what lies at rest, below Vault's own encryption where there is any.
type Storage interface {
	// Walk calls visit with every entry; it may not keep value.
	Walk(ctx context.Context, visit func(key string, value []byte)) error
}

// Start runs a server.
func Start(ctx context.Context, o Options) (*Server, error) {
	var err error
	if o.Plugin, err = findPlugin(o.Plugin); err != nil {
		return nil, err
	}
	if o.Vault && o.Data != "" {
		return nil, ErrVaultData
	}
	kept := o.Home != "" || o.Data != ""
	switch {
	case o.Home == "" && o.Data != "":
		o.Home = o.Data + ".home"
	case o.Home != "" && o.Data == "" && !o.Vault:
		o.Data = filepath.Join(o.Home, "dev", "storage.db")
	}
	temporary := o.Home == ""
	if temporary {
		if o.Home, err = os.MkdirTemp("", "stillvault-dev-"); err != nil {
			return nil, fmt.Errorf("make a state directory: %w", err)
		}
	}
	start := startEmbedded
	if o.Vault {
		start = startVault
	}
	s, err := start(ctx, o)
	if err != nil {
		if temporary {
			err = errors.Join(err, os.RemoveAll(o.Home))
		}
		return nil, err
	}
	s.Home, s.Kept, s.tempHome = o.Home, kept && !o.Vault, temporary
	return s, nil
}

// Close stops the server and removes a temporary state directory.
func (s *Server) Close() error {
	err := s.close()
	if s.tempHome {
		err = errors.Join(err, os.RemoveAll(s.Home))
	}
	return err
}

// findPlugin looks beside the running program unless a path is given.
func findPlugin(path string) (string, error) {
	if path == "" {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find the plug-in: %w", err)
		}
		path = filepath.Join(filepath.Dir(self), pluginName)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w: %w", err, ErrNoPlugin)
	}
	return filepath.Abs(path)
}

// walk calls visit for every key below prefix.
func walk(prefix string, list func(string) ([]string, error), visit func(string) error) error {
	names, err := list(prefix)
	if err != nil {
		return fmt.Errorf("list %q: %w", prefix, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "/") {
			err = walk(prefix+name, list, visit)
		} else {
			err = visit(prefix + name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
