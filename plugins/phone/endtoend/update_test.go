package endtoend

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	app "github.com/stillvault/stillvault/plugins/phone"
)

// release is another version of the app, as a server could roll it out: the same
// files in another folder, and root files that name it.
type release struct {
	of      *app.Bundle
	folder  string
	version string // of the release; that of the other if empty
	damaged string // a file of which other bytes are served than are listed
}

// rewritten is a root file as the release has it.
func (r release) rewritten(data []byte) string {
	m := r.of.Manifest()
	text := strings.ReplaceAll(string(data), m.Bundle, r.folder)
	if r.version == "" {
		return text
	}
	return strings.NewReplacer(`content="`+m.Version+`"`, `content="`+r.version+`"`, `version = '`+m.Version+`'`, `version = '`+r.version+`'`).Replace(text)
}

// file is what the release has under a name, and whether it has that.
func (r release) file(name string) (app.File, []byte, bool) {
	old := r.of.Manifest().Bundle
	f, ok := r.of.File(strings.Replace(name, r.folder+"/", old+"/", 1))
	if !ok || strings.HasPrefix(name, old+"/") {
		return f, nil, false
	}
	data := f.Data
	if !strings.Contains(name, "/") {
		data = []byte(r.rewritten(data))
	}
	if f.Name == "sw.js" {
		// The worker lists the hashes of the other root files, which changed, too.
		for _, root := range []string{"index.html", "manifest.webmanifest"} {
			before, _ := r.of.File(root)
			sum := sha256.Sum256([]byte(r.rewritten(before.Data)))
			data = []byte(strings.ReplaceAll(string(data), before.Hash, hex.EncodeToString(sum[:])))
		}
	}
	if name == r.damaged {
		data = append(append([]byte{}, data...), ' ')
	}
	return f, data, true
}

// serve puts the release in place of what the mount serves.
func (r release) serve() func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, q *http.Request, onward http.Handler) {
		_, name, below := strings.Cut(q.URL.Path, "/app/")
		if !below {
			onward.ServeHTTP(w, q)
			return
		}
		f, data, ok := r.file(name)
		if name == "" {
			f, data, ok = r.file("index.html")
		}
		if !ok {
			http.NotFound(w, q)
			return
		}
		for key, values := range r.of.Headers(f.Name) {
			w.Header()[key] = values
		}
		w.Header().Del("Etag")
		_, _ = w.Write(data)
	}
}

// A new version of the app takes over as a whole, or not at all.
func TestTheAppUpdatesAsAWhole(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	front := s.newFront(t)
	p := s.enrolled(t, front, phoneOptions{})
	p.installed()
	b, err := app.New(app.Options{Copy: app.CopyMount})
	fatal(t, err)
	old := b.Manifest().Bundle
	if got := p.bundle(); got != old {
		t.Fatalf("the page is of bundle %s, want %s", got, old)
	}

	// One file of the new version is not what it lists: the old one stays, whole.
	p.log.allow(`not the file that this version lists`)
	damaged := release{of: b, folder: "00112233445566aa", damaged: "00112233445566aa/style.css"}
	front.lie(damaged.serve())
	p.updates("redundant")
	p.reload()
	p.awaitScreen("requests")
	if got := p.bundle(); got != old {
		t.Errorf("the page is of bundle %s after a damaged update, want %s", got, old)
	}

	// A whole one is taken when the person says so, and keeps the enrolment.
	next := release{of: b, folder: "8899aabbccddeeff"}
	front.lie(next.serve())
	p.updates("installed")
	p.click("tab-settings")
	p.awaitText("Another build of this app’s version " + b.Manifest().Version + " is ready")
	p.click("update")
	p.awaitBundle(next.folder)
	p.awaitScreen("requests")
	cached := get[[]string](p.phone, `caches.keys()`)
	if len(cached) != 1 || !strings.Contains(cached[0], next.folder) {
		t.Errorf("the caches are %q", cached)
	}
	path := s.policyFor(t, []string{p.name}) + "/db"
	p.approveOnce(path, s.store(t, path))
}

