package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// Releases are the answers to a request, complete or ended by a denial.
type Releases struct {
	Request   envelope.ID
	Releases  []approval.Release
	Decisions []Decision
}

type releaseAnswer struct {
	Request   string     `json:"request_id"`
	Releases  []string   `json:"releases"`
	Decisions []Decision `json:"decisions"`
}

// PostRequest posts a host consumer's signed request and waits for its people,
// at most as long as wait. The broker knows a request by its hash: posted again,
// it goes on waiting for the same answers.
func (c *Client) PostRequest(ctx context.Context, path string, request envelope.Signed, wait time.Duration) (*Releases, error) {
	full, err := c.pathOf("release", path)
	if err != nil {
		return nil, err
	}
	encoded, err := envelope.Encode(request)
	if err != nil {
		return nil, err
	}
	var a releaseAnswer
	in := map[string]any{"request": string(encoded), "wait": wait.String()}
	if err := c.post(ctx, full, in, &a); err != nil {
		return nil, err
	}
	r := &Releases{Decisions: a.Decisions}
	if r.Request, err = envelope.ParseID(a.Request); err != nil {
		return nil, fmt.Errorf("write %s: request id: %w", full, err)
	}
	r.Releases, err = decodeAll[approval.Release](full, a.Releases)
	return r, err
}

// AwaitRelease posts a request until its people decided or its deadline passed.
// A dropped connection or a restarted server does not end it.
func (c *Client) AwaitRelease(ctx context.Context, path string, request envelope.Signed, progress Progress) (*Releases, error) {
	asked, err := envelope.Peek[approval.Request](request, envelope.TypeRequest)
	if err != nil {
		return nil, err
	}
	w := waiter{client: c, deadline: asked.Deadline.Time(), progress: progress}
	for {
		began := c.now()
		releases, err := c.PostRequest(ctx, path, request, w.wait())
		if err == nil {
			return releases, nil
		}
		if err := w.again(ctx, err, c.now().Sub(began)); err != nil {
			return nil, err
		}
	}
}

// requestIn is the request that a waiting error names, zero if none.
func requestIn(err error) envelope.ID {
	var e *Error
	if errors.As(err, &e) && Waiting(err) {
		return e.RequestID()
	}
	return envelope.ID{}
}
