package endtoend

import (
	"slices"
	"testing"
)

// The screens of the running app, with what a real broker fills them with, pass
// the same check as their models in the gallery.
func TestTheRunningAppIsAccessible(t *testing.T) {
	t.Parallel()
	axe := axeSource(t)
	s := embedded(t)
	p := s.invited(t, s.newFront(t), phoneOptions{})
	var seen []string
	check := func() {
		t.Helper()
		seen = append(seen, p.screen())
		p.accessible(axe)
	}
	p.open(p.front.app())
	p.awaitScreen("welcome")
	check()
	p.openLink()
	check()
	p.nameDevice()
	check()
	p.makePasskey()
	check()
	p.setPassword()
	check()
	p.confirmSheet()
	check()
	p.admit()
	check()
	path := s.policyFor(t, []string{p.name}) + "/db"
	password := s.store(t, path)
	read := s.read(t, s.member(t), path, "restore after incident 7")
	p.openRequest(path)
	check()
	p.click("approve")
	read.gives(password)
	p.outcome("approved")
	check()
	p.click("back")
	p.click("tab-history")
	p.awaitScreen("history")
	check()
	p.openItem("open-entry", path)
	p.awaitScreen("entry")
	check()
	p.click("back")
	p.awaitScreen("history")
	p.click("tab-settings")
	p.awaitScreen("settings")
	check()
	for _, screen := range []string{"devices", "check", "sign-out"} {
		p.click("show-" + screen)
		p.awaitScreen(screen)
		check()
		p.click("back")
		p.awaitScreen("settings")
	}
	if len(slices.Compact(seen)) != len(seen) || len(seen) < 15 {
		t.Errorf("checked only %q", seen)
	}
}
