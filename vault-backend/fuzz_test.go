package backend

import (
	"errors"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// FuzzMessages sends texts to every path that takes a signed or sealed message.
// Whatever is not a message somebody known made is a 4xx and never a fault.
func FuzzMessages(f *testing.F) {
	r, host := withHost(f)
	version := r.seal(host, "host/db", nil, `{"k":"v"}`)
	r.do(update, "sealed/host/db", map[string]any{"version": r.text(version)})
	call, err := approval.CallInbox(r.Roster, r.alice.Device.ID(), r.alice.Device.Signer(), envelope.ID{}, 0, r.Now)
	r.Must(err)
	h := r.hostAsks(host, "host/db")
	r.refused(update, "release/host/db", map[string]any{"request": r.text(h.signed), "wait": "0s"}, 423, "request_waiting")
	i := r.invite()
	r.do(update, i.path(), i.created(r))
	_, certificate := r.further(r.alice.Person, "tablet")
	over := r.handsOver()
	handing, err := envelope.Decode[envelope.Signed]([]byte(over.callBy(r.alice, nil)["call"].(string)))
	r.Must(err)
	over.calls(nil)
	targets := []struct{ path, field string }{
		{"device/inbox", "call"}, {"device/answer", "release"}, {i.path() + "/answer", "message"},
		{"sealed/host/db", "version"}, {"release/host/db", "request"}, {"org/log", "statements"},
		{"device/propose", "certificate"}, {"device/handover", "call"}, {offerPath, "offer"}, {i.path() + "/answer", "kit"},
	}
	seeds := []any{call, r.denial(r.alice, r.waitFor(r.alice), "no"), nil, r.seal(host, "host/db", version, `{"k":"w"}`), h.signed, r.Log[len(r.Log)-1],
		certificate, handing, over.offer, r.recovery(i.ticket.Approver).kit}
	for n, seed := range seeds {
		text := i.message
		if seed != nil {
			text = r.text(seed)
		}
		f.Add(n, text[:len(text)-1])
		f.Add(n, text+"}")
	}
	f.Fuzz(func(t *testing.T, n int, text string) {
		r.t, r.T = t, t
		target := targets[uint(n)%uint(len(targets))]
		r.Now = r.Now.Add(refusalWindow) // so that no address is refused for having been refused
		data := map[string]any{}
		switch target.field {
		case "message":
			data["token"] = i.posted(r)["token"]
		case "kit":
			data = i.posted(r)
			data["kit_token_hash"] = envelope.SumHash(nil).String()
		case "offer":
			data = over.posted()
		}
		data[target.field] = text
		_, err := r.send(r.request(update, target.path, data))
		var coded logical.HTTPCodedError
		if err != nil && (!errors.As(err, &coded) || coded.Code() >= 500) {
			t.Fatalf("%s: %v", target.path, err)
		}
	})
}
