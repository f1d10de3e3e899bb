package sshagent

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/stillvault/stillvault/plugins/signer"
)

// The messages of the SSH agent protocol that are spoken here
// (draft-ietf-sshm-ssh-agent, section 6.1), and the longest that is read, which
// is what OpenSSH's own client takes.
const (
	msgFailure           = 5
	msgRequestIdentities = 11
	msgIdentities        = 12
	msgSignRequest       = 13
	msgSignResponse      = 14
	maxMessage           = 256 << 10
)

// agent is how to reach an agent.
type agent struct {
	limit time.Duration
	open  context.Context // ends when the signer is closed
}

// list asks for the public keys that the agent holds. A locked agent has none.
func (a agent) list(ctx context.Context) ([][]byte, error) {
	rest, err := a.call(ctx, []byte{msgRequestIdentities}, msgIdentities)
	if err != nil {
		return nil, err
	}
	var head struct {
		Count uint32
		Rest  []byte `ssh:"rest"`
	}
	if err := ssh.Unmarshal(rest, &head); err != nil {
		return nil, errGarbled
	}
	var blobs [][]byte
	for range head.Count {
		var key struct {
			Blob    []byte
			Comment string
			Rest    []byte `ssh:"rest"`
		}
		if err := ssh.Unmarshal(head.Rest, &key); err != nil {
			return nil, errGarbled
		}
		blobs, head.Rest = append(blobs, key.Blob), key.Rest
	}
	return blobs, nil
}

// sign has the agent sign data with the key that it knows by blob.
func (a agent) sign(ctx context.Context, blob, data []byte) ([]byte, error) {
	request := ssh.Marshal(struct {
		Type  byte
		Blob  []byte
		Data  []byte
		Flags uint32
	}{msgSignRequest, blob, data, 0})
	rest, err := a.call(ctx, request, msgSignResponse)
	if err != nil {
		return nil, err
	}
	var answer struct{ Signature []byte }
	if err := ssh.Unmarshal(rest, &answer); err != nil {
		return nil, errGarbled
	}
	return answer.Signature, nil
}

var errGarbled = fmt.Errorf("the agent's answer is not one of the SSH agent protocol: %w", signer.ErrUnavailable)

// call sends one message and returns what follows the type of the answer, which
// has to be want.
func (a agent) call(ctx context.Context, request []byte, want byte) ([]byte, error) {
	socket := os.Getenv(SocketVariable)
	if socket == "" {
		return nil, fmt.Errorf("%s is not set, so there is no agent: %w", SocketVariable, signer.ErrUnavailable)
	}
	ctx, cancel := context.WithTimeout(ctx, a.limit)
	defer cancel()
	defer context.AfterFunc(a.open, cancel)()
	answer, err := exchange(ctx, socket, request)
	switch {
	case a.open.Err() != nil:
		return nil, fmt.Errorf("the signer is closed: %w", signer.ErrUnavailable)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("within %v: %w", a.limit, signer.ErrTimeout)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", err, signer.ErrUnavailable)
	case answer[0] == msgFailure:
		return nil, fmt.Errorf("the agent says no, without a reason: %w", signer.ErrRefused)
	case answer[0] != want:
		return nil, errGarbled
	}
	return answer[1:], nil
}

// exchange writes a message and reads one, of at least one byte. Where ctx ends,
// so does the connection.
func exchange(ctx context.Context, socket string, request []byte) ([]byte, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("reach the agent: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	framed := binary.BigEndian.AppendUint32(nil, uint32(len(request)))
	if _, err := conn.Write(append(framed, request...)); err != nil {
		return nil, fmt.Errorf("ask the agent: %w", err)
	}
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, fmt.Errorf("hear the agent: %w", err)
	}
	n := binary.BigEndian.Uint32(size[:])
	if n == 0 || n > maxMessage {
		return nil, fmt.Errorf("the agent's answer has %d bytes", n)
	}
	answer := make([]byte, n)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return nil, fmt.Errorf("hear the agent: %w", err)
	}
	return answer, nil
}
