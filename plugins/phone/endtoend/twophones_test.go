package endtoend

import (
	"slices"
	"strings"
	"testing"
)

// pair is two approvers with a phone each, in one browser, at one front.
func (s *site) pair(t testing.TB) (one, two *person) {
	t.Helper()
	front := s.newFront(t)
	return s.enrolled(t, front, phoneOptions{}), s.enrolled(t, front, phoneOptions{})
}

// anyCoverage has a policy ask for more people than could be spared.
var anyCoverage = []string{"--minimum-coverage", "0"}

// policyWith puts a policy with these requirements for everything below a new
// name in force, and returns the name.
func (s *site) policyWith(t testing.TB, requirements []string, flags ...string) string {
	t.Helper()
	name := unique("area")
	s.require(t, name, requirements, slices.Concat(anyCoverage, flags)...)
	return name
}

// tallies waits until the open card says how far a requirement is.
func (p *person) tallies(requirement, says string) {
	p.t.Helper()
	const find = `document.querySelector('[data-requirement="`
	p.awaitTrue(requirement+" to say "+says, find+requirement+`"]')?.innerText.replaceAll(/\s+/g, ' ').includes('`+says+`') === true`)
}

// Two phones in two hands: neither alone is enough, what the first one said shows
// on the second by itself, and with both the value arrives.
func TestTwoPhonesReleaseTogether(t *testing.T) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			one, two := s.pair(t)
			releaseTogether(t, one, two, []string{"sre=2 of " + one.name + "," + two.name},
				"sre", "0 of 2 sre", "1 of 2 sre Waiting for "+two.name)
			releaseTogether(t, one, two, []string{"security=1 of " + one.name, "dba=1 of " + two.name},
				"security", "0 of 1 security", "1 of 1 security Met by "+one.name)
		})
	}
}

// releaseTogether has two phones answer a read in turn. On the second one the card
// says something of a requirement before and after the first has approved.
func releaseTogether(t *testing.T, one, two *person, requirements []string, requirement, before, after string) {
	t.Helper()
	s := one.site
	path := s.policyWith(t, requirements) + "/db"
	password := s.store(t, path)
	read := s.readWithVault(t, s.member(t), path, "restore")
	two.openRequest(path)
	two.tallies(requirement, before)
	read.blocks()
	one.approve(path)
	two.tallies(requirement, after)
	two.awaitTrue("who decided", `document.querySelector('[data-field="decisions"]').innerText.includes('`+one.name+` approved')`)
	read.blocks()
	two.click("approve")
	read.gives(password)
	two.outcome("approved")
	one.goHome()
	two.goHome()
}

// One no ends it for both, and the other phone says whose it was.
func TestOnePhoneDeniesForBoth(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	one, two := s.pair(t)
	path := s.policyWith(t, []string{"sre=2 of " + one.name + "," + two.name}) + "/db"
	s.store(t, path)
	read := s.read(t, s.member(t), path, "")
	one.approve(path)
	two.openRequest(path)
	two.tallies("sre", "1 of 2 sre")
	two.click("deny")
	two.fill("reason", "not tonight")
	two.click("deny-confirm")
	two.outcome("denied")
	read.fails("denied", "not tonight")
	one.goHome()
	one.click("tab-history")
	one.awaitScreen("history")
	one.openItem("open-entry", path)
	one.awaitScreen("entry")
	one.awaitText("Sent; denied")
}

// Where everybody has to consent first, no phone offers to release anything
// before the last one has, and then both do.
func TestTwoPhonesConsentFirst(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	one, two := s.pair(t)
	path := s.policyWith(t, []string{"sre=2 of " + one.name + "," + two.name}, "--consent-first") + "/db"
	password := s.store(t, path)
	read := s.read(t, s.member(t), path, "")
	one.openRequest(path)
	one.atStep("1", "Consent")
	one.click("approve")
	one.outcome("consented")
	one.goHome()
	one.openRequest(path)
	one.awaitText("You are asked again")
	if one.offers("approve") {
		t.Error("the first phone offers to release before the second has consented")
	}
	two.openRequest(path)
	two.tallies("sre", "1 of 2 sre")
	two.atStep("1", "Consent")
	two.click("approve")
	two.outcome("consented")
	two.goHome()
	read.blocks()
	one.atStep("2", "Approve")
	one.click("approve")
	one.outcome("approved")
	read.blocks()
	two.openRequest(path)
	two.atStep("2", "Approve")
	two.tallies("sre", "1 of 2 sre Waiting for "+two.name)
	two.click("approve")
	read.gives(password)
	two.outcome("approved")
}

// atStep waits until the card is at one of the two steps, and wants its button to
// say what that does.
func (p *person) atStep(step, says string) {
	p.t.Helper()
	p.awaitTrue("step "+step, `document.querySelector('[data-step="`+step+`"]') !== null && document.querySelector('[data-action="approve"]') !== null`)
	if got := get[string](p.phone, `document.querySelector('[data-action="approve"]').innerText`); !strings.HasPrefix(got, says) {
		p.t.Errorf("the button says %q, want %q", got, says)
	}
}

// What a phone has muted arrives without a sound, is listed apart, and can be
// answered there.
func TestMutedRequestsArriveWithoutASound(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.enrolled(t, s.newFront(t), phoneOptions{})
	area := s.policyFor(t, []string{p.name})
	noisy := s.member(t)
	s.store(t, area+"/one")
	password := s.store(t, area+"/two")
	first := s.read(t, noisy, area+"/one", "")
	p.openRequest(area + "/one")
	p.click("show-mute")
	p.click("mute-requester-hour")
	p.awaitScreen("requests")
	p.awaitText("Nothing waits for you")
	read := s.read(t, noisy, area+"/two", "")
	const muted = `document.querySelector('[data-field="muted"]')`
	p.awaitTrue("the muted requests", muted+`?.innerText.includes('`+area+`/two') === true`)
	if title := get[string](p.phone, `document.title`); strings.Contains(title, "(") {
		t.Errorf("the title counts what is muted: %q", title)
	}
	p.approve(area + "/two")
	read.gives(password)
	first.blocks()
	p.goHome()
	p.reload()
	p.awaitTrue("the mute after a reload", muted+`?.innerText.includes('`+noisy.name+`') === true`)
	p.click("unmute")
	p.awaitText("One request waits")
	p.deny(area+"/one", "")
	first.fails("denied")
}
