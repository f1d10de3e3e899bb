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
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// phone drives a desk as the page does: it stores what is to be kept before it
// goes on.
type phone struct {
	t       *testing.T
	office  *office
	desk    *desk.Desk
	stored  map[string]string
	auth    *authenticator
	crashAt string // the page is reloaded after this operation, once
	kept    []string
}

var errCrash = errors.New("the page was reloaded")

func newPhone(t *testing.T, o *office) *phone {
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
	if problem := desk.ProblemOf(err); !strings.Contains(problem.Text, " ") {
		p.t.Errorf("%s: the text %q says nothing", op, problem.Text)
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

// enrol takes a new phone through an enrolment with a ticket, to its admission.
func (p *phone) enrol(name string) desk.Wrapped {
	p.t.Helper()
	ticket := p.office.invite(name)
	text, err := ticket.Reveal()
	p.must(err)
	p.do("readLink", args{"fragment": text}, nil, nil)
	p.must(p.makePasskey())
	w, err := p.wrap()
	p.must(err)
	p.do("confirm", nil, nil, nil)
	p.post()
	p.office.admit(ticket)
	p.post()
	return w
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

// office is the organisation, its broker and a consumer.
type office struct {
	*coretest.World
	consumer *coretest.Consumer
	messages map[envelope.ID]string
	tickets  map[string]bool // admitted
	items    []*asked
	ended    []approval.Ended
	page     int // items to a page of the inbox; 0 for all
}

// asked is a request that waits at the broker.
type asked struct {
	item     approval.Item
	request  *approval.Request
	pending  *approval.Pending
	verified *secret.Verified
}

func newOffice(t *testing.T) *office {
	w := coretest.NewWorld(t)
	return &office{World: w, consumer: w.AdmitConsumer("deploy-host", roster.ConsumerHost), messages: map[envelope.ID]string{}, tickets: map[string]bool{}}
}

func (o *office) invite(name string) roster.Ticket {
	id := envelope.NewID()
	if a, err := o.Roster.ApproverNamed(name); err == nil {
		id = a.ID
	}
	return roster.NewTicket(o.Roster.Organisation(), o.Mount, id, name, envelope.At(o.Now.Add(time.Hour)))
}

// post is the broker's side of an enrolment.
func (o *office) post(p *desk.Post) (state, init string) {
	o.T.Helper()
	first, err := envelope.Encode(o.Log[0])
	o.Must(err)
	switch {
	case p == nil:
		return "admitted", string(first)
	case p.Kind == "propose":
		c, err := envelope.Decode[envelope.Signed]([]byte(p.Certificate))
		o.Must(err)
		o.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: c})
		return "admitted", string(first)
	case p.Message != "":
		id, err := envelope.ParseID(p.Enrolment)
		o.Must(err)
		o.messages[id] = p.Message
	}
	if o.tickets[p.Enrolment] {
		return "admitted", string(first)
	}
	return "answered", string(first)
}

// admit is the signer's side.
func (o *office) admit(t roster.Ticket) {
	o.T.Helper()
	m, err := envelope.Decode[roster.EnrolmentMessage]([]byte(o.messages[t.ID]))
	o.Must(err)
	e, err := t.Accept(m, o.Now)
	o.Must(err)
	o.Append(roster.KindApproverAdmit, roster.ApproverAdmit{
		ID: e.Approver, Name: t.Name, Entities: []string{"entity-" + t.Name}, KEM: e.KEM, Signing: e.Signing,
		Generation: e.Generation, Factors: e.Factors, Recovery: e.Recovery,
	})
	o.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: e.Certificate})
	o.tickets[t.ID.String()] = true
}

// person is an approver of the roster, to be named in a policy.
func (o *office) person(name string) *coretest.Person {
	o.T.Helper()
	a, err := o.Roster.ApproverNamed(name)
	o.Must(err)
	return &coretest.Person{ID: a.ID, Name: name}
}

// policy puts a policy for prod/* in force.
func (o *office) policy(edit func(*roster.Policy), requirements ...roster.Requirement) {
	o.T.Helper()
	p := coretest.Policy("production", "prod/*", []*coretest.Consumer{o.consumer}, requirements...)
	if edit != nil {
		edit(&p)
	}
	o.SetPolicy(p)
}

