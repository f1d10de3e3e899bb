package main

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

type keeping struct {
	tfprotov6.ProviderServer
	contexts []context.Context
}

type weight struct{}

// ReadResource keeps its context, as the framework does.
func (k *keeping) ReadResource(ctx context.Context, _ *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	if ctx.Value(weight{}) == nil || ctx.Err() != nil {
		return nil, errors.New("the call has not the context that it came with")
	}
	k.contexts = append(k.contexts, ctx)
	return nil, nil
}

func TestACallLeavesItsContextBehindEmpty(t *testing.T) {
	k := &keeping{}
	freed := make(chan struct{})
	func() {
		held := new([1 << 20]byte)
		runtime.AddCleanup(held, func(c chan struct{}) { close(c) }, freed)
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), weight{}, held))
		defer cancel()
		if _, err := (lean{k}).ReadResource(ctx, nil); err != nil {
			t.Fatal(err)
		}
	}()
	runtime.GC()
	<-freed
	kept := k.contexts[0]
	if kept.Value(weight{}) != nil || !errors.Is(kept.Err(), context.Canceled) {
		t.Error("the context is alive")
	}
	<-kept.Done()
}

func TestACallIsInterruptedByItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := passing(ctx, 0, func(inner context.Context, _ int) (int, error) {
		inner, stop := context.WithCancel(inner)
		defer stop()
		cancel()
		<-inner.Done()
		return 0, inner.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
