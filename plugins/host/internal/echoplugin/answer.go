package main

import (
	"bytes"
	"context"
	"errors"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// answerPaths give every kind of answer that an engine can give.
func (e *engine) answerPaths() []*framework.Path {
	kind := map[string]*framework.FieldSchema{"kind": {Type: framework.TypeString, Description: "Which one."}}
	handlers := func(f framework.OperationFunc) map[logical.Operation]framework.OperationHandler {
		return map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation:   &framework.PathOperation{Callback: f},
			logical.UpdateOperation: &framework.PathOperation{Callback: f},
			logical.ListOperation:   &framework.PathOperation{Callback: f},
		}
	}
	return []*framework.Path{
		{Pattern: "raw/(?P<kind>[a-z-]+)", Fields: kind, Operations: handlers(e.raw), HelpSynopsis: "Raw responses."},
		{Pattern: "open/raw/(?P<kind>[a-z-]+)", Fields: kind, Operations: handlers(e.raw), HelpSynopsis: "Raw responses without a token."},
		{Pattern: "fail/(?P<kind>[a-z0-9-]+)", Fields: kind, Operations: handlers(e.fail), HelpSynopsis: "Errors."},
		{Pattern: "odd/(?P<kind>[a-z-]+)/?", Fields: kind, Operations: handlers(e.odd), HelpSynopsis: "Empty and unusual responses."},
	}
}

func (e *engine) raw(_ context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	resp := &logical.Response{Data: map[string]any{logical.HTTPStatusCode: 200}}
	switch data.Get("kind").(string) {
	case "json":
		resp.Data[logical.HTTPContentType] = "application/json"
		resp.Data[logical.HTTPRawBody] = `{"lease_id":"","lease_duration":900,"renewable":false,"data":{"user":"app","n":9007199254740993}}` + "\n"
	case "bytes":
		resp.Data[logical.HTTPContentType] = "application/octet-stream"
		resp.Data[logical.HTTPRawBody] = []byte{0, 1, 0xfe, 0xff}
		resp.Headers = map[string][]string{"ETag": {`"one"`}, "Content-Security-Policy": {"default-src 'none'"}, "X-Not-Tuned": {"hidden"}}
	case "teapot":
		resp.Data[logical.HTTPStatusCode] = 418
		resp.Data[logical.HTTPContentType] = "text/plain"
		resp.Data[logical.HTTPRawBody] = "short and stout"
		resp.Data[logical.HTTPCacheControlHeader] = "max-age=60"
	case "empty":
		resp.Data[logical.HTTPStatusCode] = 204
	case "no-type":
		resp.Data[logical.HTTPRawBody] = "x"
	default:
		return page(data.Get("kind").(string), resp), nil
	}
	return resp, nil
}

// page gives the answers that a web app's files lead to.
func page(kind string, resp *logical.Response) *logical.Response {
	switch kind {
	case "page":
		resp.Data[logical.HTTPContentType] = "text/html; charset=utf-8"
		resp.Data[logical.HTTPRawBody] = []byte("<!doctype html><title>an app</title>")
		resp.Headers = map[string][]string{
			"Cache-Control": {"no-cache"}, "Content-Security-Policy": {"default-src 'none'"}, "ETag": {`"one"`},
		}
	case "page-cached":
		resp.Data[logical.HTTPContentType] = "text/html; charset=utf-8"
		resp.Data[logical.HTTPRawBody] = []byte("<!doctype html><title>an app</title>")
		resp.Data[logical.HTTPCacheControlHeader] = "no-cache"
	case "unchanged":
		resp.Data[logical.HTTPStatusCode] = 304
		resp.Data[logical.HTTPContentType] = "text/html; charset=utf-8"
		resp.Headers = map[string][]string{"Cache-Control": {"no-cache"}, "ETag": {`"one"`}}
	case "unchanged-no-type":
		resp.Data[logical.HTTPStatusCode] = 304
	case "missing":
		resp.Data[logical.HTTPStatusCode] = 404
		resp.Data[logical.HTTPContentType] = "text/plain; charset=utf-8"
		resp.Data[logical.HTTPRawBody] = []byte("there is no such file\n")
	case "long":
		resp.Data[logical.HTTPContentType] = "application/wasm"
		resp.Data[logical.HTTPRawBody] = bytes.Repeat([]byte{0, 0xff}, 1<<20)
	default:
		return nil
	}
	return resp
}

func (e *engine) fail(_ context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	kind := data.Get("kind").(string)
	if code, err := strconv.Atoi(kind); err == nil {
		return nil, logical.CodedError(code, "failed with "+kind)
	}
	switch kind {
	case "plain":
		return nil, errors.New("a plain error")
	case "response":
		return logical.ErrorResponse("an error response"), nil
	case "response-with-data":
		return &logical.Response{Data: map[string]any{"error": "an error with data", "data": map[string]any{"hint": 1}}}, nil
	case "denied":
		return nil, logical.ErrPermissionDenied
	case "invalid":
		return logical.ErrorResponse("invalid in two ways"), logical.ErrInvalidRequest
	case "unsupported":
		return nil, logical.ErrUnsupportedOperation
	}
	return nil, logical.ErrUnsupportedPath
}

func (e *engine) odd(_ context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	switch data.Get("kind").(string) {
	case "no-keys":
		return logical.ListResponse(nil), nil
	case "warning":
		resp := &logical.Response{}
		resp.AddWarning("only a warning")
		return resp, nil
	case "redirect":
		return &logical.Response{Redirect: "/v1/sys/health"}, nil
	case "empty":
		return &logical.Response{}, nil
	case "number":
		return &logical.Response{Data: map[string]any{"big": int64(9007199254740993), "small": 1.5, "none": nil}}, nil
	case "lease":
		return e.Secret("lease").Response(map[string]any{"user": "leased"}, nil), nil
	}
	return nil, nil
}
