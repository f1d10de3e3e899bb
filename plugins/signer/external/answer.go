package external

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/stillvault/stillvault/plugins/signer"
)

// maxAnswer bounds an answer: a key or a signature, with room to spare.
const maxAnswer = 64 << 10

// started says why a program did not become a signer. cause is go-plugin's error,
// whose text may quote what the program wrote.
func (s *running) started(ctx context.Context, cause error) error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%w (it did not start within %s)%s", signer.ErrTimeout, s.limit, s.lastWords())
	case ctx.Err() != nil:
		return fmt.Errorf("%w (%w)", signer.ErrUnavailable, context.Cause(ctx))
	}
	switch s.process.hello.says(version) {
	case silent:
		if s.process.began() {
			return fmt.Errorf("%w (it ended before it said where it listens)%s", signer.ErrUnavailable, s.lastWords())
		}
		return fmt.Errorf("%w (it did not begin: %s)%s", signer.ErrUnavailable, signer.Words(cause.Error()), s.lastWords())
	case foreign:
		return fmt.Errorf("%w (this program is no signer: it does not begin as plug-ins do)%s", signer.ErrVersion, s.lastWords())
	case another:
		return fmt.Errorf("%w (this build speaks version %d, over gRPC)%s", signer.ErrVersion, version, s.lastWords())
	}
	return fmt.Errorf("%w (%s)%s", signer.ErrUnavailable, signer.Words(cause.Error()), s.lastWords())
}

// failed is the error of a call. broken is what an answer means that this contract
// does not have, such as one of 100 MB.
func (s *running) failed(err, broken error) error {
	if s.life.Err() != nil {
		return fmt.Errorf("%w (it was closed)", signer.ErrUnavailable)
	}
	st := status.Convert(err)
	said := signer.Words(st.Message())
	switch st.Code() {
	case codes.PermissionDenied:
		if said == "" {
			return fmt.Errorf("it says no, without a reason: %w", signer.ErrRefused)
		}
		return fmt.Errorf("it says %q: %w", said, signer.ErrRefused)
	case codes.DeadlineExceeded:
		return fmt.Errorf("%w (limit %s)", signer.ErrTimeout, s.limit)
	case codes.Unimplemented:
		return fmt.Errorf("%w (%s)", signer.ErrVersion, said)
	case codes.ResourceExhausted, codes.Internal:
		return fmt.Errorf("%w (%s)", broken, said)
	}
	return fmt.Errorf("%w (%s)%s", signer.ErrUnavailable, said, s.lastWords())
}

// lastWords is what it said last on standard error, as the end of an error.
func (s *running) lastWords() string {
	if last := s.voice.lastWords(); last != "" {
		return fmt.Sprintf("; its last words: %q", last)
	}
	return ""
}
