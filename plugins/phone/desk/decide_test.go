package desk_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// one lists the inbox, which must show one request.
func (p *phone) one() desk.Card {
	p.t.Helper()
	r := p.list()
	if len(r.Requests) != 1 {
		p.t.Fatalf("%d requests, refused %v", len(r.Requests), r.Refused)
	}
	return r.Requests[0]
}

func TestACardSaysWhoWhatWhereAndUntilWhen(t *testing.T) {
	o, p := ready(t, nil)
	q := o.ask("prod/db")
	c := p.one()
	want := desk.Card{
		Hash: q.item.Request.Hash().String(), ID: q.request.ID.String(), Path: "prod/db", Version: 1,
		Requester: "carol", Entity: "entity-carol", Remote: "10.0.0.1", Host: "db1", UID: -1, PID: -1,
		Consumer: "deploy-host", ConsumerKind: "host", Reason: "incident 7", Lease: 900, Policy: "production",
		Created: "2030-01-02T03:04:05Z", Deadline: "2030-01-02T03:09:05Z",
		MatchCode: approval.MatchCode(q.item.Request.Hash()),
	}
	need := c.Requirements
	c.Requirements, c.Decisions = nil, nil
	if got := c; got.Hash != want.Hash || got.ID != want.ID || got.Path != want.Path || got.Requester != want.Requester ||
		got.Created != want.Created || got.Deadline != want.Deadline || got.MatchCode != want.MatchCode || got.Lease != want.Lease ||
		got.Consumer != want.Consumer || got.ConsumerKind != want.ConsumerKind || got.Host != want.Host || got.Reported || got.TypeCode {
		t.Fatalf("got %v", got)
	}
	if len(need) != 1 || need[0].Name != "dba" || need[0].M != 1 || need[0].Have != 0 || strings.Join(need[0].People, " ") != "alice" {
		t.Fatalf("requirements %v", need)
	}
}

func TestADenialNeedsNoGestureAndReachesTheConsumer(t *testing.T) {
	o, p := ready(t, nil)
	q := o.ask("prod/db")
	c := p.one()
	p.refused("reason_invalid", "deny", args{"hash": c.Hash, "reason": strings.Repeat("x", approval.MaxReason+1)}, nil)
	p.refused("reason_invalid", "deny", args{"hash": c.Hash, "reason": "a\u202eb"}, nil)
	var d desk.Decided
	p.do("deny", args{"hash": c.Hash, "reason": "not during the freeze"}, nil, &d)
	out, err := o.take(q, d.Release)
	if !errors.Is(err, approval.ErrDenied) || out.Receipt.Reason != "not during the freeze" {
		t.Fatalf("got %v, %q", err, out.Receipt.Reason)
	}
	p.refused("request_replayed", "deny", args{"hash": c.Hash}, nil)
	if r := p.list(); len(r.Requests) != 0 || len(r.Ended) != 0 || len(r.Refused) != 0 {
		t.Fatalf("still shown: %v", r)
	}
}

func TestReceiptsOfAPhoneChain(t *testing.T) {
	o, p := ready(t, nil)
	for range 3 {
		o.ask("prod/db")
	}
	for _, c := range p.list().Requests {
		_, err := p.approve(c)
		p.must(err)
		p.reload()
		p.list()
	}
	var unsent []desk.Unsent
	p.do("unsent", nil, nil, &unsent)
	var receipts []envelope.Signed
	for i, u := range unsent {
		if u.Counter != uint64(i+1) {
			t.Fatalf("number %d at place %d", u.Counter, i)
		}
		r, err := envelope.Decode[approval.Release]([]byte(u.Release))
		p.must(err)
		receipts = append(receipts, r.Receipt)
	}
	p.must(approval.VerifyChains(o.Roster, receipts))
	p.do("sent", args{"counter": 2, "state": "approved"}, nil, nil)
	p.do("sent", args{"counter": 2, "state": "approved"}, nil, nil)
	p.do("sent", args{"counter": 1, "state": "request_expired"}, nil, nil)
	p.reload()
	p.do("unsent", nil, nil, &unsent)
	if len(unsent) != 1 || unsent[0].Counter != 3 {
		t.Fatalf("unsent %v", unsent)
	}
	var entries []desk.Entry
	p.do("history", nil, nil, &entries)
	if len(entries) != 3 || entries[0].State != "unsent" || entries[1].State != "approved" || entries[2].State != "request_expired" {
		t.Fatalf("history %v", entries)
	}
}

