package endtoend

import (
	"strings"
	"testing"
)

// A link that somebody else was faster with ends where it is noticed: at the first
// step, or while waiting, and then the way on is a new link.
func TestALinkThatSomebodyElseUsed(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p, other, late := s.invited(t, s.newFront(t), phoneOptions{}), s.invited(t, s.newFront(t), phoneOptions{}), s.invited(t, s.newFront(t), phoneOptions{})
	fresh := late.link()
	other.invitation, late.invitation = p.invitation, p.invitation
	p.log.allow(`Failed to load resource`)
	p.openLink()
	p.nameDevice()
	p.makePasskey()
	p.setPassword()
	other.answers()
	other.awaitPosted()

	late.openLink()
	late.awaitTrue("the link to be said to be answered", `document.querySelector('[data-field="standing"]')?.textContent.includes('answered this link')`)
	if get[bool](late.phone, `document.querySelector('#in-device') !== null`) {
		t.Error("a device can be named for a link that was answered")
	}

	p.fill("last-four", p.recovery[len(p.recovery)-3:])
	p.click("confirm-sheet")
	p.awaitTrue("the link to be said to be used", `document.querySelector('h1')?.textContent === 'This link was used'`)
	p.failure("enrolment_answered")
	if strings.Contains(p.text(), "Waiting to be admitted") || get[bool](p.phone, `document.querySelector('[data-field="fingerprint"]') !== null`) {
		t.Errorf("it still waits:\n%s", p.text())
	}
	p.open(p.front.app() + fresh[strings.Index(fresh, "#"):])
	p.awaitTrue("the new link to be asked about", `document.querySelector('[data-action="replace"]') !== null`)
	p.click("replace")
	p.awaitScreen("invited")
}
