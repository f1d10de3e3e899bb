package desk_test

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

func TestAListingGoesOnPageByPage(t *testing.T) {
	o, p := ready(t, nil)
	for range 5 {
		o.ask("prod/db")
	}
	o.page = 2
	if r := p.list(); len(r.Requests) != 5 || !r.Listed {
		t.Fatalf("%d requests", len(r.Requests))
	}
	o.items = o.items[1:]
	if r := p.list(); len(r.Requests) != 4 || len(r.Ended) != 1 {
		t.Fatalf("%d requests, %d ended", len(r.Requests), len(r.Ended))
	}
}

func TestARefusedRequestIsShownWithItsReasonAndCannotBeApproved(t *testing.T) {
	o, p := ready(t, nil)
	q := o.ask("prod/db")
	honest := q.item.Version
	q.item.Version = o.ask("prod/other").item.Version
	r := p.list()
	if len(r.Requests) != 1 || len(r.Refused) != 1 || r.Refused[0].Name != "header_mismatch" || r.Refused[0].Path != "prod/db" || r.Refused[0].ID != q.request.ID.String() {
		t.Fatalf("requests %v, refused %v", r.Requests, r.Refused)
	}
	p.refused("request_absent", "gesture", args{"purpose": "approve", "hash": r.Refused[0].Hash}, nil)
	p.refused("request_absent", "deny", args{"hash": r.Refused[0].Hash}, nil)
	// Reviewed again later, it may pass.
	q.item.Version = honest
	o.Now = o.Now.Add(10 * time.Second)
	if r := p.list(); len(r.Requests) != 2 || len(r.Refused) != 0 {
		t.Fatalf("refused %v", r.Refused)
	}
}

func TestEndsAreNamedAsFarAsTheyAreProven(t *testing.T) {
	cases := []struct {
		name, how, by, reason string
		end                   func(o *office, q *asked, bob *coretest.Person)
	}{
		{"cancelled, as the broker says", "cancelled", "", "", func(o *office, q *asked, _ *coretest.Person) {
			o.withdraw(q, approval.EndCancelled)
		}},
		{"gone without a word", "elsewhere", "", "", func(o *office, q *asked, _ *coretest.Person) { o.items = nil }},
		{"approved, as only the broker says", "elsewhere", "", "", func(o *office, q *asked, _ *coretest.Person) {
			o.withdraw(q, approval.EndApproved)
		}},
		{"denied, as only the broker says", "elsewhere", "", "", func(o *office, q *asked, _ *coretest.Person) {
			o.withdraw(q, approval.EndDenied)
		}},
		{"approved by another, proven", "approved", "bob", "", func(o *office, q *asked, bob *coretest.Person) {
			o.withdraw(q, approval.EndApproved, o.approveBy(q, bob))
		}},
		{"denied by another, proven", "denied", "bob", "no", func(o *office, q *asked, bob *coretest.Person) {
			o.withdraw(q, approval.EndDenied, o.denyBy(q, bob))
		}},
		{"denied, while it is still listed", "denied", "bob", "no", func(o *office, q *asked, bob *coretest.Person) {
			q.item.Decisions = append(q.item.Decisions, o.denyBy(q, bob))
		}},
		{"denied, with a receipt about another request", "elsewhere", "", "", func(o *office, q *asked, bob *coretest.Person) {
			other := o.ask("prod/other")
			receipt := o.denyBy(other, bob)
			o.items = nil
			o.withdraw(q, approval.EndDenied, receipt)
		}},
		{"expired", "expired", "", "", func(o *office, q *asked, _ *coretest.Person) {
			o.items, o.Now = nil, o.Now.Add(5*time.Minute)
		}},
		{"expired, while it is still listed", "expired", "", "", func(o *office, q *asked, _ *coretest.Person) {
			o.Now = o.Now.Add(5 * time.Minute)
		}},
		{"asked anew", "superseded", "", "", func(o *office, q *asked, _ *coretest.Person) {
			o.Now = o.Now.Add(time.Second)
			o.items = nil
			o.askFor(&q.item.Version, "prod/db")
		}},
	}
	for _, c := range thinned(cases, 0, 4, 7) {
		t.Run(c.name, func(t *testing.T) {
			o, p := enrolled(t)
			bob := o.Admit("bob")
			o.policy(nil, anyOf(o.person("alice"), bob))
			q := o.ask("prod/db")
			p.one()
			c.end(o, q, bob)
			r := p.list()
			if len(r.Ended) != 1 {
				t.Fatalf("ended %v, refused %v", r.Ended, r.Refused)
			}
			if e := r.Ended[0]; e.How != c.how || e.By != c.by || e.Reason != c.reason || e.Path != "prod/db" || e.Hash != q.item.Request.Hash().String() {
				t.Fatalf("got %v", e)
			}
			if len(r.Refused) != 0 {
				t.Fatalf("refused %v", r.Refused)
			}
		})
	}
}

func (o *office) approveBy(q *asked, p *coretest.Person) envelope.Signed {
	return o.answer(q, p, func(c *approval.Case, s envelope.Signer) (approval.Release, error) {
		return c.Approve(p.Keyring, s, approval.Ledger{}, o.Now)
	}).Receipt
}

func (o *office) denyBy(q *asked, p *coretest.Person) envelope.Signed {
	return o.answer(q, p, func(c *approval.Case, s envelope.Signer) (approval.Release, error) {
		return c.Deny("no", false, s, approval.Ledger{}, o.Now)
	}).Receipt
}

