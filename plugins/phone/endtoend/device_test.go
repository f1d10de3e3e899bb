package endtoend

import (
	"strings"
	"testing"
)

// A second device joins with one gesture on the first, where its words are typed
// and shown nowhere; the signer admits it, and it approves.
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
	words := strings.Fields(second.offeredWords())
	first.awaitTrue("the offer", `document.querySelector('[data-action="give-device"]') !== null`)
	if text := first.text(); len(words) != 4 || strings.Contains(text, words[0]) || strings.Contains(text, words[3]) {
		t.Fatalf("the words are %q, and the first device reads:\n%s", words, text)
	}
	if got := first.field("new-device"); got != second.device {
		t.Errorf("the new device calls itself %q, want %q", got, second.device)
	}
	first.fill("words", strings.ToUpper(strings.Join(words, "-")))
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

// offeredWords are what a new device shows to be typed on the first one.
func (p *phone) offeredWords() string {
	p.t.Helper()
	p.awaitTrue("words", `document.querySelector('[data-field="words"]') !== null`)
	return strings.Join(strings.Fields(p.field("words")), " ") // a line break would be the Enter key
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

// Somebody else answers the link first: the words of one's own device are refused,
// nothing is given, and a new handover goes to the right one.
func TestAHandoverThatSomebodyElseAnswersGivesNothing(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	front := s.newFront(t)
	first := s.enrolled(t, front, phoneOptions{})
	link := first.offerDevice()
	thief := newPhone(t, phoneOptions{})
	thief.open(link)
	thief.awaitScreen("join-device")
	thief.fill("device", first.name+"-tablet")
	thief.click("offer")
	others := thief.offeredWords()
	first.awaitTrue("the offer", `document.querySelector('[data-action="give-device"]') !== null`)
	first.click("give-device")
	first.awaitText("Type the four words that the new device shows.")
	first.fill("words", "lusab babad gutih tugad")
	first.click("give-device")
	first.failure("offer_words_wrong")

	first.click("begin-anew")
	first.awaitTrue("another link", `document.querySelector('[data-field="handover-link"]') !== null`)
	again := strings.TrimSpace(get[string](first.phone, `document.querySelector('[data-field="handover-link"]').textContent`))
	if again == link {
		t.Fatal("the link is the same")
	}
	second := newPhone(t, phoneOptions{})
	second.open(again)
	second.awaitScreen("join-device")
	second.fill("device", first.name+"-tablet")
	second.click("offer")
	words := second.offeredWords()
	first.fill("words", others)
	first.click("give-device")
	first.failure("offer_words_wrong")
	first.fill("words", words)
	first.click("give-device")
	second.awaitScreen("passkey")
	if kept := thief.stored(); strings.Contains(kept, "pk_envelope") {
		t.Error("the other device got a keyring")
	}
	if screen := thief.screen(); screen != "join-device" {
		t.Errorf("the other device shows %q", screen)
	}
}
