package endtoend

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// pageOf serves files on localhost, as a browser wants it for passkeys.
func pageOf(t testing.TB, policy string, files fstest.MapFS) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		http.FileServerFS(files).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1) + "/page.html"
}

// A log of nothing would pass every check: these pages misbehave, and the log
// has to say so.
func TestTheLogNoticesWhatPagesDo(t *testing.T) {
	for name, test := range map[string]struct {
		policy string
		page   string
		script string
		want   string
	}{
		"nothing":           {"default-src 'self'", ``, ``, ""},
		"console error":     {"default-src 'self'", ``, `console.error('all is lost')`, "all is lost"},
		"exception":         {"default-src 'self'", ``, `setTimeout(() => { throw new Error('thrown late') })`, "thrown late"},
		"refused inline":    {"default-src 'self'", `<script>document.title = 'x'</script>`, ``, "script-src-elem inline"},
		"refused elsewhere": {"default-src 'self'", ``, `fetch('http://elsewhere.example/').catch(() => {})`, "connect-src"},
		"inline script":     {"script-src 'self' 'unsafe-inline'", `<script>document.title = 'x'</script>`, ``, "inline or foreign script"},
		"another origin":    {"default-src *", ``, `fetch('http://127.0.0.1:9/').catch(() => {})`, "another origin"},
		"worker's error":    {"default-src 'self'", ``, `new Worker('worker.js')`, "from the worker"},
	} {
		t.Run(name, func(t *testing.T) {
			inner := &recorder{TB: t}
			p := newPhone(inner, phoneOptions{})
			p.open(pageOf(t, test.policy, fstest.MapFS{
				"page.html": {Data: []byte(`<!doctype html><title>page</title><link rel="icon" href="icon.svg"><main data-screen="page"></main>` +
					test.page + `<script type="module" src="page.js"></script>`)},
				"page.js":   {Data: []byte(test.script + "\n;document.querySelector('main').dataset.screen = 'done';")},
				"worker.js": {Data: []byte("setTimeout(() => { throw new Error('from the worker') }, 300)")},
				"icon.svg":  {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)},
			}))
			p.awaitScreen("done")
			if test.want == "" {
				p.log.check(inner)
			} else {
				p.awaitAny("the log to say "+test.want, func() bool { inner.said = nil; p.log.check(inner); return inner.says(test.want) })
			}
			if test.want == "" && len(inner.said) > 0 {
				t.Errorf("a page that does nothing wrong is blamed: %s", inner.said)
			}
			p.log = &pageLog{}
			inner.run()
		})
	}
}

// recorder takes a test's complaints without failing it.
type recorder struct {
	testing.TB
	said     []string
	cleanups []func()
}

func (r *recorder) Errorf(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Helper()          {}
func (r *recorder) says(words string) bool {
	return slices.ContainsFunc(r.said, func(s string) bool { return strings.Contains(s, words) })
}

func (r *recorder) run() {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
}

// evaluatePRF makes a passkey and evaluates its PRF a number of times.
const evaluatePRF = `(async (times) => {
  const challenge = new Uint8Array(32);
  const made = await navigator.credentials.create({ publicKey: {
    challenge, rp: { name: 'test' }, user: { id: new Uint8Array(16), name: 'a', displayName: 'a' },
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' }, extensions: { prf: {} } } });
  const got = [made.getClientExtensionResults().prf?.enabled ? 'prf' : 'no prf'];
  for (let i = 0; i < times; i++) {
    const credential = await navigator.credentials.get({ publicKey: { challenge, userVerification: 'required',
      allowCredentials: [{ type: 'public-key', id: made.rawId }], extensions: { prf: { eval: { first: new Uint8Array(32) } } } } });
    const first = credential.getClientExtensionResults().prf?.results?.first;
    got.push((first ? new Uint8Array(first).toHex() : 'none') + ' ' + (new Uint8Array(credential.response.authenticatorData)[32] & 4 ? 'verified' : 'unverified'));
  }
  return got;
})`

func TestAuthenticatorsAnswerAsTheyAreToldTo(t *testing.T) {
	blank := fstest.MapFS{"page.html": {Data: []byte(`<!doctype html><title>page</title><link rel="icon" href="icon.svg"><main data-screen="page"></main>`)},
		"icon.svg": {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)}}
	for name, test := range map[string]struct {
		options phoneOptions
		check   func(t *testing.T, got []string, err error)
	}{
		"honest": {phoneOptions{}, func(t *testing.T, got []string, err error) {
			if err != nil || got[0] != "prf" || len(got[1]) < 64 || got[1] != got[2] || !strings.HasSuffix(got[1], " verified") {
				t.Errorf("%q, %v", got, err)
			}
		}},
		"no PRF": {phoneOptions{authenticator: authenticatorOptions{noPRF: true}}, func(t *testing.T, got []string, err error) {
			if err != nil || got[0] != "no prf" || !strings.HasPrefix(got[1], "none") {
				t.Errorf("%q, %v", got, err)
			}
		}},
		"no verification": {phoneOptions{authenticator: authenticatorOptions{noVerification: true}}, wantRefused},
		"unverified":      {phoneOptions{authenticator: authenticatorOptions{unverified: true}}, wantRefused},
		"lying flag": {phoneOptions{authenticator: authenticatorOptions{lyingFlag: true}}, func(t *testing.T, got []string, err error) {
			if err != nil || !strings.HasSuffix(got[1], " unverified") {
				t.Errorf("%q, %v", got, err)
			}
		}},
		"changing PRF": {phoneOptions{scripts: []string{changingPRF, "__changePRF(2)"}}, func(t *testing.T, got []string, err error) {
			if err != nil || len(got[2]) < 64 || got[1] == got[2] {
				t.Errorf("%q, %v", got, err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPhone(t, test.options)
			p.open(pageOf(t, "default-src 'self'", blank))
			got, err := evaluate[[]string](p, evaluatePRF+"(2)")
			test.check(t, got, err)
		})
	}
}

func wantRefused(t *testing.T, got []string, err error) {
	if err == nil || !strings.Contains(err.Error(), "NotAllowedError") {
		t.Errorf("%q, %v", got, err)
	}
}

// The servers, the signer's command and people at terminals work together
// before a browser is asked for anything.
func TestSitesWorkWithoutABrowser(t *testing.T) {
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			c := s.colleague(t)
			area := s.policyFor(t, []string{c.name})
			password := s.store(t, area+"/db")
			reader := s.member(t)
			r := s.readWithVault(t, reader, area+"/db", "nightly job")
			c.shown(t, area+"/db")
			r.blocks()
			c.approve(t, area+"/db")
			r.gives(password)
			s.store(t, area+"/other")
			r = s.read(t, reader, area+"/other", "")
			c.deny(t, area+"/other", "not today")
			r.fails("denied", "not today")
		})
	}
}