// each refusal happens to a phone on which one request is open.
func TestApprovingRefuses(t *testing.T) {
	type try struct {
		*phone
		card      desk.Card
		asked     *asked
		assertion desk.Assertion
		secrets   desk.Secrets
		typed     string
	}
	cases := []struct {
		name, want string
		edit       func(*roster.Policy)
		change     func(*try)
	}{
		{"another PRF output", "prf_output_changed", nil, func(y *try) { y.secrets["prf"][0]++ }},
		{"no PRF output", "prf_missing", nil, func(y *try) { y.secrets = nil }},
		{"no user verification", "user_verification_missing", nil, func(y *try) { y.assertion.AuthenticatorData[32] = 0x01 }},
		{"another passkey", "gesture_mismatch", nil, func(y *try) { y.assertion.CredentialID = envelope.Bytes("another") }},
		{"a gesture that was made for a check", "gesture_mismatch", nil, func(y *try) { y.assertion, _, _ = y.gesture("check", "", "") }},
		{"a gesture that was made for another request", "gesture_mismatch", nil, func(y *try) {
			y.office.ask("prod/other")
			other := y.list().Requests[1]
			y.assertion, _, _ = y.gesture("approve", other.Hash, "")
		}},
		{"a gesture that was used", "gesture_mismatch", nil, func(y *try) {
			_ = y.try("approve", args{"hash": y.card.Hash, "assertion": y.assertion}, nil, nil)
		}},
		{"a gesture that took too long", "gesture_expired", func(p *roster.Policy) { p.RequestTTL = 3600 }, func(y *try) { y.office.Now = y.office.Now.Add(5 * time.Minute) }},
		{"a request whose time is over", "request_expired", nil, func(y *try) {
			y.office.Now = y.office.Now.Add(5*time.Minute - time.Second)
			y.assertion, _, _ = y.gesture("approve", y.card.Hash, "")
			y.office.Now = y.office.Now.Add(time.Second)
		}},
		{"a code that was not typed", "match_code_wrong", func(p *roster.Policy) { p.MatchCode = true }, func(*try) {}},
		{"a wrong code", "match_code_wrong", func(p *roster.Policy) { p.MatchCode = true }, func(y *try) { y.typed = "0000-0000" }},
		{"a request that is not there", "request_absent", nil, func(y *try) { y.card.Hash = strings.Repeat("ab", 32) }},
		{"a consumer that was revoked since", "revoked", nil, func(y *try) {
			y.office.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: y.office.consumer.ID})
			y.news()
		}},
		{"this device, revoked since", "device_revoked", nil, func(y *try) {
			y.office.Append(roster.KindDeviceRevoke, roster.Removal{ID: y.deviceID()})
			y.news()
		}},
		{"its approver, revoked since", "approver_revoked", nil, func(y *try) {
			y.office.Append(roster.KindApproverRevoke, roster.Removal{ID: y.office.person("alice").ID})
			y.news()
		}},
	}
	for _, c := range thinned(cases, 0, 6, 13) {
		t.Run(c.name, func(t *testing.T) {
			o, p := ready(t, c.edit)
			y := &try{phone: p, asked: o.ask("prod/db")}
			y.card = p.one()
			assertion, prf, err := p.gesture("approve", y.card.Hash, "")
			p.must(err)
			y.assertion, y.secrets = assertion, desk.Secrets{"prf": prf}
			c.change(y)
			p.refused(c.want, "approve", args{"hash": y.card.Hash, "typed": y.typed, "assertion": y.assertion}, y.secrets)
			var unsent []desk.Unsent
			p.do("unsent", nil, nil, &unsent)
			if len(unsent) != 0 || p.stored["ledger"] != "" {
				t.Fatal("something was written down")
			}
		})
	}
}

// news hands the phone the newest statements with an answer that lists nothing: a
// call that waited, made while the device was still admitted.
func (p *phone) news() {
	p.t.Helper()
	var c desk.Call
	p.do("call", args{"after": envelope.NewID().String(), "wait": 2000}, nil, &c)
	s, err := envelope.Decode[envelope.Signed]([]byte(c.Call))
	p.must(err)
	call, err := envelope.Peek[approval.InboxCall](s, envelope.TypeInboxCall)
	p.must(err)
	device, err := p.office.Roster.FormerDevice(call.Device)
	p.must(err)
	in := approval.Inbox{Log: p.office.Log[call.Roster.Seq+1:], Items: []approval.Item{}}
	var r desk.Received
	p.do("receive", args{"call": c.Call, "sealed": p.office.seal(device, s, in)}, nil, &r)
	if r.Listed {
		p.t.Fatal("news passed for a listing")
	}
}

func (p *phone) deviceID() envelope.ID {
	p.t.Helper()
	id, err := envelope.ParseID(p.open().Device)
	p.must(err)
	p.list()
	return id
}

func TestAKeyringThatNobodyAdmittedApprovesNothing(t *testing.T) {
	o, p := ready(t, nil)
	o.ask("prod/db")
	// A row of somebody else's keyring, which this passkey opens.
	other := newPhone(t, newOffice(t))
	other.office.World = o.World
	other.auth = p.auth
	ticket := roster.NewTicket(o.Roster.Organisation(), o.Mount, o.person("alice").ID, "alice", envelope.At(o.Now.Add(time.Hour)))
	text, err := ticket.Reveal()
	p.must(err)
	other.do("readLink", args{"fragment": text}, nil, nil)
	other.must(other.makePasskey())
	_, err = other.wrap()
	p.must(err)
	other.do("confirm", nil, nil, nil)
	p.stored["device"] = swapped(t, p.stored["device"], other.stored["device"], "row", "key_check")
	p.reload()
	if _, err := p.approve(p.one()); desk.Name(err) != "keyring_not_in_force" {
		t.Fatalf("got %v", err)
	}
}

