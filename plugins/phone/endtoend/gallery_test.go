package endtoend

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
)

// axeOnly is what axe-core is asked: the rules of WCAG 2.2 up to AA, and what it
// knows as best practice beyond them.
const axeOnly = `(async () => {
  const { violations } = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) =>
    id + ': ' + help + ' at ' + target.join(' ') + ': ' + failureSummary.replace(/\s+/g, ' ')));
})()`

// axeSource is the checker's own script, which no page of the app loads.
func axeSource(t testing.TB) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(vaultservertest.ModuleRoot(t), "tools", "bin", "axe", "axe.min.js"))
	if err != nil {
		missing(t, "axe-core", "run `make browser` ("+err.Error()+")")
	}
	return string(source)
}

// accessible holds what shows now to axe-core, as light and as dark.
func (p *phone) accessible(axe string) {
	p.t.Helper()
	if !get[bool](p, `typeof globalThis.axe === 'object'`) {
		get[bool](p, axe+";true")
	}
	for _, dark := range []bool{false, true} {
		p.setDark(dark)
		for _, violation := range get[[]string](p, axeOnly) {
			p.t.Errorf("%s, %s: %s", p.screen(), scheme(dark), violation)
		}
	}
	p.setDark(false)
}

func scheme(dark bool) string {
	if dark {
		return "dark"
	}
	return "light"
}

// openGallery shows the made-up models of every screen and returns their names.
func openGallery(t testing.TB, p *phone) []string {
	t.Helper()
	// Below here there are the app's own modules and the gallery.
	server := httptest.NewServer(http.FileServer(http.Dir("..")))
	t.Cleanup(server.Close)
	p.log.allow(`console: "?action`)
	p.open(strings.Replace(server.URL, "127.0.0.1", "localhost", 1) + "/endtoend/gallery/gallery.html")
	p.awaitScreen("gallery")
	return get[[]string](p, `globalThis.models`)
}

// show shows one model of the gallery.
func (p *phone) show(name string) {
	p.t.Helper()
	get[string](p, fmt.Sprintf(`(location.hash = %q)`, name))
	// A change of the fragment is told a moment later.
	p.awaitTrue("the model "+name, fmt.Sprintf(`globalThis.shownName === %q`, name))
}

// Every screen that there is, in light and dark, passes an automated check.
func TestEveryScreenIsAccessible(t *testing.T) {
	axe := axeSource(t)
	p := newPhone(t, phoneOptions{unwatched: true})
	names := openGallery(t, p)
	shown := map[string]bool{}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			p.t = t
			p.show(name)
			shown[p.screen()] = true
			p.accessible(axe)
		})
	}
	p.t = t
	for _, screen := range get[[]string](p, `import('../../app/view/screens.js').then((m) => m.names)`) {
		if !shown[screen] {
			t.Errorf("the gallery has no model of the screen %q", screen)
		}
	}
	if len(names) < 23 || !slices.Contains(names, "request") {
		t.Errorf("the gallery shows %d models", len(names))
	}
}

// A checker that finds nothing anywhere would pass every screen.
func TestTheCheckerFindsFaults(t *testing.T) {
	axe := axeSource(t)
	p := newPhone(t, phoneOptions{})
	p.open(pageOf(t, "default-src 'self'; style-src 'unsafe-inline'", fstest.MapFS{
		"page.html": {Data: []byte(`<!doctype html><link rel="icon" href="icon.svg"><main data-screen="page"><button></button><p style="color:#999;background:#aaa">faint</p></main>`)},
		"icon.svg":  {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)},
	}))
	inner := &recorder{TB: t}
	p.t = inner
	p.accessible(axe)
	for _, rule := range []string{"button-name", "color-contrast", "document-title", "html-has-lang"} {
		if !inner.says(rule) {
			t.Errorf("%s is not found: %s", rule, inner.said)
		}
	}
}
