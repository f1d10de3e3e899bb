package broker

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	vault "github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// serve makes a client of a server that answers with a function. Its clock moves
// only by resting.
func serve(t *testing.T, answer http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	settings := vault.DefaultConfig()
	settings.Address = server.URL
	settings.MaxRetries = 0
	client, err := vault.NewClient(settings)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{Client: client, Token: "token", Mount: "/team/stillvault/"})
	if err != nil {
		t.Fatal(err)
	}
	now := coretest.Start
	c.now = func() time.Time { return now }
	c.sleep = func(_ context.Context, d time.Duration) error { now = now.Add(d); return nil }
	return c
}

func refuse(w http.ResponseWriter, status int, texts ...string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string][]string{"errors": texts})
}

func data(w http.ResponseWriter, v any) {
	_ = json.NewEncoder(w).Encode(map[string]any{"data": v})
}

func TestErrorsAreDecoded(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		texts  []string
		named  string
		is     error
		says   string
	}{
		{"a sentinel of core", 403, []string{"self_approval: the policy does not let people"}, "self_approval", approval.ErrSelfApproval, "self_approval: the policy"},
		{"a sentinel behind what was done", 409, []string{"statement 4 (policy.set): statement_out_of_sequence: fetch"}, "statement_out_of_sequence", roster.ErrSequence, ""},
		{"a name of one word", 403, []string{"denied: an approver denied the request"}, "denied", approval.ErrDenied, ""},
		{"a sentinel at the end", 400, []string{`approver "bob": unknown_in_roster`}, "unknown_in_roster", roster.ErrUnknown, ""},
		{"a sentinel behind another", 400, []string{"org_log_damaged: signature_invalid"}, "org_log_damaged", envelope.ErrSignature, ""},
		{"one of the broker's own", 422, []string{"denied_recently: wait"}, "denied_recently", nil, ""},
		{"vault's own refusal", 403, []string{"1 error occurred:\n\t* permission denied\n\n"}, "", nil, "permission denied; the token lacks a Vault policy for this path, or is no longer valid: see `vault token lookup`; or nothing is mounted at "},
		{"no mount", 404, []string{`no handler for route "stillvault/status". route entry not found.`}, "", nil, "route entry not found; is the engine mounted there? `vault secrets list`"},
		{"what a terminal would obey", 400, []string{"input_invalid: a\x1b[2K\x1b]0;b\u202ec\u200b\td\r\xff"}, "input_invalid", nil, "input_invalid: a�[2K�]0;b�c� d"},
		{"several", 400, []string{"2 errors occurred:\n\t* input_invalid: one\n\t* two\n\n"}, "input_invalid", nil, "input_invalid: one; two"},
		{"nothing said", 502, nil, "", nil, "bad gateway"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, test.status, test.texts...) })
			_, err := c.ReadStatus(t.Context())
			if StatusOf(err) != test.status || NameOf(err) != test.named {
				t.Errorf("status %d, name %q; want %d, %q", StatusOf(err), NameOf(err), test.status, test.named)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v is not %v", err, test.is)
			}
			if errors.Is(err, roster.ErrForked) {
				t.Error("it is what it is not")
			}
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v does not say %q", err, test.says)
			}
		})
	}
}

// What Vault itself refuses says which Vault, and what to do.
func TestVaultsOwnRefusalsSayWhere(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		text   string
		token  string
		says   []string
	}{
		{"sealed", 503, "Vault is sealed", "token", []string{" at ADDRESS: Vault is sealed; run `vault operator unseal`"}},
		{"a token that may not", 403, "permission denied", "token", []string{" at ADDRESS: permission denied; the token lacks a Vault policy"}},
		{"no token", 403, "permission denied", "", []string{" at ADDRESS: permission denied; no token was sent: set VAULT_TOKEN", "or nothing is mounted"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, test.status, test.text) })
			c.vault.SetToken(test.token)
			_, err := c.ReadLog(t.Context(), 0)
			for _, part := range test.says {
				if part = strings.ReplaceAll(part, "ADDRESS", c.Address()); err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("%v does not say %q", err, part)
				}
			}
		})
	}
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 409, "statement_out_of_sequence: fetch") })
	if _, err := c.ReadLog(t.Context(), 0); err == nil || strings.Contains(err.Error(), c.Address()) {
		t.Errorf("the broker's own refusal: %v", err)
	}
}