func TestAWrongCodeIsSaidBeforeTheGesture(t *testing.T) {
	o, p := ready(t, func(p *roster.Policy) { p.MatchCode = true })
	q := o.ask("prod/db")
	c := p.one()
	if !c.TypeCode || c.MatchCode != "" {
		t.Fatal("the code that has to be typed stands on the card")
	}
	p.refused("match_code_wrong", "gesture", args{"purpose": "approve", "hash": c.Hash, "typed": "0000-0000"}, nil)
	// Polling in between reviews the request anew; the comparison holds.
	assertion, prf, err := p.gesture("approve", c.Hash, strings.ToLower(approval.MatchCode(q.item.Request.Hash())))
	p.must(err)
	o.Now = o.Now.Add(10 * time.Second)
	p.list()
	var d desk.Decided
	p.do("approve", args{"hash": c.Hash, "assertion": assertion}, desk.Secrets{"prf": prf}, &d)
	if out, err := o.take(q, d.Release); err != nil || out.Value == nil {
		t.Fatalf("got %v", err)
	}
}

func TestWithConsentFirstThePersonIsAskedTwice(t *testing.T) {
	o, p := enrolled(t)
	bob := o.Admit("bob")
	o.policy(func(p *roster.Policy) { p.ConsentFirst = true }, coretest.Need("dba", 2, o.person("alice"), bob))
	q := o.ask("prod/db")
	c := p.one()
	if !c.ConsentFirst || c.Consented || c.Agreed {
		t.Fatalf("card %v", c)
	}
	d, err := p.approve(c)
	p.must(err)
	if !d.Consent {
		t.Fatal("the first yes released something")
	}
	_, err = o.take(q, d.Release)
	p.must(err)
	p.reload()
	c = p.one()
	if !c.Consented || c.Agreed || c.Requirements[0].Have != 1 {
		t.Fatalf("after the consent: %v", c)
	}
	if _, err := p.approve(c); desk.Name(err) != "consent_missing" {
		t.Fatalf("got %v", err)
	}
	rel := o.answer(q, bob, func(c *approval.Case, s envelope.Signer) (approval.Release, error) {
		return c.Consent(bob.Keyring, s, approval.Ledger{}, o.Now)
	})
	q.item.Decisions = append(q.item.Decisions, rel.Receipt)
	c = p.one()
	if !c.Agreed || len(c.Decisions) != 2 || c.Decisions[1].Approver != "bob" || c.Decisions[1].Device != "bob-terminal" {
		t.Fatalf("after both: %v", c)
	}
	d, err = p.approve(c)
	p.must(err)
	if out, err := o.take(q, d.Release); err != nil || out.Receipt.Form != approval.FormShare {
		t.Fatalf("got %v", err)
	}
}

func TestAConsentIsGivenOnce(t *testing.T) {
	o, p := enrolled(t)
	bob := o.Admit("bob")
	o.policy(func(p *roster.Policy) { p.ConsentFirst = true }, coretest.Need("dba", 2, o.person("alice"), bob))
	o.ask("prod/db") // whose broker never shows the consent
	c := p.one()
	_, err := p.approve(c)
	p.must(err)
	assertion, prf, err := p.gesture("consent", c.Hash, "")
	p.must(err)
	p.refused("request_replayed", "approve", args{"hash": c.Hash, "assertion": assertion}, desk.Secrets{"prf": prf})
}

// An earlier state of the storage, put back, has a ledger that is behind.
func TestADeviceThatWasPutBackAnswersNothing(t *testing.T) {
	for _, told := range thinned([]string{"while it waits", "as it ended"}, 1) {
		t.Run(told, func(t *testing.T) {
			o, p := ready(t, nil)
			before := maps.Clone(p.stored)
			q := o.ask("prod/db")
			d, err := p.approve(p.one())
			p.must(err)
			_, err = o.take(q, d.Release)
			p.must(err)
			p.do("sent", args{"counter": d.Counter, "state": "approved"}, nil, nil)
			if r := p.list(); r.Alarm != nil {
				t.Fatalf("its own answer alarms it: %s", r.Alarm.Text)
			}
			if told == "as it ended" {
				o.withdraw(q, approval.EndApproved, q.item.Decisions...)
			}
			o.ask("prod/db")

			p.stored = before
			p.reload()
			r := p.list()
			if r.Alarm == nil || r.Alarm.Name != "device_overtaken" {
				t.Fatalf("alarm %v", r.Alarm)
			}
			other := r.Requests[len(r.Requests)-1]
			_, err = p.approve(other)
			if desk.Name(err) != "device_overtaken" {
				t.Fatalf("got %v", err)
			}
			p.reload()
			p.list()
			p.refused("device_overtaken", "deny", args{"hash": other.Hash}, nil)
		})
	}
}