// A server that went back to a lower version is not followed, until the person says
// so; a higher one is named.
func TestAnotherVersionIsNamedAndALowerOneTakesAWord(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	front := s.newFront(t)
	p := s.enrolled(t, front, phoneOptions{})
	p.installed()
	b, err := app.New(app.Options{Copy: app.CopyMount})
	fatal(t, err)
	next := release{of: b, folder: "8899aabbccddeeff", version: "99.1.0"}
	front.lie(next.serve())
	p.updates("installed")
	p.awaitText("Another version of this app is ready, whole and checked: 99.1.0.")
	p.click("update")
	p.awaitBundle(next.folder)
	p.awaitScreen("requests")

	p.log.allow(`is lower than`)
	old := release{of: b, folder: "00112233445566aa", version: "99.0.12"}
	front.lie(old.serve())
	p.updates("redundant")
	p.awaitText("Another version of this app is offered: 99.0.12, lower than this one, 99.1.0.")
	// Not even where no tab is open meanwhile.
	p.away()
	p.open(p.front.app())
	p.awaitScreen("requests")
	if got := p.bundle(); got != next.folder {
		t.Fatalf("the page is of bundle %s", got)
	}
	p.awaitText("Another version of this app is offered: 99.0.12")
	p.click("update")
	p.awaitBundle(old.folder)
	p.awaitScreen("requests")
	p.installed()
	path := s.policyFor(t, []string{p.name}) + "/db"
	p.approveOnce(path, s.store(t, path))
}

// A recovery key that nobody noted yet is not lost to an update that another tab
// took: this tab reloads once it has been confirmed.
func TestAnUpdateWaitsForTheRecoveryKey(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	front := s.newFront(t)
	p := s.invited(t, front, phoneOptions{})
	p.openLink()
	p.nameDevice()
	p.makePasskey()
	p.setPassword()
	p.installed()
	b, err := app.New(app.Options{Copy: app.CopyMount})
	fatal(t, err)
	next := release{of: b, folder: "8899aabbccddeeff"}
	front.lie(next.serve())
	p.updates("installed")
	get[bool](p.phone, `(async () => {
	  const { waiting } = await navigator.serviceWorker.getRegistration();
	  const over = new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', () => done(true), { once: true }));
	  waiting.postMessage({ type: 'update' });
	  await over;
	  globalThis.sameDocument = true;
	  return true;
	})()`)
	if key := strings.Join(strings.Fields(p.field("recovery-key")), ""); key != p.recovery || p.bundle() == next.folder {
		t.Fatal("the page was reloaded under the recovery key")
	}
	p.fill("last-four", p.recovery[len(p.recovery)-4:])
	if !get[bool](p.phone, `globalThis.sameDocument === true`) {
		t.Fatal("the page was reloaded under the recovery key")
	}
	p.click("confirm-sheet")
	p.awaitBundle(next.folder)
	p.awaitScreen("words")
	p.admit()
}

// awaitBundle waits until the page is of a bundle.
func (p *phone) awaitBundle(folder string) {
	p.t.Helper()
	p.awaitTrue("the bundle "+folder, `document.querySelector('meta[name="stillvault-bundle"]')?.content === "`+folder+`"`)
}

// bundle is the version that the page is of.
func (p *phone) bundle() string {
	p.t.Helper()
	return get[string](p, `document.querySelector('meta[name="stillvault-bundle"]').content`)
}

// updates has the browser look for a new version until it finds one that ends as
// wanted. Whoever loads a page has it look by itself as well, and a check that comes
// while it does is that one: it then ends as that does, of what was served before.
func (p *phone) updates(want string) {
	p.t.Helper()
	p.awaitAny("a new version that is "+want, func() bool {
		state := p.checkForUpdate()
		if state == "installed" && want != "installed" {
			p.t.Fatalf("the new version is %s, want %s", state, want)
		}
		return state == want
	})
}

// checkForUpdate has the browser look for a new version, and returns what became
// of the one that it found.
func (p *phone) checkForUpdate() string {
	p.t.Helper()
	return get[string](p, `(async () => {
	  const registration = await navigator.serviceWorker.getRegistration();
	  await registration.update();
	  const worker = registration.installing ?? registration.waiting;
	  if (!worker) return 'none';
	  while (worker.state === 'installing') await new Promise((done) => worker.addEventListener('statechange', done, { once: true }));
	  return worker.state;
	})()`)
}
