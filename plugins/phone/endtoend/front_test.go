package endtoend

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// front is an origin under which a browser sees a server. It passes everything
// on, until it is told to do otherwise.
type front struct {
	server *httptest.Server

	mu       sync.Mutex
	onward   http.Handler
	between  func(w http.ResponseWriter, r *http.Request, onward http.Handler)
	received []string
}

func startFront(upstream string) *front {
	f := &front{}
	f.leadTo(upstream)
	f.server = httptest.NewServer(f)
	return f
}

// leadTo has it pass requests on to a server.
func (f *front) leadTo(upstream string) {
	to, err := url.Parse(upstream)
	if err != nil {
		panic(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	// A browser that goes away in the middle of a poll is nobody's fault.
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	f.mu.Lock()
	defer f.mu.Unlock()
	f.onward = proxy
}

// newFront is an origin of a test's own.
func (s *site) newFront(t testing.TB) *front {
	t.Helper()
	f := startFront(s.addr)
	t.Cleanup(func() { _ = f.close() })
	return f
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	between, onward := f.between, f.onward
	f.received = append(f.received, r.Method+" "+r.URL.Path)
	f.mu.Unlock()
	if between == nil {
		onward.ServeHTTP(w, r)
		return
	}
	between(w, r, onward)
}

// lie puts somebody between the browser and the server; nil takes them away.
func (f *front) lie(between func(w http.ResponseWriter, r *http.Request, onward http.Handler)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.between = between
}

// count is how many requests the browser made for a path below the mount.
func (f *front) count(method, path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, r := range f.received {
		if r == method+" /v1/"+mountPath+"/"+path {
			n++
		}
	}
	return n
}

// origin is what the browser calls it: passkeys want a name, not an address.
func (f *front) origin() string {
	return strings.Replace(f.server.URL, "127.0.0.1", "localhost", 1)
}

// app is where the app is.
func (f *front) app() string { return f.origin() + "/v1/" + mountPath + "/app/" }

func (f *front) close() error {
	f.server.CloseClientConnections()
	f.server.Close()
	return nil
}

// dropPath returns somebody who drops the requests for a path below the mount
// until told to stop.
func dropPath(path string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, onward http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/"+path) {
			panic(http.ErrAbortHandler)
		}
		onward.ServeHTTP(w, r)
	}
}

// holdAfter returns somebody who lets so many requests for a path below the mount
// through, and holds every later one until whoever made it goes away.
func holdAfter(most int64, path string) func(http.ResponseWriter, *http.Request, http.Handler) {
	var made atomic.Int64
	return func(w http.ResponseWriter, r *http.Request, onward http.Handler) {
		if !strings.HasSuffix(r.URL.Path, "/"+path) || made.Add(1) <= most {
			onward.ServeHTTP(w, r)
			return
		}
		// A server does not notice who goes away before it has read what they sent.
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
}

// dropAll is a network that is down.
func dropAll(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// dropAnswersTo returns somebody who lets requests for a path through and drops
// what is answered.
func dropAnswersTo(path string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, onward http.Handler) {
		if !strings.HasSuffix(r.URL.Path, "/"+path) {
			onward.ServeHTTP(w, r)
			return
		}
		onward.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
}
