package endtoend

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/broker"
)

// person is an approver, or about to become one, with a phone in hand.
type person struct {
	*phone
	site       *site
	front      *front
	name       string
	login      member // the same person's own
	invitation invitation
	device     string
	password   string
	recovery   string // the key that the sheet showed
	words      string // the fingerprint that the phone shows
}

// invited is somebody with a link and a phone, who did not open it yet.
func (s *site) invited(t testing.TB, front *front, options phoneOptions) *person {
	t.Helper()
	p := &person{phone: newPhone(t, options), site: s, front: front, name: unique("approver"), login: s.member(t), password: "correct horse battery"}
	p.device = p.name + "-phone"
	p.invitation = s.invite(t, p.name, p.login)
	return p
}

// link is the link of the invitation at the person's own front.
func (p *person) link() string { return p.front.app() + "#" + p.invitation.fragment() }

// The steps of enrolment, in order, each from the screen that it begins on.
func (p *person) openLink() {
	p.t.Helper()
	p.open(p.link())
	p.awaitScreen("invited")
}

func (p *person) nameDevice() {
	p.t.Helper()
	p.fill("device", p.device)
	p.click("start")
	p.awaitScreen("passkey")
}

func (p *person) makePasskey() {
	p.t.Helper()
	p.click("make-passkey")
	p.awaitScreen("password")
}

func (p *person) setPassword() {
	p.t.Helper()
	p.fill("password", p.password)
	p.fill("repeat", p.password)
	p.click("set-password")
	p.awaitScreen("sheet")
	p.recovery = strings.Join(strings.Fields(p.field("recovery-key")), "")
}

func (p *person) confirmSheet() {
	p.t.Helper()
	p.fill("last-four", p.recovery[len(p.recovery)-4:])
	p.click("confirm-sheet")
	p.awaitScreen("words")
	p.words = strings.Join(strings.Fields(p.field("fingerprint")), " ")
}

// answers goes through all steps until the fingerprint shows.
func (p *person) answers() {
	p.t.Helper()
	p.openLink()
	p.nameDevice()
	p.makePasskey()
	p.setPassword()
	p.confirmSheet()
}

// awaitPosted waits until the broker has what the phone posts of itself while it
// shows its words: the answer to its ticket, or its proposal as a further device.
func (p *person) awaitPosted() {
	p.t.Helper()
	client, err := p.site.client(p.site.admin)
	fatal(p.t, err)
	p.awaitAny("what the phone posts of itself", func() bool {
		if p.invitation.ID != "" {
			id, err := envelope.ParseID(p.invitation.ID)
			fatal(p.t, err)
			e, err := client.ReadEnrolment(p.t.Context(), id)
			fatal(p.t, err)
			if e.State != broker.EnrolmentAdmitted {
				return e.State == broker.EnrolmentAnswered
			}
		}
		proposed, err := client.ReadProposals(p.t.Context(), p.name)
		fatal(p.t, err)
		return len(proposed) > 0
	})
}

// admit has the signer admit the person by the ticket, and waits until the phone
// knows.
func (p *person) admit() {
	p.t.Helper()
	p.awaitPosted()
	p.site.signer(p.t, "approver", "admit", p.name)
	p.awaitScreen("requests")
}

// enrolled is an approver whose phone shows what waits.
func (s *site) enrolled(t testing.TB, front *front, options phoneOptions) *person {
	t.Helper()
	p := s.invited(t, front, options)
	p.answers()
	p.admit()
	return p
}

// at makes a person report to the test that now runs.
func (p *person) at(t testing.TB) { p.t = t }

// openRequest opens the request for a path.
func (p *person) openRequest(path string) {
	p.t.Helper()
	if p.screen() != "requests" {
		p.t.Fatalf("the screen is %q, not the list of requests", p.screen())
	}
	p.openItem("open-request", path)
	p.awaitScreen("request")
}

// openRefused opens what was refused, by its hash.
func (p *person) openRefused(hash envelope.Hash) {
	p.t.Helper()
	p.press("the refused request", `document.querySelector('[data-action="open-refused"][data-hash="`+hash.String()+`"]')`)
	p.awaitScreen("refused")
}

// openItem clicks the action whose item reads a text.
func (p *person) openItem(action, text string) {
	p.t.Helper()
	p.press(action+" of "+text, item(action, text))
}

// item finds the action whose item reads a text.
func item(action, text string) string {
	return `[...document.querySelectorAll('[data-action=` + strconv.Quote(action) + `]')].find((e) => e.textContent.includes(` + strconv.Quote(text) + `))`
}

// approve opens the request for a path and says yes with the passkey.
func (p *person) approve(path string) {
	p.t.Helper()
	p.openRequest(path)
	p.click("approve")
	p.outcome("approved")
}

// deny opens the request for a path and says no.
func (p *person) deny(path, reason string) {
	p.t.Helper()
	p.openRequest(path)
	p.click("deny")
	p.fill("reason", reason)
	p.click("deny-confirm")
	p.outcome("denied")
}

// outcome waits for the screen that says how a request ended, in one of ways.
func (p *person) outcome(hows ...string) {
	p.t.Helper()
	p.awaitScreen("outcome")
	if how := get[string](p.phone, `document.querySelector('[data-field="outcome"]').dataset.how`); !slices.Contains(hows, how) {
		p.t.Fatalf("the outcome is %q, want %q:\n%s", how, hows, p.text())
	}
}

// goHome goes back to the list of requests.
func (p *person) goHome() {
	p.t.Helper()
	p.click("back")
	p.awaitScreen("requests")
}

// failure waits until the screen names an error.
func (p *person) failure(name string) {
	p.t.Helper()
	p.awaitTrue("the error "+name, `document.querySelector('[data-field="error-name"]')?.innerText === `+strconv.Quote(name))
}
