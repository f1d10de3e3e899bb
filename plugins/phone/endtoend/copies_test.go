package endtoend

import (
	"net/http"
	"strings"
	"testing"
)

// secondMount has a second copy of the app on the same origin, at a path of its own.
func secondMount(w http.ResponseWriter, r *http.Request, onward http.Handler) {
	if rest, second := strings.CutPrefix(r.URL.Path, "/v1/second/"); second {
		r.URL.Path = "/v1/" + mountPath + "/" + rest
	}
	onward.ServeHTTP(w, r)
}

// keptAt is what the browser keeps of the copy below a path: databases and caches.
func (p *phone) keptAt(path string) []string {
	p.t.Helper()
	return get[[]string](p, `(async () => [...(await indexedDB.databases()).map(({ name }) => name), ...await caches.keys()]
	  .filter((name) => name.startsWith('stillvault `+path+` ')).sort())()`)
}

// Two mounts of one Vault share an origin, and with it all that a browser keeps: a
// phone enrolled at one is not at the other, and leaving one leaves the other alone.
func TestCopiesOnOneOriginKnowNothingOfEachOther(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	front := s.newFront(t)
	front.lie(secondMount)
	p := s.enrolled(t, front, phoneOptions{})
	p.installed()
	first, second := "/v1/"+mountPath+"/app/", "/v1/second/app/"

	// Both at work at the same time: there is a lock for each.
	other := p.newTab()
	other.open(front.origin() + second)
	other.awaitScreen("welcome")
	other.installed()
	if screen := p.screen(); screen != "requests" {
		t.Fatalf("the first copy shows %q once the second is open", screen)
	}
	for _, path := range []string{first, second} {
		if kept := p.keptAt(path); len(kept) != 2 {
			t.Fatalf("below %s there is %q", path, kept)
		}
	}

	p.click("tab-settings")
	p.click("show-sign-out")
	p.fill("confirm-name", p.device)
	p.click("sign-out")
	p.awaitText("Signed out")
	if status := get[string](p.phone, `document.querySelector('[aria-live="polite"]').textContent`); status != "Signed out." {
		t.Errorf("what is read out is %q", status)
	}
	if kept := p.keptAt(first); len(kept) != 0 {
		t.Errorf("after signing out there is still %q", kept)
	}
	if kept := p.keptAt(second); len(kept) != 2 {
		t.Errorf("signing out at one left of the other %q", kept)
	}
	// The second copy still opens without a network.
	p.log.allow(`Failed to load resource`)
	front.lie(dropAll)
	other.reload()
	other.awaitScreen("welcome")
	front.lie(secondMount)
}
