package host

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
)

// exchange is one request of the comparison with a real Vault.
type exchange struct {
	name   string
	method string
	path   string // without "/v1/"
	body   string
	token  string
	header map[string]string
}

// exchanges are sent, in this order, to the host and to a real Vault with the
// same plug-in. Every answer must be the same.
func exchanges() []exchange {
	return slices.Concat(routeExchanges(), bodyExchanges(), accessExchanges(), answerExchanges())
}

// routeExchanges are about where a request goes and what its URL and headers mean.
func routeExchanges() []exchange {
	wrap := func(ttl string) map[string]string { return map[string]string{"X-Vault-Wrap-TTL": ttl} }
	return []exchange{
		{name: "no token", method: "GET", path: "stillvault/seen"},
		{name: "unknown token", method: "GET", path: "stillvault/seen", token: "unknown"},
		{name: "bearer token", method: "GET", path: "stillvault/seen", header: map[string]string{"Authorization": "Bearer " + plainToken}},
		{name: "basic authorization", method: "GET", path: "stillvault/seen", header: map[string]string{"Authorization": "Basic abc"}},
		{name: "headers that cross the mount", method: "GET", path: "stillvault/seen", token: plainToken,
			header: map[string]string{"If-None-Match": `"one"`, "X-Other": "1"}},
		{name: "the mount itself", method: "GET", path: "stillvault", token: plainToken},
		{name: "no such mount", method: "GET", path: "nowhere/x", token: rootToken},
		{name: "no such mount for a user", method: "GET", path: "nowhere/x", token: plainToken},
		{name: "no such mount without a token", method: "GET", path: "nowhere/x"},
		{name: "no such path", method: "GET", path: "stillvault/nothing/here", token: plainToken},
		{name: "no such operation", method: "DELETE", path: "stillvault/state", token: rootToken},
		{name: "delete where only read is", method: "DELETE", path: "stillvault/entity/x", token: plainToken},
		{name: "unknown method", method: "BREW", path: "stillvault/seen", token: plainToken},
		{name: "query becomes data", method: "GET", path: "stillvault/echo?reason=why&n=1&many=a&many=b", token: plainToken},
		{name: "query of a list", method: "LIST", path: "stillvault/echo?after=x", token: plainToken},
		{name: "query of a delete", method: "DELETE", path: "stillvault/echo?versions=1", token: plainToken},
		{name: "query of a write is ignored", method: "PUT", path: "stillvault/echo?reason=why", body: `{"a":1}`, token: plainToken},
		{name: "list by query", method: "GET", path: "stillvault/echo?list=true", token: plainToken},
		{name: "list=false", method: "GET", path: "stillvault/echo?list=false", token: plainToken},
		{name: "list=maybe", method: "GET", path: "stillvault/echo?list=maybe", token: plainToken},
		{name: "head", method: "HEAD", path: "stillvault/seen", token: plainToken},
		{name: "head as root", method: "HEAD", path: "stillvault/seen", token: rootToken},
		{name: "options as a user", method: "OPTIONS", path: "stillvault/seen", token: plainToken},
		{name: "options", method: "OPTIONS", path: "stillvault/seen", token: rootToken},
		{name: "origin", method: "GET", path: "stillvault/seen", token: plainToken, header: map[string]string{"Origin": "https://app.example"}},
		{name: "preflight", method: "OPTIONS", path: "stillvault/open/app",
			header: map[string]string{"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}},
		{name: "relative path", method: "GET", path: "stillvault/kv/../seen", token: plainToken},
		{name: "relative path, escaped", method: "GET", path: "stillvault/kv/%2e%2e/seen", token: plainToken},
		{name: "relative part of a write", method: "PUT", path: "stillvault/kv/a..b", body: `{"value":"1"}`, token: plainToken},
		{name: "unprintable path", method: "GET", path: "stillvault/kv/%01", token: plainToken},
		{name: "wrapping", method: "GET", path: "stillvault/seen", header: wrap("60s"), token: plainToken},
		{name: "wrapping that is no duration", method: "GET", path: "stillvault/seen", header: wrap("soon"), token: plainToken},
		{name: "wrapping for a negative time", method: "GET", path: "stillvault/seen", header: wrap("-5s"), token: plainToken},
	}
}

// bodyExchanges are about what a body means.
func bodyExchanges() []exchange {
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	patch := map[string]string{"Content-Type": "application/merge-patch+json"}
	deep := strings.Repeat(`{"a":`, 400) + "1" + strings.Repeat("}", 400)
	return []exchange{
		{name: "kinds of values", method: "PUT", path: "stillvault/echo", token: plainToken,
			body: `{"s":"x","i":1,"f":1.5,"big":9007199254740993,"huge":1e300,"b":true,"n":null,"l":[1,"a"],"o":{"k":2}}`},
		{name: "empty body", method: "POST", path: "stillvault/echo", token: plainToken},
		{name: "null body", method: "POST", path: "stillvault/echo", body: `null`, token: plainToken},
		{name: "list as body", method: "POST", path: "stillvault/echo", body: `[1]`, token: plainToken},
		{name: "malformed body", method: "POST", path: "stillvault/echo", body: `{"a":`, token: plainToken},
		{name: "text as body", method: "POST", path: "stillvault/echo", body: `hello`, token: plainToken},
		{name: "too deep a body", method: "POST", path: "stillvault/echo", body: deep, token: plainToken},
		{name: "too long a string", method: "POST", path: "stillvault/echo", body: `{"a":"` + strings.Repeat("x", 1<<20+1) + `"}`, token: plainToken},
		{name: "too long a body", method: "POST", path: "stillvault/echo", body: strings.Repeat(" ", maxRequestBytes+1), token: plainToken},
		{name: "form", method: "POST", path: "stillvault/echo", body: "a=1&b=2&b=3", header: form, token: plainToken},
		{name: "JSON that claims to be a form", method: "POST", path: "stillvault/echo", body: ` {"a":"1"}`, header: form, token: plainToken},
		{name: "patch", method: "PATCH", path: "stillvault/echo", body: `{"a":null}`, header: patch, token: plainToken},
		{name: "patch of another type", method: "PATCH", path: "stillvault/echo", body: `{}`, header: map[string]string{"Content-Type": "application/json"}, token: plainToken},
		{name: "write with a trailing slash", method: "PUT", path: "stillvault/echo/", body: `{}`, token: plainToken},
	}
}

// accessExchanges are about the storage and about who may do what.
func accessExchanges() []exchange {
	return []exchange{
		{name: "create", method: "PUT", path: "stillvault/kv/dir/a", body: `{"value":"1"}`, token: plainToken},
		{name: "update", method: "PUT", path: "stillvault/kv/dir/a", body: `{"value":"2"}`, token: plainToken},
		{name: "create another", method: "POST", path: "stillvault/kv/dir/sub/b", body: `{"value":"3"}`, token: plainToken},
		{name: "read", method: "GET", path: "stillvault/kv/dir/a", token: plainToken},
		{name: "read nothing", method: "GET", path: "stillvault/kv/none", token: plainToken},
		{name: "list", method: "LIST", path: "stillvault/kv/dir", token: plainToken},
		{name: "list with a slash", method: "LIST", path: "stillvault/kv/dir/", token: plainToken},
		{name: "list nothing", method: "LIST", path: "stillvault/kv/none", token: plainToken},
		{name: "delete", method: "DELETE", path: "stillvault/kv/dir/a", token: plainToken},
		{name: "delete again", method: "DELETE", path: "stillvault/kv/dir/a", token: plainToken},

		{name: "unauthenticated", method: "GET", path: "stillvault/open/door"},
		{name: "unauthenticated with a token", method: "GET", path: "stillvault/open/door", token: plainToken},
		{name: "unauthenticated with an unknown token", method: "PUT", path: "stillvault/open/door", token: "unknown", body: `{}`},
		{name: "unauthenticated folder", method: "GET", path: "stillvault/open/"},
		{name: "unauthenticated folder without its slash", method: "GET", path: "stillvault/open"},
		{name: "unauthenticated file", method: "GET", path: "stillvault/open/app/index.html"},
		{name: "unauthenticated folder in a folder", method: "GET", path: "stillvault/open/app/"},
		{name: "unauthenticated double slash", method: "GET", path: "stillvault/open//app"},
		{name: "unauthenticated relative path", method: "GET", path: "stillvault/open/../seen"},
		{name: "unauthenticated relative path, escaped", method: "GET", path: "stillvault/open/%2e%2e/seen"},
		{name: "unauthenticated relative path, slash escaped", method: "GET", path: "stillvault/open/..%2fseen"},
		{name: "unauthenticated head", method: "HEAD", path: "stillvault/open/app"},
		{name: "unauthenticated list", method: "LIST", path: "stillvault/open/app"},
		{name: "unauthenticated options", method: "OPTIONS", path: "stillvault/open/app"},
		{name: "unauthenticated write to a folder", method: "POST", path: "stillvault/open/", body: `{}`},
		{name: "unauthenticated by wildcard", method: "GET", path: "stillvault/door/3/status"},
		{name: "beside the wildcard", method: "GET", path: "stillvault/door/3/4/status"},
		{name: "sudo as root", method: "GET", path: "stillvault/admin", token: rootToken},
		{name: "sudo as a user", method: "GET", path: "stillvault/admin", token: plainToken},
		{name: "sudo without a token", method: "GET", path: "stillvault/admin"},

		{name: "rule allows a list", method: "LIST", path: "stillvault/kv/shared", token: readerToken},
		{name: "rule allows a read", method: "GET", path: "stillvault/kv/shared/x", token: readerToken},
		{name: "rule denies", method: "GET", path: "stillvault/kv/shared/secret", token: readerToken},
		{name: "rule without update", method: "PUT", path: "stillvault/kv/shared/x", token: readerToken, body: `{"value":"1"}`},
		{name: "rule allows a creation", method: "PUT", path: "stillvault/kv/own/x", token: readerToken, body: `{"value":"1"}`},
		{name: "rule allows no change", method: "PUT", path: "stillvault/kv/own/x", token: readerToken, body: `{"value":"1"}`},
		{name: "rule reaches one level", method: "PUT", path: "stillvault/kv/own/x/y", token: readerToken, body: `{"value":"1"}`},
		{name: "nothing else", method: "GET", path: "stillvault/seen", token: readerToken},
	}
}

// answerExchanges are about every kind of answer that an engine can give.
func answerExchanges() []exchange {
	var list []exchange
	for _, kind := range []string{"json", "bytes", "teapot", "empty", "no-type", "nothing", "page", "page-cached", "unchanged", "unchanged-no-type", "missing", "long"} {
		list = append(list, exchange{name: "raw " + kind, method: "GET", path: "stillvault/raw/" + kind, token: plainToken})
		list = append(list, exchange{name: "unauthenticated raw " + kind, method: "GET", path: "stillvault/open/raw/" + kind})
	}
	for _, kind := range []string{"400", "404", "409", "423", "500", "plain", "response", "response-with-data", "denied", "invalid", "unsupported", "nothing"} {
		list = append(list, exchange{name: "fail " + kind, method: "GET", path: "stillvault/fail/" + kind, token: plainToken})
	}
	for _, kind := range []string{"no-keys", "warning", "redirect", "empty", "number", "nothing"} {
		for _, method := range []string{"GET", "LIST", "PUT"} {
			list = append(list, exchange{name: method + " odd " + kind, method: method, path: "stillvault/odd/" + kind, token: plainToken})
		}
	}
	for _, path := range []string{"stillvault/kv/x?help=1", "stillvault/?help=1", "stillvault/nothing?help=1", "nowhere?help=1"} {
		list = append(list,
			exchange{name: "help for " + path, method: "GET", path: path, token: plainToken},
			exchange{name: "help without a token for " + path, method: "GET", path: path})
	}
	return list
}

// TestAnswersAsVaultDoes compares the host with a real Vault server.
func TestAnswersAsVaultDoes(t *testing.T) {
	real := startVault(t)
	h := startHost(t, func(c *Config) {
		c.AllowedResponseHeaders = []string{"etag", "Content-Security-Policy", "Cache-Control"}
		c.PassthroughRequestHeaders = []string{"if-none-match"}
	})
	for _, e := range exchanges() {
		t.Run(e.name, func(t *testing.T) {
			want, got := e.send(t, real), e.send(t, h.Addr())
			if !reflect.DeepEqual(want, got) {
				t.Errorf("%s %s\nVault: %s\n host: %s", e.method, e.path, want, got)
			}
		})
	}
}

// answer is what must be the same: all but times, random ids and what Vault
// adds to every response.
type answer struct {
	Status int
	Header map[string]string
	Body   any
}

func (a answer) String() string {
	text, err := json.Marshal(a)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (e exchange) send(t *testing.T, address string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), e.method, address+"/v1/"+e.path, strings.NewReader(e.body))
	if err != nil {
		t.Fatal(err)
	}
	if e.token != "" {
		req.Header.Set("X-Vault-Token", e.token)
	}
	for name, value := range e.header {
		req.Header.Set(name, value)
	}
	direct := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := direct.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Status: resp.StatusCode, Header: map[string]string{}, Body: string(body)}
	for name, values := range resp.Header {
		if name != "Date" && name != "Strict-Transport-Security" && name != "Content-Length" {
			a.Header[name] = strings.Join(values, ", ")
		}
	}
	var parsed any
	if json.Unmarshal(body, &parsed) == nil {
		a.Body = withoutChance(parsed)
	}
	return a
}