// lie calls the broker, which answers with a log of its own.
func (p *phone) lie(log []envelope.Signed) error {
	p.t.Helper()
	var c desk.Call
	p.do("call", nil, nil, &c)
	s, err := envelope.Decode[envelope.Signed]([]byte(c.Call))
	p.must(err)
	_, device, err := approval.ReadInboxCall(p.office.Roster, s, p.office.Now)
	p.must(err)
	return p.try("receive", args{"call": c.Call, "sealed": p.office.seal(device, s, approval.Inbox{Log: log, Items: []approval.Item{}})}, nil, nil)
}

func TestAnotherLogIsRefusedAndNothingIsForgotten(t *testing.T) {
	o, p := ready(t, nil)
	p.list()
	before := p.entries("log/")
	// The same organisation, had something else been appended.
	length := len(o.Log)
	fork := o.Fold(length - 1)
	other, err := fork.Next(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(o.Now.Add(time.Hour))}, o.Now, o.Identity)
	o.Must(err)
	o.Must(fork.Append(other))
	beyond, err := fork.Next(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(o.Now.Add(2 * time.Hour))}, o.Now, o.Identity)
	o.Must(err)
	for name, log := range map[string][]envelope.Signed{
		"in place of what is known": {other}, "after another statement": {beyond}, "from the beginning": {other, beyond},
	} {
		if err := p.lie(log); desk.Name(err) != "roster_forked" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// What is known, shown again, is no lie.
	p.must(p.lie(o.Log))
	p.reload()
	if r := p.list(); int(r.Log.Seq) != length-1 || p.entries("log/") != before || r.Alarm != nil {
		t.Fatalf("log %v, alarm %v", r.Log, r.Alarm)
	}
}

func TestAStatementByNobodyIsRefused(t *testing.T) {
	o, p := ready(t, nil)
	p.list()
	mallory := envelope.NewSigningKey(envelope.NewKey())
	forged, err := o.Roster.Next(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(o.Now.Add(time.Hour))}, o.Now, mallory)
	o.Must(err)
	if err := p.lie([]envelope.Signed{forged}); desk.Name(err) != "signature_invalid" {
		t.Fatalf("got %v", err)
	}
}

func TestABrokerWithAShorterLogIsNamed(t *testing.T) {
	o, p := ready(t, nil)
	p.list()
	var c desk.Call
	p.do("call", nil, nil, &c)
	s, err := envelope.Decode[envelope.Signed]([]byte(c.Call))
	p.must(err)
	_, _, refusal := approval.ReadInboxCall(o.Fold(len(o.Log)-1), s, o.Now)
	for _, one := range []struct {
		status int
		text   string
		name   string
		retry  bool
	}{
		{400, refusal.Error(), "roster_rolled_back", false},
		{400, "inbox: made at another time: " + approval.ErrInbox.Error(), "inbox_invalid", true},
		{0, "", "broker_unreachable", true},
		{503, "Vault is sealed", "broker_unreachable", true},
		{404, "unsupported path", "broker_refused", false},
		{403, "inbox: device \"phone\": revoked", "revoked", false},
	} {
		var f desk.Failure
		p.do("failed", args{"status": one.status, "text": one.text}, nil, &f)
		if f.Error.Name != one.name || f.Retry != one.retry {
			t.Errorf("%d %q: got %v", one.status, one.text, f)
		}
	}
}

func TestAnswersToOtherCallsAreRefused(t *testing.T) {
	o, p := ready(t, nil)
	var first, second desk.Call
	p.do("call", nil, nil, &first)
	p.do("call", nil, nil, &second)
	p.refused("envelope_does_not_open", "receive", args{"call": second.Call, "sealed": o.inbox(first.Call)}, nil)
	p.refused("arguments_invalid", "receive", args{"call": "{}", "sealed": "{}"}, nil)
	p.refused("arguments_invalid", "call", args{"after": "x"}, nil)
}

func TestARevokedDeviceSaysSo(t *testing.T) {
	o, p := ready(t, nil)
	o.ask("prod/db")
	p.one()
	id := p.deviceID()
	o.Append(roster.KindDeviceRevoke, roster.Removal{ID: id})
	p.news()
	s := p.reload()
	if s.Alarm == nil || s.Alarm.Name != "device_revoked" || s.Stage != desk.StageReady {
		t.Fatalf("state %v", s)
	}
}

func TestAnAdmissionThatTheLogDoesNotHoldIsAnAlarm(t *testing.T) {
	o, p := enrolled(t)
	// The log without the last two statements, at a broker that answers all the same.
	var c desk.Call
	p.do("call", nil, nil, &c)
	s, err := envelope.Decode[envelope.Signed]([]byte(c.Call))
	p.must(err)
	_, device, err := approval.ReadInboxCall(o.Roster, s, o.Now)
	p.must(err)
	var r desk.Received
	p.do("receive", args{"call": c.Call, "sealed": o.seal(device, s, approval.Inbox{Log: []envelope.Signed{}, Items: []approval.Item{}})}, nil, &r)
	if r.Alarm == nil || r.Alarm.Name != "not_admitted" {
		t.Fatalf("alarm %v", r.Alarm)
	}
	if r := p.list(); r.Alarm != nil {
		t.Fatalf("with the whole log: %v", r.Alarm)
	}
}

func TestReviewsAreNotRepeatedWhileNothingChanges(t *testing.T) {
	o, p := ready(t, nil)
	q := o.ask("prod/db")
	p.one()
	// An altered version is noticed with the next review, and not before.
	q.item.Version.Payload.Bytes = append(envelope.Bytes{}, q.item.Version.Payload.Bytes...)
	q.item.Version.Header = q.item.Request
	if r := p.list(); len(r.Requests) != 1 {
		t.Fatal("reviewed at every poll")
	}
	o.Now = o.Now.Add(5 * time.Second)
	if r := p.list(); len(r.Requests) != 0 || len(r.Refused) != 1 {
		t.Fatal("not reviewed again")
	}
}
