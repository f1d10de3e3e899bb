package transit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	vault "github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/plugins/signer"
)

// maxAnswer is the longest answer that is read: a key with some thousand versions.
const maxAnswer = 4 << 20

// remote is the Transit engine of a Vault. It is asked once and never again by
// itself: whoever signs can run the command again.
type remote struct {
	client *vault.Client
	http   *http.Client
	mount  string
	token  func() (string, error) // afresh for each call, since agents renew files
	limit  time.Duration
	open   context.Context // ends when the signer is closed
}

// String says which engine this is.
func (r *remote) String() string { return fmt.Sprintf("%s at %s", r.mount, r.client.Address()) }

func (r *remote) closeIdle() { r.http.CloseIdleConnections() }

// call asks the engine, with body or to read, and reads data of the answer into
// out.
func (r *remote) call(ctx context.Context, method, path string, body map[string]any, out any) error {
	ctx, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	defer context.AfterFunc(r.open, cancel)()
	data, err := r.exchange(ctx, method, r.mount+"/"+path, body)
	switch {
	case err == nil:
	case r.open.Err() != nil:
		return fmt.Errorf("the signer is closed: %w", signer.ErrUnavailable)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("within %v: %w", r.limit, signer.ErrTimeout)
	default:
		return meaning(err)
	}
	answer := struct{ Data any }{out}
	if err := json.Unmarshal(data, &answer); err != nil {
		return fmt.Errorf("the answer is not one of Vault's: %w", signer.ErrUnavailable)
	}
	return nil
}

func (r *remote) exchange(ctx context.Context, method, path string, body map[string]any) ([]byte, error) {
	token, err := r.token()
	if err != nil {
		return nil, err
	}
	logical := r.client.WithRequestCallbacks(func(q *vault.Request) { q.ClientToken = token }).Logical()
	var response *vault.Response
	if method == http.MethodGet {
		response, err = logical.ReadRawWithContext(ctx, path)
	} else {
		var encoded []byte
		if encoded, err = json.Marshal(body); err == nil {
			response, err = logical.WriteRawWithContext(ctx, path, encoded)
		}
	}
	if response != nil {
		defer response.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(response.Body, maxAnswer))
}

// meaning names what Vault's answer, or that there is none, means.
func meaning(err error) error {
	var answer *vault.ResponseError
	if !errors.As(err, &answer) {
		if errors.Is(err, errNoToken) || errors.Is(err, signer.ErrUnavailable) {
			return err
		}
		return fmt.Errorf("%s: %w", signer.Words(err.Error()), signer.ErrUnavailable)
	}
	said := signer.Words(strings.Join(answer.Errors, "; "))
	switch {
	case answer.StatusCode == http.StatusNotFound && said == "":
		return fmt.Errorf("there is no such key; see `vault list transit/keys`: %w", signer.ErrUnavailable)
	case answer.StatusCode == http.StatusNotFound:
		return fmt.Errorf("there is no such key (%s); see `vault list transit/keys`: %w", said, signer.ErrUnavailable)
	case answer.StatusCode == http.StatusForbidden:
		return fmt.Errorf("the answer is %q; the token needs read on transit/keys/NAME and update on transit/sign/NAME: %w", said, signer.ErrRefused)
	// 500 is what Transit answers to a version that may no longer sign.
	case answer.StatusCode > http.StatusInternalServerError, answer.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("the answer is %q: %w", said, signer.ErrUnavailable)
	}
	return fmt.Errorf("the answer is %q: %w", said, signer.ErrRefused)
}
