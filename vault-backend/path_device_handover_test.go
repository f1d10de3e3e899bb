package backend

import (
	"net/http"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// handing is a handover between alice's device and a new one.
type handing struct {
	*rig
	link  roster.Handover
	seed  *envelope.Key // of the new device
	offer roster.OfferMessage
}

func (r *rig) handsOver() *handing {
	r.t.Helper()
	h := &handing{rig: r, seed: envelope.NewKey()}
	h.link = roster.NewHandover(r.Roster.Organisation(), r.Mount, r.alice.ID, "alice", envelope.At(r.Now.Add(handoverTime)))
	h.offer = h.offers("tablet")
	return h
}

func (h *handing) offers(device string) roster.OfferMessage {
	h.t.Helper()
	m, err := h.link.Offer(device, h.seed)
	h.Must(err)
	return m
}

func (h *handing) callBy(p *approver, sealed *envelope.Envelope) map[string]any {
	h.t.Helper()
	call, err := approval.CallHandover(h.Roster, p.Device.ID(), p.Device.Signer(), h.link, sealed, h.Now)
	h.Must(err)
	return map[string]any{"call": h.text(call)}
}

func (h *handing) calls(sealed *envelope.Envelope) map[string]any {
	h.t.Helper()
	return h.do(update, "device/handover", h.callBy(h.alice, sealed))
}

func (h *handing) posted() map[string]any {
	h.t.Helper()
	token, err := h.link.PostToken()
	h.Must(err)
	return map[string]any{"id": h.link.ID.String(), "token": envelope.Bytes(token.Bytes()).String(), "offer": h.text(h.offer)}
}

func (h *handing) gives() *envelope.Envelope {
	h.t.Helper()
	o, err := h.link.ReadOffer(h.offer, h.Now)
	h.Must(err)
	sealed, err := h.link.Give(h.alice.Keyring, o)
	h.Must(err)
	return &sealed
}

const offerPath = "device/handover/offer"

func TestAKeyringIsHandedOver(t *testing.T) {
	h := newOrganisation(t).handsOver()
	for range 2 {
		if got := h.calls(nil); got["state"] != handoverOpen || got["offer"] != "" {
			t.Fatalf("state %v", got["state"])
		}
	}
	for range 2 {
		if got := h.do(update, offerPath, h.posted()); got["state"] != handoverOffered || got["sealed"] != "" {
			t.Fatalf("state %v", got["state"])
		}
	}
	got := h.calls(nil)
	if got["state"] != handoverOffered || got["offer"] != h.text(h.offer) {
		t.Fatalf("state %v", got["state"])
	}
	sealed := h.gives()
	for range 2 {
		if got := h.calls(sealed); got["state"] != handoverGiven {
			t.Fatalf("state %v", got["state"])
		}
	}
	got = h.do(update, offerPath, h.posted())
	if got["state"] != handoverGiven {
		t.Fatalf("state %v", got["state"])
	}
	taken, err := envelope.Decode[envelope.Envelope]([]byte(got["sealed"].(string)))
	h.Must(err)
	k, err := h.link.Take(h.seed, "tablet", taken)
	h.Must(err)
	public, err := k.Public()
	h.Must(err)
	a, err := h.Roster.Approver(h.alice.ID)
	h.Must(err)
	h.Must(a.Holds(public))
}

func TestHandoversThatAreRefused(t *testing.T) {
	r := newOrganisation(t)
	h, other := r.handsOver(), r.handsOver()
	bob := &approver{Person: r.Admit("dora")}
	r.push()
	bad := func(change func(map[string]any)) map[string]any {
		data := h.posted()
		change(data)
		return data
	}
	r.refused(update, offerPath, h.posted(), http.StatusNotFound, "handover_missing")
	r.refused(update, "device/handover", h.callBy(r.alice, h.gives()), http.StatusNotFound, "handover_missing")
	h.calls(nil)
	r.refused(update, "device/handover", h.callBy(bob, nil), http.StatusConflict, "handover_exists")
	r.refused(update, "device/handover", h.callBy(r.alice, h.gives()), http.StatusConflict, "handover_unanswered")
	for name, c := range map[string]struct {
		data   map[string]any
		status int
		err    string
	}{
		"another link's token": {bad(func(d map[string]any) { d["token"] = other.posted()["token"] }), http.StatusForbidden, "handover_token_invalid"},
		"no token":             {bad(func(d map[string]any) { delete(d, "token") }), http.StatusForbidden, "handover_token_invalid"},
		"another's offer":      {bad(func(d map[string]any) { d["offer"] = r.text(other.offer) }), http.StatusForbidden, "handover_token_invalid"},
		"no id":                {bad(func(d map[string]any) { delete(d, "id") }), http.StatusBadRequest, "input_invalid"},
		"no offer":             {bad(func(d map[string]any) { delete(d, "offer") }), http.StatusBadRequest, "input_invalid"},
		"white space":          {bad(func(d map[string]any) { d["offer"] = d["offer"].(string) + " " }), http.StatusBadRequest, "encoding_not_canonical"},
		"a long offer":         {bad(func(d map[string]any) { d["offer"] = string(make([]byte, maxOffer+1)) }), http.StatusBadRequest, "message_too_large"},
		"a short MAC": {bad(func(d map[string]any) {
			d["offer"] = r.text(roster.OfferMessage{Payload: h.offer.Payload, MAC: h.offer.MAC[1:]})
		}), http.StatusBadRequest, "encoding_not_canonical"},
	} {
		t.Run(name, func(t *testing.T) {
			r.refused(update, offerPath, c.data, c.status, c.err)
			if got := h.calls(nil); got["state"] != handoverOpen {
				t.Fatalf("state %v", got["state"])
			}
		})
	}
	r.do(update, offerPath, h.posted())
	second := bad(func(d map[string]any) { d["offer"] = r.text(h.offers("somebody else's")) })
	r.refused(update, offerPath, second, http.StatusConflict, "handover_answered")
	h.calls(h.gives())
	r.refused(update, "device/handover", h.callBy(r.alice, h.gives()), http.StatusConflict, "handover_exists")
}

func TestHandoverCallsAreOfDevicesInForce(t *testing.T) {
	r := newOrganisation(t)
	h := r.handsOver()
	forged, err := approval.CallHandover(r.Roster, r.alice.Device.ID(), envelope.NewSigningKey(envelope.NewKey()), h.link, nil, r.Now)
	r.Must(err)
	r.refused(update, "device/handover", map[string]any{"call": r.text(forged)}, http.StatusForbidden, "signature_invalid")
	old := h.callBy(r.alice, nil)
	r.Now = r.Now.Add(time.Hour)
	r.refused(update, "device/handover", old, http.StatusBadRequest, "inbox_invalid")
	h = r.handsOver()
	h.calls(nil)
	r.do(update, offerPath, h.posted())
	h.calls(h.gives())
	r.Append(roster.KindDeviceRevoke, roster.Removal{ID: r.alice.Device.ID()})
	r.push()
	r.refused(update, "device/handover", h.callBy(r.alice, nil), http.StatusForbidden, "revoked")
	r.refused(update, offerPath, h.posted(), http.StatusNotFound, "handover_missing")
	if n := len(r.b.handovers.boxes); n != 0 {
		t.Fatalf("%d handovers are kept of a device that was revoked", n)
	}
}

func TestAHandoverIsOverAfterTenMinutes(t *testing.T) {
	r := newOrganisation(t)
	h := r.handsOver()
	h.calls(nil)
	r.do(update, offerPath, h.posted())
	h.calls(h.gives())
	r.Now = r.Now.Add(handoverTime - time.Second)
	late := h.callBy(r.alice, nil)
	r.Now = r.Now.Add(time.Second)
	r.refused(update, offerPath, h.posted(), http.StatusGone, "handover_expired")
	// A call that is still fresh does not open it again.
	r.refused(update, "device/handover", late, http.StatusGone, "handover_expired")
	r.b.handovers.forget(envelope.At(r.Now))
	if b := r.b.handovers.boxes[h.link.ID]; b.offer != "" || b.sealed != "" {
		t.Fatal("what was handed over is kept")
	}
	r.Now = r.Now.Add(handoverKept)
	r.refused(update, "device/handover", late, http.StatusBadRequest, "inbox_invalid")
	r.tidies()
	if n := len(r.b.handovers.boxes); n != 0 {
		t.Fatalf("%d handovers are remembered", n)
	}
	r.refused(update, offerPath, h.posted(), http.StatusNotFound, "handover_missing")
}

func TestHandoversAreFew(t *testing.T) {
	r := newOrganisation(t)
	for range maxDeviceHandovers {
		r.handsOver().calls(nil)
	}
	h := r.handsOver()
	r.refused(update, "device/handover", h.callBy(r.alice, nil), http.StatusUnprocessableEntity, "handover_cap")
	r.Now = r.Now.Add(handoverTime)
	h.calls(nil)

	m := mailbox{}
	for range maxHandovers {
		_, err := m.call(&approval.HandoverCall{Device: envelope.NewID(), Handover: envelope.NewID()}, "", 1)
		r.Must(err)
	}
	if _, err := m.call(&approval.HandoverCall{Device: envelope.NewID(), Handover: envelope.NewID()}, "", 1); err == nil {
		t.Fatal("there is no end to handovers")
	}
}

func TestAHandoverLeavesNothingInStorage(t *testing.T) {
	r := newOrganisation(t)
	h := r.handsOver()
	before := len(r.contents())
	h.calls(nil)
	r.do(update, offerPath, h.posted())
	h.calls(h.gives())
	if after := len(r.contents()); after != before {
		t.Fatalf("%d entries more", after-before)
	}
	r.start()
	r.refused(update, offerPath, h.posted(), http.StatusNotFound, "handover_missing")
}
