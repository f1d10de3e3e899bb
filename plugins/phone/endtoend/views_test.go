package endtoend

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// later shows the gallery's model again as it is some seconds later.
const later = `const $ = (s) => document.querySelector(s);
  const type = (e, text) => { e.focus(); e.value = text; e.dispatchEvent(new InputEvent('input', { bubbles: true })); };
  const later = (seconds, changes = {}) => update({ ...shown, ...changes, now: shown.now + seconds * 1000 });`

// The views hold on to what a person is doing while time passes and things
// arrive. Each script runs on one model of the gallery and returns whether that
// is so.
func TestViewsKeepWhatAPersonIsDoing(t *testing.T) {
	p := newPhone(t, phoneOptions{unwatched: true})
	openGallery(t, p)
	for name, c := range map[string]struct{ model, script string }{
		"a typed match code, its caret and the countdown": {"request-typed", `
		  const code = $('#in-code'); type(code, 's9z'); later(1); later(3);
		  return document.activeElement === code && code.value === 'S9Z' && $('[data-field=time-left]').textContent === '4:09'`},
		"a match code in any case and with any separator": {"request-typed", `
		  const code = $('#in-code'); type(code, 's9z4 azx9'); return code.value === 'S9Z4-AZX9'`},
		"a whole match code, to be replaced": {"request-typed", `
		  const code = $('#in-code'); type(code, 'S9Z4AZX9'); code.blur(); code.focus();
		  return code.selectionStart === 0 && code.selectionEnd === 9`},
		"a reason for a denial": {"request", `
		  $('[data-action=deny]').click(); const reason = $('#in-reason'); type(reason, 'ask me first'); later(5);
		  return document.activeElement === reason && $('#in-reason') === reason && reason.value === 'ask me first'`},
		"the way out of a denial": {"request", `
		  $('[data-action=deny]').click(); $('#deny-title').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
		  return document.activeElement.dataset.action === 'deny' && $('[data-action=approve]') !== null`},
		"the focus, when requests arrive and go": {"requests", `
		  const second = document.querySelectorAll('[data-action=open-request]')[1]; second.focus();
		  later(1, { requests: [{ ...shown.requests[0], hash: 'ff' }, ...shown.requests] });
		  const kept = document.activeElement === second && $('[data-action=open-request]').dataset.hash === 'ff';
		  later(2, { requests: shown.requests.slice(1) });
		  return kept && document.activeElement === second && document.querySelectorAll('[data-action=open-request]').length === 2`},
		"what was unfolded": {"entry", `$('details').open = true; later(1, { online: false }); return $('details').open`},
		"the field of a device that has no name": {"invited", `
		  $('[data-action=start]').click(); return $('#in-device-slip') !== null && document.activeElement === $('#in-device')`},
		"the field of a further device whose name does not show": {"join-device", `
		  type($('#in-device'), 'a\u200bb'); $('[data-action=offer]').click(); return $('#in-device-slip') !== null && document.activeElement === $('#in-device')`},
		"a report that is ticked": {"request", `
		  $('[data-action=deny]').click(); $('#in-report').click(); later(5); return $('#in-report').checked`},
		"the focus, while a page is dealt": {"reshare-running", `
		  const stop = $('[data-action=stop-reshare]'); stop.focus(); later(1, { resharing: { ...shown.resharing, done: 448 } });
		  return document.activeElement === stop && $('[role=progressbar]').getAttribute('aria-valuenow') === '44' && $('[data-field=progress]').textContent === '448 of 1,000'`},
		"a password, while it is shown": {"password", `
		  type($('#in-password'), 'some words'); $('[data-action=show-password]').click();
		  return $('#in-password').type === 'text' && $('#in-password').value === 'some words'`},
	} {
		t.Run(name, func(t *testing.T) {
			p.t = t
			p.show("elsewhere") // so that the model is begun anew
			p.show(c.model)
			if !get[bool](p, "(() => {"+later+c.script+"})()") {
				t.Errorf("not kept; the screen reads:\n%s", p.text())
			}
		})
	}
	p.t = t
}

