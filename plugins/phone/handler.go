package phone

import (
	"net/http"
	"strconv"
	"strings"
)

// Handler serves the bundle at the root of an origin. Files are found by their
// exact names alone, so no path leads anywhere else.
func (b *Bundle) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for key, value := range b.options.protection() {
			w.Header().Set(key, value)
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "this address only gives out files", http.StatusMethodNotAllowed)
			return
		}
		f, ok := b.File(strings.TrimPrefix(r.URL.Path, "/"))
		if !ok {
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, "there is no such file in the app", http.StatusNotFound)
			return
		}
		for key, values := range b.Headers(f.Name) {
			w.Header()[key] = values
		}
		if f.Unchanged(r.Header.Get("If-None-Match")) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(f.Data)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(f.Data) // a client that has gone away is told nothing
		}
	})
}
