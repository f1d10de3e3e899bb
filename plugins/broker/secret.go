package broker

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Answer is a secret that the mount, as the consumer, received and handed out.
type Answer struct {
	JSON  []byte        // the value, an object in plaintext; its owner wipes it
	Lease time.Duration // from the approval
	Call  string        // Vault's id of the API request that was answered
}

// ReadOptions say what to read and how to ask for it.
type ReadOptions struct {
	Version uint64        // 0 for the latest
	Reason  string        // shown to the approvers
	Lease   time.Duration // 0 for the policy's
	Wait    time.Duration // of ReadSecret, 0 for the mount's own; AwaitSecret chooses it
	// BreakGlass asks those whom the policy names for an emergency, in the open; it
	// needs a reason.
	BreakGlass bool
}

func (o ReadOptions) query() url.Values {
	q := url.Values{}
	if o.Version != 0 {
		q.Set("version", strconv.FormatUint(o.Version, 10))
	}
	if o.Reason != "" {
		q.Set("reason", o.Reason)
	}
	if o.Lease != 0 {
		q.Set("lease", o.Lease.String())
	}
	if o.Wait != 0 {
		q.Set("wait", o.Wait.String())
	}
	if o.BreakGlass {
		q.Set("break_glass", "true")
	}
	return q
}

func (c *Client) pathOf(kind, path string) (string, error) {
	if err := roster.CheckPath(path); err != nil {
		return "", err
	}
	return c.path(kind, path), nil
}

// ReadSecret does what `vault read` does: it blocks until approvers decided, or
// the wait ended ([Waiting]); then the same call attaches to the same request.
func (c *Client) ReadSecret(ctx context.Context, path string, o ReadOptions) (*Answer, error) {
	full, err := c.pathOf("secret", path)
	if err != nil {
		return nil, err
	}
	body, err := c.getRaw(ctx, full, o.query())
	if err != nil {
		return nil, err
	}
	defer envelope.Wipe(body)
	var answer struct {
		Call  string          `json:"request_id"`
		Lease int64           `json:"lease_duration"`
		Data  json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Data) == 0 {
		// The parser's own words might quote the value.
		return nil, fmt.Errorf("read %s: the answer is not one of Vault's", full)
	}
	return &Answer{JSON: answer.Data, Lease: time.Duration(answer.Lease) * time.Second, Call: answer.Call}, nil
}

// AwaitSecret calls ReadSecret until approvers decided or the request expired.
// A dropped connection does not end it: the calls attach to one request, so
// nobody is prompted twice.
func (c *Client) AwaitSecret(ctx context.Context, path string, o ReadOptions, progress Progress) (*Answer, error) {
	w := waiter{client: c, progress: progress}
	for {
		o.Wait = w.wait()
		began := c.now()
		answer, err := c.ReadSecret(ctx, path, o)
		if err == nil {
			return answer, nil
		}
		if w.deadline.IsZero() {
			w.deadline = c.deadlineOf(ctx, requestIn(err))
		}
		if err := w.again(ctx, err, c.now().Sub(began)); err != nil {
			return nil, err
		}
	}
}

// Written is what a write made.
type Written struct {
	Version uint64    `json:"version"`
	Created time.Time `json:"created_time"`
	Secret  string    `json:"secret_id"`
	Policy  string    `json:"policy"`
}

// WriteSecret does what `vault write` does: the mount, as the author, seals what
// it is shown. value is a JSON object, which stays the caller's; cas, where not
// nil, is the version that must be the latest.
func (c *Client) WriteSecret(ctx context.Context, path string, value []byte, cas *uint64) (*Written, error) {
	full, err := c.pathOf("secret", path)
	if err != nil {
		return nil, err
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(value, &keys); err != nil {
		return nil, fmt.Errorf("write %s: a secret is a JSON object", full)
	}
	if cas != nil {
		if _, taken := keys["cas"]; taken {
			return nil, fmt.Errorf("write %s: the key \"cas\" is reserved here; use `stillvault put`", full)
		}
		keys["cas"] = json.RawMessage(strconv.FormatUint(*cas, 10))
	}
	var written Written
	if err := c.post(ctx, full, keys, &written); err != nil {
		return nil, err
	}
	return &written, nil
}

// DeleteSecret marks the latest version as deleted; UndeleteSecret takes that back.
func (c *Client) DeleteSecret(ctx context.Context, path string) error {
	full, err := c.pathOf("secret", path)
	if err != nil {
		return err
	}
	return c.delete(ctx, full)
}

// UndeleteSecret makes deleted versions readable again.
func (c *Client) UndeleteSecret(ctx context.Context, path string, versions ...uint64) error {
	return c.onVersions(ctx, "undelete", path, versions)
}

// DestroySecret removes versions for good.
func (c *Client) DestroySecret(ctx context.Context, path string, versions ...uint64) error {
	return c.onVersions(ctx, "destroy", path, versions)
}

func (c *Client) onVersions(ctx context.Context, kind, path string, versions []uint64) error {
	full, err := c.pathOf(kind, path)
	if err != nil {
		return err
	}
	return c.post(ctx, full, map[string]any{"versions": versions}, nil)
}
