package phone

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// contentTypes are fixed here, since what the system knows differs from one
// machine to the next.
var contentTypes = map[string]string{
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".json":        "application/json",
	".webmanifest": "application/manifest+json",
	".gz":          "application/gzip", // unpacked by the page, so it is no Content-Encoding
}

// Policy is the Content-Security-Policy of the app: nothing but its own files
// and, for an own copy, calls to Vault's origin. 'wasm-unsafe-eval' lets the
// page compile WebAssembly, and no JavaScript.
func (o Options) Policy() string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self' 'wasm-unsafe-eval'",
		"style-src 'self'",
		"img-src 'self'",
		strings.TrimSpace("connect-src 'self' " + o.Connect),
		"manifest-src 'self'",
		"worker-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types stillvault",
	}, "; ")
}

// permissions lets the page use passkeys, and nothing else of the device. A
// feature that a browser does not know is ignored.
const permissions = "publickey-credentials-get=(self), publickey-credentials-create=(self), " +
	"accelerometer=(), autoplay=(), bluetooth=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), " +
	"geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), " +
	"payment=(), picture-in-picture=(), screen-wake-lock=(), serial=(), usb=(), web-share=(), xr-spatial-tracking=()"

// protection are the headers that are the same for every file.
func (o Options) protection() map[string]string {
	return map[string]string{
		"Content-Security-Policy":      o.Policy(),
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy":           permissions,
		"Referrer-Policy":              "no-referrer",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
	}
}

// AllowedHeaders are the response headers that a mount has to be tuned to let
// through (allowed_response_headers), in order. Content-Type and Cache-Control
// are not among them: Vault takes those from a raw response as they are.
func AllowedHeaders() []string {
	names := append(slices.Collect(maps.Keys(Options{}.protection())), "ETag")
	slices.Sort(names)
	return names
}

// CacheControl is how long caches may keep a file: for good what lies in the
// folder that is named for its contents, nothing else.
func (b *Bundle) CacheControl(name string) string {
	if strings.HasPrefix(name, b.manifest.Bundle+"/") {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

// Headers are all headers with which a file has to travel; none for a name that
// is not in the bundle. The caller owns them.
func (b *Bundle) Headers(name string) http.Header {
	f, ok := b.File(name)
	if !ok {
		return nil
	}
	h := http.Header{}
	for key, value := range b.options.protection() {
		h.Set(key, value)
	}
	h.Set("Content-Type", f.Type)
	h.Set("Cache-Control", b.CacheControl(f.Name))
	h.Set("ETag", f.ETag())
	return h
}

// ETag is the file's entity tag: its hash in quotes.
func (f File) ETag() string { return `"` + f.Hash + `"` }

// Unchanged reports whether a request's If-None-Match header names this file as
// it is, so that it need not be sent again.
func (f File) Unchanged(ifNoneMatch string) bool {
	for tag := range strings.SplitSeq(ifNoneMatch, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == f.ETag() || tag == "*" {
			return true
		}
	}
	return false
}
