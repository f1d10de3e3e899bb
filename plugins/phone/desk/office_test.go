package desk_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// office is the organisation, its broker and a consumer.
type office struct {
	*coretest.World
	consumer *coretest.Consumer
	messages map[envelope.ID]string
	tickets  map[string]bool // admitted
	items    []*asked
	ended    []approval.Ended
	page     int // items to a page of the inbox; 0 for all
	vault    *vault
	alarms   []approval.Alarm
}

// asked is a request that waits at the broker.
type asked struct {
	item     approval.Item
	request  *approval.Request
	pending  *approval.Pending
	verified *secret.Verified
}

func newOffice(t testing.TB) *office {
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
	return o.askFor(o.sealed(path), path)
}

func (o *office) sealed(path string) *secret.Version {
	o.T.Helper()
	v, err := secret.Seal(o.Roster, secret.Draft{Mount: o.Mount, Secret: envelope.NewID(), Path: path, Version: 1, Author: o.consumer.ID}, []byte(value), o.consumer.Signer, o.Now)
	o.Must(err)
	return v
}

func (o *office) askFor(v *secret.Version, path string) *asked {
	o.T.Helper()
	return o.askWith(v, path, carol())
}

// askAs is ask of somebody else.
func (o *office) askAs(path string, origin approval.Origin) *asked {
	o.T.Helper()
	return o.askWith(o.sealed(path), path, approval.Terms{Origin: origin, Reason: "incident 7"})
}

// carol are the terms on which most is asked here.
func carol() approval.Terms {
	return approval.Terms{Origin: approval.Origin{Requester: "carol", Entity: "entity-carol", Remote: "10.0.0.1", Host: "db1", UID: -1, PID: -1}, Reason: "incident 7"}
}

func (o *office) askWith(v *secret.Version, path string, terms approval.Terms) *asked {
	o.T.Helper()
	q := &asked{}
	var err error
	q.verified, err = v.Verify(o.Roster, o.Mount, path)
	o.Must(err)
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
		in.Ended, in.Alarms = o.ended, o.alarms
		in.Reshares = o.vault.notices()
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
