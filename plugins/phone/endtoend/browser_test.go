package endtoend

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// browserEnv names a browser that is to be used in place of the one on PATH.
const browserEnv = "CHROMIUM_BIN"

var errNoChromium = errors.New("Chromium")

// chromium is one browser process for all tests, started by the first that
// needs it.
var chromium struct {
	sync.Once
	ctx    context.Context
	err    error
	abroad abroad
}

// theBrowser returns the context of the shared browser.
func theBrowser(t testing.TB) context.Context {
	t.Helper()
	needsBrowser(t)
	chromium.Do(startBrowser)
	if errors.Is(chromium.err, errNoChromium) {
		missing(t, "Chromium", "install it with `make browser`, or name one in "+browserEnv)
	}
	if chromium.err != nil {
		t.Fatalf("start Chromium: %v", chromium.err)
	}
	return chromium.ctx
}

func startBrowser() {
	path := findBrowser()
	if path == "" {
		chromium.err = errNoChromium
		return
	}
	proxy := httptest.NewServer(&chromium.abroad)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.WindowSize(390, 844),
		// Whatever leaves this machine passes the proxy, which notes and refuses
		// it: no worker's request escapes the tests' notice. Loopback goes direct.
		chromedp.ProxyServer(proxy.URL),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("no-pings", true),
		chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider"),
	)
	if os.Geteuid() == 0 {
		// Chromium's sandbox does not run as root, which containers are.
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	chromium.ctx, chromium.err = ctx, chromedp.Do(ctx)
	atTheEnd(func() error {
		cancel()
		stop()
		proxy.Close()
		return nil
	})
}

func findBrowser() string {
	if path := os.Getenv(browserEnv); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// abroad is a proxy that lets nothing through and remembers who was asked for.
type abroad struct {
	mu    sync.Mutex
	hosts []string
}

func (a *abroad) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hosts = append(a.hosts, r.Method+" "+r.Host)
	http.Error(w, "nothing leaves this machine", http.StatusForbidden)
}

// browsersOwn are whom Chromium itself speaks to, for updates and sign-in,
// whatever its flags say. What a page asks for there is in its own log.
var browsersOwn = []string{".google.com", ".googleapis.com", ".gvt1.com"}

// asked are the hosts that something other than the browser asked for so far.
func (a *abroad) asked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(a.hosts), func(asked string) bool {
		host, _, _ := strings.Cut(asked[strings.Index(asked, " ")+1:], ":")
		return slices.ContainsFunc(browsersOwn, func(own string) bool { return strings.HasSuffix(host, own) })
	})
}
