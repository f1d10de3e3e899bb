package backend

import (
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/helper/locksutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// recovery is a recovery kit with what it is asked for with.
type recovery struct {
	kit   keyring.Kit
	token *envelope.Key
}

func (r *rig) recovery(approver envelope.ID) *recovery {
	r.t.Helper()
	key := envelope.NewKey()
	token, err := keyring.KitToken(key)
	r.Must(err)
	sealed, err := envelope.Seal(key, envelope.Context{
		Purpose: envelope.PurposeKit, Organisation: r.Roster.Organisation(), Mount: r.self(), Recipient: approver,
	}, []byte("a backup"))
	r.Must(err)
	return &recovery{keyring.Kit{Organisation: r.Roster.Organisation(), Mount: r.self(), Approver: approver, Sealed: sealed}, token}
}

// self is the mount's id.
func (r *rig) self() envelope.ID {
	r.t.Helper()
	me, err := r.b.self(r.t.Context())
	r.Must(err)
	return me.id
}

// beside adds a kit to what a device posts.
func (k *recovery) beside(r *rig, data map[string]any) map[string]any {
	r.t.Helper()
	data["kit"], data["kit_token_hash"] = r.text(k.kit), envelope.SumHash(k.token.Bytes()).String()
	return data
}

func (k *recovery) asked() map[string]any {
	return map[string]any{"token": envelope.Bytes(k.token.Bytes()).String()}
}

func (k *recovery) isThere(r *rig) {
	r.t.Helper()
	if got := r.do(update, "device/kit", k.asked()); got["kit"] != r.text(k.kit) || got["init"] != r.text(r.Log[0]) {
		r.t.Fatal("another kit")
	}
}

func (k *recovery) isGone(r *rig) {
	r.t.Helper()
	r.refused(update, "device/kit", k.asked(), http.StatusNotFound, "kit_missing")
}

func TestAKitIsKeptForWhoLosesEveryDevice(t *testing.T) {
	r := newOrganisation(t)
	i := r.invite()
	r.do(update, i.path(), i.created(r))
	k := r.recovery(i.ticket.Approver)
	k.isGone(r)
	for range 2 {
		r.do(update, i.path()+"/answer", k.beside(r, i.posted(r)))
	}
	k.isThere(r)
	// A further device has a kit of its own.
	_, certificate := r.further(r.alice.Person, "tablet")
	mine := r.recovery(r.alice.ID)
	for range 2 {
		r.do(update, "device/propose", mine.beside(r, map[string]any{"certificate": r.text(certificate)}))
	}
	mine.isThere(r)
	r.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: certificate})
	r.push()
	r.do(update, "device/propose", mine.beside(r, map[string]any{"certificate": r.text(certificate)}))
}

// Entries share locks: a call that took two of them would wait for itself, for one
// approver in 256.
func TestAKitTakesNoLockBesideItsCalls(t *testing.T) {
	r := newOrganisation(t)
	i := r.invite()
	r.do(update, i.path(), i.created(r))
	own := locksutil.LockForKey(r.b.locks, enrolmentPrefix+i.ticket.ID.String())
	for _, l := range r.b.locks {
		if l != own {
			l.Lock()
			defer l.Unlock()
		}
	}
	k := r.recovery(i.ticket.Approver)
	r.do(update, i.path()+"/answer", k.beside(r, i.posted(r)))
	k.isThere(r)
}

func TestKitsThatAreRefused(t *testing.T) {
	r := newOrganisation(t)
	i := r.invite()
	r.do(update, i.path(), i.created(r))
	good := r.recovery(i.ticket.Approver)
	bad := func(change func(*recovery)) map[string]any {
		k := *good
		change(&k)
		return k.beside(r, i.posted(r))
	}
	only := func(name string) map[string]any {
		data := good.beside(r, i.posted(r))
		delete(data, name)
		return data
	}
	for name, c := range map[string]struct {
		data   map[string]any
		status int
		err    string
	}{
		"another approver's":   {bad(func(k *recovery) { k.kit.Approver = r.alice.ID }), http.StatusBadRequest, "input_invalid"},
		"another mount's":      {bad(func(k *recovery) { k.kit.Mount = envelope.NewID() }), http.StatusBadRequest, "input_invalid"},
		"another organisation": {bad(func(k *recovery) { k.kit.Organisation = envelope.SumHash([]byte("another")) }), http.StatusConflict, "organisation_mismatch"},
		"a long one": {bad(func(k *recovery) {
			k.kit.Sealed.Bytes = make([]byte, keyring.MaxKit)
		}), http.StatusBadRequest, "message_too_large"},
		"without its token": {only("kit_token_hash"), http.StatusBadRequest, "input_invalid"},
		"a token alone":     {only("kit"), http.StatusBadRequest, "input_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			r.refused(update, i.path()+"/answer", c.data, c.status, c.err)
			if s := i.state(r); s != enrolmentWaiting || r.kept(kitPrefix)+r.kept(kitOfPrefix) != 0 {
				t.Fatalf("state %s", s)
			}
		})
	}
	r.refused(update, "device/kit", map[string]any{"token": "x"}, http.StatusNotFound, "kit_missing")
}

