package main

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// storagePaths are a small key-value store, with an existence check.
func (e *engine) storagePaths() []*framework.Path {
	fields := map[string]*framework.FieldSchema{
		"path":  {Type: framework.TypeString, Description: "Where it is kept."},
		"value": {Type: framework.TypeString, Description: "What is kept."},
		"size":  {Type: framework.TypeInt, Description: "Keep this many bytes instead of a value."},
	}
	return []*framework.Path{{
		Pattern: "kv/(?P<path>.*)",
		Fields:  fields,
		ExistenceCheck: func(ctx context.Context, req *logical.Request, _ *framework.FieldData) (bool, error) {
			entry, err := req.Storage.Get(ctx, req.Path)
			return entry != nil, err
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.CreateOperation: &framework.PathOperation{Callback: e.put},
			logical.UpdateOperation: &framework.PathOperation{Callback: e.put},
			logical.ReadOperation:   &framework.PathOperation{Callback: e.get},
			logical.DeleteOperation: &framework.PathOperation{Callback: e.remove},
			logical.ListOperation:   &framework.PathOperation{Callback: e.list},
		},
		HelpSynopsis:    "A small key-value store.",
		HelpDescription: "Keeps one value under each path.",
	}}
}

func (e *engine) put(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	value := data.Get("value").(string)
	if size := data.Get("size").(int); size > 0 {
		value = strings.Repeat("x", size)
	}
	if err := req.Storage.Put(ctx, &logical.StorageEntry{Key: req.Path, Value: []byte(value)}); err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"operation": string(req.Operation)}}, nil
}

func (e *engine) get(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	entry, err := req.Storage.Get(ctx, req.Path)
	if err != nil || entry == nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"value": string(entry.Value)}}, nil
}

func (e *engine) remove(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return nil, req.Storage.Delete(ctx, req.Path)
}

func (e *engine) list(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	keys, err := req.Storage.List(ctx, req.Path)
	if err != nil {
		return nil, err
	}
	return logical.ListResponse(keys), nil
}
