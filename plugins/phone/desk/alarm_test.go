package desk_test

import (
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// emergency is an office where alice and bob open what is ordinary, and the
// directors, of whom alice may be one, break the glass.
func emergency(t *testing.T, aliceDirects bool) (o *office, p *phone, erin, frank *coretest.Person) {
	o, p = enrolled(t)
	bob := o.Admit("bob")
	erin, frank = o.Admit("erin"), o.Admit("frank")
	dba, directors := coretest.Need("dba", 1, o.person("alice"), bob), coretest.Need("directors", 2, erin, frank)
	if aliceDirects {
		dba, directors = coretest.Need("dba", 1, bob, frank), coretest.Need("directors", 2, o.person("alice"), erin)
	}
	o.policy(func(p *roster.Policy) { p.BreakGlass, p.MinimumCoverage = &directors, 0 }, dba)
	return o, p, erin, frank
}

// breaks has somebody ask to break the glass.
func (o *office) breaks(path string) *asked {
	terms := carol()
	terms.BreakGlass = true
	return o.askWith(o.sealed(path), path, terms)
}

// alarm tells everybody of a request.
func (o *office) alarm(q *asked) {
	o.alarms = []approval.Alarm{{Request: q.item.Request, Decisions: append([]envelope.Signed{}, q.item.Decisions...)}}
}

// Who breaks the glass is shown to everybody, until it is dismissed on the device,
// and again when more has happened.
func TestBreakingTheGlassAlarmsUntilDismissed(t *testing.T) {
	o, p, erin, _ := emergency(t, false)
	q := o.breaks("prod/db")
	o.items = nil // alice is not asked
	o.alarm(q)
	r := p.list()
	if len(r.Alarms) != 1 || r.Alarms[0].Path != "prod/db" || r.Alarms[0].Requester != "carol" || r.Alarms[0].Reason != "incident 7" || r.Alarms[0].Released {
		t.Fatalf("alarms %v", r.Alarms)
	}
	hash := r.Alarms[0].Hash
	o.alarms = nil
	p.reload()
	if r := p.list(); len(r.Alarms) != 1 {
		t.Fatal("the broker made the alarm go away")
	}
	var left desk.Alarms
	p.do("dismiss", args{"hash": hash}, nil, &left)
	o.alarm(q)
	p.reload()
	if r := p.list(); len(left.Alarms)+len(r.Alarms) != 0 {
		t.Fatalf("dismissed, and back: %v", r.Alarms)
	}
	q.item.Decisions = append(q.item.Decisions, o.answer(q, erin, func(c *approval.Case, s envelope.Signer) (approval.Release, error) {
		return c.Approve(erin.Keyring, s, approval.Ledger{}, o.Now)
	}).Receipt)
	o.alarm(q)
	r = p.list()
	if len(r.Alarms) != 1 || !r.Alarms[0].Released || len(r.Alarms[0].Decisions) != 1 || r.Alarms[0].Decisions[0].Approver != "erin" {
		t.Fatalf("after the approval: %v", r.Alarms)
	}
	o.alarms[0].Decisions = []envelope.Signed{}
	if r := p.list(); len(r.Alarms) != 1 || !r.Alarms[0].Released {
		t.Fatal("the broker took the approval back")
	}
	p.refused("request_absent", "dismiss", args{"hash": "no such"}, nil)
}

func TestAlarmsThatNobodySignedAreIgnored(t *testing.T) {
	o, p, _, _ := emergency(t, false)
	ordinary := o.ask("prod/db")
	o.items = nil
	o.alarm(ordinary) // nobody broke anything
	if r := p.list(); len(r.Alarms) != 0 {
		t.Fatalf("alarms %v", r.Alarms)
	}
}

// Who may break the glass is shown that alone: another card, of other people, that
// nothing keeps quiet.
func TestACardForBreakingTheGlass(t *testing.T) {
	o, p, _, _ := emergency(t, true)
	q := o.breaks("prod/db")
	o.alarm(q)
	r := p.list()
	c := r.Requests[0]
	if !c.BreakGlass || tally(c.Requirements) != "0 of 2 directors: ; alice erin" || c.Tally != "0 of 2 directors" || len(r.Alarms) != 0 {
		t.Fatalf("the card says %v; alarms %v", c.Requirements, r.Alarms)
	}
	var quiet desk.Quiet
	p.do("mute", args{"hash": c.Hash, "what": "requester", "for": "day"}, nil, &quiet)
	if quiet.Requests[0].Muted != "" {
		t.Fatal("an emergency can be muted")
	}
	d, err := p.approve(c)
	p.must(err)
	if out, err := o.take(q, d.Release); err != nil || out.Receipt.Form != approval.FormShare {
		t.Fatalf("got %v", err)
	}
	var entries []desk.Entry
	p.do("history", nil, nil, &entries)
	if len(entries) != 1 || !entries[0].Glass {
		t.Fatalf("history %v", entries)
	}
	o.items = nil
	o.alarm(q)
	if r := p.list(); len(r.Alarms) != 1 || !r.Alarms[0].Released {
		t.Fatalf("once it is answered: %v", r.Alarms)
	}
}

func TestADenialMayReport(t *testing.T) {
	o, p := ready(t, nil)
	q := o.ask("prod/db")
	var d desk.Decided
	p.do("deny", args{"hash": p.one().Hash, "reason": "who is this?", "report": true}, nil, &d)
	rel, err := envelope.Decode[approval.Release]([]byte(d.Release))
	p.must(err)
	rec, err := approval.ReadReceipt(o.Roster, rel.Receipt)
	p.must(err)
	if _, err := o.take(q, d.Release); err == nil || !rec.Report || rec.Reason != "who is this?" {
		t.Fatalf("the receipt says %t, %q", rec.Report, rec.Reason)
	}
	var entries []desk.Entry
	p.do("history", nil, nil, &entries)
	if len(entries) != 1 || !entries[0].Report {
		t.Fatalf("history %v", entries)
	}
}
