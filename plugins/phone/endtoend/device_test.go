package endtoend

import (
	"strings"
	"testing"
)

// A second device joins with one gesture on the first: the same words on both
// screens, the signer admits it, and it approves.
func TestASecondDeviceJoinsByHandover(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	front := s.newFront(t)
	first := s.enrolled(t, front, phoneOptions{})
	link := first.offerDevice()

	second := &person{phone: newPhone(t, phoneOptions{}), site: s, front: front, name: first.name, login: first.login, password: "another battery staple"}
	second.device = first.name + "-tablet"
	second.open(link)
	second.awaitScreen("join-device")
	second.fill("device", second.device)
	second.click("offer")
	first.awaitTrue("the second device's words", `document.querySelector('[data-action="give-device"]') !== null`)
	second.awaitTrue("words", `document.querySelector('[data-field="words"]') !== null`)
	if a, b := strings.Fields(first.field("words")), strings.Fields(second.field("words")); len(a) != 4 || strings.Join(a, " ") != strings.Join(b, " ") {
		t.Fatalf("the words differ: %q and %q", a, b)
	}
	if got := first.field("new-device"); got != second.device {
		t.Errorf("the new device calls itself %q, want %q", got, second.device)
	}
	first.click("give-device")
	second.awaitScreen("passkey")
	second.makePasskey()
	second.setPassword()
	second.confirmSheet()
	second.admit()

	path := s.policyFor(t, []string{first.name}) + "/db"
	password := s.store(t, path)
	read := s.read(t, s.member(t), path, "")
	first.click("back")
	first.awaitScreen("devices")
	first.awaitText(second.device)
	second.approve(path)
	read.gives(password)
	if n := strings.Count(s.signer(t, "approver", "list"), first.name); n == 0 {
		t.Error("the approver is gone")
	}
}

// offerDevice begins a handover and returns its link.
func (p *person) offerDevice() string {
	p.t.Helper()
	p.click("tab-settings")
	p.awaitScreen("settings")
	p.click("show-devices")
	p.awaitScreen("devices")
	p.click("add-device")
	p.awaitScreen("add-device")
	const link = `document.querySelector('[data-field="handover-link"]')`
	p.awaitTrue("the link for the new device", link+` !== null`)
	return strings.TrimSpace(get[string](p.phone, link+`.textContent`))
}

// A handover that the first device calls off gives nothing.
func TestAHandoverWhoseWordsDifferGivesNothing(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	front := s.newFront(t)
	first := s.enrolled(t, front, phoneOptions{})
	link := first.offerDevice()
	second := newPhone(t, phoneOptions{})
	second.open(link)
	second.awaitScreen("join-device")
	second.fill("device", "somebody-elses")
	second.click("offer")
	first.awaitTrue("the second device's words", `document.querySelector('[data-action="give-device"]') !== null`)
	first.openItem("back", "They differ")
	first.awaitScreen("devices")
	if kept := second.stored(); strings.Contains(kept, "pk_envelope") {
		t.Error("the other device got a keyring")
	}
	if screen := second.screen(); screen != "join-device" {
		t.Errorf("the other device shows %q", screen)
	}
}
