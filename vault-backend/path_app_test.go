package backend

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/plugins/phone"
)

// builtApp is the mount's copy of the app. Without one there is nothing to test.
func builtApp(t *testing.T) *phone.Bundle {
	t.Helper()
	if !phone.Built() {
		const missing = "NOT TESTED: the phone app is not built; run `make phone`"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	bundle, err := app()
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

func TestEveryFileOfTheAppIsServedAsItIs(t *testing.T) {
	bundle := builtApp(t)
	r := newRig(t)
	for _, name := range append(bundle.Names(), "") {
		resp, err := r.b.HandleRequest(context.Background(), r.request(read, "app/"+name, nil))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		want, _ := bundle.File(name)
		if resp.Data[logical.HTTPStatusCode] != http.StatusOK || resp.Data[logical.HTTPContentType] != want.Type ||
			!bytes.Equal(resp.Data[logical.HTTPRawBody].([]byte), want.Data) {
			t.Errorf("%q: another file", name)
		}
		if resp.Data[logical.HTTPCacheControlHeader] != bundle.CacheControl(want.Name) {
			t.Errorf("%q: Cache-Control %q", name, resp.Data[logical.HTTPCacheControlHeader])
		}
		for header := range resp.Headers {
			if !slices.Contains(phone.AllowedHeaders(), http.CanonicalHeaderKey(header)) && header != "Etag" {
				t.Errorf("%q: mounts are not tuned for %s", name, header)
			}
		}
	}
}

func TestTheAppIsNotSentAgain(t *testing.T) {
	bundle := builtApp(t)
	r := newRig(t)
	page, _ := bundle.File("")
	for tag, want := range map[string]int{
		page.ETag(): http.StatusNotModified, `W/` + page.ETag() + `, "x"`: http.StatusNotModified, `"another"`: http.StatusOK,
	} {
		req := r.request(read, "app/", nil)
		req.Headers = map[string][]string{"If-None-Match": {tag}}
		resp, err := r.b.HandleRequest(context.Background(), req)
		if err != nil || resp.Data[logical.HTTPStatusCode] != want {
			t.Errorf("%s: %v, %v, want %d", tag, resp.Data[logical.HTTPStatusCode], err, want)
		}
	}
}

func TestTheAppHasNoOtherFiles(t *testing.T) {
	builtApp(t)
	r := newRig(t)
	for _, name := range []string{"nothing.js", "../config", "..", "/", "index.html/", "INDEX.HTML", "%2e%2e/config", "dist/README"} {
		r.refused(read, "app/"+name, nil, http.StatusNotFound, "app_file_missing")
	}
	resp, err := r.b.HandleRequest(context.Background(), r.request(read, "app", nil))
	if err != nil || resp.Redirect != "app/" {
		t.Errorf("without a slash: %v, %v", resp, err)
	}
}
