package host

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"
)

var (
	// ErrNotLoopback refuses a listen address that other machines could reach.
	ErrNotLoopback = errors.New("the development host listens on loopback only; use 127.0.0.1, [::1] or localhost, and a real Vault for anything else")

	// ErrConfig is wrapped by every error about an unusable setting.
	ErrConfig = errors.New("development host configuration")
)

// Vault's own limits, which the host keeps.
const (
	defaultMaxRequestDuration = 90 * time.Second
	defaultRollbackInterval   = time.Minute
	maxRequestBytes           = 32 << 20
)

// Config says which plug-in to host and how. Only Plugin is required, but
// without Tokens no path that wants a token can be used.
type Config struct {
	// Plugin is the path of the plug-in binary. Its SHA-256 is computed when the
	// host starts and pinned: a later restart refuses a file that has changed.
	Plugin string
	// Args and Env ("NAME=value") are added to the plug-in's command line and to
	// the environment that it inherits.
	Args []string
	Env  []string

	// MountPath is where the engine is mounted; "stillvault/" when empty.
	MountPath string
	// MountType is the name under which the plug-in would be registered; the
	// binary's file name when empty.
	MountType string
	// Listen is the loopback address to serve on; "127.0.0.1:0", a free port,
	// when empty.
	Listen string

	// Tokens are all the tokens there are; see Token.
	Tokens []Token

	// Data is the path of a bbolt file that holds the storage, created with mode
	// 0600; in memory when empty.
	Data string
	// WrapStorage, if set, is called once and returns the storage that the
	// plug-in gets, so that a test can stop or count its writes.
	WrapStorage func(logical.Storage) logical.Storage

	// AllowedResponseHeaders and PassthroughRequestHeaders are what
	// `vault secrets tune` sets under those names: which headers cross the mount.
	// As on a mount that was never tuned, none do when they are empty.
	AllowedResponseHeaders    []string
	PassthroughRequestHeaders []string

	// MaxRequestDuration ends a request with a 500, as Vault does; 90 s when zero.
	MaxRequestDuration time.Duration
	// RollbackInterval is how often the engine's periodic function runs; one
	// minute when zero.
	RollbackInterval time.Duration

	// Logger takes the host's and the plug-in's log; discarded when nil.
	Logger hclog.Logger
}

// withDefaults returns a checked copy with every default filled in.
func (c Config) withDefaults() (Config, error) {
	if c.Plugin == "" {
		return c, fmt.Errorf("%w: no plug-in binary is named", ErrConfig)
	}
	absolute, err := filepath.Abs(c.Plugin)
	if err != nil {
		return c, fmt.Errorf("%w: plug-in path: %w", ErrConfig, err)
	}
	c.Plugin = absolute
	if c.MountPath, err = mountPath(c.MountPath); err != nil {
		return c, err
	}
	if c.MountType == "" {
		c.MountType = filepath.Base(c.Plugin)
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.MaxRequestDuration <= 0 {
		c.MaxRequestDuration = defaultMaxRequestDuration
	}
	if c.RollbackInterval <= 0 {
		c.RollbackInterval = defaultRollbackInterval
	}
	if c.Logger == nil {
		c.Logger = hclog.NewNullLogger()
	}
	return c, nil
}

// mountPath returns path with its trailing slash, or ErrConfig where Vault would
// not mount a secrets engine.
func mountPath(path string) (string, error) {
	if path == "" {
		return "stillvault/", nil
	}
	path = strings.TrimSuffix(path, "/") + "/"
	for segment := range strings.SplitSeq(strings.TrimSuffix(path, "/"), "/") {
		if segment == "" || segment == "." || segment == ".." {
			return "", fmt.Errorf("%w: mount path %q has an empty or relative part", ErrConfig, path)
		}
	}
	first, _, _ := strings.Cut(path, "/")
	switch first {
	case "sys", "auth", "identity", "cubbyhole":
		return "", fmt.Errorf("%w: mount path %q is Vault's own", ErrConfig, path)
	}
	return path, nil
}

// listenLoopback listens on address if, and only if, it is on loopback.
func listenLoopback(address string) (net.Listener, error) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%w: listen address: %w", ErrConfig, err)
	}
	if ip := net.ParseIP(name); name != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("listen on %q: %w", address, ErrNotLoopback)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	// The name "localhost" is whatever the resolver says: believe the socket.
	if tcp, ok := listener.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return nil, errors.Join(fmt.Errorf("listen on %q: %w", address, ErrNotLoopback), listener.Close())
	}
	return listener, nil
}
