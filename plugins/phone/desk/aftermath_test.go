package desk_test

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// A broker does not list what somebody consented to until all have. It rests
// here, with what is known of it, until it goes on or its end is told.
func TestWhatWasConsentedToRestsUntilItGoesOn(t *testing.T) {
	for _, end := range []approval.EndState{"", approval.EndDenied} {
		t.Run(string(end), func(t *testing.T) {
			o, p := enrolled(t)
			bob := o.Admit("bob")
			o.policy(func(p *roster.Policy) { p.ConsentFirst = true }, coretest.Need("dba", 2, o.person("alice"), bob))
			q := o.ask("prod/db")
			d, err := p.approve(p.one())
			p.must(err)
			_, err = o.take(q, d.Release)
			p.must(err)
			p.list()
			o.items = nil
			if c := p.one(); !c.Consented || c.Agreed {
				t.Fatalf("it is not kept: %v", c)
			}
			if end != "" {
				o.withdraw(q, end)
				if r := p.list(); len(r.Requests) != 0 || len(r.Ended) != 1 {
					t.Fatalf("still there: %v", r.Requests)
				}
				return
			}
			o.Now = o.Now.Add(5 * time.Minute)
			if r := p.list(); len(r.Requests) != 0 || len(r.Ended) != 1 || r.Ended[0].How != "expired" {
				t.Fatalf("outlives its time: %v, ended %v", r.Requests, r.Ended)
			}
		})
	}
}

// What others made of a request that was approved here stands in the history.
func TestTheHistorySaysWhatOthersMadeOfIt(t *testing.T) {
	o, p := enrolled(t)
	bob := o.Admit("bob")
	o.policy(nil, coretest.Need("dba", 2, o.person("alice"), bob))
	q := o.ask("prod/db")
	d, err := p.approve(p.one())
	p.must(err)
	p.do("sent", args{"counter": d.Counter, "state": "waiting"}, nil, nil)
	p.list()
	o.withdraw(q, approval.EndDenied, o.denyBy(q, bob))
	p.list()
	p.reload()
	var entries []desk.Entry
	p.do("history", nil, nil, &entries)
	if len(entries) != 1 || entries[0].State != "denied" {
		t.Fatalf("history %v", entries)
	}
}
