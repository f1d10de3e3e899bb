package backend

import (
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// hostAsk is a host's side of a request.
type hostAsk struct {
	verified *secret.Verified
	pending  *approval.Pending
	signed   envelope.Signed
	asked    *approval.Request
}

// hostAsks signs a request of a host for what it fetches from sealed/.
func (r *rig) hostAsks(host *coretest.Consumer, path string) *hostAsk {
	r.t.Helper()
	v, err := envelope.Decode[secret.Version]([]byte(r.do(read, "sealed/"+path, nil)["version"].(string)))
	r.Must(err)
	h := &hostAsk{}
	h.verified, err = v.Verify(r.Roster, r.Mount, path)
	r.Must(err)
	origin := approval.Origin{Requester: "reader", Entity: "entity-reader", Host: "db1", UID: -1, PID: -1}
	h.pending, h.signed, err = approval.Ask(r.Roster, h.verified, host.ID, host.Signer, approval.Terms{Origin: origin}, r.Now)
	r.Must(err)
	h.asked, _, err = approval.ReadRequest(r.Roster, h.signed, r.Now)
	r.Must(err)
	return h
}

// opens opens what release/ answered.
func (r *rig) opens(h *hostAsk, data map[string]any) string {
	r.t.Helper()
	for _, text := range data["releases"].([]string) {
		rel, err := envelope.Decode[approval.Release]([]byte(text))
		r.Must(err)
		out, err := h.pending.Accept(r.Roster, h.asked, h.verified, rel, r.Now)
		r.Must(err)
		if out.Value != nil {
			return string(out.Value.JSON())
		}
	}
	r.t.Fatal("nothing opens")
	return ""
}

func TestAHostGetsWhatOnlyItCanOpen(t *testing.T) {
	r, host := withHost(t)
	r.do(update, "sealed/host/db", map[string]any{"version": r.text(r.seal(host, "host/db", nil, `{"n":12345678901234567890}`))})
	h := r.hostAsks(host, "host/db")
	ask := map[string]any{"request": r.text(h.signed), "wait": "0s"}
	r.refused(update, "release/host/db", ask, http.StatusLocked, "request_waiting")
	r.refused(update, "release/host/other", ask, http.StatusBadRequest, "request_mismatch")
	r.start() // the host holds the key: its request outlives the process
	r.answer(r.approval(r.alice, r.waitFor(r.alice)))
	for range 2 {
		got := r.do(update, "release/host/db", map[string]any{"request": r.text(h.signed)})
		if got["state"] != "approved" || len(got["decisions"].([]any)) != 1 {
			t.Fatalf("state %v", got["state"])
		}
	}
	if value := r.opens(h, r.do(update, "release/host/db", ask)); value != `{"n":12345678901234567890}` {
		t.Fatal("another value than the one sealed")
	}
	opened, err := approval.ReportOpened(r.Roster, h.asked, h.signed.Hash(), h.verified, []envelope.ID{r.alice.ID}, nil, host.Signer, r.Now)
	r.Must(err)
	said := map[string]any{"opened": r.text(opened)}
	if got := r.do(update, "release/host/db", said); got["state"] != "noted" {
		t.Fatalf("state %v", got["state"])
	}
	r.refused(update, "release/host/other", said, http.StatusBadRequest, "request_mismatch")
	said["request"] = r.text(h.signed)
	r.refused(update, "release/host/db", said, http.StatusBadRequest, "input_invalid")
	r.refused(read, "secret/host/db", nil, http.StatusForbidden, "host_consumers_only")
}

func TestAHostSpeaksForItsOwnEntityOnly(t *testing.T) {
	r, host := withHost(t)
	r.do(update, "sealed/host/db", map[string]any{"version": r.text(r.seal(host, "host/db", nil, `{"k":"v"}`))})
	h := r.hostAsks(host, "host/db")
	req := r.request(update, "release/host/db", map[string]any{"request": r.text(h.signed), "wait": "0s"})
	req.EntityID = "entity-somebody"
	_, err := r.send(req)
	r.checkRefused(err, http.StatusForbidden, "entity_mismatch")
}

func TestADecisionThatIsCutOffLosesNothing(t *testing.T) {
	var h *hostAsk
	for name, deny := range map[string]bool{"approval": false, "denial": true} {
		t.Run(name, func(t *testing.T) {
			var rel approval.Release
			stopEverywhere(t,
				func(r *rig) {
					host := r.AdmitConsumer("host", roster.ConsumerHost)
					r.SetPolicy(coretest.Policy("host", "host/*", []*coretest.Consumer{host}, coretest.Need("ops", 1, r.alice.Person)))
					r.push()
					r.do(update, "sealed/host/db", map[string]any{"version": r.text(r.seal(host, "host/db", nil, `{"k":"v"}`))})
					h = r.hostAsks(host, "host/db")
					r.refused(update, "release/host/db", map[string]any{"request": r.text(h.signed), "wait": "0s"}, http.StatusLocked, "request_waiting")
					item := r.waitFor(r.alice)
					if rel = (approval.Release{}); deny {
						rel = r.denial(r.alice, item, "no")
					} else {
						rel = r.approval(r.alice, item)
					}
				},
				func(r *rig) *logical.Request {
					return r.request(update, "device/answer", map[string]any{"release": r.text(rel)})
				},
				func(*rig) {},
				func(r *rig) {
					got := r.do(update, "release/host/db", map[string]any{"request": r.text(h.signed)})
					if len(got["releases"].([]string)) != 1 || (got["state"] == "denied") != deny {
						t.Fatalf("state %v, %d releases", got["state"], len(got["releases"].([]string)))
					}
					ids := r.do(list, "receipts/", nil)["keys"].([]string)
					if len(ids) != 1 || len(r.do(read, "receipts/"+ids[0], nil)["evidence"].([]string)) != 1 {
						t.Fatalf("%d requests on record", len(ids))
					}
				})
		})
	}
}

func TestInboxesAreForDevicesInForce(t *testing.T) {
	r := newOrganisation(t)
	stranger := &approver{Person: &coretest.Person{Device: r.alice.Device, Keyring: r.alice.Keyring, ID: r.alice.ID}}
	call, err := approval.CallInbox(r.Roster, stranger.Device.ID(), envelope.NewSigningKey(envelope.NewKey()), envelope.ID{}, 0, r.Now)
	r.Must(err)
	r.refused(update, "device/inbox", map[string]any{"call": r.text(call)}, http.StatusForbidden, "signature_invalid")
	old, err := approval.CallInbox(r.Roster, r.alice.Device.ID(), r.alice.Device.Signer(), envelope.ID{}, 0, r.Now.Add(-time.Hour))
	r.Must(err)
	r.refused(update, "device/inbox", map[string]any{"call": r.text(old)}, http.StatusBadRequest, "inbox_invalid")
	r.Append(roster.KindApproverRevoke, roster.Removal{ID: r.alice.ID})
	r.push()
	fresh, err := approval.CallInbox(r.Roster, r.alice.Device.ID(), r.alice.Device.Signer(), envelope.ID{}, 0, r.Now)
	r.Must(err)
	r.refused(update, "device/inbox", map[string]any{"call": r.text(fresh)}, http.StatusForbidden, "revoked")
}

// Many approvers may share an address with somebody who guesses.
func TestADeviceIsServedWhateverItsAddressDoes(t *testing.T) {
	r := newOrganisation(t)
	forged, err := approval.CallInbox(r.Roster, r.alice.Device.ID(), envelope.NewSigningKey(envelope.NewKey()), envelope.ID{}, 0, r.Now)
	r.Must(err)
	call := map[string]any{"call": r.text(forged)}
	for range maxRefusals {
		r.refused(update, "device/inbox", call, http.StatusForbidden, "signature_invalid")
	}
	r.refused(update, "device/inbox", call, http.StatusUnprocessableEntity, "address_cap")
	r.refused(update, "device/kit", map[string]any{"token": "x"}, http.StatusUnprocessableEntity, "address_cap")
	r.open(r.alice, envelope.ID{})
}
