package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
	"github.com/stillvault/stillvault/plugins/phone"
)

// needApp fails where nothing may be left out, and says so loudly elsewhere.
func needApp(t *testing.T) {
	t.Helper()
	built, err := scriptCondition("app")
	if err != nil {
		t.Fatal(err)
	}
	if !built {
		t.Skip("NOT TESTED: the phone app is not built; run `make phone`")
	}
}

// servedPhone runs `phone serve` for the length of a test, and returns what it
// said.
func servedPhone(t *testing.T, flags ...string) string {
	t.Helper()
	needApp(t)
	ctx, stop := context.WithCancel(context.Background())
	var said shown
	a := &app{Terminal: terminal.New(strings.NewReader(""), io.Discard, &said)}
	root := a.root()
	root.SetArgs(append([]string{"phone", "serve", "--listen", "127.0.0.1:0"}, flags...))
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("phone serve: %v", err)
		}
	})
	for deadline := time.Now().Add(3 * time.Minute); !strings.Contains(said.String(), "Ctrl-C"); {
		if time.Now().After(deadline) {
			t.Fatal("phone serve did not start within three minutes")
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("phone serve ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return said.String()
}

func found(t *testing.T, expression, text string) string {
	t.Helper()
	match := regexp.MustCompile(expression).FindStringSubmatch(text)
	if match == nil {
		t.Fatalf("nothing like %s in:\n%s", expression, text)
	}
	return match[1]
}

func TestAnOwnOriginServesTheWholeApp(t *testing.T) {
	const vault = "https://vault.example:8200"
	needApp(t)
	want, err := phone.New(phone.Options{Copy: phone.CopyOwn, Connect: vault})
	if err != nil {
		t.Fatal(err)
	}
	cert, key, pool := certificate(t)
	trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	for scheme, flags := range map[string][]string{"http": nil, "https": {"--tls-cert", cert, "--tls-key", key}} {
		said := servedPhone(t, append(flags, "--vault", vault)...)
		site := found(t, `(`+scheme+`://localhost:\d+/),`, said)
		report, err := phone.Verify(t.Context(), trusting, site, want)
		if err != nil || report.Err() != nil {
			t.Errorf("%s: %v, %v", scheme, err, report.Err())
		}
		resp, err := trusting.Get(site)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if strict := resp.Header.Get("Strict-Transport-Security"); (strict != "") != (scheme == "https") {
			t.Errorf("%s: Strict-Transport-Security %q", scheme, strict)
		}
		if !strings.Contains(said, want.Hash()) {
			t.Errorf("%s: the hash is not said:\n%s", scheme, said)
		}
	}
}

// What is said about Vault's CORS settings is what a real Vault needs.
func TestVaultLetsAnOwnOriginInAsItIsTold(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED against a real Vault: -short")
	}
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory})
	said := servedPhone(t, "--vault", server.Addr(), "--origin", "https://approve.example")
	origins := found(t, `vault write sys/config/cors allowed_origins="([^"]+)"`, said)
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Logical().Write("sys/config/cors", map[string]any{"allowed_origins": origins}); err != nil {
		t.Fatal(err)
	}
	for origin, allowed := range map[string]bool{"https://approve.example": true, server.Addr(): true, "https://elsewhere.example": false} {
		for _, method := range []string{http.MethodOptions, http.MethodPost} {
			req, err := http.NewRequest(method, server.Addr()+"/v1/stillvault/device/inbox", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Origin", origin)
			req.Header.Set("Access-Control-Request-Method", http.MethodPost)
			req.Header.Set("Access-Control-Request-Headers", "content-type")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := resp.Header.Get("Access-Control-Allow-Origin") == origin; got != allowed {
				t.Errorf("%s from %s: status %d, let in %t", method, origin, resp.StatusCode, got)
			}
			if method == http.MethodOptions && allowed && !strings.Contains(resp.Header.Get("Access-Control-Allow-Headers"), "Content-Type") {
				t.Errorf("%s may not send JSON", origin)
			}
		}
	}
}

func TestARenewedCertificateIsTakenUp(t *testing.T) {
	cert, key, _ := certificate(t)
	pair := &renewedPair{cert: cert, key: key}
	first, err := pair.get(nil)
	if err != nil {
		t.Fatal(err)
	}
	look := func() *tls.Certificate {
		t.Helper()
		pair.looked = time.Time{}
		now, err := pair.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	if err := os.WriteFile(cert, []byte("half written"), 0o600); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(cert, later, later); err != nil {
		t.Fatal(err)
	}
	if look() != first {
		t.Error("half of a file replaced the certificate")
	}
	newCert, newKey, _ := certificate(t)
	for from, to := range map[string]string{newCert: cert, newKey: key} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	if look() == first {
		t.Error("the renewed certificate is not served")
	}
}

// A development server's links lead to the app on localhost.
func TestADevelopmentServerHasTheApp(t *testing.T) {
	needApp(t)
	inDevelopment(t, filepath.Join(t.TempDir(), "dev.db"), func(out string) {
		address := exported(t, out, "VAULT_ADDR")
		port := address[strings.LastIndex(address, ":")+1:]
		site := "http://localhost:" + port + "/v1/stillvault/app/"
		want, err := phone.New(phone.Options{Copy: phone.CopyMount})
		if err != nil {
			t.Fatal(err)
		}
		report, err := phone.Verify(t.Context(), nil, site, want)
		if err != nil || report.Err() != nil {
			t.Errorf("the app at %s: %v, %v", site, err, report.Err())
		}
		admin := regexp.MustCompile(`VAULT_TOKEN=(\S+)`).FindAllStringSubmatch(out, -1)
		req, err := http.NewRequest(http.MethodGet, address+"/v1/stillvault/config", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Vault-Token", admin[len(admin)-1][1])
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if said, _ := io.ReadAll(resp.Body); !strings.Contains(string(said), `"public_url":"`+site+`"`) {
			t.Errorf("the settings are %s", said)
		}
	})
}

// certificate makes one for localhost that signs itself.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: signed}, key: {Type: "PRIVATE KEY", Bytes: encoded}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}))
	return cert, key, pool
}