// A screen reader is told of what matters, and not of each second.
func TestViewsSaySparinglyWhatHappens(t *testing.T) {
	p := newPhone(t, phoneOptions{unwatched: true})
	openGallery(t, p)
	for name, c := range map[string]struct{ model, script, says string }{
		"an arrival":      {"requests-none", `later(1, { requests: [{ hash: 'a', path: 'prod/db', requester: 'carol', created: '2026-11-21T21:33:00Z', deadline: '2026-11-21T21:38:00Z' }] })`, "New request: carol asks for prod/db."},
		"seconds":         {"request", `later(1); later(2); later(3)`, ""},
		"the last minute": {"request", `later(191); later(193)`, "One minute left to decide."},
		"an outcome":      {"request", `later(1, { screen: 'outcome', outcome: { how: 'denied', path: 'prod/db', requester: 'carol', counter: 1 } })`, "carol does not get prod/db. The request has ended."},
		"a muted arrival": {"requests-none", `later(1, { requests: [{ hash: 'a', path: 'prod/db', requester: 'carol', muted: '2026-11-21T22:33:00Z', created: '2026-11-21T21:33:00Z', deadline: '2026-11-21T21:38:00Z' }] })`, ""},
		"a re-share":      {"requests-none", `later(1, { reshares: [{ hash: 's', pattern: 'prod/*', policy: 'production', done: 0, total: 12 }] })`, "New request: share 12 below prod/* anew."},
		"its progress": {"reshare-running", `const at = (done) => later(1, { resharing: { ...shown.resharing, done } });
		  at(390); at(395); at(401)`, "40 percent shared anew."},
		"its end":           {"reshare-running", `later(1, { resharing: { ...shown.resharing, done: 1000, state: 'done' } })`, "All of it is shared anew."},
		"an alarm":          {"requests-none", `later(1, { alarms: [{ hash: 'a', requester: 'carol', path: 'prod/db', reason: 'fire', created: '2026-11-21T21:33:00Z', decisions: [], released: true }] })`, "Alarm: carol broke the glass for prod/db."},
		"a lost connection": {"request", `later(1, { online: false })`, "Connection lost."},
	} {
		t.Run(name, func(t *testing.T) {
			p.t = t
			p.show("elsewhere") // so that the model is begun anew
			p.show(c.model)
			said := get[string](p, "(() => {"+later+c.script+"; return [...document.querySelectorAll('#app > [aria-live]')].map((e) => e.textContent).join('').trim() })()")
			if said != c.says {
				t.Errorf("said %q, want %q", said, c.says)
			}
		})
	}
	p.t = t
}

// Where nothing may be approved, there is no button that could.
func TestNothingCanBeApprovedWhereItMustNot(t *testing.T) {
	p := newPhone(t, phoneOptions{unwatched: true})
	names := openGallery(t, p)
	for _, name := range names {
		p.show(name)
		may := strings.HasPrefix(name, "request-") && name != "request-consented" || name == "request"
		if get[bool](p, `document.querySelector('[data-action=approve]') !== null`) != may {
			t.Errorf("%s offers to approve: %t", name, !may)
		}
	}
}

// What comes from a request cannot turn, hide or break what is around it.
func TestForeignTextShowsAsWhatItIs(t *testing.T) {
	p := newPhone(t, phoneOptions{unwatched: true})
	openGallery(t, p)
	p.show("request-hostile")
	for field, want := range map[string]string{
		"requester": `carol\u{202e}gro.elpmaxe\u{200b} (verified)`,
		"reason":    `urgent\u{2028}\u{a}Approved by security`,
		"path":      "prod/a-very-long-department-name/another-quite-long-team-name/service-with-a-name/that-goes-on/credentials-of-the-primary-database",
	} {
		if got := get[string](p, `document.querySelector('[data-field=`+field+`]').textContent`); got != want {
			t.Errorf("%s reads %q, want %q", field, got, want)
		}
	}
}

// opened are panels that a screen shows once somebody has asked for them.
var opened = map[string]string{
	"the reasons of a denial": `document.querySelector('[data-action=deny]').click() ?? true`,
	"the ways to mute":        `(document.querySelector('details.mute').open = true)`,
}

// What is unfolded passes the same checks as what shows at once.
func TestPanelsAreAccessibleAndFit(t *testing.T) {
	axe := axeSource(t)
	p := newPhone(t, phoneOptions{unwatched: true})
	openGallery(t, p)
	for name, open := range opened {
		p.show("elsewhere") // so that the model is begun anew
		p.show("request")
		get[bool](p, open)
		p.accessible(axe)
		p.must(call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 320, Height: 640, DeviceScaleFactor: 1}))
		p.fits(name)
		p.must(call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 390, Height: 844, DeviceScaleFactor: 1}))
	}
}

// fits wants what shows to be no wider than the screen, also with text at twice its
// size, and what is pressed to be at least 44 pixels high and wide.
func (p *phone) fits(name string) {
	p.t.Helper()
	const tooWide = `document.documentElement.scrollWidth - document.documentElement.clientWidth`
	const tooSmall = `[...document.querySelectorAll('button, input, summary, a')].map((e) => [e, e.getBoundingClientRect()])
	  .filter(([, { width, height }]) => height > 0 && (height < 44 || width < 44)).map(([e]) => e.dataset.action ?? e.name ?? e.textContent)`
	for _, size := range []string{"100%", "200%"} {
		get[string](p, `document.documentElement.style.fontSize = '`+size+`'`)
		if over := get[int](p, tooWide); over > 0 {
			p.t.Errorf("%s with text at %s is %d pixels too wide", name, size, over)
		}
		if small := get[[]string](p, tooSmall); len(small) > 0 {
			slices.Sort(small)
			p.t.Errorf("%s with text at %s: too small to press: %s", name, size, strings.Join(small, ", "))
		}
	}
	get[string](p, `document.documentElement.style.fontSize = ''`)
}

// Every screen fits the narrowest phone.
func TestEveryScreenFitsAndCanBePressed(t *testing.T) {
	p := newPhone(t, phoneOptions{unwatched: true})
	names := openGallery(t, p)
	p.must(call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 320, Height: 640, DeviceScaleFactor: 1}))
	for _, name := range names {
		p.show(name)
		p.fits(name)
	}
}
