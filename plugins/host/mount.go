package host

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
)

// ErrClosed is returned for what a closed host can no longer do.
var ErrClosed = errors.New("the development host is closed")

// errNoPlugin is what requests get while no plug-in process could be started.
var errNoPlugin = errors.New("the plug-in is not running: the last start failed, see the host's log; restart the host or reload the plug-in")

// cleanupGrace bounds how long a plug-in may take to clean up before it is ended.
const cleanupGrace = 5 * time.Second

// mount is the engine behind its path: at most one live instance, replaced on a
// reload and after a crash.
type mount struct {
	path     string
	kind     string // what Vault calls the mount's type
	uuid     string
	accessor string
	launcher *launcher
	storage  *mountStorage
	system   logical.SystemView
	logger   hclog.Logger

	// Every call to the plug-in holds the lock for reading, so that a reload
	// waits for the calls in flight and later ones wait for the reload, as in Vault.
	// live and closed change only under the lock held for writing.
	lock   sync.RWMutex
	live   atomic.Pointer[instance] // nil while no process could be started
	closed bool
}

// instance is one plug-in process, set up and initialised.
type instance struct {
	process *process
	backend logical.Backend
	unauth  pathSet
	sudo    pathSet
	version string
}

func newMount(config Config, salt []byte, base logical.Storage, tokens *tokens) (*mount, error) {
	launcher, err := newLauncher(config)
	if err != nil {
		return nil, err
	}
	if config.WrapStorage != nil {
		base = config.WrapStorage(base)
	}
	id := saltedID(salt, "mount", config.MountPath)
	return &mount{
		path:     config.MountPath,
		kind:     config.MountType,
		uuid:     fmt.Sprintf("%s-%s-%s-%s-%s", id[:8], id[8:12], id[12:16], id[16:20], id[20:32]),
		accessor: config.MountType + "_" + id[32:40],
		launcher: launcher,
		storage:  newMountStorage(base),
		system:   newSystemView(tokens, hex.EncodeToString(salt[:16])),
		logger:   config.Logger,
	}, nil
}

func (m *mount) start(ctx context.Context) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.startLocked(ctx)
}

// startLocked brings a new process to the point where it takes requests.
func (m *mount) startLocked(ctx context.Context) error {
	if m.closed {
		return ErrClosed
	}
	p, err := m.launcher.launch(ctx)
	if err != nil {
		return err
	}
	next, err := m.setUp(ctx, p)
	if err != nil {
		p.end()
		return err
	}
	m.live.Store(next)
	return nil
}

func (m *mount) setUp(ctx context.Context, p *process) (*instance, error) {
	backend, err := sdkplugin.Dispense(p, p)
	if err != nil {
		return nil, fmt.Errorf("dispense the secrets engine: %w", err)
	}
	// Vault lets an engine read, but not write, while it is being set up.
	m.storage.readOnly.Store(true)
	err = backend.Setup(ctx, &logical.BackendConfig{
		StorageView: m.storage,
		Logger:      m.launcher.logger,
		System:      m.system,
		BackendUUID: m.uuid,
		Config:      map[string]string{"plugin_name": m.kind, "plugin_type": "secret"},
	})
	m.storage.readOnly.Store(false)
	if err != nil {
		return nil, fmt.Errorf("set up the secrets engine: %w", err)
	}
	if kind := backend.Type(); kind != logical.TypeLogical {
		return nil, fmt.Errorf("%w: the plug-in is of type %q, not a secrets engine", ErrConfig, kind.String())
	}
	live := &instance{process: p, backend: backend}
	if special := backend.SpecialPaths(); special != nil {
		live.unauth = pathSet{patterns: special.Unauthenticated, wildcards: true}
		live.sudo = pathSet{patterns: special.Root}
	}
	if versioner, ok := backend.(logical.PluginVersioner); ok {
		live.version = versioner.PluginVersion().Version
	}
	if err := backend.Initialize(ctx, &logical.InitializationRequest{Storage: m.storage}); err != nil {
		return nil, fmt.Errorf("initialise the secrets engine: %w", err)
	}
	return live, nil
}

// handleRequest passes req to the plug-in.
func (m *mount) handleRequest(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	var resp *logical.Response
	err := m.call(ctx, func(backend logical.Backend) (err error) {
		resp, err = backend.HandleRequest(ctx, req)
		return err
	})
	return resp, err
}

// exists asks the plug-in whether what req writes is there already. An engine
// without an existence check answers that it is: such a write is an update.
func (m *mount) exists(ctx context.Context, req *logical.Request) (bool, error) {
	var checked, found bool
	err := m.call(ctx, func(backend logical.Backend) (err error) {
		checked, found, err = backend.HandleExistenceCheck(ctx, req)
		return err
	})
	return !checked || found, err
}

// call runs f against the live plug-in. If the process turns out to be dead, it
// is replaced and f runs once more: Vault, too, replays a request after a crash.
func (m *mount) call(ctx context.Context, f func(logical.Backend) error) error {
	used, err := m.callLive(f)
	if !errors.Is(err, sdkplugin.ErrPluginShutdown) {
		return err
	}
	if err := m.replace(context.WithoutCancel(ctx), used); err != nil {
		return err
	}
	_, err = m.callLive(f)
	return err
}

func (m *mount) callLive(f func(logical.Backend) error) (*instance, error) {
	m.lock.RLock()
	defer m.lock.RUnlock()
	live := m.live.Load()
	if live == nil {
		return nil, errNoPlugin
	}
	return live, f(live.backend)
}

// replace starts a new process in place of dead, unless that has been done.
func (m *mount) replace(ctx context.Context, dead *instance) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.live.Load() != dead {
		return nil
	}
	m.logger.Warn("the plug-in process died; starting it again", "pid", dead.process.pid)
	m.stopLocked()
	return m.startLocked(ctx)
}

func (m *mount) restart(ctx context.Context) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.stopLocked()
	if err := m.startLocked(ctx); err != nil {
		m.logger.Error("the plug-in did not start again", "error", err)
		return err
	}
	return nil
}

func (m *mount) stop() {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.closed = true
	m.stopLocked()
}

// stopLocked lets the live plug-in clean up and ends its process.
func (m *mount) stopLocked() {
	old := m.live.Swap(nil)
	if old == nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), cleanupGrace)
		defer cancel()
		old.backend.Cleanup(ctx) // ends the process, too
	}()
	select {
	case <-done:
	case <-time.After(2 * cleanupGrace):
		m.logger.Warn("the plug-in did not clean up in time", "pid", old.process.pid)
	}
	old.process.end()
}

// kill does not take the lock, so that it works while a reload waits.
func (m *mount) kill() error {
	live := m.live.Load()
	if live == nil {
		return nil
	}
	return live.process.kill()
}

func (m *mount) pid() int {
	live := m.live.Load()
	if live == nil {
		return 0
	}
	return live.process.pid
}

// special returns the paths that want no token and those that want sudo, and
// the version the plug-in reports. While no plug-in runs there are none.
func (m *mount) special() (unauth, sudo pathSet, version string) {
	live := m.live.Load()
	if live == nil {
		return pathSet{}, pathSet{}, ""
	}
	return live.unauth, live.sudo, live.version
}
