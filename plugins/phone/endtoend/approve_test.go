package endtoend

import (
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// The main job, from the printed link to the value: enrol by URL, admit, a read
// that blocks, a gesture, and the value arrives.
func TestApprovingOnThePhoneReleasesTheValue(t *testing.T) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			p := s.invited(t, s.front, phoneOptions{})
			if !strings.HasPrefix(p.invitation.Link, s.front.app()+"#") {
				t.Fatalf("the link %q does not lead to the app", strings.SplitN(p.invitation.Link, "#", 2)[0])
			}
			p.openLink()
			if got := p.field("approver"); got != p.name {
				t.Errorf("the invitation is for %q, want %q", got, p.name)
			}
			p.nameDevice()
			p.makePasskey()
			p.setPassword()
			p.confirmSheet()
			if n := len(strings.Fields(p.words)); n != 8 {
				t.Errorf("the fingerprint has %d words, want 8: %q", n, p.words)
			}
			p.awaitPosted()
			s.signer(t, "approver", "admit", p.name, "--fingerprint", p.words)
			p.awaitScreen("requests")

			path := s.policyFor(t, []string{p.name}) + "/db"
			password := s.store(t, path)
			reader := s.member(t)
			read := s.readWithVault(t, reader, path, "nightly job")
			p.openRequest(path)
			for field, want := range map[string]string{"path": path, "requester": reader.name, "reason": "nightly job", "consumer": "vault"} {
				if got := p.field(field); !strings.Contains(got, want) {
					t.Errorf("the card's %s is %q, want %q", field, got, want)
				}
			}
			read.blocks()
			p.click("approve")
			read.gives(password)
			p.outcome("approved")
			p.goHome()

			other := strings.TrimSuffix(path, "db") + "other"
			s.store(t, other)
			read = s.read(t, reader, other, "")
			p.deny(other, "not during the freeze")
			read.fails("denied", "not during the freeze")
			p.goHome()
			p.historyHas(path, "Approved")
			p.historyHas(other, "Denied")
		})
	}
}

// historyHas wants a decision about a path in the history, with its receipt.
func (p *person) historyHas(path, said string) {
	p.t.Helper()
	p.click("tab-history")
	p.awaitScreen("history")
	p.openItem("open-entry", path)
	p.awaitScreen("entry")
	if text := p.text(); !strings.Contains(text, said) || !strings.Contains(text, "Sent") {
		p.t.Errorf("the entry of %s does not say %q:\n%s", path, said, text)
	}
	if receipt := get[string](p.phone, `document.querySelector('[data-field="receipt"]').textContent`); !strings.Contains(receipt, "payload") {
		p.t.Errorf("the receipt of %s is %q", path, receipt)
	}
	p.click("back")
	p.awaitScreen("history")
}

// What ends elsewhere ends on the screen by itself, on the list as on the card.
func TestRequestsThatEndElsewhereEndOnScreen(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.enrolled(t, s.newFront(t), phoneOptions{})
	c := s.colleague(t)
	for _, test := range []struct {
		how  string
		end  func(t *testing.T, path string, read *reading)
		says string
	}{
		{"approved", func(t *testing.T, path string, _ *reading) { c.approve(t, path) }, "Approved by " + c.name},
		{"denied", func(t *testing.T, path string, _ *reading) { c.deny(t, path, "wrong week") }, "Denied by " + c.name},
		{"cancelled", func(t *testing.T, path string, _ *reading) { s.cancel(t, path) }, "Cancelled"},
		// Whoever waits is still told of the version asked for; it is over with them.
		{"superseded", func(t *testing.T, path string, read *reading) { s.store(t, path); read.cancel() }, "Superseded"},
	} {
		t.Run(test.says, func(t *testing.T) {
			p.at(t)
			path := s.policyFor(t, []string{p.name, c.name}) + "/db"
			s.store(t, path)
			read := s.read(t, s.member(t), path, "")
			p.openRequest(path)
			test.end(t, path, read)
			p.outcomeSays(test.how, test.says)
			p.goHome()
		})
	}
	t.Run("Expired", func(t *testing.T) {
		p.at(t)
		read := p.opensOneThatExpires()
		read.fails("expired")
		p.outcomeSays("expired", "Expired")
	})
}

// outcomeSays waits for the screen that says how a request ended, and that.
func (p *person) outcomeSays(how, says string) {
	p.t.Helper()
	p.outcome(how)
	if text := p.text(); !strings.Contains(text, says) {
		p.t.Errorf("the screen does not say %q:\n%s", says, text)
	}
}

