package contract

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer/contract/signerv1"
)

// Version is the version of the contract that this package speaks.
const Version = 1

// Handshake tells a program that it was started as a signer, and not by hand. It
// is no secret and protects nothing.
var Handshake = plugin.HandshakeConfig{
	MagicCookieKey:   "STILLVAULT_SIGNER_PLUGIN",
	MagicCookieValue: "5a3c0c1e5f7b4a6e9d21",
}

// Serve answers the host for as long as it runs; a signer's main calls it and
// nothing else. Started by hand, the program says what it is, and exits.
func Serve(s Signer) {
	if os.Getenv(Handshake.MagicCookieKey) != Handshake.MagicCookieValue {
		fmt.Fprintln(os.Stderr, "This is a signer for Stillvault, which starts it: name it as exec:PATH?sha256=HEX, in --signer or STILLVAULT_SIGNER.")
		os.Exit(2)
	}
	go endWithHost(os.Stdin)
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{Version: {"signer": &served{signer: s, stderr: os.Stderr}}},
		GRPCServer:       plugin.DefaultGRPCServer,
		// What go-plugin says of itself while all goes well is of no use here.
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr, JSONFormat: true}),
	})
}

// endWithHost ends the process when the host closes the pipe that it gave as
// standard input, or dies. The kernel sees to that on Linux; this does elsewhere.
func endWithHost(stdin *os.File) {
	info, err := stdin.Stat()
	if err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		return // started by another host, which gave something else
	}
	_, _ = io.Copy(io.Discard, stdin)
	os.Exit(1)
}

// served is a [Signer] as go-plugin serves it.
type served struct {
	plugin.NetRPCUnsupportedPlugin
	signer Signer
	stderr *os.File // that the host reads to its end
}

var _ plugin.GRPCPlugin = (*served)(nil)

// GRPCServer registers the service.
func (s *served) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	signerv1.RegisterSignerServer(server, &service{signer: s.signer, stderr: s.stderr})
	return nil
}

// GRPCClient is the host's half, which package external has.
func (s *served) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("a signer serves; package external calls it")
}

// service answers the calls of the contract.
type service struct {
	signerv1.UnimplementedSignerServer
	signer Signer
	stderr *os.File // nil to leave it as it is
	speak  sync.Once
}

// speakUp gives an author the standard error that the program was started with, which
// the host reads to its end. go-plugin replaces it by a stream of its own when it
// begins to serve, and what is on its way there when the host closes the signer is
// lost: the words with which it refused, as a rule.
func (s *service) speakUp() {
	s.speak.Do(func() {
		if s.stderr != nil {
			os.Stderr = s.stderr
		}
	})
}

// PublicKey answers with the signer's key.
func (s *service) PublicKey(ctx context.Context, _ *signerv1.PublicKeyRequest) (*signerv1.PublicKeyResponse, error) {
	s.speakUp()
	key, err := s.signer.PublicKey(ctx)
	if err != nil {
		return nil, answer(err)
	}
	if len(key) != ed25519.PublicKeySize {
		return nil, status.Errorf(codes.Internal, "the key has %d bytes, an Ed25519 key has %d", len(key), ed25519.PublicKeySize)
	}
	return &signerv1.PublicKeyResponse{Key: key}, nil
}

// Sign answers with the signer's signature.
func (s *service) Sign(ctx context.Context, r *signerv1.SignRequest) (*signerv1.SignResponse, error) {
	s.speakUp()
	signature, err := s.signer.Sign(ctx, Statement{Type: envelope.PayloadType(r.GetPayloadType()), Payload: r.GetPayload()})
	if err != nil {
		return nil, answer(err)
	}
	return &signerv1.SignResponse{Signature: signature}, nil
}

// maxReason bounds the text of an error: a gRPC status travels in a header, and a
// host that is sent a longer one than it takes learns nothing at all.
const maxReason = 4 << 10

// answer is an author's error as the contract says it.
func answer(err error) error {
	text := err.Error()
	text = strings.ToValidUTF8(text[:min(len(text), maxReason)], "?")
	switch {
	case isRefusal(err):
		return status.Error(codes.PermissionDenied, text)
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, text)
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, text)
	}
	return status.Error(codes.Unavailable, text)
}
