// Package external is the host of signers that are programs of their own: it pins
// a program by its SHA-256, starts it with an environment without secrets, calls
// it over mutual TLS with a deadline for each call, believes no answer that it has
// not verified, and lets no process outlive it. What such a program has to do is
// in package contract.
package external

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/contract"
	"github.com/stillvault/stillvault/plugins/signer/contract/signerv1"
)

const (
	version = contract.Version
	// polite is how long a signer that is closed may take to end by itself.
	polite = 2 * time.Second
)

// running is a signer whose program runs. The program is started once: one that
// ends stays ended, so no other process ever answers in its place.
type running struct {
	path    string
	limit   time.Duration
	voice   *voice
	process *process
	client  *plugin.Client
	calls   signerv1.SignerClient
	public  envelope.VerifyKey

	life  context.Context // ends when it is closed
	end   context.CancelFunc
	turn  sync.Mutex // one call at a time, so that an author need not think of more
	close sync.Once
}

var _ signer.Signer = (*running)(nil)

// Open starts the program at path if its SHA-256 is sha256, 32 bytes, and asks for
// its key. ctx bounds the opening only. The errors are [ErrExposed] and those of
// package signer: ErrChanged for another program, ErrUnavailable for one that is
// not there or ends, ErrTimeout for one that does not begin in time, ErrVersion
// for one that is no signer of this version. [signer.Signer.Close] ends the program.
func Open(ctx context.Context, path string, sha256 []byte, args []string, o signer.Options) (signer.Signer, error) {
	s, err := open(ctx, path, sha256, args, o)
	if err != nil {
		return nil, fmt.Errorf("open the signer %s: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string, sha256 []byte, args []string, o signer.Options) (*running, error) {
	p, err := openProgram(path, sha256)
	if err != nil {
		return nil, err
	}
	defer p.close()
	s := &running{path: path, limit: o.Limit(), voice: newVoice(o.Log().Named("signer"))}
	s.life, s.end = context.WithCancel(context.Background())
	if err := s.start(ctx, p, args); err != nil {
		_ = s.Close()
		return nil, err
	}
	if err := s.meet(ctx); err != nil {
		_ = s.process.Kill(ctx) // it has begun nothing that it would have to end politely
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// start starts the program and learns where it listens.
func (s *running) start(ctx context.Context, p *program, args []string) error {
	var err error
	s.process, err = newProcess(p.path, p.command(args, environment(os.Environ())), s.voice)
	if err != nil {
		return fmt.Errorf("%w (%w)", signer.ErrUnavailable, err)
	}
	s.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  contract.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{version: {}},
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, _ string) (runner.Runner, error) {
			s.process.cmd.Env = append(s.process.cmd.Env, spec.Env...)
			return s.process, nil
		},
		SkipHostEnv:      true,
		AutoMTLS:         true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		StartTimeout:     s.limit + polite,      // ctx below ends first
		Logger:           hclog.NewNullLogger(), // our errors say what happened, and voice what the signer says
		SyncStdout:       &stream{to: s.voice},
		SyncStderr:       &stream{to: s.voice},
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
			grpc.WithMaxHeaderListSize(maxAnswer),
			grpc.WithDisableRetry(),
		},
	})
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = s.process.Kill(ctx) })
	_, err = s.client.Start()
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		s.client.Kill() // returns once all it said has arrived
		return s.started(ctx, err)
	}
	return nil
}

// meet connects, sees that the signer is well, and asks for its key.
func (s *running) meet(ctx context.Context) error {
	protocol, err := s.client.Client()
	if err != nil {
		return fmt.Errorf("%w (%s)", signer.ErrUnavailable, signer.Words(err.Error()))
	}
	direct, ok := protocol.(*plugin.GRPCClient)
	if !ok {
		return signer.ErrVersion
	}
	s.calls = signerv1.NewSignerClient(direct.Conn)
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	health, err := grpc_health_v1.NewHealthClient(direct.Conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: plugin.GRPCServiceName})
	if err != nil {
		return fmt.Errorf("ask whether it is well: %w", s.failed(err, signer.ErrVersion))
	}
	if state := health.GetStatus(); state != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("%w (it says that it is %s)", signer.ErrUnavailable, signer.Words(state.String()))
	}
	s.public, err = s.ask(ctx)
	return err
}

// ask asks for the key.
func (s *running) ask(ctx context.Context) (envelope.VerifyKey, error) {
	answer, err := s.calls.PublicKey(ctx, &signerv1.PublicKeyRequest{})
	if err != nil {
		return envelope.VerifyKey{}, fmt.Errorf("ask for the key: %w", s.failed(err, signer.ErrVersion))
	}
	var key envelope.VerifyKey
	if len(answer.GetKey()) != len(key) {
		return envelope.VerifyKey{}, fmt.Errorf("ask for the key: %w (a key has %d bytes, the answer %d)", signer.ErrVersion, len(key), len(answer.GetKey()))
	}
	copy(key[:], answer.GetKey())
	if err := key.Check(); err != nil {
		return envelope.VerifyKey{}, fmt.Errorf("ask for the key: %w (%w)", signer.ErrVersion, err)
	}
	return key, nil
}

// Public is the key that the signer had when it was opened.
func (s *running) Public() envelope.VerifyKey { return s.public }

// Sign has the signer sign. It asks for the key again first: a signer whose token
// was exchanged, or that was told to use another key, is found out before it signs
// a statement of this organisation, and before anybody is asked to touch anything,
// for the price of a local call. The signature is verified all the same.
func (s *running) Sign(t envelope.PayloadType, payload []byte) ([]byte, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.voice.refill()
	ctx, cancel := context.WithTimeout(s.life, s.limit)
	defer cancel()
	signature, err := s.sign(ctx, t, payload)
	if err != nil {
		return nil, fmt.Errorf("signer %s: %w", s.path, err)
	}
	return signature, nil
}

func (s *running) sign(ctx context.Context, t envelope.PayloadType, payload []byte) ([]byte, error) {
	key, err := s.ask(ctx)
	if err != nil {
		return nil, err
	}
	if key != s.public {
		return nil, fmt.Errorf("%w (it was %s, and is %s)", signer.ErrKeyChanged, s.public, key)
	}
	answer, err := s.calls.Sign(ctx, &signerv1.SignRequest{PayloadType: string(t), Payload: payload})
	if err != nil {
		return nil, s.failed(err, signer.ErrSignature)
	}
	if err := signer.Check(t, payload, s.public, answer.GetSignature()); err != nil {
		return nil, err
	}
	return answer.GetSignature(), nil
}

// Close ends the program: politely first, after two seconds by force. A call in
// progress returns ErrUnavailable.
func (s *running) Close() error {
	s.close.Do(func() {
		s.end()
		if s.client == nil {
			return
		}
		// go-plugin asks politely and waits for the answer for as long as it takes.
		force := time.AfterFunc(polite, func() { _ = s.process.Kill(context.Background()) })
		defer force.Stop()
		s.client.Kill()
	})
	return nil
}
