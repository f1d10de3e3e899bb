package endtoend

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// pageLog is what the browser reported about the pages and workers of one phone:
// every request, every script, everything that went wrong.
type pageLog struct {
	mu       sync.Mutex
	requests []string // URLs
	scripts  []script
	faults   []string // errors on the console, exceptions, refusals by the policy
	allowed  []*regexp.Regexp
	origins  []string
}

type script struct {
	url    string
	inline bool
}

// reportBinding is the function that the script watching for violations calls.
const reportBinding = "__stillvaultViolation"

// watchViolations reports what the Content-Security-Policy or Trusted Types
// refused, which a page could otherwise hide from its console.
const watchViolations = `document.addEventListener('securitypolicyviolation', (e) =>
  ` + reportBinding + `(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sourceFile + ':' + e.lineNumber + ' ' + e.sample));`

// listen takes one of the browser's events.
func (l *pageLog) listen(event any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		l.requests = append(l.requests, e.Request.URL)
	case *network.EventWebSocketCreated:
		l.requests = append(l.requests, e.URL)
	case *debugger.EventScriptParsed:
		l.scripts = append(l.scripts, script{e.URL, e.StartLine > 0 || e.StartColumn > 0})
	case *runtime.EventExceptionThrown:
		l.faults = append(l.faults, "exception: "+exceptionText(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "assert" {
			l.faults = append(l.faults, "console: "+argumentsText(e.Args))
		}
	case *runtime.EventBindingCalled:
		if e.Name == reportBinding {
			l.faults = append(l.faults, "violation: "+e.Payload)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" {
			l.faults = append(l.faults, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	}
}

func exceptionText(e *runtime.ExceptionDetails) string {
	if e.Exception != nil && e.Exception.Description != "" {
		return e.Text + " " + e.Exception.Description
	}
	return e.Text
}

func argumentsText(args []*runtime.RemoteObject) string {
	var texts []string
	for _, a := range args {
		if a.Description != "" {
			texts = append(texts, a.Description)
		} else {
			texts = append(texts, string(a.Value))
		}
	}
	return strings.Join(texts, " ")
}

// allow says that a fault is what a test provokes.
func (l *pageLog) allow(expression string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.allowed = append(l.allowed, regexp.MustCompile(expression))
}

// visits says that an origin is the app's own.
func (l *pageLog) visits(origin string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.origins = append(l.origins, origin)
}

// check holds the log to what the app promises: requests and scripts of its own
// origin only, no inline script, nothing refused and nothing failed.
func (l *pageLog) check(t testing.TB) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, u := range l.requests {
		if !l.own(u) {
			t.Errorf("the page made a request to another origin: %s", u)
		}
	}
	for _, s := range l.scripts {
		// The tests' own scripts have no URL.
		if s.url == "" || strings.HasPrefix(s.url, "wasm:") {
			continue
		}
		if !l.own(s.url) || !scriptFile(s.url) || s.inline {
			t.Errorf("the page ran an inline or foreign script: %s", s.url)
		}
	}
	for _, fault := range l.faults {
		if !slices.ContainsFunc(l.allowed, func(e *regexp.Regexp) bool { return e.MatchString(fault) }) {
			t.Errorf("the browser logged %s", fault)
		}
	}
	if hosts := chromium.abroad.asked(); len(hosts) > 0 {
		t.Errorf("the browser asked for %s", strings.Join(hosts, ", "))
	}
}

func (l *pageLog) own(address string) bool {
	u, err := url.Parse(strings.TrimPrefix(address, "blob:"))
	return err == nil && slices.Contains(l.origins, u.Scheme+"://"+u.Host)
}

func scriptFile(address string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.HasSuffix(u.Path, ".js")
}
