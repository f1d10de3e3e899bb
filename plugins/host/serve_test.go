package host

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
)

// status is the HTTP status of what Vault's client returned, 0 for success.
func status(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	var response *api.ResponseError
	if !errors.As(err, &response) {
		t.Fatalf("not an answer: %v", err)
	}
	return response.StatusCode
}

func TestReadsWritesListsAndDeletes(t *testing.T) {
	c := client(t, startHost(t, nil), aliceToken).Logical()
	written, err := c.Write("stillvault/kv/dir/a", map[string]any{"value": "1"})
	if err != nil || written.Data["operation"] != "create" {
		t.Fatalf("first write: %v, %v", written, err)
	}
	if written, err = c.Write("stillvault/kv/dir/a", map[string]any{"value": "2"}); err != nil || written.Data["operation"] != "update" {
		t.Fatalf("second write: %v, %v", written, err)
	}
	read, err := c.Read("stillvault/kv/dir/a")
	if err != nil || read.Data["value"] != "2" || read.RequestID == "" {
		t.Fatalf("read: %v, %v", read, err)
	}
	list, err := c.List("stillvault/kv/dir")
	if err != nil || !slices.Equal(list.Data["keys"].([]any), []any{"a"}) {
		t.Fatalf("list: %v, %v", list, err)
	}
	if gone, err := c.Delete("stillvault/kv/dir/a"); err != nil || gone != nil {
		t.Fatalf("delete: %v, %v", gone, err)
	}
	if read, err = c.Read("stillvault/kv/dir/a"); err != nil || read != nil {
		t.Fatalf("read after delete: %v, %v", read, err)
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	h := startHost(t, nil)
	cases := map[string]struct {
		token, path string
		write       bool
		want        int
	}{
		"root":                           {token: rootToken, path: "seen"},
		"root on a sudo path":            {token: rootToken, path: "admin"},
		"user":                           {token: aliceToken, path: "seen"},
		"user on a sudo path":            {token: aliceToken, path: "admin", want: 403},
		"user outside the mount":         {token: aliceToken, path: "../sys/raw", want: 403},
		"no token":                       {path: "seen", want: 403},
		"no token on an open path":       {path: "open/x"},
		"unknown token":                  {token: "unknown", path: "seen", want: 403},
		"unknown token on an open path":  {token: "unknown", path: "open/x"},
		"rules allow":                    {token: readerToken, path: "kv/shared/x", want: 0},
		"rules deny":                     {token: readerToken, path: "kv/shared/secret", want: 403},
		"rules are silent":               {token: readerToken, path: "seen", want: 403},
		"rules allow a read but a write": {token: readerToken, path: "kv/shared/x", write: true, want: 403},
		"rules on an open path":          {token: readerToken, path: "open/x"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c, err := client(t, h, tc.token), error(nil)
			if tc.token == "" {
				c.ClearToken()
			}
			if tc.write {
				_, err = c.Logical().Write("stillvault/"+tc.path, map[string]any{"value": "x"})
			} else {
				_, err = c.Logical().Read("stillvault/" + tc.path)
			}
			if got := status(t, err); got != tc.want {
				t.Errorf("got %d, want %d: %v", got, tc.want, err)
			}
		})
	}
}

func TestPluginSeesWhoAsksButNoToken(t *testing.T) {
	h := startHost(t, nil)
	seen := func(token, path string) map[string]any {
		t.Helper()
		c := client(t, h, token)
		if token == "" {
			c.ClearToken()
		}
		secret, err := c.Logical().Read("stillvault/" + path)
		if err != nil {
			t.Fatal(err)
		}
		return secret.Data
	}
	alice := seen(aliceToken, "seen")
	for key, want := range map[string]any{
		"entity_id": "entity-alice", "display_name": "userpass-alice", "mount_point": "stillvault/", "mount_type": "echo",
		"path": "seen", "operation": "read", "remote_addr": "127.0.0.1", "unauthenticated": false, "headers": nil,
	} {
		if alice[key] != want {
			t.Errorf("%s is %v, want %v", key, alice[key], want)
		}
	}
	if alice["id"] == "" || alice["accessor"] != lookupSelf(t, h, aliceToken)["accessor"] {
		t.Errorf("request id %v, accessor %v", alice["id"], alice["accessor"])
	}
	if hidden := alice["client_token"]; hidden == "" || strings.Contains(hidden.(string), aliceToken) {
		t.Errorf("client token is %v", hidden)
	}
	plain := seen(plainToken, "seen")
	if plain["entity_id"] != "" || plain["accessor"] == "" || plain["accessor"] == alice["accessor"] || plain["client_token"] == alice["client_token"] {
		t.Errorf("a token without an entity: %v", plain)
	}
	if nobody := seen("", "open/x"); nobody["unauthenticated"] != true || nobody["accessor"] != "" {
		t.Errorf("nobody: %v", nobody)
	}
	if entity := seen(plainToken, "entity/entity-alice"); entity["name"] != "alice" || !slices.Equal(entity["aliases"].([]any), []any{"userpass:alice"}) {
		t.Errorf("entity: %v", entity)
	}
	if unknown, err := client(t, h, plainToken).Logical().Read("stillvault/entity/nobody"); err != nil || unknown != nil {
		t.Errorf("unknown entity: %v, %v", unknown, err)
	}
}

