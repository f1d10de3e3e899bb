package endtoend

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// evaluate runs an expression in the page, waits for its promise, and returns
// what it gave.
func evaluate[T any](p *phone, expression string, options ...chromedp.EvaluateOption) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, append(options, chromedp.EvalAwaitPromise)...))
}

// byThePerson has the browser take what a script does for the person's doing.
func byThePerson(p *runtime.EvaluateParams) { p.UserGesture = new(true) }

// get is evaluate of what cannot fail.
func get[T any](p *phone, expression string) T {
	p.t.Helper()
	v, err := evaluate[T](p, expression)
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// awaitTrue waits until an expression holds in the page.
func (p *phone) awaitTrue(what, expression string) {
	p.t.Helper()
	p.awaitAny(what, func() bool {
		// A page on its way elsewhere has nothing to evaluate in.
		holds, err := evaluate[bool](p, expression)
		return err == nil && holds
	})
}

func (p *phone) awaitAny(what string, holds func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("waited %s for %s; the screen is %q and reads:\n%s", patience, what, p.screen(), p.text())
		}
	}
}

// screen is the name of the screen that shows, "" where none does.
func (p *phone) screen() string {
	name, err := evaluate[string](p, `document.querySelector('[data-screen]')?.dataset.screen ?? ''`)
	if err != nil {
		return ""
	}
	return name
}

// text is what the page reads.
func (p *phone) text() string {
	text, err := evaluate[string](p, `document.body?.innerText ?? ''`)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return text
}

// awaitScreen waits until one of the named screens shows, and returns which.
func (p *phone) awaitScreen(names ...string) string {
	p.t.Helper()
	var now string
	p.awaitAny("screen "+strings.Join(names, " or "), func() bool {
		now = p.screen()
		return slices.Contains(names, now)
	})
	return now
}

// awaitText waits until the page reads something.
func (p *phone) awaitText(words string) {
	p.t.Helper()
	p.awaitTrue(fmt.Sprintf("the words %q", words), `document.body.innerText.includes(`+strconv.Quote(words)+`)`)
}

func actionSelector(action string) string {
	return `[data-action=` + strconv.Quote(action) + `]:not([disabled]):not([aria-disabled="true"])`
}

// offers says whether an action can be taken now.
func (p *phone) offers(action string) bool {
	p.t.Helper()
	return get[bool](p, `document.querySelector(`+strconv.Quote(actionSelector(action))+`) !== null`)
}

// click takes an action as soon as the screen offers it.
func (p *phone) click(action string) {
	p.t.Helper()
	p.press("the action "+action, `document.querySelector(`+strconv.Quote(actionSelector(action))+`)`)
}

// pressIt presses what an expression finds, once it is there and lies on top where a
// finger would meet it, and says whether it did. Nothing can move in between: a page
// that is changed while a finger is on its way is missed by it.
const pressIt = `((it) => {
  it?.scrollIntoView({ block: 'center', behavior: 'instant' });
  const { x, y, width, height } = it?.getBoundingClientRect() ?? {};
  if (!it?.contains(document.elementFromPoint(x + width / 2, y + height / 2))) return false;
  it.focus({ preventScroll: true });
  it.click();
  return true;
})`

// press presses what an expression finds, as soon as the screen shows it.
func (p *phone) press(what, find string) {
	p.t.Helper()
	p.awaitAny(what, func() bool { return p.pressed(find) })
}

// pressed presses what an expression finds, if the screen shows it now.
func (p *phone) pressed(find string) bool {
	done, err := evaluate[bool](p, pressIt+`(`+find+`)`, byThePerson)
	return err == nil && done
}

// field is the text of a field that the screen shows, "" where it does not.
func (p *phone) field(name string) string {
	p.t.Helper()
	selector := strconv.Quote(`[data-field=` + strconv.Quote(name) + `]`)
	return strings.TrimSpace(get[string](p, `(() => {
	  const e = document.querySelector(`+selector+`);
	  return e === null ? '' : (e.value ?? e.innerText ?? '');
	})()`))
}

// fill types into an input, in place of what it held.
func (p *phone) fill(name, text string) {
	p.t.Helper()
	selector := `[name=` + strconv.Quote(name) + `]`
	p.awaitTrue("the input "+name, `document.querySelector(`+strconv.Quote(selector)+`) !== null`)
	get[bool](p, `(() => { document.querySelector(`+strconv.Quote(selector)+`).value = ''; return true; })()`)
	p.must(p.within(patience, chromedp.SendKeys(chromedp.CSS(selector), text)))
}