func TestWhereNothingAnswersTheSettingIsNamedThatSaysWhere(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	nowhere := server.URL
	server.Close()
	t.Setenv(vault.EnvVaultMaxRetries, "0")
	for name, test := range map[string]struct{ given, environment, says string }{
		"given":             {nowhere, "https://other.test", "is the address that was given for Vault right"},
		"the environment's": {"", nowhere, "is VAULT_ADDR right"},
	} {
		t.Setenv(vault.EnvVaultAddress, test.environment)
		c, err := New(Config{Address: test.given, Token: "token"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.ReadLog(t.Context(), 0); err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), nowhere) {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Setenv(vault.EnvVaultAddress, "")
	c, err := New(Config{Token: "token"})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.addressing(); !strings.Contains(got, "VAULT_ADDR is not set") {
		t.Errorf("neither: %s", got)
	}
}

func TestPathsLieUnderTheMount(t *testing.T) {
	var got string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Method + " " + r.URL.EscapedPath() + "?" + r.URL.RawQuery
		data(w, map[string]any{"keys": []string{}})
	})
	for want, call := range map[string]func() error{
		"GET /v1/team/stillvault/secret/a%20b/c%3Fd?reason=x+y&version=3": func() error {
			_, err := c.ReadSecret(t.Context(), "a b/c?d", ReadOptions{Version: 3, Reason: "x y"})
			return err
		},
		"GET /v1/team/stillvault/metadata/prod?list=true": func() error {
			_, err := c.ListSecrets(t.Context(), "prod/")
			return err
		},
		"DELETE /v1/team/stillvault/secret/prod/db?": func() error { return c.DeleteSecret(t.Context(), "prod/db") },
		"PUT /v1/team/stillvault/destroy/prod/db?":   func() error { return c.DestroySecret(t.Context(), "prod/db", 1, 2) },
	} {
		if err := call(); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	got = ""
	if _, err := c.ReadSecret(t.Context(), "../config", ReadOptions{}); !errors.Is(err, roster.ErrPath) || got != "" {
		t.Errorf("a path that leads elsewhere: %v, sent %q", err, got)
	}
}

func TestMountsThatLeadElsewhereAreRefused(t *testing.T) {
	for _, mount := range []string{"a/../sys", "a//b", "/"} {
		if _, err := New(Config{Mount: mount}); err == nil {
			t.Errorf("mount %q was taken", mount)
		}
	}
	t.Setenv(MountVariable, "elsewhere/")
	c, err := New(Config{})
	if err != nil || c.Mount() != "elsewhere" {
		t.Errorf("mount %q, %v; want the environment's", c.Mount(), err)
	}
}

func TestLogIsReadPageByPage(t *testing.T) {
	w := coretest.NewWorld(t)
	for range logPage + 5 {
		w.Append(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(w.Now.Add(time.Hour))})
	}
	all, err := encodeAll(w.Log)
	w.Must(err)
	calls := 0
	c := serve(t, func(rw http.ResponseWriter, r *http.Request) {
		calls++
		from := 0
		w.Must(json.Unmarshal([]byte(r.URL.Query().Get("from")), &from))
		page := all[min(from, len(all)):min(from+logPage, len(all))]
		data(rw, map[string]any{"statements": page, "head_seq": len(all) - 1, "head_hash": w.Roster.Head().Hash.String()})
	})
	got, err := c.ReadLog(t.Context(), 1)
	if err != nil || len(got.Statements) != len(all)-1 || got.Head != w.Roster.Head() || calls != 2 {
		t.Fatalf("%d statements in %d calls, %v", len(got.Statements), calls, err)
	}
}

func TestMalformedAnswersAreErrors(t *testing.T) {
	for name, body := range map[string]string{
		"not JSON":        `<html>`,
		"another type":    `{"data":{"mount_id":3}}`,
		"no id":           `{"data":{"mount_id":"x"}}`,
		"upper-case hash": `{"data":{"mount_id":"00000000-0000-4000-8000-000000000000","organisation":"AB"}}`,
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		if m, err := c.ReadMount(t.Context()); err == nil {
			t.Errorf("%s: taken as %v", name, m.ID)
		}
	}
}

func TestWhatIsNotThereIsMissing(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 404) })
	if _, err := c.ReadMetadata(t.Context(), "prod/db"); !errors.Is(err, ErrMissing) {
		t.Errorf("metadata: %v", err)
	}
	if keys, err := c.ListSecrets(t.Context(), ""); err != nil || len(keys) != 0 {
		t.Errorf("list: %v, %v", keys, err)
	}
}

func decodeBody(t *testing.T, r *http.Request, into any) {
	t.Helper()
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		t.Error(err)
	}
}
