package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// caller calls Vault's HTTP API and does little beside, so that what is measured
// is Vault. It keeps as many connections as it has calls at once.
type caller struct {
	base, token string
	client      *http.Client
}

func newCaller(addr, token string) *caller {
	transport := &http.Transport{MaxIdleConns: 0, MaxIdleConnsPerHost: 1 << 20, IdleConnTimeout: time.Minute, DisableCompression: true}
	return &caller{base: addr + "/v1/", token: token, client: &http.Client{Transport: transport}}
}

// refusal is an answer other than 2xx.
type refusal struct {
	method, path string
	status       int
	body         []byte
}

// Error says what was asked and what came back.
func (r *refusal) Error() string {
	return fmt.Sprintf("%s %s: %d %s", r.method, r.path, r.status, bytes.TrimSpace(r.body))
}

// call returns the body of the answer.
func (c *caller) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Vault-Request", "true")
	if c.token != "" {
		req.Header.Set("X-Vault-Token", c.token)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode/100 != 2 {
		return nil, &refusal{method, path, resp.StatusCode, got}
	}
	return got, nil
}

func (c *caller) post(ctx context.Context, path string, body []byte) error {
	_, err := c.call(ctx, http.MethodPost, path, body)
	return err
}

func (c *caller) get(ctx context.Context, path string) ([]byte, error) {
	return c.call(ctx, http.MethodGet, path, nil)
}
