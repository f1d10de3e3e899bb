package endtoend

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
)

// storeMany writes a number of secrets below an area and returns the password of
// the last one, with its path.
func (s *site) storeMany(t testing.TB, area string, n int) (path, password string) {
	t.Helper()
	client, err := s.client(s.admin)
	fatal(t, err)
	for i := range n {
		path, password = fmt.Sprintf("%s/%04d", area, i), envelope.Bytes(envelope.NewKey().Bytes()).String()
		_, err := client.WriteSecret(context.Background(), path, []byte(`{"password":"`+password+`"}`), nil)
		fatal(t, err)
	}
	return path, password
}

// openReshare opens the re-share of an area.
func (p *person) openReshare(area string) {
	p.t.Helper()
	p.openItem("open-reshare", area)
	p.awaitScreen("reshare")
}

// sharesAnew deals everything of an area with one gesture.
func (p *person) sharesAnew(area string) {
	p.t.Helper()
	p.openReshare(area)
	p.click("reshare")
	p.sharedAnew()
	p.click("leave-reshare")
	p.awaitScreen("requests")
}

func (p *person) sharedAnew() {
	p.t.Helper()
	p.awaitTrue("the end of the re-share", `document.querySelector('[data-how="reshared"]') !== null`)
	if left := p.field("left-out"); left != "" {
		p.t.Errorf("left out: %s", left)
	}
}

// A member joins: the phones of those who opened the secrets until now deal their
// shares anew, one gesture each, and the new member's phone approves.
func TestPhonesShareAnewForANewMember(t *testing.T) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shareAnewForANewMember(t, start(t))
		})
	}
}

func shareAnewForANewMember(t *testing.T, s *site) {
	t.Helper()
	one, two := s.pair(t)
	area := s.policyWith(t, []string{"sre=2 of " + one.name + "," + two.name})
	path, password := s.storeMany(t, area, 5)
	three := s.enrolled(t, one.front, phoneOptions{})
	s.require(t, area, []string{"sre=2 of " + one.name + "," + two.name + "," + three.name}, anyCoverage...)

	one.openReshare(area)
	one.awaitTrue("how it is shared now", `document.querySelector('[data-field="reshare-from"]')?.innerText.includes('2 of 2 sre') === true`)
	for field, want := range map[string]string{"reshare-to": "2 of 3 sre", "reshare-joins": three.name, "reshare-what": "5 secrets", "policy": area} {
		if got := one.field(field); !strings.Contains(got, want) {
			t.Errorf("the card's %s is %q, want %q", field, got, want)
		}
	}
	if got := one.field("reshare-leaves"); got != "" {
		t.Errorf("somebody leaves: %q", got)
	}
	one.click("reshare")
	one.sharedAnew()
	one.click("leave-reshare")
	two.sharesAnew(area)

	read := s.read(t, s.member(t), path, "")
	three.openRequest(path)
	three.tallies("sre", "0 of 2 sre")
	three.click("approve")
	three.outcome("approved")
	read.blocks()
	one.approve(path)
	read.gives(password)

	two.click("tab-history")
	two.openItem("open-entry", area)
	two.awaitScreen("entry")
	if got := two.field("secrets"); got != "5 secrets" {
		t.Errorf("the history says %q", got)
	}
}

// A page that is closed in the middle closes the keyring; opened again it knows how
// far it was, and goes on with another gesture.
func TestAReshareOnAPhoneIsInterruptedAndGoesOn(t *testing.T) {
	t.Parallel()
	s := ownSite(t, "")
	front := s.newFront(t)
	one := s.enrolled(t, front, phoneOptions{})
	c := s.colleague(t)
	area := s.policyWith(t, []string{"sre=1 of " + one.name})
	const secrets = 250 // four pages
	path, password := s.storeMany(t, area, secrets)
	s.require(t, area, []string{"sre=1 of " + one.name + "," + c.name}, anyCoverage...)
	one.openReshare(area)
	front.lie(holdAfter(1, "device/deal")) // or it might be through before the page is closed
	one.click("reshare")
	one.awaitTrue("the first page", `parseInt(document.querySelector('[data-field="progress"]')?.innerText ?? '0') > 0`)
	one.away()
	front.lie(nil)
	one.open(front.app())
	one.awaitScreen("requests")
	one.openReshare(area)
	one.awaitTrue("how far it is", `parseInt(document.querySelector('[data-field="done"]')?.innerText ?? '0') > 0`)
	one.click("reshare")
	one.sharedAnew()
	read := s.read(t, s.member(t), path, "")
	c.approve(t, path)
	read.gives(password)
}
