package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/stillvault/stillvault/plugins/internal/child"
)

// ErrPluginChanged is returned when the plug-in binary is no longer the file
// that was pinned when the host started.
var ErrPluginChanged = errors.New("the plug-in binary has changed since the host started; stop the host and start it again")

// launcher starts plug-in processes from one pinned binary.
type launcher struct {
	name   string
	path   string
	args   []string
	env    []string
	sum    []byte // SHA-256 of the binary, 32 bytes
	logger hclog.Logger
}

// newLauncher pins the binary as it is now.
func newLauncher(config Config) (*launcher, error) {
	sum, err := fileSum(config.Plugin)
	if err != nil {
		return nil, fmt.Errorf("%w: plug-in binary: %w", ErrConfig, err)
	}
	return &launcher{
		name:   config.MountType,
		path:   config.Plugin,
		args:   config.Args,
		env:    config.Env,
		sum:    sum,
		logger: config.Logger.Named(config.MountType),
	}, nil
}

func fileSum(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return nil, err
	}
	return sum.Sum(nil), nil
}

// process is one running plug-in. It is the pluginutil.PluginClient that the
// SDK's backend client talks through.
type process struct {
	plugin.ClientProtocol
	client *plugin.Client
	conn   *multiplexedConn
	pid    int

	endOnce sync.Once
	ended   chan struct{}
}

var _ pluginutil.PluginClient = (*process)(nil)

// launch starts the binary and waits for its gRPC connection.
func (l *launcher) launch(ctx context.Context) (*process, error) {
	cmd := exec.Command(l.path, l.args...)
	cmd.Env = append(os.Environ(), l.env...)
	cmd.Env = append(cmd.Env,
		pluginutil.PluginVaultVersionEnv+"="+Version,
		pluginutil.PluginMetadataModeEnv+"=false",
		pluginutil.PluginAutoMTLSEnv+"=true",
	)
	child.Tie(cmd)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  sdkplugin.HandshakeConfig,
		VersionedPlugins: sdkplugin.PluginSet,
		Cmd:              cmd,
		SkipHostEnv:      true, // cmd.Env already holds it, with the right precedence
		SecureConfig:     &plugin.SecureConfig{Checksum: l.sum, Hash: sha256.New()},
		AutoMTLS:         true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           l.logger,
	})
	p := &process{client: client, ended: make(chan struct{})}
	if err := p.start(); err != nil {
		p.end()
		if errors.Is(err, plugin.ErrChecksumsDoNotMatch) {
			return nil, fmt.Errorf("start plug-in %s: %w", l.path, ErrPluginChanged)
		}
		return nil, fmt.Errorf("start plug-in %s: %w", l.path, err)
	}
	p.pid = cmd.Process.Pid
	if err := p.connect(ctx, l); err != nil {
		p.end()
		return nil, fmt.Errorf("connect to plug-in %s: %w", l.path, err)
	}
	return p, nil
}

// start runs the process so that it ends with this one.
func (p *process) start() error {
	return child.Start(func() error {
		_, err := p.client.Start()
		return err
	}, p.ended)
}

func (p *process) connect(ctx context.Context, l *launcher) error {
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	direct, ok := protocol.(*plugin.GRPCClient)
	if !ok {
		return fmt.Errorf("the plug-in speaks %s, not gRPC", p.client.Protocol())
	}
	id, err := uuid.GenerateUUID()
	if err != nil {
		return err
	}
	p.ClientProtocol = protocol
	p.conn = &multiplexedConn{ClientConn: direct.Conn, id: id}
	multiplexed, err := pluginutil.MultiplexingSupported(ctx, direct.Conn, l.name)
	if err != nil {
		return fmt.Errorf("ask whether it multiplexes: %w", err)
	}
	l.logger.Debug("plug-in connected", "pid", p.pid, "multiplexed", multiplexed)
	return nil
}

// Conn is the connection over which the SDK calls the plug-in.
func (p *process) Conn() grpc.ClientConnInterface { return p.conn }

// Reload ends the process; whoever asked for it starts the next one.
func (p *process) Reload() error { return p.Close() }

// Close ends the process: politely first, after two seconds by force.
func (p *process) Close() error {
	p.end()
	return nil
}

func (p *process) end() {
	p.endOnce.Do(func() {
		p.client.Kill()
		close(p.ended)
	})
}

// kill ends the process with SIGKILL and waits until go-plugin has noticed, for
// only then does a request find out at once.
func (p *process) kill() error {
	running, err := os.FindProcess(p.pid)
	if err != nil {
		return err
	}
	if err := running.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	for deadline := time.Now().Add(time.Minute); !p.client.Exited(); {
		if time.Now().After(deadline) {
			return fmt.Errorf("plug-in process %d is still there after SIGKILL", p.pid)
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

// multiplexedConn tells a multiplexed plug-in which of its mounts is meant. A
// plug-in that does not multiplex ignores it.
type multiplexedConn struct {
	*grpc.ClientConn
	id string
}

// Invoke adds the mount to a call.
func (c *multiplexedConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	ctx = metadata.AppendToOutgoingContext(ctx, pluginutil.MultiplexingCtxKey, c.id)
	return c.ClientConn.Invoke(ctx, method, args, reply, opts...)
}

// NewStream adds the mount to a stream.
func (c *multiplexedConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx = metadata.AppendToOutgoingContext(ctx, pluginutil.MultiplexingCtxKey, c.id)
	return c.ClientConn.NewStream(ctx, desc, method, opts...)
}
