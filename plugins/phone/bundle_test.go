package phone

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// sources are a small app with every placeholder.
func sources() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"index.html": file(`<!doctype html><meta name="stillvault-copy" content="{{copy}}"><meta name="stillvault-version" content="{{version}}">` +
			`<meta http-equiv="Content-Security-Policy" content="connect-src 'self' {{connect}}">` +
			`<link rel="manifest" href="manifest.webmanifest"><script type="module" src="{{bundle}}/main.js"></script>`),
		"sw.js":                file(`const version = '{{version}}', bundle = '{{bundle}}', files = JSON.parse('{{files}}'), headers = JSON.parse({{headers}});`),
		"manifest.webmanifest": file(`{"icons":[{"src":"{{bundle}}/icon.svg"}]}`),
		"main.js":              file(`import './view/card.js';`),
		"view/card.js":         file(`export {};`),
		"icon.svg":             file(`<svg xmlns="http://www.w3.org/2000/svg"/>`),
		"core.wasm.gz":         file("\x1f\x8b"),
	}
}

const vaultOrigin = "https://vault.example:8200"

func bundleOf(t *testing.T, from fstest.MapFS, o Options) *Bundle {
	t.Helper()
	b, err := newBundle(from, "1.2.3", o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func ownBundle(t *testing.T) *Bundle {
	t.Helper()
	return bundleOf(t, sources(), Options{Copy: CopyOwn, Connect: vaultOrigin})
}

// builtBundle is the app that was built into this program. Without one there is
// nothing to test.
func builtBundle(t *testing.T, o Options) *Bundle {
	t.Helper()
	b, err := New(o)
	if errors.Is(err, ErrNotBuilt) {
		const missing = "NOT TESTED: the phone app is not built; run `make phone`"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheManifestListsEveryFile(t *testing.T) {
	for name, b := range map[string]*Bundle{
		"example": ownBundle(t), "built": builtBundle(t, Options{Copy: CopyMount}),
	} {
		m := b.Manifest()
		if want := append(slices.Sorted(maps.Keys(m.Files)), manifestName); !slices.Equal(b.Names(), slices.Sorted(slices.Values(want))) {
			t.Errorf("%s: the manifest lists %v, the bundle has %v", name, want, b.Names())
		}
		for file, hash := range m.Files {
			f, ok := b.File(file)
			if !ok || f.Hash != hash || sum(f.Data) != hash || f.Type == "" {
				t.Errorf("%s: %s is not what the manifest lists", name, file)
			}
		}
		text, _ := b.File(manifestName)
		var read Manifest
		if err := json.Unmarshal(text.Data, &read); err != nil || read.Bundle != m.Bundle || len(read.Files) != len(m.Files) || sum(text.Data) != b.Hash() {
			t.Errorf("%s: manifest.json is not the manifest: %v", name, err)
		}
		if len(m.Bundle) != 16 || len(b.Hash()) != 64 {
			t.Errorf("%s: folder %q, hash %q", name, m.Bundle, b.Hash())
		}
	}
}

func TestOnlyRootFilesKeepTheirNames(t *testing.T) {
	b := builtBundle(t, Options{Copy: CopyMount})
	folder := b.Manifest().Bundle + "/"
	for _, name := range b.Names() {
		root := slices.Contains([]string{indexName, workerName, webManifestName, manifestName}, name)
		if root == strings.HasPrefix(name, folder) {
			t.Errorf("%s: in the folder %t", name, !root)
		}
		if want := map[bool]string{true: "no-cache", false: "public, max-age=31536000, immutable"}[root]; b.CacheControl(name) != want {
			t.Errorf("%s: Cache-Control %s", name, b.CacheControl(name))
		}
	}
	for _, name := range []string{"core.wasm.gz", "wasm_exec.js", "main.js", "icon-192.png", "icon-512.png", "apple-touch-icon.png"} {
		if _, ok := b.File(folder + name); !ok {
			t.Errorf("%s is not in the app", name)
		}
	}
}

func TestPlaceholdersAreFilled(t *testing.T) {
	own, mount := ownBundle(t), bundleOf(t, sources(), Options{Copy: CopyMount})
	for _, b := range []*Bundle{own, mount, builtBundle(t, Options{Copy: CopyMount})} {
		if page, _ := b.File(""); b.Manifest().Version != "" && !strings.Contains(string(page.Data), `name="stillvault-version" content="`+b.Manifest().Version+`"`) {
			t.Errorf("the page does not say its version %s", b.Manifest().Version)
		}
		for _, name := range templates {
			f, _ := b.File(name)
			if found := placeholder.Find(f.Data); found != nil {
				t.Errorf("%s still has %s", name, found)
			}
		}
	}
	page, _ := own.File("")
	for _, want := range []string{`content="own"`, "connect-src 'self' " + vaultOrigin, own.Manifest().Bundle + "/main.js"} {
		if !strings.Contains(string(page.Data), want) {
			t.Errorf("the page lacks %s: %s", want, page.Data)
		}
	}
	worker, _ := own.File(workerName)
	if want := `"Content-Security-Policy":"` + own.options.Policy() + `"`; !strings.Contains(string(worker.Data), want) {
		t.Errorf("the service worker lacks the headers: %s", worker.Data)
	}
	for name, hash := range own.Manifest().Files {
		if listed := strings.Contains(string(worker.Data), `"`+name+`":"`+hash+`"`); listed == (name == workerName) {
			t.Errorf("the service worker lists %s: %t", name, listed)
		}
	}
}

func TestTheFolderIsNamedForAllThatCouldChange(t *testing.T) {
	first := ownBundle(t)
	if again := ownBundle(t); again.Hash() != first.Hash() {
		t.Error("the same app has two hashes")
	}
	others := map[string]*Bundle{
		"another copy":   bundleOf(t, sources(), Options{Copy: CopyMount}),
		"another Vault":  bundleOf(t, sources(), Options{Copy: CopyOwn, Connect: "https://other.example"}),
		"another origin": bundleOf(t, sources(), Options{Copy: CopyOwn, Connect: "https://vault.example"}),
	}
	for name := range sources() {
		changed := sources()
		changed[name].Data = append(changed[name].Data, ' ')
		others[name] = bundleOf(t, changed, first.options)
	}
	for name, other := range others {
		if other.Manifest().Bundle == first.Manifest().Bundle || other.Hash() == first.Hash() {
			t.Errorf("%s: the folder and the hash stay", name)
		}
	}
}

func TestFilesThatDoNotFitAreRefused(t *testing.T) {
	for name, change := range map[string]func(fstest.MapFS){
		"a page is missing":      func(m fstest.MapFS) { delete(m, indexName) },
		"an unknown placeholder": func(m fstest.MapFS) { m[indexName].Data = []byte("{{secret}}") },
		"files outside of sw.js": func(m fstest.MapFS) { m[indexName].Data = []byte("{{files}}") },
		"an unknown type":        func(m fstest.MapFS) { m["notes.txt"] = &fstest.MapFile{} },
		"a written manifest":     func(m fstest.MapFS) { m[manifestName] = &fstest.MapFile{} },
	} {
		from := sources()
		change(from)
		if _, err := newBundle(from, "1", Options{Copy: CopyMount}); !errors.Is(err, ErrSource) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyOriginsAreConnectedTo(t *testing.T) {
	for address, want := range map[string]string{
		"https://vault.example": "https://vault.example", "https://Vault.Example:443/": "https://vault.example",
		"https://vault.example:8200": vaultOrigin, "http://localhost:8200": "http://localhost:8200", "http://127.0.0.1:8200": "http://127.0.0.1:8200",
	} {
		if got, err := Origin(address); got != want || err != nil {
			t.Errorf("%s: %q, %v", address, got, err)
		}
	}
	for _, address := range []string{
		"", "vault.example", "https://", "http://vault.example", "https://vault.example/v1", "https://a@vault.example", "https://vault.example?x",
		"https://vault.example#x", "wss://vault.example", "https://vault.example; script-src *", "https://a,b", "javascript:alert(1)", "https://*.example'x",
	} {
		if got, err := Origin(address); !errors.Is(err, ErrOptions) {
			t.Errorf("%q: taken for %q, %v", address, got, err)
		}
		if _, err := newBundle(sources(), "1", Options{Copy: CopyOwn, Connect: address}); !errors.Is(err, ErrOptions) {
			t.Errorf("%q: made a bundle, %v", address, err)
		}
	}
	for _, o := range []Options{{}, {Copy: "other"}, {Copy: CopyMount, Connect: vaultOrigin}} {
		if _, err := newBundle(sources(), "1", o); !errors.Is(err, ErrOptions) {
			t.Errorf("%q, %q: %v", o.Copy, o.Connect, err)
		}
	}
}

func TestThePagesOwnPolicyIsThatOfTheHeader(t *testing.T) {
	for _, o := range []Options{{Copy: CopyMount}, {Copy: CopyOwn, Connect: vaultOrigin}} {
		b := builtBundle(t, o)
		page, _ := b.File("")
		// A page cannot forbid its framing; that takes the header.
		want := strings.Replace(o.Policy(), "frame-ancestors 'none'; ", "", 1)
		if o.Connect == "" {
			want = strings.Replace(want, "connect-src 'self'", "connect-src 'self' ", 1)
		}
		if !strings.Contains(string(page.Data), `content="`+want+`"`) {
			t.Errorf("the page's policy is not %s", want)
		}
	}
}

func TestTheAppRefersToNothingElse(t *testing.T) {
	b := builtBundle(t, Options{Copy: CopyMount})
	page, _ := b.File("")
	if faults := foreign(page.Data, b.Manifest()); faults != nil {
		t.Errorf("the page %v", faults)
	}
	for _, name := range b.Names() {
		f, _ := b.File(name)
		if path.Ext(name) == ".css" && (strings.Contains(string(f.Data), "url(") || strings.Contains(string(f.Data), "@import")) {
			t.Errorf("%s loads something", name)
		}
	}
}
