package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// Where entries are, as in Stillvault's engine.
func recordKey(path string) string  { return "meta/" + path }
func versionKey(path string) string { return "version/" + path + "/1" }

func (e *engine) exists(ctx context.Context, req *logical.Request, data *framework.FieldData) (bool, error) {
	entry, err := req.Storage.Get(ctx, recordKey(data.Get("path").(string)))
	return entry != nil, err
}

// write reads the record, and writes the version and the record.
func (e *engine) write(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	path, size := data.Get("path").(string), e.sizes.Load()
	if _, err := req.Storage.Get(ctx, recordKey(path)); err != nil {
		return nil, err
	}
	if err := put(ctx, req.Storage, versionKey(path), size.version); err != nil {
		return nil, err
	}
	if err := put(ctx, req.Storage, recordKey(path), size.record); err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"version": 1, "created_time": "2030-01-02T03:04:05.678Z",
		"secret_id": "00000000-0000-4000-8000-000000000000", "policy": "everything",
	}}, nil
}

func put(ctx context.Context, s logical.Storage, key string, size int) error {
	return s.Put(ctx, &logical.StorageEntry{Key: key, Value: make([]byte, size)})
}

// stored reads the record and the version of a path.
func stored(ctx context.Context, s logical.Storage, path string) error {
	for _, key := range []string{recordKey(path), versionKey(path)} {
		entry, err := s.Get(ctx, key)
		if err != nil {
			return err
		}
		if entry == nil {
			return logical.CodedError(http.StatusNotFound, fmt.Sprintf("%q is not there", path))
		}
	}
	return nil
}

// readMetadata reads the record and answers as much as Stillvault's engine does.
func (e *engine) readMetadata(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	entry, err := req.Storage.Get(ctx, recordKey(data.Get("path").(string)))
	if err != nil || entry == nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"secret_id": "00000000-0000-4000-8000-000000000000", "current_version": 1, "policy": "everything", "stale": false,
		"coverage": []any{map[string]any{"requirement": "approvers", "m": 1, "people": 3, "recoverable": 3, "meets": true}},
		"versions": map[string]any{"1": map[string]any{
			"created_time": "2030-01-02T03:04:05.678Z", "deletion_time": "", "destroyed": false,
			"author": "vault", "policy": "everything", "epoch": 0, "exposed": false,
		}},
	}}, nil
}

// read reads record and version and blocks until somebody answers.
func (e *engine) read(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	path := data.Get("path").(string)
	if err := stored(ctx, req.Storage, path); err != nil {
		return nil, err
	}
	e.mu.Lock()
	done := e.blocked[path]
	if done == nil {
		done = make(chan struct{})
		e.blocked[path] = done
	}
	e.readers++
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.readers--
		e.mu.Unlock()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return &logical.Response{Data: map[string]any{
		logical.HTTPStatusCode:  http.StatusOK,
		logical.HTTPContentType: "application/json",
		logical.HTTPRawBody: `{"request_id":` + strconv.Quote(req.ID) + `,"lease_id":"","renewable":false,"lease_duration":900,"data":{"value":"` +
			strings.Repeat("x", 1024) + `"},"wrap_info":null,"warnings":null,"auth":null}` + "\n",
	}}, nil
}

// answer reads record and version, writes a receipt and where it is found, and lets
// the readers go.
func (e *engine) answer(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	path := data.Get("path").(string)
	if err := stored(ctx, req.Storage, path); err != nil {
		return nil, err
	}
	name, size := fmt.Sprintf("%016x", e.seq.Add(1)), e.sizes.Load()
	if err := put(ctx, req.Storage, "answered/"+name, size.answered); err != nil {
		return nil, err
	}
	if err := put(ctx, req.Storage, "receipt/"+name, size.receipt); err != nil {
		return nil, err
	}
	e.mu.Lock()
	done := e.blocked[path]
	delete(e.blocked, path)
	e.mu.Unlock()
	if done != nil {
		close(done)
	}
	return &logical.Response{Data: map[string]any{"state": "approved"}}, nil
}
