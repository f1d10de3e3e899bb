package endtoend

import (
	"strings"
	"testing"
)

// Where two have to agree, each releases a share, and the reader puts them
// together; where all have to consent first, nothing leaves a phone before.
func TestTwoPeopleReleaseTogether(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.enrolled(t, s.newFront(t), phoneOptions{})
	c := s.colleague(t)

	both := s.policyForBoth(t, p, c)
	password := s.store(t, both+"/db")
	read := s.read(t, s.member(t), both+"/db", "")
	c.approve(t, both+"/db")
	p.openRequest(both + "/db")
	p.awaitTrue("what the colleague decided", `document.querySelector('[data-field="decisions"]').textContent.includes('`+c.name+`')`)
	read.blocks()
	p.click("approve")
	read.gives(password)
	p.outcome("approved")
	p.goHome()

	careful := s.policyForBoth(t, p, c, "--consent-first")
	password = s.store(t, careful+"/db")
	read = s.read(t, s.member(t), careful+"/db", "")
	p.openRequest(careful + "/db")
	p.click("approve")
	p.outcome("consented")
	p.goHome()
	c.consent(t, careful+"/db")
	read.blocks()
	p.openRequest(careful + "/db")
	p.awaitText("All have consented.")
	p.click("approve")
	p.outcome("approved")
	read.blocks()
	c.approve(t, careful+"/db")
	read.gives(password)
}

// policyForBoth wants a yes of the person and of the colleague.
func (s *site) policyForBoth(t testing.TB, p *person, c *colleague, flags ...string) string {
	t.Helper()
	return s.policyWith(t, []string{"both=2 of " + p.name + "," + c.name}, flags...)
}

// A host that asks with a key of its own is shown by name, with the program that
// asks, and gets the value end to end.
func TestAHostIsShownWithItsProgram(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.enrolled(t, s.newFront(t), phoneOptions{})
	host := unique("host")
	key := strings.TrimSpace(s.signer(t, "consumer", "keygen", host))
	key = key[strings.LastIndexAny(key, " \n")+1:]
	s.signer(t, "consumer", "admit", host, "--key", key)
	path := s.policyFor(t, []string{p.name}, "--consumer", host, "--self-approval") + "/db"
	password := s.store(t, path)
	done := make(chan result, 1)
	go func() {
		done <- s.command(s.member(t).token, "get", "--consumer", host, "-field=password", "-reason=roll out", path)
	}()
	p.openRequest(path)
	for field, want := range map[string]string{"path": path, "consumer": host, "reason": "roll out", "executable": "endtoend"} {
		if got := p.field(field); !strings.Contains(got, want) {
			t.Errorf("the card's %s is %q, want %q", field, got, want)
		}
	}
	p.click("approve")
	p.outcome("approved")
	if r := <-done; r.code != 0 || strings.TrimSpace(r.stdout) != password {
		t.Errorf("the host got code %d and %d bytes: %s", r.code, len(r.stdout), r.stderr)
	}
}
