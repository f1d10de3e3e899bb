package external

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/stillvault/stillvault/plugins/signer/contract"
	"github.com/stillvault/stillvault/plugins/signer/contract/signerv1"
)

// fixture is a signer with a key made for tests, and a way to behave.
type fixture struct {
	key, other ed25519.PrivateKey
	behaviour  string
	asked      int
}

func newFixture(behaviour string) *fixture {
	return &fixture{
		key:       ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize)),
		other:     ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, ed25519.SeedSize)),
		behaviour: behaviour,
	}
}

// PublicKey is asked when the signer is opened, and before every statement.
func (f *fixture) PublicKey(ctx context.Context) (ed25519.PublicKey, error) {
	f.asked++
	switch f.behaviour {
	case "short key":
		return f.key.Public().(ed25519.PublicKey)[:31], nil
	case "huge key":
		return make(ed25519.PublicKey, 100<<20), nil
	case "weak key":
		return make(ed25519.PublicKey, ed25519.PublicKeySize), nil
	case "no token":
		return nil, errors.New("there is no token in the reader")
	case "slow key":
		<-ctx.Done()
		return nil, ctx.Err()
	case "other key later":
		if f.asked > 1 {
			return f.other.Public().(ed25519.PublicKey), nil
		}
	}
	return f.key.Public().(ed25519.PublicKey), nil
}

// Sign behaves.
func (f *fixture) Sign(ctx context.Context, s contract.Statement) ([]byte, error) {
	switch f.behaviour {
	case "garbage":
		return bytes.Repeat([]byte{7}, ed25519.SignatureSize), nil
	case "empty":
		return nil, nil
	case "signature of another key":
		return ed25519.Sign(f.other, s.PAE()), nil
	case "signature over another statement":
		return ed25519.Sign(f.key, append(s.PAE(), ' ')), nil
	case "huge":
		return make([]byte, 100<<20), nil
	case "slow":
		<-ctx.Done()
		return nil, ctx.Err()
	case "deaf":
		fmt.Fprintln(os.Stderr, "signing")
		select {}
	case "ends":
		fmt.Fprintln(os.Stderr, "signing")
		os.Exit(3)
	case "panics":
		panic("out of cheese")
	case "cannot":
		return nil, errors.New("the token was removed")
	case "refuses":
		return nil, contract.Refuse("never \x1b[31mon a\u202e Friday\n" + strings.Repeat("x", 1<<10))
	case "refuses at length":
		return nil, contract.Refuse(strings.Repeat("x", 10<<20))
	case "reads":
		st, err := s.Read()
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "signs %s\n", st.Kind)
	case "floods":
		for range 1 << 10 {
			fmt.Fprintln(os.Stderr, strings.Repeat("\x1b[31mlong ", 1<<10))
		}
	case "floods and is slow":
		for ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, strings.Repeat("long ", 1<<10))
		}
		return nil, ctx.Err()
	case "shows its environment":
		fmt.Fprintln(os.Stderr, strings.Join(os.Environ(), " "))
	}
	return ed25519.Sign(f.key, s.PAE()), nil
}

// behave is the main of every signer here.
func behave(behaviour string) {
	served := nothing{}
	config := &plugin.ServeConfig{
		HandshakeConfig: contract.Handshake,
		GRPCServer:      plugin.DefaultGRPCServer,
	}
	switch behaviour {
	case "no plug-in":
		fmt.Println("usage: frobnicate FILE")
		os.Exit(64)
	case "a long line":
		fmt.Println(strings.Repeat("x", 1<<20))
		os.Exit(64)
	case "ends at once":
		fmt.Fprintln(os.Stderr, "the PIN is \x1b[31mwrong")
		os.Exit(1)
	case "floods and ends":
		for range 1 << 12 {
			fmt.Fprintln(os.Stderr, strings.Repeat("long ", 1<<10))
		}
		os.Exit(1)
	case "never begins":
		time.Sleep(time.Hour)
	case "version 2":
		config.VersionedPlugins = map[int]plugin.PluginSet{2: {"signer": served}}
		plugin.Serve(config)
	case "another service":
		config.VersionedPlugins = map[int]plugin.PluginSet{contract.Version: {"signer": served}}
		plugin.Serve(config)
	case "without TLS":
		os.Unsetenv("PLUGIN_CLIENT_CERT")
		contract.Serve(newFixture(""))
	case "refuses with a huge status":
		config.VersionedPlugins = map[int]plugin.PluginSet{contract.Version: {"signer": talker{}}}
		plugin.Serve(config)
	case "unwell":
		config.VersionedPlugins = map[int]plugin.PluginSet{contract.Version: {"signer": served}}
		config.GRPCServer = func(options []grpc.ServerOption) *grpc.Server {
			// go-plugin registers the health service after this: answer before it.
			return grpc.NewServer(append(options, grpc.UnaryInterceptor(unwell))...)
		}
		plugin.Serve(config)
	default:
		contract.Serve(newFixture(behaviour))
	}
}

func unwell(ctx context.Context, r any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if check, ok := r.(*grpc_health_v1.HealthCheckRequest); ok {
		state := health.NewServer()
		state.SetServingStatus(check.Service, grpc_health_v1.HealthCheckResponse_NOT_SERVING)
		return state.Check(ctx, check)
	}
	return next(ctx, r)
}

// talker is a signer that was not made with package contract, and that has a lot to
// say about why it does not sign.
type talker struct{ nothing }

// GRPCServer registers the service.
func (talker) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	signerv1.RegisterSignerServer(server, verbose{})
	return nil
}

type verbose struct {
	signerv1.UnimplementedSignerServer
}

// PublicKey answers as usual.
func (verbose) PublicKey(ctx context.Context, _ *signerv1.PublicKeyRequest) (*signerv1.PublicKeyResponse, error) {
	key, err := newFixture("").PublicKey(ctx)
	return &signerv1.PublicKeyResponse{Key: key}, err
}

// Sign refuses.
func (verbose) Sign(context.Context, *signerv1.SignRequest) (*signerv1.SignResponse, error) {
	return nil, status.Error(codes.PermissionDenied, strings.Repeat("x", 10<<20))
}

// nothing is a plug-in that serves no service of ours.
type nothing struct{ plugin.NetRPCUnsupportedPlugin }

// GRPCServer registers nothing.
func (nothing) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return nil }

// GRPCClient is not used.
func (nothing) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}
