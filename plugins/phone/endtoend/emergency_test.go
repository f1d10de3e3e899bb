package endtoend

import "testing"

// Who breaks the glass alarms everybody: the phone of somebody who is not asked
// shows who, what and why, until it is dismissed there; the phone of a director
// shows a request that looks like no other.
func TestBreakingTheGlassAlarmsPhones(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	guard, director := s.pair(t)
	c := s.colleague(t)
	area := s.policyWith(t, []string{"sre=1 of " + guard.name}, "--break-glass", "directors=2 of "+director.name+","+c.name)
	path := area + "/db"
	password := s.store(t, path)
	reader := s.member(t)
	read := s.readWithVault(t, reader, path, "nobody of sre answers", "break_glass=true")

	alarm := `[...document.querySelectorAll('[data-field="alarm"]')].find((e) => e.innerText.replaceAll(/\s/g, '').includes('` + path + `'))`
	guard.awaitTrue("the alarm", alarm+` !== undefined`)
	for _, says := range []string{reader.name, "nobody of sre answers", "Somebody asks to break the glass"} {
		guard.awaitTrue(says, alarm+`.innerText.includes('`+says+`')`)
	}
	if text := guard.text(); guard.offers("open-request") {
		t.Errorf("whoever is not asked could answer:\n%s", text)
	}

	director.openRequest(path)
	director.awaitTrue("what an emergency looks like", `document.querySelector('main.emergency [data-field="emergency"]') !== null && document.querySelector('.approve-emergency') !== null`)
	director.tallies("directors", "0 of 2 directors")
	director.click("approve")
	director.outcome("approved")
	read.blocks()
	c.approve(t, path)
	read.gives(password)

	guard.awaitTrue("that it was opened", alarm+`?.innerText.includes('The glass was broken') === true`)
	guard.awaitTrue("who opened it", alarm+`.innerText.includes('`+director.name+` approved') && `+alarm+`.innerText.includes('`+c.name+` approved')`)
	guard.reload()
	guard.awaitTrue("the alarm after a reload", alarm+` !== undefined`)
	guard.press("the way to dismiss it", alarm+`?.querySelector('[data-action="dismiss-alarm"]')`)
	guard.awaitTrue("the alarm to go", alarm+` === undefined`)
	guard.reload()
	guard.awaitScreen("requests")
	path2 := s.policyFor(t, []string{guard.name}) + "/db" // what arrives now came after the alarms
	s.store(t, path2)
	s.read(t, reader, path2, "")
	guard.awaitText(path2)
	if get[bool](guard.phone, alarm+` !== undefined`) {
		t.Error("the alarm came back though nothing has happened")
	}
}

// A denial that reports keeps the requester away from the path for a day, and says
// so on the phone and in its history.
func TestADenialOnAPhoneReports(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.enrolled(t, s.newFront(t), phoneOptions{})
	path := s.policyFor(t, []string{p.name}) + "/db"
	s.store(t, path)
	reader := s.member(t)
	read := s.read(t, reader, path, "")
	p.openRequest(path)
	p.click("deny")
	p.fill("reason", "who is this?")
	p.press("the box that reports", `document.querySelector('[name="report"]')`)
	p.click("deny-confirm")
	p.outcome("denied")
	p.awaitText("and is reported")
	read.fails("denied", "who is this?")
	s.read(t, reader, path, "again").fails("denied")
	p.goHome()
	p.click("tab-history")
	p.openItem("open-entry", path)
	p.awaitScreen("entry")
	p.awaitText("As something that you did not expect")
}
