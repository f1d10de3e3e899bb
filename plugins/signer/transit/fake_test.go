package transit_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/transit"
)

// standIn is a server in Vault's place that does what no real one would.
type standIn struct {
	*httptest.Server
	key  ed25519.PrivateKey
	read func() (status int, body string) // of the key
	sign func(pae []byte) (status int, body string)

	mu   sync.Mutex
	seen []http.Header
}

func newStandIn(t *testing.T) *standIn {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &standIn{key: private}
	s.read = func() (int, string) { return 200, s.shown("ed25519", s.key) }
	s.sign = func(pae []byte) (int, string) { return 200, s.signature(1, ed25519.Sign(s.key, pae)) }
	s.Server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.Close)
	for _, name := range []string{"VAULT_ADDR", "VAULT_TOKEN", "VAULT_NAMESPACE", "VAULT_HEADERS", transit.AddressVariable, transit.TokenVariable} {
		t.Setenv(name, "")
	}
	return s
}

func (*standIn) shown(kind string, key ed25519.PrivateKey) string {
	return fmt.Sprintf(`{"data":{"type":%q,"latest_version":1,"keys":{"1":{"public_key":%q}}}}`,
		kind, base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)))
}

func (*standIn) signature(version int, signature []byte) string {
	return fmt.Sprintf(`{"data":{"signature":"vault:v%d:%s"}}`, version, base64.StdEncoding.EncodeToString(signature))
}

func (s *standIn) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r.Header.Clone())
	s.mu.Unlock()
	status, body := 404, `{"errors":["no handler for route"]}`
	switch r.URL.Path {
	case "/v1/transit/keys/org":
		status, body = s.read()
	case "/v1/transit/sign/org":
		var request struct {
			Input []byte `json:"input"`
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			status, body = 400, `{"errors":["not JSON"]}`
			break
		}
		status, body = s.sign(request.Input)
	}
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

// last are the headers of the last request.
func (s *standIn) last() http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[len(s.seen)-1]
}

