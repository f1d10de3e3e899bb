package desk_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// endless has a broker answer every call that lists with what page returns, and
// that there is more, and counts the calls until the desk refuses one.
func endless(t *testing.T, o *office, p *phone, page func() approval.Inbox) (calls int, last desk.Received, err error) {
	t.Helper()
	for calls < 2000 {
		var c desk.Call
		p.do("call", args{"after": last.After, "wait": 0}, nil, &c)
		signed, err := envelope.Decode[envelope.Signed]([]byte(c.Call))
		o.Must(err)
		_, device, err := approval.ReadInboxCall(o.Roster, signed, o.Now)
		o.Must(err)
		in := page()
		in.More = true
		calls++
		r := desk.Received{}
		if err := p.try("receive", args{"call": c.Call, "sealed": o.seal(device, signed, in)}, nil, &r); err != nil {
			return calls, last, err
		}
		last = r
	}
	t.Fatal("the listing goes on for ever")
	return calls, last, nil
}

func TestABrokerThatAlwaysSaysMoreIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		page  func(o *office) approval.Inbox
		calls int
	}{
		"with nothing": {func(*office) approval.Inbox {
			return approval.Inbox{Log: []envelope.Signed{}, Items: []approval.Item{}}
		}, 1},
		"with statements that are known": {func(o *office) approval.Inbox {
			return approval.Inbox{Log: o.Log[1:], Items: []approval.Item{}}
		}, 1},
		"with the same requests": {func(o *office) approval.Inbox {
			in := approval.Inbox{Log: []envelope.Signed{}}
			for range 100 {
				in.Items = append(in.Items, o.items[0].item)
			}
			return in
		}, 11},
	} {
		t.Run(name, func(t *testing.T) {
			o, p := ready(t, nil)
			o.ask("prod/db")
			if r := p.list(); len(r.Requests) != 1 {
				t.Fatalf("%d requests", len(r.Requests))
			}
			calls, last, err := endless(t, o, p, func() approval.Inbox { return test.page(o) })
			if !errors.Is(err, approval.ErrInbox) || calls != test.calls {
				t.Fatalf("call %d: %v", calls, err)
			}
			if calls > 1 && len(last.Requests) != 1 {
				t.Fatalf("%d requests are shown meanwhile", len(last.Requests))
			}
			// An honest listing works as before.
			if r := p.list(); len(r.Requests) != 1 || !r.Listed {
				t.Fatalf("%d requests afterwards", len(r.Requests))
			}
		})
	}
}

// A long log comes in many pages without a request, each of which goes on.
func TestALogOfManyPagesIsRead(t *testing.T) {
	o, p := ready(t, nil)
	p.list()
	from := len(o.Log)
	seen := from
	for i := range 5 {
		o.Admit(fmt.Sprintf("bob-%d", i))
	}
	o.ask("prod/db")
	pages := 0
	_, _, err := endless(t, o, p, func() approval.Inbox {
		in := approval.Inbox{Log: []envelope.Signed{}, Items: []approval.Item{}}
		if seen < len(o.Log) {
			in.Log = o.Log[seen : seen+1]
			seen++
			pages++
		}
		return in
	})
	if !errors.Is(err, approval.ErrInbox) || pages < 5 || pages != len(o.Log)-from {
		t.Fatalf("%d pages: %v", pages, err)
	}
	if r := p.list(); len(r.Requests) != 1 {
		t.Fatalf("%d requests", len(r.Requests))
	}
}
