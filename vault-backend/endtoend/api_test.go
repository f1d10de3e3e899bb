package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/core/envelope"
)

// answer is what a caller got.
type answer struct {
	status int
	text   string         // of an error, as the server wrote it
	data   map[string]any // of a success
	lease  int            // lease_duration, in seconds
	id     string         // lease_id
	calls  int            // HTTP requests that were made for it
}

// call makes one call over plain HTTP. Unlike Vault's client it shows exactly
// what the server says.
func call(t testing.TB, addr, token, method, path string, body any, headers ...string) answer {
	t.Helper()
	a, err := tryCall(addr, token, method, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// tryCall is call where there may be no answer.
func tryCall(addr, token, method, path string, body any, headers ...string) (answer, error) {
	var payload io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		payload = bytes.NewReader(encoded)
	}
	req, err := http.NewRequest(method, addr+"/v1/"+mountPath+"/"+path, payload)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("X-Vault-Request", "true")
	if token != "" {
		req.Header.Set("X-Vault-Token", token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return parseAnswer(resp.StatusCode, raw)
}

func parseAnswer(status int, raw []byte) (answer, error) {
	a := answer{status: status, calls: 1}
	if len(bytes.TrimSpace(raw)) == 0 {
		return a, nil
	}
	var parsed struct {
		Errors []string       `json:"errors"`
		Data   map[string]any `json:"data"`
		Lease  int            `json:"lease_duration"`
		ID     string         `json:"lease_id"`
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&parsed); err != nil {
		return answer{}, fmt.Errorf("status %d with a body that is not Vault's: %w", status, err)
	}
	a.text, a.data, a.lease, a.id = strings.Join(parsed.Errors, "; "), parsed.Data, parsed.Lease, parsed.ID
	return a, nil
}

// must is call for what has to succeed.
func must(t testing.TB, addr, token, method, path string, body any) map[string]any {
	t.Helper()
	a := call(t, addr, token, method, path, body)
	if a.status >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, a.status, a.text)
	}
	return a.data
}

// encode is the canonical text of something signed or sealed, as it travels.
func encode(t testing.TB, v any) string {
	t.Helper()
	encoded, err := envelope.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// decode reads a field that holds the canonical text of something.
func decode[T any](t testing.TB, data map[string]any, field string) T {
	t.Helper()
	text, _ := data[field].(string)
	v, err := envelope.Decode[T]([]byte(text))
	if err != nil {
		t.Fatalf("field %q: %v", field, err)
	}
	return v
}

// decodeList reads a field that holds a list of canonical texts.
func decodeList[T any](t testing.TB, data map[string]any, field string) []T {
	t.Helper()
	texts, _ := data[field].([]any)
	all := make([]T, 0, len(texts))
	for i, item := range texts {
		text, _ := item.(string)
		v, err := envelope.Decode[T]([]byte(text))
		if err != nil {
			t.Fatalf("field %q, entry %d: %v", field, i, err)
		}
		all = append(all, v)
	}
	return all
}

// number reads a field that holds a whole number.
func number(t testing.TB, data map[string]any, field string) int {
	t.Helper()
	n, ok := data[field].(json.Number)
	if !ok {
		t.Fatalf("field %q is %T, not a number", field, data[field])
	}
	i, err := n.Int64()
	if err != nil {
		t.Fatalf("field %q: %v", field, err)
	}
	return int(i)
}

// counter counts the requests that a client makes, its own retries included.
type counter struct {
	http.RoundTripper
	calls  int
	status int
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.calls++
	resp, err := c.RoundTripper.RoundTrip(r)
	if err == nil {
		c.status = resp.StatusCode
	}
	return resp, err
}

// readWithClient reads with Vault's Go client as it comes, with its retries and
// its time-out.
func readWithClient(ctx context.Context, t testing.TB, addr, token, path string, query url.Values) (answer, error) {
	config := api.DefaultConfig()
	if config.Error != nil {
		return answer{}, config.Error
	}
	count := &counter{RoundTripper: config.HttpClient.Transport}
	config.HttpClient.Transport, config.Address = count, addr
	client, err := api.NewClient(config)
	if err != nil {
		return answer{}, err
	}
	client.SetToken(token)
	client.ClearNamespace()
	secret, err := client.Logical().ReadWithDataWithContext(ctx, mountPath+"/"+path, query)
	a := answer{status: count.status, calls: count.calls}
	var failed *api.ResponseError
	if errors.As(err, &failed) {
		a.text = strings.Join(failed.Errors, "; ")
		return a, nil
	}
	if err != nil {
		return a, err
	}
	if secret != nil {
		a.data, a.lease, a.id = secret.Data, secret.LeaseDuration, secret.LeaseID
	}
	return a, nil
}
