package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"
)

// A call that blocks keeps its goroutine's stack. With the framework's frames and
// those that prepared the call on it, that takes 16 KiB; once they have returned,
// 8 KiB, and what they held is free. There may be ten thousand such calls, so a
// callback can leave its waiting to HandleRequest, which stands above them.

// wait is what a call does once the framework has returned.
type wait func(context.Context) (*logical.Response, error)

type waitKey struct{}

// withWait returns a context in which a callback can leave a wait, and where.
func withWait(ctx context.Context) (context.Context, *wait) {
	left := new(wait)
	return context.WithValue(ctx, waitKey{}, left), left
}

// leave leaves a wait to HandleRequest, whose answer is then the call's.
func leave(ctx context.Context, w wait) (*logical.Response, error) {
	if left, ok := ctx.Value(waitKey{}).(*wait); ok {
		*left = w
		return nil, nil
	}
	return w(ctx)
}
