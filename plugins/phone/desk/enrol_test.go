package desk_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

func (p *phone) link() string {
	p.t.Helper()
	text, err := p.office.invite("alice").Reveal()
	p.must(err)
	return text
}

// begun reads the link of a new ticket and makes the passkey.
func (p *phone) begun() roster.Ticket {
	p.t.Helper()
	ticket := p.office.invite("alice")
	text, err := ticket.Reveal()
	p.must(err)
	p.do("readLink", args{"fragment": text}, nil, nil)
	p.must(p.makePasskey())
	return ticket
}

func TestALinkSaysForWhomAndWhere(t *testing.T) {
	o := newOffice(t)
	p := newPhone(t, o)
	base := base64.RawURLEncoding.EncodeToString([]byte("https://vault.example:8200/v1/stillvault"))
	var l desk.Link
	p.do("readLink", args{"fragment": "#" + p.link() + "~" + base}, nil, &l)
	if l.Kind != "ticket" || l.Name != "alice" || l.Mount != o.Mount.String() || l.Base != "https://vault.example:8200/v1/stillvault" {
		t.Fatalf("got %v", l)
	}
	if len(strings.Fields(l.OrganisationWords)) != roster.FingerprintWords || l.Organisation != o.Roster.Organisation().String() {
		t.Fatalf("organisation %q, %q", l.Organisation, l.OrganisationWords)
	}
	if s := p.reload(); s.Stage != desk.StageLinked || s.Link.Name != "alice" || s.Link.Base != l.Base {
		t.Fatalf("after a reload: %v", s)
	}
}

func TestWhatIsNoLinkIsRefused(t *testing.T) {
	o := newOffice(t)
	p := newPhone(t, o)
	whole := p.link()
	for name, fragment := range map[string]string{
		"nothing": "", "words": "hello", "another version": "sv2" + whole[3:], "cut short": whole[:len(whole)-6],
		"a broken base": whole + "~***", "a base that is no address": whole + "~" + base64.RawURLEncoding.EncodeToString([]byte("javascript:alert(1)")),
		"a base with a user": whole + "~" + base64.RawURLEncoding.EncodeToString([]byte("https://a@b/")),
	} {
		t.Run(name, func(t *testing.T) { p.refused("link_invalid", "readLink", args{"fragment": fragment}, nil) })
	}
	if p.open().Stage != desk.StageEmpty {
		t.Fatal("something was kept")
	}
}

func TestALinkIsRefusedAfterItsTime(t *testing.T) {
	o := newOffice(t)
	p := newPhone(t, o)
	link := p.link()
	o.Now = o.Now.Add(time.Hour)
	p.refused("ticket_expired", "readLink", args{"fragment": link}, nil)
}

func TestAnEnrolmentIsWhatTheSignerAdmits(t *testing.T) {
	o := newOffice(t)
	p := newPhone(t, o)
	ticket := p.begun()
	w, err := p.wrap()
	p.must(err)
	var c desk.Confirmed
	p.do("confirm", nil, nil, &c)
	m, err := envelope.Decode[roster.EnrolmentMessage]([]byte(c.Message))
	p.must(err)
	e, err := ticket.Accept(m, o.Now)
	p.must(err)
	p.must(e.MatchesFingerprint(strings.Join(c.Fingerprint, " ")))
	token, err := ticket.PostToken()
	p.must(err)
	if c.Token != envelope.Bytes(token.Bytes()).String() || c.Enrolment != ticket.ID.String() {
		t.Fatal("another token or ticket")
	}
	if !e.Recovery || len(e.Factors) != 2 {
		t.Fatalf("factors %v, recovery %v", e.Factors, e.Recovery)
	}
	if s := p.reload(); s.Stage != desk.StageWaiting || s.Post.Message != c.Message || s.Post.Kit != c.Kit || strings.Join(s.Fingerprint, " ") != strings.Join(c.Fingerprint, " ") {
		t.Fatal("after a reload it cannot be posted again")
	}
	// The backup and the kit open with what the person has.
	recovery, err := keyring.ParseRecoveryKey([]byte(w.RecoveryKey))
	p.must(err)
	kit, err := envelope.Decode[keyring.Kit]([]byte(c.Kit))
	p.must(err)
	kept, err := keyring.OpenKit(kit, recovery)
	p.must(err)
	file, err := keyring.ParseBackup([]byte(w.Backup))
	p.must(err)
	for _, b := range []*keyring.Backup{kept, file} {
		k, err := keyring.OpenWithPassword(b.Row, b.Owner(), []byte(password), recovery)
		p.must(err)
		public, err := k.Public()
		p.must(err)
		if public.Signing != e.Signing || b.Name != "alice" || b.Mount != o.Mount {
			t.Fatal("another keyring")
		}
	}
}