func TestNobodyPutsAnotherKitInAKitsPlace(t *testing.T) {
	r := newOrganisation(t)
	_, certificate := r.further(r.alice.Person, "tablet")
	_, other := r.further(r.alice.Person, "phone")
	mine, theirs := r.recovery(r.alice.ID), r.recovery(r.alice.ID)
	r.do(update, "device/propose", mine.beside(r, map[string]any{"certificate": r.text(certificate)}))
	again := theirs.beside(r, map[string]any{"certificate": r.text(certificate)})
	r.refused(update, "device/propose", again, http.StatusConflict, "kit_exists")
	same := theirs.beside(r, map[string]any{"certificate": r.text(other)})
	same["kit_token_hash"] = envelope.SumHash(mine.token.Bytes()).String()
	r.refused(update, "device/propose", same, http.StatusConflict, "kit_exists")
	// Whoever reads the log has the certificates of admitted devices.
	r.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: other})
	r.push()
	late := theirs.beside(r, map[string]any{"certificate": r.text(other)})
	r.refused(update, "device/propose", late, http.StatusConflict, "kit_exists")
	mine.isThere(r)
	theirs.isGone(r)
}

func TestKitsThatOpenNothingAnyMoreAreForgotten(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*rig, *keyring.Device)
		admit  bool
		gone   bool
	}{
		"nothing changed": {func(*rig, *keyring.Device) {}, true, false},
		"its device was revoked": {func(r *rig, d *keyring.Device) {
			r.Append(roster.KindDeviceRevoke, roster.Removal{ID: d.ID()})
		}, true, false},
		"its approver was revoked": {func(r *rig, _ *keyring.Device) {
			r.Append(roster.KindApproverRevoke, roster.Removal{ID: r.alice.ID})
		}, true, true},
		"its keyring was replaced": {func(r *rig, _ *keyring.Device) {
			k, err := keyring.New(r.Roster.Organisation(), r.alice.ID, 2)
			r.Must(err)
			public, err := k.Public()
			r.Must(err)
			r.Append(roster.KindApproverRekey, roster.ApproverRekey{
				ID: r.alice.ID, KEM: public.KEM, Signing: public.Signing, Generation: 2, Factors: []keyring.FactorKind{keyring.FactorPasskey},
			})
		}, true, true},
		"never admitted":         {func(r *rig, _ *keyring.Device) { r.Now = r.Now.Add(keepKits) }, false, true},
		"not admitted, but soon": {func(r *rig, _ *keyring.Device) { r.Now = r.Now.Add(keepKits - time.Hour) }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newOrganisation(t)
			device, certificate := r.further(r.alice.Person, "tablet")
			k := r.recovery(r.alice.ID)
			r.do(update, "device/propose", k.beside(r, map[string]any{"certificate": r.text(certificate)}))
			if c.admit {
				r.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: certificate})
			}
			c.change(r, device)
			r.push()
			r.tidies()
			if c.gone {
				k.isGone(r)
			} else {
				k.isThere(r)
			}
			if left := r.kept(kitPrefix) + r.kept(kitOfPrefix); (left == 0) != c.gone {
				t.Fatalf("%d entries are left", left)
			}
		})
	}
}

func TestAKitThatIsCutOffLosesNothing(t *testing.T) {
	var k *recovery
	var i *invitation
	stopEverywhere(t,
		func(r *rig) {
			i = r.invite()
			r.do(update, i.path(), i.created(r))
			k = r.recovery(i.ticket.Approver)
		},
		func(r *rig) *logical.Request {
			return r.request(update, i.path()+"/answer", k.beside(r, i.posted(r)))
		},
		func(*rig) {},
		func(r *rig) { k.isThere(r) })
}