const value = `{"password":"s3cr3t"}`

// ask has the consumer ask for a path; its request waits from then on.
func (o *office) ask(path string) *asked {
	o.T.Helper()
	v, err := secret.Seal(o.Roster, secret.Draft{Mount: o.Mount, Secret: envelope.NewID(), Path: path, Version: 1, Author: o.consumer.ID}, []byte(value), o.consumer.Signer, o.Now)
	o.Must(err)
	return o.askFor(v, path)
}

func (o *office) askFor(v *secret.Version, path string) *asked {
	o.T.Helper()
	q := &asked{}
	var err error
	q.verified, err = v.Verify(o.Roster, o.Mount, path)
	o.Must(err)
	terms := approval.Terms{Origin: approval.Origin{Requester: "carol", Entity: "entity-carol", Remote: "10.0.0.1", Host: "db1", UID: -1, PID: -1}, Reason: "incident 7"}
	pending, request, err := approval.Ask(o.Roster, q.verified, o.consumer.ID, o.consumer.Signer, terms, o.Now)
	o.Must(err)
	q.pending = pending
	q.request, _, err = approval.ReadRequest(o.Roster, request, o.Now)
	o.Must(err)
	q.item = approval.Item{Request: request, Version: *v, Decisions: []envelope.Signed{}}
	o.items = append(o.items, q)
	return q
}

// withdraw takes a request from the broker, which says how it ended.
func (o *office) withdraw(q *asked, state approval.EndState, decisions ...envelope.Signed) {
	o.items = slices.DeleteFunc(o.items, func(other *asked) bool { return other == q })
	o.ended = append(o.ended, approval.Ended{Request: q.item.Request.Hash(), State: state, Decisions: append([]envelope.Signed{}, decisions...)})
}

// inbox answers a device's call as the broker does.
func (o *office) inbox(call string) string {
	o.T.Helper()
	s, err := envelope.Decode[envelope.Signed]([]byte(call))
	o.Must(err)
	c, device, err := approval.ReadInboxCall(o.Roster, s, o.Now)
	o.Must(err)
	in := approval.Inbox{Log: append([]envelope.Signed{}, o.Log[c.Roster.Seq+1:]...), Items: []approval.Item{}}
	after := c.After.IsZero()
	for _, q := range o.items {
		if !after {
			after = q.request.ID == c.After
			continue
		}
		if o.page > 0 && len(in.Items) == o.page {
			in.More = true
			break
		}
		in.Items = append(in.Items, q.item)
	}
	if !in.More {
		in.Ended = o.ended
	}
	return o.seal(device, s, in)
}

func (o *office) seal(device *roster.Device, call envelope.Signed, in approval.Inbox) string {
	o.T.Helper()
	sealed, err := approval.SealInbox(device, o.Mount, call, in)
	o.Must(err)
	text, err := envelope.Encode(sealed)
	o.Must(err)
	return string(text)
}

// take hands the consumer an answer, and returns the value once there is one.
func (o *office) take(q *asked, release string) (approval.Outcome, error) {
	o.T.Helper()
	r, err := envelope.Decode[approval.Release]([]byte(release))
	o.Must(err)
	q.item.Decisions = append(q.item.Decisions, r.Receipt)
	return q.pending.Accept(o.Roster, q.request, q.verified, r, o.Now)
}

// answer has an approver at a terminal answer a request.
func (o *office) answer(q *asked, p *coretest.Person, how func(*approval.Case, envelope.Signer) (approval.Release, error)) approval.Release {
	o.T.Helper()
	c, err := approval.Reviewer{Roster: o.Roster, Mount: o.Mount, Approver: p.ID, Device: p.Device.ID()}.Review(q.item, o.Now)
	o.Must(err)
	rel, err := how(c, p.Device.Signer())
	o.Must(err)
	return rel
}

func anyOf(people ...*coretest.Person) roster.Requirement { return coretest.Need("dba", 1, people...) }

// ready is a phone of alice, admitted, whose policy lets her alone release.
func ready(t *testing.T, edit func(*roster.Policy)) (*office, *phone) {
	t.Helper()
	o := newOffice(t)
	p := newPhone(t, o)
	p.enrol("alice")
	o.policy(edit, anyOf(o.person("alice")))
	return o, p
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