func TestNothingSecretIsKeptBeforeThePersonConfirms(t *testing.T) {
	o := newOffice(t)
	p := newPhone(t, o)
	ticket := p.begun()
	one, prf1, err := p.gesture("enrol", "", "")
	p.must(err)
	prf := envelope.Bytes(prf1).String()
	two, prf2, err := p.gesture("enrol", "", "")
	p.must(err)
	var w desk.Wrapped
	p.do("wrap", args{"assertions": []desk.Assertion{one, two}}, desk.Secrets{"prf1": prf1, "prf2": prf2, "password": []byte(password)}, &w)
	before := len(p.kept)
	for _, text := range p.kept {
		for _, key := range []string{"seed", "row", "pwdpk_envelope"} {
			if strings.Contains(text, key) {
				t.Errorf("kept before confirm: %q", key)
			}
		}
	}
	p.do("confirm", nil, nil, nil)
	secrets := map[string]string{"recovery key": w.RecoveryKey, "password": password, "prf": prf}
	if found := p.secretsIn(p.kept, secrets); len(found) > 0 {
		t.Errorf("kept: %v", found)
	}
	// The link's secret is in no entry any more, and in none that was written since.
	body, err := ticket.Reveal()
	p.must(err)
	if found := p.secretsIn(append(p.kept[before:], values(p.stored)...), map[string]string{"ticket": body[len(body)-20:]}); len(found) > 0 {
		t.Error("the ticket's secret is still kept")
	}
	p.post()
	if post := p.reload().Post; post == nil || post.Token != "" || post.Message != "" {
		t.Errorf("kept though the broker has it: %v", post)
	}
}

func values(m map[string]string) (texts []string) {
	for _, text := range m {
		texts = append(texts, text)
	}
	return texts
}

func TestPasskeysThatWillNotDoAreRefusedByName(t *testing.T) {
	no := false
	for _, c := range []struct {
		name string
		want string
		with func(*authenticator)
		prf  *bool
	}{
		{"without user verification", "user_verification_missing", func(a *authenticator) { a.flags = 0x01 }, nil},
		{"without anybody there", "user_verification_missing", func(a *authenticator) { a.flags = 0x04 }, nil},
		{"of another site", "gesture_mismatch", func(a *authenticator) { a.rpID = "other.example" }, nil},
		{"made by another page", "gesture_mismatch", func(a *authenticator) { a.origin = "https://other.example" }, nil},
		{"made in a frame", "gesture_mismatch", func(a *authenticator) { a.cross = true }, nil},
		{"without PRF", "prf_missing", func(*authenticator) {}, &no},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPhone(t, newOffice(t))
			p.do("readLink", args{"fragment": p.link()}, nil, nil)
			c.with(p.auth)
			var begun desk.Create
			p.do("begin", args{"device": "phone", "rpId": rpID, "origin": origin}, nil, &begun)
			made := p.auth.answer("webauthn.create", begun.Create.Challenge)
			p.refused(c.want, "made", args{
				"credentialId": made.CredentialID, "authenticatorData": made.AuthenticatorData, "clientDataJSON": made.ClientDataJSON,
				"attestation": args{"prfEnabled": c.prf},
			}, nil)
			if s := p.open(); s.Stage != desk.StageLinked {
				t.Fatalf("stage %s", s.Stage)
			}
		})
	}
}