// withoutChance replaces what differs from one server to the next.
func withoutChance(value any) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	for key, inner := range object {
		switch key {
		case "request_id", "id", "accessor", "client_token", "remote_port", "display_name", "pid":
			object[key] = fmt.Sprintf("some %T", inner)
		case "openapi": // made by the SDK that each server was built with
			delete(object, key)
		default:
			object[key] = withoutChance(inner)
		}
	}
	return object
}

// startVault runs a real Vault with the echo plug-in and the same tokens, and
// returns its URL.
func startVault(t *testing.T) string {
	t.Helper()
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory, LogLevel: "warn"})
	err := server.MountEngine(t.Context(), vaultserver.Engine{
		Binary: echoPlugin, Version: "v0.1.0", Path: "stillvault",
		AllowedResponseHeaders: []string{"etag", "Content-Security-Policy", "Cache-Control"},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	do := func(path string, data map[string]any) {
		t.Helper()
		if _, err := c.Logical().Write(path, data); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	do("sys/mounts/stillvault/tune", map[string]any{"passthrough_request_headers": []string{"if-none-match"}})
	do("sys/policies/acl/mount", map[string]any{"policy": `path "stillvault/*" { capabilities = ["create","read","update","patch","delete","list"] }`})
	do("sys/policies/acl/reader", map[string]any{"policy": `
		path "stillvault/kv/shared/*" { capabilities = ["read","list"] }
		path "stillvault/kv/shared" { capabilities = ["list"] }
		path "stillvault/kv/own/+" { capabilities = ["create"] }
		path "stillvault/kv/shared/secret" { capabilities = ["deny"] }`})
	for token, policy := range map[string]string{rootToken: "root", plainToken: "mount", readerToken: "reader"} {
		do("auth/token/create", map[string]any{"id": token, "policies": []string{policy}, "no_parent": true})
	}
	return server.Addr()
}