// opensOneThatExpires opens a request that nobody is going to answer. How long it has
// to wait for that is up to this machine: one that is over before it was opened is
// followed by one that waits longer.
func (p *person) opensOneThatExpires() *reading {
	p.t.Helper()
	for ttl := 3 * time.Second; ; ttl *= 2 {
		path := p.site.policyFor(p.t, []string{p.name}, "--request-ttl", ttl.String()) + "/db"
		p.site.store(p.t, path)
		read := p.site.read(p.t, p.site.member(p.t), path, "")
		opened := false
		p.awaitAny("a request for "+path, func() bool {
			opened = p.pressed(item("open-request", path))
			return opened || read.over()
		})
		if opened {
			return read
		}
		read.fails("expired")
	}
}

// cancel withdraws the request for a path.
func (s *site) cancel(t testing.TB, path string) {
	t.Helper()
	client, err := s.client(s.admin)
	fatal(t, err)
	requests, err := client.ListRequests(t.Context())
	fatal(t, err)
	for _, r := range requests {
		if r.Path == path && r.State == "waiting" {
			id, err := envelope.ParseID(r.ID)
			fatal(t, err)
			fatal(t, client.CancelRequest(t.Context(), id))
			return
		}
	}
	t.Fatalf("no request for %s waits", path)
}

// What one gesture was made for is released, and nothing beside it.
func TestOneGestureApprovesOneRequest(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.enrolled(t, s.newFront(t), phoneOptions{})
	area := s.policyFor(t, []string{p.name})
	reader := s.member(t)
	first, second := s.store(t, area+"/first"), s.store(t, area+"/second")
	one := s.read(t, reader, area+"/first", "")
	other := s.read(t, reader, area+"/second", "")
	p.approve(area + "/first")
	one.gives(first)
	other.blocks()
	p.goHome()
	p.approve(area + "/second")
	other.gives(second)
	if got := p.front.count("POST", "device/answer"); got != 2 {
		t.Errorf("%d answers were posted for 2 gestures", got)
	}
}

// A gesture that fails sends nothing, and can be made again.
func TestFailedGesturesReleaseNothing(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.enrolled(t, s.newFront(t), phoneOptions{scripts: []string{changingPRF}})
	path := s.policyFor(t, []string{p.name}) + "/db"
	password := s.store(t, path)
	read := s.read(t, s.member(t), path, "")
	p.openRequest(path)
	for _, test := range []struct {
		name  string
		begin func()
		end   func()
		fault string
	}{
		{"the flag is not set", func() { p.authenticator.lie(true) }, func() { p.authenticator.lie(false) }, "user_verification_missing"},
		{"another PRF output", func() { get[bool](p.phone, `__changePRF(1) ?? true`) }, func() { get[bool](p.phone, `__changePRF(Infinity) ?? true`) }, "prf_output_changed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.at(t)
			test.begin()
			p.click("approve")
			p.failure(test.fault)
			test.end()
			read.blocks()
			if n := p.front.count("POST", "device/answer"); n != 0 {
				t.Errorf("%d answers were posted", n)
			}
		})
	}
	p.at(t)
	p.click("approve")
	read.gives(password)
	p.outcome("approved")
}

// Who is not recognised by their authenticator approves nothing.
func TestNobodyElseCanApprove(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.enrolled(t, s.newFront(t), phoneOptions{})
	path := s.policyFor(t, []string{p.name}) + "/db"
	s.store(t, path)
	read := s.read(t, s.member(t), path, "")
	p.openRequest(path)
	p.authenticator.verify(false)
	p.click("approve")
	p.failure("gesture_cancelled")
	read.blocks()
	if n := p.front.count("POST", "device/answer"); n != 0 {
		t.Errorf("%d answers were posted", n)
	}
}

// A policy may want the match code typed: it is not shown, and a wrong one
// releases nothing.
func TestMatchCodesAreTyped(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.enrolled(t, s.newFront(t), phoneOptions{})
	path := s.policyFor(t, []string{p.name}, "--match-code") + "/db"
	password := s.store(t, path)
	read := s.read(t, s.member(t), path, "")
	p.openRequest(path)
	if code := p.field("match-code"); code != "" {
		t.Errorf("the code that is to be typed is shown: %q", code)
	}
	p.fill("code", "AAAAAAAA")
	p.click("approve")
	p.failure("match_code_wrong")
	read.blocks()
	p.fill("code", s.matchCode(t, path))
	p.click("approve")
	read.gives(password)
	p.outcome("approved")
}

// matchCode is the code that the requester for a path sees.
func (s *site) matchCode(t testing.TB, path string) string {
	t.Helper()
	client, err := s.client(s.admin)
	fatal(t, err)
	requests, err := client.ListRequests(t.Context())
	fatal(t, err)
	for _, r := range requests {
		if r.Path == path {
			id, err := envelope.ParseID(r.ID)
			fatal(t, err)
			full, err := client.ReadRequest(t.Context(), id)
			fatal(t, err)
			hash, err := envelope.ParseHash(full.Hash)
			fatal(t, err)
			return approval.MatchCode(hash)
		}
	}
	t.Fatalf("no request for %s", path)
	return ""
}