func TestWrappingRefuses(t *testing.T) {
	triesPasswords(t)
	cases := []struct {
		name, want string
		change     func(one, two *desk.Assertion, s desk.Secrets)
	}{
		{"a PRF that changes", "prf_output_changed", func(_, _ *desk.Assertion, s desk.Secrets) { s["prf2"][0]++ }},
		{"no PRF output", "prf_missing", func(_, _ *desk.Assertion, s desk.Secrets) { delete(s, "prf2") }},
		{"a PRF output cut short", "prf_missing", func(_, _ *desk.Assertion, s desk.Secrets) { s["prf1"] = s["prf1"][:16] }},
		{"one gesture shown twice", "gesture_mismatch", func(one, two *desk.Assertion, _ desk.Secrets) { *two = *one }},
		{"another passkey", "gesture_mismatch", func(_, two *desk.Assertion, _ desk.Secrets) { two.CredentialID = envelope.Bytes("another") }},
		{"an empty password", "password_unusable", func(_, _ *desk.Assertion, s desk.Secrets) { s["password"] = []byte(" \t") }},
		{"a recovery key that is none", "recovery_key_invalid", func(_, _ *desk.Assertion, s desk.Secrets) { s["recovery"] = []byte("abc") }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newPhone(t, newOffice(t))
			p.do("readLink", args{"fragment": p.link()}, nil, nil)
			p.must(p.makePasskey())
			one, prf1, err := p.gesture("enrol", "", "")
			p.must(err)
			two, prf2, err := p.gesture("enrol", "", "")
			p.must(err)
			s := desk.Secrets{"prf1": prf1, "prf2": prf2, "password": []byte(password)}
			c.change(&one, &two, s)
			p.refused(c.want, "wrap", args{"assertions": []desk.Assertion{one, two}}, s)
			p.refused("step_out_of_order", "confirm", nil, nil)
			// Nothing is lost: it can be tried again.
			_, err = p.wrap()
			p.must(err)
		})
	}
}

func TestStepsOutOfOrderAreRefused(t *testing.T) {
	p := newPhone(t, newOffice(t))
	p.refused("link_absent", "begin", args{"device": "phone", "rpId": rpID, "origin": origin}, nil)
	p.refused("link_absent", "wrap", nil, nil)
	p.refused("step_out_of_order", "made", nil, nil)
	p.refused("step_out_of_order", "confirm", nil, nil)
	p.refused("step_out_of_order", "gesture", args{"purpose": "enrol"}, nil)
	p.refused("not_enrolled", "gesture", args{"purpose": "approve"}, nil)
	p.refused("not_enrolled", "call", nil, nil)
	p.refused("not_enrolled", "admitted", nil, nil)
	p.refused("arguments_invalid", "nonsense", nil, nil)
	p.do("readLink", args{"fragment": p.link()}, nil, nil)
	p.refused("device_name_invalid", "begin", args{"device": "a\u202eb", "rpId": rpID, "origin": origin}, nil)
	p.refused("step_out_of_order", "wrap", nil, nil)
}

func TestAnEnrolledDeviceIsNotEnrolledAgain(t *testing.T) {
	_, p := ready(t, nil)
	p.refused("already_enrolled", "readLink", args{"fragment": p.link()}, nil)
	p.refused("already_enrolled", "begin", args{"device": "phone", "rpId": rpID, "origin": origin}, nil)
}

func TestAnotherOrganisationsFirstStatementIsRefused(t *testing.T) {
	o, other := newOffice(t), newOffice(t)
	p := newPhone(t, o)
	p.begun()
	_, err := p.wrap()
	p.must(err)
	p.do("confirm", nil, nil, nil)
	first, err := envelope.Encode(other.Log[0])
	p.must(err)
	p.refused("organisation_mismatch", "admitted", args{"state": "admitted", "init": string(first)}, nil)
	p.refused("not_admitted", "call", nil, nil)
}

func TestTheFingerprintStaysAtHand(t *testing.T) {
	_, p := enrolled(t)
	var words desk.Words
	p.do("fingerprint", nil, nil, &words)
	if len(words.Words) != roster.FingerprintWords {
		t.Fatalf("%d words", len(words.Words))
	}
}
