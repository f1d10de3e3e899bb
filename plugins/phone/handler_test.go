package phone

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ask sends a request to the handler as it stands: no client cleans its path.
func ask(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, "https://approve.example/", nil)
	req.URL.Path = path
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

func TestEveryFileIsServedWithItsHeaders(t *testing.T) {
	b := ownBundle(t)
	for _, name := range append(b.Names(), "") {
		w, f := ask(b.Handler(), "GET", "/"+name), b.files[name]
		if name == "" {
			f = b.files[indexName]
		}
		if w.Code != http.StatusOK || w.Body.String() != string(f.Data) {
			t.Errorf("%q: status %d, %d bytes", name, w.Code, w.Body.Len())
		}
		for header, want := range b.Headers(name) {
			if got := w.Result().Header[header]; !slices.Equal(got, want) {
				t.Errorf("%q: %s is %q, want %q", name, header, got, want)
			}
		}
		if faults := headerFaults(b.options, name, strings.HasPrefix(name, b.Manifest().Bundle), w.Result().Header); faults != nil {
			t.Errorf("%q: verification would find %v", name, faults)
		}
		again := ask(b.Handler(), "GET", "/"+name, "If-None-Match", f.ETag())
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Result().Header.Get("ETag") != f.ETag() {
			t.Errorf("%q: asked again, status %d with %d bytes", name, again.Code, again.Body.Len())
		}
	}
	if b.Headers("nothing") != nil {
		t.Error("a file that is not there has headers")
	}
}

func TestThePolicyAllowsNoMoreThanNeeded(t *testing.T) {
	policy := Options{Copy: CopyOwn, Connect: vaultOrigin}.Policy()
	for _, want := range []string{
		"default-src 'none'", "connect-src 'self' " + vaultOrigin, "frame-ancestors 'none'", "require-trusted-types-for 'script'", "base-uri 'none'", "form-action 'none'",
	} {
		if !slices.Contains(strings.Split(policy, "; "), want) {
			t.Errorf("%s is not in %s", want, policy)
		}
	}
	for _, never := range []string{"unsafe-inline", "'unsafe-eval'", "*", "data:", "blob:"} {
		if strings.Contains(policy, never) {
			t.Errorf("%s is in %s", never, policy)
		}
	}
	if mount := (Options{Copy: CopyMount}).Policy(); !strings.Contains(mount, "connect-src 'self'; ") {
		t.Errorf("the mount's copy may connect elsewhere: %s", mount)
	}
}

func TestNothingElseIsServed(t *testing.T) {
	b := ownBundle(t)
	for _, path := range []string{
		"/nothing", "/../index.html", "//index.html", "/./index.html", "/" + b.Manifest().Bundle, "/" + b.Manifest().Bundle + "/", "/index.html/",
		"/" + b.Manifest().Bundle + "/../index.html", "/..%2findex.html", "/dist/README", "/.", "/\x00", "/main.js",
	} {
		w := ask(b.Handler(), "GET", path)
		if w.Code != http.StatusNotFound || w.Result().Header.Get("Content-Security-Policy") == "" || w.Result().Header.Get("ETag") != "" {
			t.Errorf("%q: status %d", path, w.Code)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE"} {
		if w := ask(b.Handler(), method, "/"); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: status %d", method, w.Code)
		}
	}
	if w := ask(b.Handler(), "HEAD", "/"); w.Code != http.StatusOK || w.Body.Len() != 0 || w.Result().Header.Get("ETag") == "" {
		t.Errorf("HEAD: status %d with %d bytes", w.Code, w.Body.Len())
	}
}

func TestAnExportIsTheBundle(t *testing.T) {
	b := ownBundle(t)
	dir := filepath.Join(t.TempDir(), "app")
	if err := b.Export(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range b.Names() {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || sum(data) != b.files[name].Hash {
			t.Errorf("%s: %v", name, err)
		}
	}
	headers, err := os.ReadFile(filepath.Join(dir, headersName))
	if err != nil || !strings.Contains(string(headers), "Content-Security-Policy: "+b.options.Policy()) {
		t.Errorf("headers: %v, %s", err, headers)
	}
	if err := b.Export(dir); err == nil {
		t.Error("exported over an earlier export")
	}
}
