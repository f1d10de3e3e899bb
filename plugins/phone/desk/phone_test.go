package desk_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// phone drives a desk as the page does: it stores what is to be kept before it
// goes on.
type phone struct {
	t       testing.TB
	office  *office
	desk    *desk.Desk
	stored  map[string]string
	auth    *authenticator
	crashAt string // the page is reloaded after this operation, once
	kept    []string
}

var errCrash = errors.New("the page was reloaded")

func newPhone(t testing.TB, o *office) *phone {
	t.Helper()
	p := &phone{t: t, office: o, stored: map[string]string{}, auth: newAuthenticator()}
	p.reload()
	t.Cleanup(func() { p.desk.Wipe() })
	return p
}

// reload opens a new desk with what is stored.
func (p *phone) reload() desk.State {
	p.t.Helper()
	if p.desk != nil {
		p.desk.Wipe()
	}
	p.desk = desk.New(func() time.Time { return p.office.Now })
	return p.open()
}

func (p *phone) open() (s desk.State) {
	p.t.Helper()
	p.do("open", args{"kept": p.stored}, nil, &s)
	return s
}

type args map[string]any

// try runs an operation, stores what is to be kept, and decodes the result.
func (p *phone) try(op string, a args, s desk.Secrets, out any) error {
	p.t.Helper()
	if a == nil {
		a = args{}
	}
	a["now"] = p.office.Now.UnixMilli()
	encoded, err := json.Marshal(a)
	p.must(err)
	ok, err := p.desk.Do(op, encoded, s)
	if err != nil {
		return err
	}
	text, err := json.Marshal(ok)
	p.must(err)
	var changes struct {
		Keep map[string]*string `json:"keep"`
	}
	if text[0] == '{' {
		p.must(json.Unmarshal(text, &changes))
	}
	for key, value := range changes.Keep {
		if value == nil {
			delete(p.stored, key)
			continue
		}
		p.stored[key] = *value
		p.kept = append(p.kept, *value)
	}
	if out != nil {
		p.must(json.Unmarshal(text, out))
	}
	if op == p.crashAt {
		p.crashAt = ""
		p.reload()
		return errCrash
	}
	return nil
}

func (p *phone) do(op string, a args, s desk.Secrets, out any) {
	p.t.Helper()
	if err := p.try(op, a, s, out); err != nil {
		p.t.Fatalf("%s: %v", op, err)
	}
}

func (p *phone) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// refused wants an operation to fail with a name.
func (p *phone) refused(name, op string, a args, s desk.Secrets) {
	p.t.Helper()
	err := p.try(op, a, s, nil)
	if desk.Name(err) != name || err == nil {
		p.t.Fatalf("%s: got %v, want %s", op, err, name)
	}
	problem := desk.ProblemOf(err)
	if !strings.Contains(problem.Text, " ") {
		p.t.Errorf("%s: the text %q says nothing", op, problem.Text)
	}
	for what, b := range s {
		if len(b) > 4 && (strings.Contains(problem.Text, string(b)) || strings.Contains(problem.Text, envelope.Bytes(b).String())) {
			p.t.Errorf("%s: the text holds the secret %q", op, what)
		}
	}
}

// gesture makes one gesture; typed is the code where the policy wants one.
func (p *phone) gesture(purpose, hash, typed string) (desk.Assertion, []byte, error) {
	var g desk.Gesture
	if err := p.try("gesture", args{"purpose": purpose, "hash": hash, "typed": typed}, nil, &g); err != nil {
		return desk.Assertion{}, nil, err
	}
	return p.auth.answer("webauthn.get", g.Challenge), p.auth.evaluate(g.Salt), nil
}

// makePasskey takes the desk from its link to its passkey.
func (p *phone) makePasskey() error {
	var c desk.Create
	if err := p.try("begin", args{"device": "alice's phone", "rpId": rpID, "origin": origin}, nil, &c); err != nil {
		return err
	}
	made := p.auth.answer("webauthn.create", c.Create.Challenge)
	return p.try("made", args{
		"credentialId": made.CredentialID, "authenticatorData": made.AuthenticatorData, "clientDataJSON": made.ClientDataJSON,
		"attestation": args{"prfEnabled": nil},
	}, nil, nil)
}

const password = "correct horse battery"

func (p *phone) wrap() (w desk.Wrapped, err error) {
	one, prf1, err := p.gesture("enrol", "", "")
	if err != nil {
		return w, err
	}
	two, prf2, err := p.gesture("enrol", "", "")
	if err != nil {
		return w, err
	}
	return w, p.try("wrap", args{"assertions": []desk.Assertion{one, two}}, desk.Secrets{"prf1": prf1, "prf2": prf2, "password": []byte(password)}, &w)
}

// post does what the page does while a device waits to be admitted.
func (p *phone) post() {
	p.t.Helper()
	state, init := p.office.post(p.open().Post)
	p.do("admitted", args{"state": state, "init": init}, nil, nil)
}

// list reads the whole inbox.
func (p *phone) list() desk.Received {
	p.t.Helper()
	r, err := p.tryList()
	p.must(err)
	return r
}

func (p *phone) tryList() (r desk.Received, err error) {
	r.More = true
	for r.More {
		var c desk.Call
		if err := p.try("call", args{"after": r.After, "wait": 0}, nil, &c); err != nil {
			return r, err
		}
		sealed := p.office.inbox(c.Call)
		r = desk.Received{}
		if err := p.try("receive", args{"call": c.Call, "sealed": sealed}, nil, &r); err != nil {
			return r, err
		}
	}
	return r, nil
}

// approve makes the gesture for a request and answers it.
func (p *phone) approve(c desk.Card) (d desk.Decided, err error) {
	purpose, typed := "approve", ""
	if c.ConsentFirst && !c.Consented {
		purpose = "consent"
	}
	if c.TypeCode {
		h, err := envelope.ParseHash(c.Hash)
		p.must(err)
		typed = approval.MatchCode(h)
	}
	assertion, prf, err := p.gesture(purpose, c.Hash, typed)
	if err != nil {
		return d, err
	}
	return d, p.try("approve", args{"hash": c.Hash, "typed": typed, "assertion": assertion}, desk.Secrets{"prf": prf}, &d)
}

// secretsIn returns which of the stored texts hold a secret, of those that may not.
func (p *phone) secretsIn(texts []string, secrets map[string]string) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		for _, text := range texts {
			if strings.Contains(text, secrets[name]) {
				found = append(found, name)
			}
		}
	}
	return found
}