func TestRawAnswersReachTheClientAsTheyAre(t *testing.T) {
	h := startHost(t, func(c *Config) { c.AllowedResponseHeaders = []string{"ETag", "content-security-policy"} })
	secret, err := client(t, h, aliceToken).Logical().Read("stillvault/raw/json")
	if err != nil || secret.LeaseDuration != 900 || secret.LeaseID != "" || secret.Data["n"] != json.Number("9007199254740993") {
		t.Errorf("a secret in a raw answer: %v, %v", secret, err)
	}
	resp := get(t, h.Addr()+"/v1/stillvault/raw/bytes", aliceToken)
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "\x00\x01\xfe\xff" || resp.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("bytes: %q as %q, %v", body, resp.Header.Get("Content-Type"), err)
	}
	if resp.Header.Get("ETag") != `"one"` || resp.Header.Get("Content-Security-Policy") == "" || resp.Header.Get("X-Not-Tuned") != "" {
		t.Errorf("headers: %v", resp.Header)
	}
}

func TestRefusesWhatOnlyAVaultCanDo(t *testing.T) {
	c := client(t, startHost(t, nil), aliceToken)
	_, err := c.Logical().Read("stillvault/odd/lease")
	if status(t, err) != http.StatusNotImplemented || !strings.Contains(err.Error(), "keeps no leases") {
		t.Errorf("a lease: %v", err)
	}
	c.SetWrappingLookupFunc(func(string, string) string { return "60s" })
	_, err = c.Logical().Read("stillvault/state")
	if status(t, err) != http.StatusNotImplemented || !strings.Contains(err.Error(), "cannot wrap") {
		t.Errorf("wrapping that the engine lets pass: %v", err)
	}
	_, err = c.Logical().Read("stillvault/seen")
	if status(t, err) != http.StatusBadRequest || !strings.Contains(err.Error(), "wrapping for 1m0s refused") {
		t.Errorf("wrapping that the engine refuses: %v", err)
	}
}

func TestEntriesTooLargeForRaftAreRefused(t *testing.T) {
	c := client(t, startHost(t, nil), aliceToken).Logical()
	if _, err := c.Write("stillvault/kv/fits", map[string]any{"size": 1<<20 - 100}); err != nil {
		t.Error(err)
	}
	if _, err := c.Write("stillvault/kv/large", map[string]any{"size": 1 << 20}); status(t, err) != http.StatusInternalServerError {
		t.Errorf("too large an entry: %v", err)
	}
}

func TestBlockedReadEndsWithItsClient(t *testing.T) {
	h := startHost(t, nil)
	c := client(t, h, aliceToken).Logical()
	answered := make(chan *api.Secret, 1)
	go func() {
		secret, err := c.Read("stillvault/block/stays")
		if err != nil {
			t.Error(err)
		}
		answered <- secret
	}()
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := c.ReadWithContext(ctx, "stillvault/block/leaves")
		left <- err
	}()
	for _, name := range []string{"stays", "leaves"} {
		eventually(t, "both reads block", func() bool { return blockNote(t, h, name) == "waiting, deadline false" })
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the client that left got %v", err)
	}
	eventually(t, "the plug-in is told", func() bool { return blockNote(t, h, "leaves") == "cancelled" })
	if note := blockNote(t, h, "stays"); note != "waiting, deadline false" {
		t.Errorf("the other read is %q", note)
	}
	if _, err := c.Write("stillvault/block/stays", nil); err != nil {
		t.Fatal(err)
	}
	if secret := <-answered; secret == nil || secret.Data["opened"] != "stays" {
		t.Errorf("the read that stayed got %v", secret)
	}
}

func TestRequestThatTakesTooLongGets500(t *testing.T) {
	h := startHost(t, func(c *Config) { c.MaxRequestDuration = 200 * time.Millisecond })
	eventually(t, "a read has reached the plug-in before its time was up", func() bool {
		_, err := client(t, h, aliceToken).Logical().Read("stillvault/block/long")
		if status(t, err) != http.StatusInternalServerError {
			t.Fatalf("got %v", err)
		}
		return blockNote(t, h, "long") != ""
	})
	eventually(t, "the plug-in is told", func() bool { return blockNote(t, h, "long") == "cancelled" })
}

func TestRestartWaitsForBlockedReads(t *testing.T) {
	h := startHost(t, nil)
	c := client(t, h, aliceToken).Logical()
	answered := make(chan error, 1)
	go func() {
		_, err := c.Read("stillvault/block/one")
		answered <- err
	}()
	eventually(t, "the read blocks", func() bool { return blockNote(t, h, "one") != "" })
	pid := h.PluginPID()
	restarted := make(chan error, 1)
	go func() { restarted <- h.Restart(t.Context()) }()
	select {
	case err := <-restarted:
		t.Fatalf("the restart did not wait: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	if err := h.Kill(); err != nil { // works while a restart waits
		t.Fatal(err)
	}
	if err := <-restarted; err != nil {
		t.Fatal(err)
	}
	// The read failed with the old process, or is replayed in the new one.
	if _, err := c.Write("stillvault/block/one", nil); err != nil {
		t.Fatal(err)
	}
	<-answered
	if h.PluginPID() == pid {
		t.Error("the plug-in is still the same")
	}
}
