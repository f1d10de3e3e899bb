// Command echoplugin is a small secrets engine that shows what its host gave
// it. The tests of package host run it, in the host and in a real Vault.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"
)

const version = "v0.1.0"

func main() {
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Info, Output: os.Stderr, JSONFormat: true})
	if len(os.Args) > 1 && os.Args[1] == "-refuse" {
		logger.Error("told to refuse")
		os.Exit(1)
	}
	err := plugin.ServeMultiplex(&plugin.ServeOpts{BackendFactoryFunc: factory, Logger: logger})
	if err != nil {
		logger.Error("serving", "error", err)
		os.Exit(1)
	}
}

// engine is the backend; gates are what blocked reads wait for.
type engine struct {
	*framework.Backend
	gates gates
	// setupWrite is what a write during set-up led to.
	setupWrite error
}

func factory(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	e := &engine{}
	e.setupWrite = config.StorageView.Put(ctx, &logical.StorageEntry{Key: "too-early"})
	e.Backend = &framework.Backend{
		Help:           "Shows what the host gave it.",
		BackendType:    logical.TypeLogical,
		RunningVersion: version,
		PathsSpecial: &logical.Paths{
			Unauthenticated: []string{"open/*", "door/+/status"},
			Root:            []string{"admin"},
		},
		Secrets:        []*framework.Secret{{Type: "lease", Fields: map[string]*framework.FieldSchema{}}},
		InitializeFunc: e.initialize,
		PeriodicFunc: func(ctx context.Context, req *logical.Request) error {
			return count(ctx, req.Storage, "count/periodic")
		},
		Paths: framework.PathAppend(e.answerPaths(), e.requestPaths(), e.storagePaths()),
	}
	if err := e.Setup(ctx, config); err != nil {
		return nil, err
	}
	return e, nil
}

// initialize counts how often the engine was initialised over one storage.
func (e *engine) initialize(ctx context.Context, req *logical.InitializationRequest) error {
	if os.Getenv("ECHO_FAIL_INITIALIZE") != "" {
		return fmt.Errorf("told to fail")
	}
	return count(ctx, req.Storage, "count/initialize")
}

// count adds one to the number under key.
func count(ctx context.Context, storage logical.Storage, key string) error {
	n, err := counted(ctx, storage, key)
	if err != nil {
		return err
	}
	return storage.Put(ctx, &logical.StorageEntry{Key: key, Value: []byte(strconv.Itoa(n + 1))})
}

func counted(ctx context.Context, storage logical.Storage, key string) (int, error) {
	entry, err := storage.Get(ctx, key)
	if err != nil || entry == nil {
		return 0, err
	}
	return strconv.Atoi(string(entry.Value))
}
