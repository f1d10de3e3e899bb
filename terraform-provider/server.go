package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	stillvault "github.com/stillvault/stillvault/terraform-provider/internal/provider"
)

// lean is a provider whose calls leave nothing behind, and that sees at once where
// a plan changes nothing. The framework keeps the context of every call until the
// process ends, with the loggers and the request in it: a hundred MiB after the few
// calls that each of a thousand policies takes.
type lean struct{ tfprotov6.ProviderServer }

// ValidateResourceConfig is the framework's.
func (l lean) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return passing(ctx, req, l.ProviderServer.ValidateResourceConfig)
}

// UpgradeResourceState is the framework's.
func (l lean) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return passing(ctx, req, l.ProviderServer.UpgradeResourceState)
}

// ReadResource is the framework's.
func (l lean) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return passing(ctx, req, l.ProviderServer.ReadResource)
}

// PlanResourceChange is the framework's, where there may be something to do.
func (l lean) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	if stillvault.Settled(req) {
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.ProposedNewState, PlannedPrivate: req.PriorPrivate}, nil
	}
	return passing(ctx, req, l.ProviderServer.PlanResourceChange)
}

// ApplyResourceChange is the framework's.
func (l lean) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return passing(ctx, req, l.ProviderServer.ApplyResourceChange)
}

// passing makes a call in a context that holds on to nothing once it returned.
func passing[In, Out any](ctx context.Context, in In, call func(context.Context, In) (Out, error)) (Out, error) {
	p := &passingContext{done: ctx.Done()}
	p.parent.Store(&ctx)
	defer p.parent.Store(nil)
	return call(p, in)
}

// passingContext is a context until its call has returned.
type passingContext struct {
	done   <-chan struct{}
	parent atomic.Pointer[context.Context]
}

var _ context.Context = (*passingContext)(nil)

// Deadline is the parent's.
func (p *passingContext) Deadline() (deadline time.Time, ok bool) {
	if parent := p.parent.Load(); parent != nil {
		return (*parent).Deadline()
	}
	return time.Time{}, false
}

// Done is the parent's: it is closed when the call has returned to Terraform.
func (p *passingContext) Done() <-chan struct{} { return p.done }

// Err is the parent's, and [context.Canceled] once the call has returned.
func (p *passingContext) Err() error {
	if parent := p.parent.Load(); parent != nil {
		return (*parent).Err()
	}
	return context.Canceled
}

// Value is the parent's, and nil once the call has returned.
func (p *passingContext) Value(key any) any {
	if parent := p.parent.Load(); parent != nil {
		return (*parent).Value(key)
	}
	return nil
}