func open(t *testing.T, address string, limit time.Duration) (*transit.Signer, error) {
	t.Helper()
	a, err := signer.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	s, err := transit.Open(t.Context(), a, signer.Options{Timeout: limit})
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

// signed has s sign a statement, and checks that a roster takes it.
func signed(s signer.Signer) error {
	message, err := envelope.Sign(envelope.TypeStatement, map[string]string{"kind": "test"}, s)
	if err != nil {
		return err
	}
	return message.VerifyStatement(s.Public())
}

func TestAVaultThatMisbehavesIsNamed(t *testing.T) {
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	say := func(status int, body string) func(*standIn) {
		return func(s *standIn) { s.sign = func([]byte) (int, string) { return status, body } }
	}
	for name, c := range map[string]struct {
		change func(*standIn)
		want   error
		says   string
	}{
		"as it should": {func(*standIn) {}, nil, ""},
		"by another key": {func(s *standIn) {
			s.sign = func(pae []byte) (int, string) { return 200, s.signature(1, ed25519.Sign(other, pae)) }
		}, signer.ErrSignature, ""},
		"by another version": {func(s *standIn) {
			s.sign = func(pae []byte) (int, string) { return 200, s.signature(2, ed25519.Sign(s.key, pae)) }
		}, signer.ErrKeyChanged, "version 1"},
		"something else": {func(s *standIn) {
			s.sign = func([]byte) (int, string) { return 200, s.signature(1, ed25519.Sign(s.key, []byte("x"))) }
		}, signer.ErrSignature, ""},
		"a short signature":   {say(200, `{"data":{"signature":"vault:v1:AAAA"}}`), signer.ErrSignature, ""},
		"no base64":           {say(200, `{"data":{"signature":"vault:v1:!"}}`), signer.ErrSignature, ""},
		"no signature":        {say(200, `{"data":{}}`), signer.ErrKeyChanged, ""},
		"no JSON":             {say(200, `<html>`), signer.ErrUnavailable, ""},
		"nothing":             {say(204, ``), signer.ErrUnavailable, ""},
		"no":                  {say(403, `{"errors":["permission denied"]}`), signer.ErrRefused, "permission denied"},
		"wrong":               {say(400, "{\"errors\":[\"too \\u001b[31mold\"]}"), signer.ErrRefused, "too \ufffd[31mold"},
		"sealed":              {say(503, `{"errors":["Vault is sealed"]}`), signer.ErrUnavailable, "sealed"},
		"overloaded":          {say(429, `{"errors":["rate limit"]}`), signer.ErrUnavailable, "rate limit"},
		"deleted meanwhile":   {say(404, `{"errors":[]}`), signer.ErrUnavailable, "transit/keys"},
		"gone":                {func(s *standIn) { s.Close() }, signer.ErrUnavailable, ""},
		"hangs up":            {func(s *standIn) { s.sign = func([]byte) (int, string) { panic(http.ErrAbortHandler) } }, signer.ErrUnavailable, ""},
		"shows another later": {func(s *standIn) { s.read = func() (int, string) { return 200, s.shown("ed25519", other) } }, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := newStandIn(t)
			t.Setenv(transit.TokenVariable, "right")
			s, err := open(t, "transit:org?address="+v.URL, 0)
			if err != nil {
				t.Fatal(err)
			}
			c.change(v)
			if err := signed(s); !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestOpenRefusesWhatIsNoOrgIdentityKey(t *testing.T) {
	for name, c := range map[string]struct {
		shown, address string
		status         int
		want           error
	}{
		"of another type":    {shown: `{"data":{"type":"rsa-2048","latest_version":1,"keys":{"1":{"public_key":"AAAA"}}}}`, want: signer.ErrKeyType},
		"symmetric":          {shown: `{"data":{"type":"aes256-gcm96","latest_version":1,"keys":{"1":1700000000}}}`, want: signer.ErrKeyType},
		"derived":            {shown: `{"data":{"type":"ed25519","derived":true,"latest_version":1,"keys":{"1":{"public_key":""}}}}`, want: signer.ErrKeyType},
		"a short key":        {shown: `{"data":{"type":"ed25519","latest_version":1,"keys":{"1":{"public_key":"AAAA"}}}}`, want: signer.ErrKeyType},
		"a key of low order": {shown: `{"data":{"type":"ed25519","latest_version":1,"keys":{"1":{"public_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}}}`, want: signer.ErrKeyType},
		"without versions":   {shown: `{"data":{"type":"ed25519","latest_version":1,"keys":{}}}`, want: signer.ErrKeyChanged},
		"without that one":   {address: "&version=2", want: signer.ErrKeyChanged},
		"not there":          {status: 404, shown: `{"errors":[]}`, want: signer.ErrUnavailable},
		"not for this token": {status: 403, shown: `{"errors":["permission denied"]}`, want: signer.ErrRefused},
		"not mounted there":  {address: "&mount=elsewhere", want: signer.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			v := newStandIn(t)
			t.Setenv(transit.TokenVariable, "right")
			if c.shown != "" {
				v.read = func() (int, string) { return max(c.status, 200), c.shown }
			}
			if _, err := open(t, "transit:org?address="+v.URL+c.address, 0); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestASlowVaultIsGivenUp(t *testing.T) {
	v := newStandIn(t)
	t.Setenv(transit.TokenVariable, "right")
	address := "transit:org?address=" + v.URL
	hasty, err := open(t, address, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	patient, err := open(t, address, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	asked, enough := make(chan struct{}, 2), make(chan struct{})
	defer close(enough)
	v.sign = func([]byte) (int, string) {
		asked <- struct{}{}
		<-enough
		return 500, "{}"
	}
	failed := make(chan error, 1)
	go func() { failed <- signed(patient) }()
	<-asked
	hasty.SetLimit(200 * time.Millisecond)
	if err := signed(hasty); !errors.Is(err, signer.ErrTimeout) {
		t.Errorf("got %v", err)
	}
	for range 2 {
		if err := patient.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-failed; !errors.Is(err, signer.ErrUnavailable) {
		t.Errorf("closed meanwhile: %v", err)
	}
	if err := signed(patient); !errors.Is(err, signer.ErrUnavailable) {
		t.Errorf("closed before: %v", err)
	}
}

// A token for one Vault is never shown to another.
func TestTheTokenIsThatOfTheAddress(t *testing.T) {
	write := func(t *testing.T, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "token")
		if err := errors.Join(os.WriteFile(path, []byte("of-file\n"), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const foreign = "https://vault.example.com:8200"
	for name, c := range map[string]struct {
		own         bool // VAULT_ADDR is the stand-in's
		named       bool // the address says where it is
		token, file string
		want        string
		fails       error
	}{
		"its own token":                    {token: "own", named: true, want: "own"},
		"its own token, not Vault's":       {token: "own", own: true, named: true, want: "own"},
		"Vault's, at Vault's address":      {own: true, want: "of-vault"},
		"Vault's, at that address by name": {own: true, named: true, want: "of-vault"},
		"Vault's, elsewhere":               {named: true, fails: signer.ErrUnavailable},
		"a file's":                         {token: "own", own: true, named: true, file: write(t, 0o600), want: "of-file"},
		"a file's that others may read":    {token: "own", named: true, file: write(t, 0o640), fails: signer.ErrUnavailable},
		"a file's that is not there":       {token: "own", named: true, file: filepath.Join(t.TempDir(), "none"), fails: signer.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			v := newStandIn(t)
			t.Setenv("VAULT_TOKEN", "of-vault")
			t.Setenv("VAULT_NAMESPACE", "of-vault")
			t.Setenv("VAULT_HEADERS", `{"Proxy-Pass":"of-vault"}`)
			t.Setenv("VAULT_ADDR", foreign)
			if c.own {
				t.Setenv("VAULT_ADDR", v.URL+"/")
			}
			t.Setenv(transit.TokenVariable, c.token)
			var parameters []string
			if c.named {
				parameters = append(parameters, "address="+v.URL)
			}
			if c.file != "" {
				parameters = append(parameters, "token_file="+c.file)
			}
			address := "transit:org"
			if len(parameters) > 0 {
				address += "?" + strings.Join(parameters, "&")
			}
			s, err := open(t, address, 0)
			if !errors.Is(err, c.fails) {
				t.Fatalf("got %v, want %v", err, c.fails)
			}
			if err != nil {
				if len(v.seen) > 0 || strings.Contains(err.Error(), "of-") {
					t.Errorf("it was asked all the same, or a token is in %v", err)
				}
				return
			}
			if err := signed(s); err != nil {
				t.Fatal(err)
			}
			h := v.last()
			if got := h.Get("X-Vault-Token"); got != c.want {
				t.Errorf("token %q, want %q", got, c.want)
			}
			if got := h.Get("X-Vault-Namespace") + h.Get("Proxy-Pass"); (got != "") != c.own {
				t.Errorf("namespace and headers of VAULT_ADDR: %q", got)
			}
			if h.Get("X-Vault-Wrap-Ttl") != "" || h.Get("X-Vault-Request") != "true" {
				t.Errorf("headers %v", h)
			}
		})
	}
}

func TestTransitIsNowhereUnlessSomebodySaysWhere(t *testing.T) {
	v := newStandIn(t)
	t.Setenv(transit.TokenVariable, "right")
	if _, err := open(t, "transit:org", 0); !errors.Is(err, signer.ErrAddress) {
		t.Errorf("got %v", err)
	}
	t.Setenv(transit.AddressVariable, "http://vault.example.com:8200")
	if _, err := open(t, "transit:org", 0); !errors.Is(err, signer.ErrAddress) {
		t.Errorf("plain HTTP to another machine: got %v", err)
	}
	t.Setenv(transit.AddressVariable, v.URL)
	t.Setenv("VAULT_ADDR", "https://vault.example.com:8200")
	s, err := open(t, "transit:org?namespace=team/a", 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := v.last().Get("X-Vault-Namespace"); got != "team/a" {
		t.Errorf("namespace %q", got)
	}
	if got := s.String(); !strings.Contains(got, v.URL) || strings.Contains(got, "right") {
		t.Errorf("it is called %s", got)
	}
}

// What the environment says of trust in one Vault is not believed of another.
func TestTheCertificateIsThatOfTheAddress(t *testing.T) {
	v := newStandIn(t)
	t.Setenv(transit.TokenVariable, "right")
	secure := httptest.NewUnstartedServer(http.HandlerFunc(v.answer))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail on purpose
	secure.StartTLS()
	defer secure.Close()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	address := "transit:org?address=" + secure.URL
	for name, c := range map[string]struct {
		address     string
		environment map[string]string
		want        error
	}{
		"named":                      {address: address + "&ca_cert=" + authority},
		"unknown":                    {address: address, want: signer.ErrUnavailable},
		"not there":                  {address: address + "&ca_cert=none.pem", want: signer.ErrUnavailable},
		"of Vault, at Vault":         {address: address, environment: map[string]string{"VAULT_ADDR": secure.URL, "VAULT_CACERT": authority}},
		"of Vault, elsewhere":        {address: address, environment: map[string]string{"VAULT_CACERT": authority}, want: signer.ErrUnavailable},
		"skipped at Vault elsewhere": {address: address, environment: map[string]string{"VAULT_SKIP_VERIFY": "1"}, want: signer.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range c.environment {
				t.Setenv(variable, value)
			}
			s, err := open(t, c.address, 0)
			if err == nil {
				err = signed(s)
			}
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}
