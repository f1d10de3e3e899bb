// Command nullengine is a secrets engine that does what Stillvault's does but
// for the cryptography: as many storage operations of the same size for each
// write, metadata read and answer, reads that block until they are answered, and
// answers of the same form. What it takes is what Vault, its plug-in boundary
// and its storage take. It protects nothing. SIGUSR1 makes it collect its
// garbage, as it does the measured plug-in.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"
)

// version is the one that it is registered under.
const version = "v0.1.0"

func main() {
	collect := make(chan os.Signal, 1)
	signal.Notify(collect, syscall.SIGUSR1)
	go func() {
		for range collect {
			debug.FreeOSMemory()
		}
	}()
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Info, Output: os.Stderr, JSONFormat: true})
	err := plugin.ServeMultiplex(&plugin.ServeOpts{BackendFactoryFunc: factory, Logger: logger})
	if err != nil {
		logger.Error("the plug-in ended", "error", err)
		os.Exit(1)
	}
}

// engine is the backend.
type engine struct {
	*framework.Backend
	sizes atomic.Pointer[sizes]
	seq   atomic.Uint64 // names receipts

	mu      sync.Mutex
	blocked map[string]chan struct{} // by path
	readers int
}

// sizes are how many bytes the entries of Stillvault's engine have.
type sizes struct{ version, record, receipt, answered int }

func factory(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	e := &engine{blocked: map[string]chan struct{}{}}
	e.sizes.Store(&sizes{})
	e.Backend = &framework.Backend{
		Help:           "Does nothing, with as much storage.",
		BackendType:    logical.TypeLogical,
		RunningVersion: version,
		PathsSpecial:   &logical.Paths{Unauthenticated: []string{"answer/*"}},
		Paths:          e.paths(),
	}
	if err := e.Setup(ctx, config); err != nil {
		return nil, fmt.Errorf("set up the null engine: %w", err)
	}
	return e, nil
}

func (e *engine) paths() []*framework.Path {
	path := map[string]*framework.FieldSchema{"path": {Type: framework.TypeString}}
	return []*framework.Path{
		{
			Pattern: "sizes",
			Fields: map[string]*framework.FieldSchema{
				"version": {Type: framework.TypeInt}, "record": {Type: framework.TypeInt},
				"receipt": {Type: framework.TypeInt}, "answered": {Type: framework.TypeInt},
			},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.UpdateOperation: &framework.PathOperation{Callback: e.setSizes},
			},
		},
		{
			Pattern: "secret/(?P<path>.*)", Fields: path, TakesArbitraryInput: true, ExistenceCheck: e.exists,
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.CreateOperation: &framework.PathOperation{Callback: e.write},
				logical.UpdateOperation: &framework.PathOperation{Callback: e.write},
				logical.ReadOperation:   &framework.PathOperation{Callback: e.read},
			},
		},
		{
			Pattern: "metadata/(?P<path>.*)", Fields: path,
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Callback: e.readMetadata},
			},
		},
		{
			Pattern: "answer/(?P<path>.*)",
			Fields:  map[string]*framework.FieldSchema{"path": {Type: framework.TypeString}, "release": {Type: framework.TypeString}},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.UpdateOperation: &framework.PathOperation{Callback: e.answer},
			},
		},
		{
			Pattern: "status",
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Callback: e.status},
			},
		},
	}
}

func (e *engine) setSizes(_ context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	e.sizes.Store(&sizes{
		version: data.Get("version").(int), record: data.Get("record").(int),
		receipt: data.Get("receipt").(int), answered: data.Get("answered").(int),
	})
	return nil, nil
}

func (e *engine) status(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return &logical.Response{Data: map[string]any{"waiting_readers": e.readers}}, nil
}
