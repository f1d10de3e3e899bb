package endtoend

import (
	"strings"
	"testing"
)

// What a phone or its authenticator lacks ends the enrolment where it shows, by
// name, and before anything is posted.
func TestEnrolmentWantsAPasskeyThatHolds(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	for _, test := range []struct {
		name    string
		options phoneOptions
		fault   string
	}{
		{"no user verification", phoneOptions{authenticator: authenticatorOptions{noVerification: true}}, "gesture_cancelled"},
		{"the user is not recognised", phoneOptions{authenticator: authenticatorOptions{unverified: true}}, "gesture_cancelled"},
		{"the flag is cleared", phoneOptions{authenticator: authenticatorOptions{lyingFlag: true}}, "user_verification_missing"},
		{"no PRF", phoneOptions{authenticator: authenticatorOptions{noPRF: true}}, "prf_missing"},
		{"PRF changes between evaluations", phoneOptions{scripts: []string{changingPRF, `__changePRF(2)`}}, "prf_output_changed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := s.invited(t, s.newFront(t), test.options)
			p.openLink()
			p.nameDevice()
			p.click("make-passkey")
			if test.fault == "prf_output_changed" && p.awaitScreen("passkey", "password") == "password" {
				p.fill("password", p.password)
				p.fill("repeat", p.password)
				p.click("set-password")
			}
			p.failure(test.fault)
			if n := p.front.count("POST", "enroll/"+p.invitation.ID+"/answer"); n != 0 {
				t.Errorf("%d answers to the ticket were posted", n)
			}
			if kept := p.stored(); strings.Contains(kept, "pk_envelope") {
				t.Error("a keyring was kept")
			}
		})
	}
}

// A page that is loaded again in the middle goes on, from where it was or from
// the step whose result it could not keep.
func TestEnrolmentSurvivesReloads(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.invited(t, s.newFront(t), phoneOptions{})
	p.openLink()
	p.reload()
	p.awaitScreen("invited")
	p.nameDevice()
	p.reload()
	p.resume("passkey")
	p.makePasskey()
	p.reload()
	p.resume("passkey")
	p.makePasskey()
	p.setPassword()
	p.reload()
	p.resume("passkey")
	p.makePasskey()
	p.setPassword()
	p.confirmSheet()
	shown := p.words
	p.reload()
	p.awaitScreen("words")
	if again := strings.Join(strings.Fields(p.field("fingerprint")), " "); again != shown {
		t.Errorf("the fingerprint was %q and is %q after a reload", shown, again)
	}
	p.awaitPosted()
	p.away()
	s.signer(t, "approver", "admit", p.name, "--fingerprint", shown)
	p.open(p.front.app())
	p.awaitScreen("requests")
}

// resume brings an enrolment that was loaded again to a step, from whichever
// earlier one it fell back to.
func (p *person) resume(step string) {
	p.t.Helper()
	if p.awaitScreen("invited", step) == "invited" && step != "invited" {
		p.nameDevice()
	}
}

// An answer that is lost on its way is posted again, as it was.
func TestTheAnswerToATicketIsPostedUntilItArrives(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	front := s.newFront(t)
	p := s.invited(t, front, phoneOptions{})
	p.log.allow(`net::ERR_|Failed to load resource`)
	front.lie(dropPath("answer"))
	p.answers()
	p.awaitAny("an answer to be tried", func() bool { return front.count("POST", "enroll/"+p.invitation.ID+"/answer") > 0 })
	p.reload()
	p.awaitScreen("words")
	front.lie(nil)
	p.awaitAny("the answer to arrive", func() bool { return s.trySigner("approver", "admit", p.name, "--fingerprint", p.words).code == 0 })
	p.awaitScreen("requests")
}

// Words that are not the phone's admit nobody; the phone goes on waiting.
func TestWrongFingerprintsAreRefused(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.invited(t, s.newFront(t), phoneOptions{})
	other := s.invited(t, s.newFront(t), phoneOptions{})
	p.answers()
	p.awaitPosted()
	other.answers()
	for name, words := range map[string]string{"another phone's": other.words, "one word changed": "babad" + p.words[strings.Index(p.words, " "):]} {
		r := s.trySigner("approver", "admit", p.name, "--fingerprint", words)
		if r.code == 0 || !strings.Contains(r.stderr, "fingerprint") {
			t.Errorf("%s words: code %d, %s", name, r.code, r.stderr)
		}
	}
	if p.screen() != "words" {
		t.Errorf("the screen is %q", p.screen())
	}
	s.signer(t, "approver", "admit", p.name, "--fingerprint", p.words)
	p.awaitScreen("requests")
}

// A link that is not whole, or used up, is refused by name.
func TestLinksThatDoNotWork(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.invited(t, s.newFront(t), phoneOptions{})
	p.open(p.link()[:len(p.link())-9])
	p.awaitScreen("welcome")
	p.failure("link_invalid")
	p.fill("link", p.link())
	p.click("paste")
	p.awaitScreen("invited")
}
