package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// What is muted is listed as ever, says until when it is quiet, and calls again
// afterwards.
func TestMutedRequestsAreQuietAndNotLost(t *testing.T) {
	for _, c := range []struct {
		what, lasts, name string
		until             time.Duration
	}{
		{"requester", "hour", "carol", time.Hour},
		{"consumer", "day", "deploy-host", 24 * time.Hour},
	} {
		t.Run(c.what, func(t *testing.T) {
			o, p := ready(t, func(p *roster.Policy) { p.RequestTTL = 3600 })
			o.ask("prod/db")
			first := p.one()
			if first.Muted != "" {
				t.Fatalf("muted until %s from the beginning", first.Muted)
			}
			var q desk.Quiet
			p.do("mute", args{"hash": first.Hash, "what": c.what, "for": c.lasts}, nil, &q)
			until := envelope.At(o.Now.Add(c.until)).Time().Format(time.RFC3339Nano)
			if len(q.Mutes) != 1 || q.Mutes[0].Name != c.name || q.Mutes[0].What != c.what || q.Mutes[0].Until != until || len(q.Requests) != 1 || q.Requests[0].Muted != until {
				t.Fatalf("got %v", q)
			}
			p.reload()
			o.ask("prod/other")
			r := p.list()
			if len(r.Requests) != 2 || r.Requests[0].Muted != until || r.Requests[1].Muted != until || len(r.Mutes) != 1 {
				t.Fatalf("after a reload: %v", r)
			}
			if _, err := p.approve(r.Requests[0]); err != nil {
				t.Fatalf("what is quiet cannot be answered: %v", err)
			}
			o.items, o.Now = nil, o.Now.Add(c.until)
			o.ask("prod/third")
			if r := p.list(); len(r.Mutes) != 0 || len(r.Requests) != 1 || r.Requests[0].Muted != "" || p.keeps("muted/") {
				t.Fatalf("still quiet when its time is over: %v", r)
			}
		})
	}
}

func (p *phone) keeps(prefix string) bool {
	for key := range p.stored {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

func TestAMuteIsOfOneRequesterAlone(t *testing.T) {
	o, p := ready(t, nil)
	o.ask("prod/db")
	o.askAs("prod/other", approval.Origin{Requester: "carol", Entity: "entity-another-carol", UID: -1, PID: -1})
	cards := p.list().Requests
	var q desk.Quiet
	p.do("mute", args{"hash": cards[0].Hash, "what": "requester", "for": "hour"}, nil, &q)
	if q.Requests[0].Muted == "" || q.Requests[1].Muted != "" {
		t.Fatalf("muted %v", q.Requests)
	}
	p.do("unmute", args{"id": q.Mutes[0].ID}, nil, &q)
	if len(q.Mutes) != 0 || q.Requests[0].Muted != "" {
		t.Fatalf("not unmuted: %v", q)
	}
}

func TestMutingRefusesWhatItDoesNotKnow(t *testing.T) {
	o, p := ready(t, nil)
	o.ask("prod/db")
	hash := p.one().Hash
	p.refused("mute_invalid", "mute", args{"hash": hash, "what": "everybody", "for": "day"}, nil)
	p.refused("mute_invalid", "mute", args{"hash": hash, "what": "requester", "for": "ever"}, nil)
	p.refused("request_absent", "mute", args{"hash": strings.Repeat("ab", 32), "what": "requester", "for": "day"}, nil)
}

// The head names the last receipt, in the order in which `receipts verify` reads
// it.
func TestTheHeadNamesTheLastReceipt(t *testing.T) {
	o, p := ready(t, nil)
	var head desk.Head
	p.do("head", nil, nil, &head)
	if head.Receipt != "" {
		t.Fatalf("before the first receipt: %q", head.Receipt)
	}
	o.ask("prod/db")
	d, err := p.approve(p.one())
	p.must(err)
	r, err := envelope.Decode[approval.Release]([]byte(d.Release))
	p.must(err)
	p.reload()
	p.do("head", nil, nil, &head)
	if want := p.deviceID().String() + ":1:" + r.Receipt.Hash().String(); head.Receipt != want {
		t.Fatalf("got %q, want %q", head.Receipt, want)
	}
}
