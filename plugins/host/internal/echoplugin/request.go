package main

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// requestPaths show what a request looked like to the engine.
func (e *engine) requestPaths() []*framework.Path {
	name := map[string]*framework.FieldSchema{"name": {Type: framework.TypeString, Description: "Any name."}}
	every := func(f framework.OperationFunc) map[logical.Operation]framework.OperationHandler {
		handlers := map[logical.Operation]framework.OperationHandler{}
		for _, op := range []logical.Operation{logical.ReadOperation, logical.UpdateOperation, logical.ListOperation, logical.DeleteOperation, logical.PatchOperation} {
			handlers[op] = &framework.PathOperation{Callback: f}
		}
		return handlers
	}
	only := func(op logical.Operation, f framework.OperationFunc) map[logical.Operation]framework.OperationHandler {
		return map[logical.Operation]framework.OperationHandler{op: &framework.PathOperation{Callback: f}}
	}
	arbitrary := map[string]*framework.FieldSchema{"any": {Type: framework.TypeString, Description: "Anything."}}
	return []*framework.Path{
		{Pattern: "echo/?$", Fields: arbitrary, TakesArbitraryInput: true, Operations: every(e.echo),
			HelpSynopsis: "Returns the request's data and the Go type of each value."},
		{Pattern: "open/(?P<name>.*)", Fields: name, Operations: every(e.seen), HelpSynopsis: "Wants no token."},
		{Pattern: "door/(?P<name>[^/]+)/status", Fields: name, Operations: every(e.seen), HelpSynopsis: "Wants no token, by a wildcard."},
		{Pattern: "admin$", Operations: every(e.seen), HelpSynopsis: "Wants sudo."},
		{Pattern: "seen$", Operations: every(e.seen), HelpSynopsis: "Returns what the request brought."},
		{Pattern: "state$", Operations: every(e.state), HelpSynopsis: "Returns counts and the process id."},
		{Pattern: "entity/(?P<name>.+)", Fields: name, Operations: only(logical.ReadOperation, e.entity), HelpSynopsis: "Looks an entity up."},
		{Pattern: "block/(?P<name>.+)", Fields: name, HelpSynopsis: "A read waits for a write.",
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation:   &framework.PathOperation{Callback: e.wait},
				logical.UpdateOperation: &framework.PathOperation{Callback: e.release},
			}},
	}
}

func (e *engine) echo(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	kinds := map[string]any{}
	for key, value := range req.Data {
		kinds[key] = fmt.Sprintf("%T", value)
	}
	resp := &logical.Response{Data: map[string]any{"operation": string(req.Operation), "data": req.Data, "kinds": kinds}}
	resp.AddWarning("this is an echo")
	return resp, nil
}

func (e *engine) seen(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	data := map[string]any{
		"operation":       string(req.Operation),
		"path":            req.Path,
		"mount_point":     req.MountPoint,
		"mount_type":      req.MountType,
		"display_name":    req.DisplayName,
		"entity_id":       req.EntityID,
		"accessor":        req.ClientTokenAccessor,
		"client_token":    req.ClientToken,
		"unauthenticated": req.Unauthenticated,
		"id":              req.ID,
		"headers":         req.Headers,
		"remote_addr":     req.Connection.RemoteAddr,
		"remote_port":     req.Connection.RemotePort,
	}
	if req.WrapInfo != nil {
		return nil, logical.CodedError(400, fmt.Sprintf("wrapping for %s refused", req.WrapInfo.TTL))
	}
	return &logical.Response{Data: data}, nil
}

func (e *engine) state(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	initialized, err := counted(ctx, req.Storage, "count/initialize")
	if err != nil {
		return nil, err
	}
	periodic, err := counted(ctx, req.Storage, "count/periodic")
	if err != nil {
		return nil, err
	}
	setupWrite := ""
	if e.setupWrite != nil {
		setupWrite = e.setupWrite.Error()
	}
	return &logical.Response{Data: map[string]any{
		"initialized": initialized, "periodic": periodic, "pid": os.Getpid(), "setup_write": setupWrite,
		"env": os.Getenv("ECHO_NOTE"), "mlock": e.System().MlockEnabled(),
	}}, nil
}

func (e *engine) entity(_ context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	entity, err := e.System().EntityInfo(data.Get("name").(string))
	if err != nil || entity == nil {
		return nil, err
	}
	aliases := []string{}
	for _, alias := range entity.Aliases {
		aliases = append(aliases, alias.MountType+":"+alias.Name)
	}
	return &logical.Response{Data: map[string]any{"id": entity.ID, "name": entity.Name, "aliases": aliases}}, nil
}

// gates hold blocked reads until somebody opens them.
type gates struct {
	lock   sync.Mutex
	byName map[string]chan struct{}
}

func (g *gates) get(name string) chan struct{} {
	g.lock.Lock()
	defer g.lock.Unlock()
	if g.byName == nil {
		g.byName = map[string]chan struct{}{}
	}
	if g.byName[name] == nil {
		g.byName[name] = make(chan struct{})
	}
	return g.byName[name]
}

// wait blocks, and leaves in the storage when it began and why it ended, for a
// client that has gone away is told nothing.
func (e *engine) wait(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	name := data.Get("name").(string)
	// Whoever reads the first note may end the call before its storing was answered
	// here: what is noted does not depend on the call.
	note := func(text string) error {
		return req.Storage.Put(context.WithoutCancel(ctx), &logical.StorageEntry{Key: "block/" + name, Value: []byte(text)})
	}
	_, deadline := ctx.Deadline()
	if err := note(fmt.Sprintf("waiting, deadline %t", deadline)); err != nil {
		return nil, err
	}
	select {
	case <-e.gates.get(name):
		return &logical.Response{Data: map[string]any{"opened": name}}, nil
	case <-ctx.Done():
		return nil, note("cancelled")
	}
}

func (e *engine) release(_ context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	close(e.gates.get(data.Get("name").(string)))
	return nil, nil
}
