package endtoend

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for something on a screen. Whoever waits so
// long has failed: two cores may be busy with several phones' password hashing, and
// with the tests of other packages besides.
const patience = 2 * time.Minute

// phone is a browser profile of its own with one tab, phone-sized, and one
// authenticator.
type phone struct {
	t             testing.TB
	ctx           context.Context
	log           *pageLog
	authenticator *authenticator
}

// phoneOptions say what is unusual about a phone.
type phoneOptions struct {
	authenticator authenticatorOptions
	// scripts run before any of the page's own, in every page.
	scripts []string
	// unwatched leaves out what slows pages down: scripts are then not listed, nor
	// is what workers say.
	unwatched bool
	dark      bool
}

// newPhone starts a phone that is gone, and whose log is checked, when the test
// ends.
func newPhone(t testing.TB, options phoneOptions) *phone {
	t.Helper()
	p := &phone{t: t, log: &pageLog{}}
	ctx, cancel := chromedp.NewContext(theBrowser(t), chromedp.WithNewBrowserContext(), chromedp.WithListener(p.log.listen))
	p.ctx = ctx
	t.Cleanup(cancel)
	t.Cleanup(func() { p.log.check(t) })
	p.prepare(options)
	p.authenticator = addAuthenticator(p, options.authenticator)
	return p
}

// newTab opens a second tab of the same profile. It has no authenticator.
func (p *phone) newTab() *phone {
	p.t.Helper()
	tab := &phone{t: p.t, log: p.log, authenticator: p.authenticator}
	ctx, cancel := chromedp.NewContext(p.ctx, chromedp.WithListener(p.log.listen))
	tab.ctx = ctx
	p.t.Cleanup(cancel)
	tab.prepare(phoneOptions{})
	return tab
}

// prepare makes the tab a phone's.
func (p *phone) prepare(options phoneOptions) {
	p.t.Helper()
	p.must(chromedp.Do(p.ctx))
	if !options.unwatched {
		p.must(call(p, debugger.Enable, debugger.EnableParams{}))
	}
	p.must(call(p, runtime.AddBinding, runtime.AddBindingParams{Name: reportBinding}))
	for _, source := range append([]string{watchViolations}, options.scripts...) {
		p.must(call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: source}))
	}
	p.must(call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: 390, Height: 844, DeviceScaleFactor: 1, Mobile: true,
	}))
	p.setDark(options.dark)
	if !options.unwatched {
		p.must(chromedp.ListenBrowser(p.ctx, p.watchWorkers()))
	}
}

// watchWorkers listens to the workers of this profile as they start.
func (p *phone) watchWorkers() func(any) {
	profile := chromedp.FromContext(p.ctx).BrowserContextID
	return func(event any) {
		e, ok := event.(*target.EventTargetCreated)
		if !ok || e.TargetInfo.BrowserContextID != profile || !strings.HasSuffix(e.TargetInfo.Type, "worker") {
			return
		}
		go func() {
			// A worker that ended meanwhile has nothing to say.
			ctx, cancel := chromedp.NewContext(p.ctx, chromedp.WithTargetID(e.TargetInfo.TargetID),
				chromedp.WithListener(p.log.listen), chromedp.WithDetachOnCancel())
			context.AfterFunc(p.ctx, cancel)
			_ = chromedp.Do(ctx)
		}()
	}
}

// call makes a call of the browser's protocol whose result does not matter.
func call[P, R any](p *phone, command cdp.Command[P, R], params P) error {
	_, err := ask(p, command, params)
	return err
}

// ask makes a call of the browser's protocol.
func ask[P, R any](p *phone, command cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return cdp.Call(ctx, chromedp.FromContext(p.ctx).Target, command, params)
}

func (p *phone) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// setDark chooses the colour scheme that the phone prefers.
func (p *phone) setDark(dark bool) {
	p.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	p.must(call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		},
	}))
}

// open goes to an address, whose origin counts as the app's own from then on.
func (p *phone) open(address string) {
	p.t.Helper()
	u, err := url.Parse(address)
	p.must(err)
	p.log.visits(u.Scheme + "://" + u.Host)
	p.must(p.within(patience, chromedp.Navigate(address)))
}

// reload loads the page again, as a person does who pulls it down.
func (p *phone) reload() {
	p.t.Helper()
	p.must(p.within(patience, chromedp.Reload()))
}

// away leaves the app for an empty page.
func (p *phone) away() {
	p.t.Helper()
	p.must(p.within(patience, chromedp.Navigate("about:blank")))
}

// within runs steps that may take at most a time.
func (p *phone) within(limit time.Duration, steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}
