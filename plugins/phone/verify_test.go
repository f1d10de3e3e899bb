package phone

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// alter serves a bundle, but changes what it answers.
func alter(b *Bundle, change func(name string, w http.ResponseWriter, answer *httptest.ResponseRecorder)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		b.Handler().ServeHTTP(answer, r)
		answer.Header().Del("Content-Length")
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		change(strings.TrimPrefix(r.URL.Path, "/"), w, answer)
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

func TestVerifyFinds(t *testing.T) {
	b := ownBundle(t)
	folder := b.Manifest().Bundle + "/"
	type answer = httptest.ResponseRecorder
	for fault, c := range map[string]struct {
		file    string
		change  func(http.ResponseWriter, *answer)
		headers bool
	}{
		"other contents": {folder + "main.js", func(_ http.ResponseWriter, a *answer) { a.Body.WriteString(" ") }, false},
		"refers to \"https://elsewhere.example/x.js\"": {"", func(_ http.ResponseWriter, a *answer) {
			a.Body.WriteString("<script src=https://elsewhere.example/x.js></script>")
		}, false},
		"refers to \"extra.js\"":                       {"index.html", func(_ http.ResponseWriter, a *answer) { a.Body.WriteString(`<script src='extra.js'></script>`) }, false},
		"refers to \"//elsewhere.example/x.css\"":      {"", func(_ http.ResponseWriter, a *answer) { a.Body.WriteString(`<link href="//elsewhere.example/x.css">`) }, false},
		"Content-Security-Policy is missing":           {"", func(w http.ResponseWriter, _ *answer) { w.Header().Del("Content-Security-Policy") }, true},
		"Content-Security-Policy is \"default-src *\"": {"sw.js", func(w http.ResponseWriter, _ *answer) { w.Header().Set("Content-Security-Policy", "default-src *") }, true},
		"X-Frame-Options is missing":                   {"", func(w http.ResponseWriter, _ *answer) { w.Header().Del("X-Frame-Options") }, true},
		"Content-Type is \"text/plain\"":               {folder + "main.js", func(w http.ResponseWriter, _ *answer) { w.Header().Set("Content-Type", "text/plain") }, true},
		"Content-Encoding is set":                      {folder + "core.wasm.gz", func(w http.ResponseWriter, _ *answer) { w.Header().Set("Content-Encoding", "gzip") }, true},
		"Cache-Control lets browsers keep it":          {"sw.js", func(w http.ResponseWriter, _ *answer) { w.Header().Set("Cache-Control", "max-age=86400") }, true},
		"is not served: status 404":                    {folder + "view/card.js", func(_ http.ResponseWriter, a *answer) { a.Code = http.StatusNotFound }, false},
		"is not served: status 302": {"index.html", func(w http.ResponseWriter, a *answer) {
			w.Header().Set("Location", "https://elsewhere.example/")
			a.Code = http.StatusFound
		}, false},
		"is not part of the app": {"manifest.json", func(_ http.ResponseWriter, a *answer) {
			a.Body = bytes.NewBuffer(bytes.Replace(a.Body.Bytes(), []byte(`"files": {`), []byte(`"files": {"extra.js": "00",`), 1))
		}, false},
		"another app, or another release": {"manifest.json", func(_ http.ResponseWriter, a *answer) { a.Body.WriteString(" ") }, false},
		"is no manifest":                  {"manifest.json", func(_ http.ResponseWriter, a *answer) { a.Body.Reset() }, false},
	} {
		server := httptest.NewServer(alter(b, func(name string, w http.ResponseWriter, a *answer) {
			if name == c.file {
				c.change(w, a)
			}
		}))
		report, err := Verify(context.Background(), nil, server.URL+"/", b)
		server.Close()
		want := ErrDiffers
		if c.headers {
			want = ErrHeaders
		}
		if err != nil || !errors.Is(report.Err(), want) {
			t.Errorf("%s: %v, %v", fault, err, report.Err())
		}
		found := false
		for _, file := range report.Files {
			for _, f := range append(file.Faults, file.Headers...) {
				found = found || strings.HasPrefix(f, fault)
				if file.Name != c.file && file.Name != "extra.js" {
					t.Errorf("%s: %q %s", fault, file.Name, f)
				}
			}
		}
		if !found {
			t.Errorf("%s: not found in %v", fault, report.Files)
		}
	}
}

func TestVerifyAcceptsTheAppItself(t *testing.T) {
	for name, b := range map[string]*Bundle{"own": ownBundle(t), "built": builtBundle(t, Options{Copy: CopyOwn, Connect: vaultOrigin})} {
		server := httptest.NewServer(b.Handler())
		defer server.Close()
		report, err := Verify(context.Background(), server.Client(), server.URL+"/", b)
		if err != nil || report.Err() != nil || report.Hash != b.Hash() || len(report.Files) != len(b.Names())+1 {
			t.Errorf("%s: %v, %v, %d files", name, err, report.Err(), len(report.Files))
		}
		report, err = VerifyHash(context.Background(), nil, server.URL+"/", strings.ToUpper(b.Hash()), b.options)
		if err != nil || report.Err() != nil || len(report.Files) != len(b.Names())+1 {
			t.Errorf("%s, by its hash: %v, %v", name, err, report.Err())
		}
	}
}

func TestVerifyByHash(t *testing.T) {
	b := ownBundle(t)
	server := httptest.NewServer(alter(b, func(name string, _ http.ResponseWriter, a *httptest.ResponseRecorder) {
		if name == "sw.js" {
			a.Body.WriteString("//")
		}
	}))
	defer server.Close()
	for hash, faults := range map[string]int{b.Hash(): 1, strings.Repeat("0", 64): 2} {
		report, err := VerifyHash(context.Background(), nil, server.URL+"/", hash, b.options)
		found := 0
		for _, f := range report.Files {
			found += len(f.Faults)
		}
		if err != nil || found != faults || !errors.Is(report.Err(), ErrDiffers) {
			t.Errorf("%.8s…: %v, %d faults, want %d", hash, err, found, faults)
		}
	}
}

func TestVerifyWantsASafeAddress(t *testing.T) {
	b := ownBundle(t)
	for _, address := range []string{
		"", "approve.example", "https://approve.example", "http://approve.example/", "https://approve.example/?x", "https://a@approve.example/", "ftp://approve.example/",
	} {
		if _, err := Verify(context.Background(), nil, address, b); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := Verify(context.Background(), nil, "http://127.0.0.1:1/", b); !errors.Is(err, ErrUnreachable) {
		t.Errorf("nobody there: %v", err)
	}
}
