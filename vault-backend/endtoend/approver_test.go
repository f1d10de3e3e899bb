package endtoend

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// approver is a person with a terminal. The terminal believes its own roster
// only, which it extends by what its inbox brings.
type approver struct {
	*coretest.Person
	org     *organisation
	login   member // the same person's own Vault login
	roster  *roster.Roster
	ledger  approval.Ledger
	decided map[envelope.Hash]bool
	// What the last page of the inbox said besides.
	reshares []approval.ReshareNotice
	alarms   []approval.Alarm
}

// enrol admits somebody who also has a Vault login.
func (o *organisation) enrol(t testing.TB, name string) *approver {
	t.Helper()
	login := o.site.member(t)
	seed := envelope.NewKey()
	o.planted.key("keyring seed of "+name, seed)
	k, err := keyring.FromSeed(o.Roster.Organisation(), envelope.NewID(), 1, seed)
	o.Must(err)
	public, err := k.Public()
	o.Must(err)
	p := &coretest.Person{ID: k.Approver(), Name: name, Keyring: k, Device: keyring.NewDevice()}
	o.Append(roster.KindApproverAdmit, roster.ApproverAdmit{
		ID: p.ID, Name: name, Entities: []string{login.entity}, KEM: public.KEM, Signing: public.Signing, Generation: 1,
		Factors: []keyring.FactorKind{keyring.FactorPassword, keyring.FactorSoftware}, Recovery: true,
	})
	o.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: o.Certify(p, p.Device, name+"-terminal")})
	o.planted.person(p)
	return &approver{Person: p, org: o, login: login, roster: o.Fold(1), decided: map[envelope.Hash]bool{}}
}

// look asks the inbox once and waits there for at most wait.
func (a *approver) look(t testing.TB, wait time.Duration) []approval.Item {
	t.Helper()
	signer := a.Device.Signer()
	defer signer.Wipe()
	var items []approval.Item
	for {
		var after envelope.ID
		if len(items) > 0 {
			after = requestOf(t, items[len(items)-1]).ID
		}
		signed, err := approval.CallInbox(a.roster, a.Device.ID(), signer, after, wait, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		data := must(t, a.org.site.addr(), "", "POST", "device/inbox", map[string]any{"call": encode(t, signed)})
		in, err := approval.OpenInbox(a.roster, a.Device, a.org.Mount, signed, decode[envelope.Envelope](t, data, "sealed"))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range in.Log {
			if err := a.roster.Append(s); err != nil {
				t.Fatal(err)
			}
		}
		for _, item := range in.Items {
			a.org.asked.add(requestOf(t, item).Ephemeral)
		}
		items = append(items, in.Items...)
		if !in.More {
			a.reshares, a.alarms = in.Reshares, in.Alarms
			return items
		}
		wait = 0
	}
}

func requestOf(t testing.TB, item approval.Item) approval.Request {
	t.Helper()
	q, err := envelope.Peek[approval.Request](item.Request, envelope.TypeRequest)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// shown waits until the inbox shows a request for a path that was not decided
// here, and returns it. More than one is an error: nobody is to be asked twice.
func (a *approver) shown(t testing.TB, path string) approval.Item {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if open := a.open(t, path, 2*time.Second); len(open) == 1 {
			return open[0]
		} else if len(open) > 1 {
			t.Fatalf("%s is shown %d requests for %q", a.Name, len(open), path)
		}
	}
	t.Fatalf("%s is not shown a request for %q", a.Name, path)
	return approval.Item{}
}

// shownOther waits until the inbox shows a request for a path other than the one
// before, in its place.
func (a *approver) shownOther(t testing.TB, path string, before approval.Item) approval.Item {
	t.Helper()
	var item approval.Item
	await(t, "a request for "+path+" in place of the one before", func() bool {
		item = a.shown(t, path)
		return item.Request.Hash() != before.Request.Hash()
	})
	return item
}

// open are the requests for a path that the inbox shows now.
func (a *approver) open(t testing.TB, path string, wait time.Duration) []approval.Item {
	t.Helper()
	var open []approval.Item
	for _, item := range a.look(t, wait) {
		if requestOf(t, item).Path == path && !a.decided[item.Request.Hash()] {
			open = append(open, item)
		}
	}
	return open
}

// review checks an item as a device does before it shows anything.
func (a *approver) review(item approval.Item) (*approval.Case, error) {
	v := approval.Reviewer{
		Roster: a.roster, Mount: a.org.Mount, Approver: a.ID, Device: a.Device.ID(),
		Decided: func(h envelope.Hash) bool { return a.decided[h] },
	}
	return v.Review(item, time.Now())
}

// approve waits for a request for a path, reviews it and says yes.
func (a *approver) approve(t testing.TB, path string) answer {
	t.Helper()
	return a.approveItem(t, a.shown(t, path))
}

func (a *approver) approveItem(t testing.TB, item approval.Item) answer {
	t.Helper()
	c, err := a.review(item)
	if err != nil {
		t.Fatal(err)
	}
	rel, err := c.Approve(a.Keyring, a.Device.Signer(), a.ledger, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return a.send(t, item, rel)
}

// deny waits for a request for a path, reviews it and says no.
func (a *approver) deny(t testing.TB, path, reason string) answer {
	t.Helper()
	item := a.shown(t, path)
	c, err := a.review(item)
	if err != nil {
		t.Fatal(err)
	}
	rel, err := c.Deny(reason, false, a.Device.Signer(), a.ledger, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return a.send(t, item, rel)
}

// send posts a release. Whatever the broker says of it, the receipt is signed
// and has its number.
func (a *approver) send(t testing.TB, item approval.Item, rel approval.Release) answer {
	t.Helper()
	a.ledger = a.ledger.After(rel.Receipt)
	a.decided[item.Request.Hash()] = true
	return call(t, a.org.site.addr(), "", "POST", "device/answer", map[string]any{"release": encode(t, rel)})
}

// forge says yes to a request without any of the checks that an honest device
// makes, and seals a blob of its own: what a modified app would send.
func (a *approver) forge(t testing.TB, item approval.Item) answer {
	t.Helper()
	q := requestOf(t, item)
	keyring, err := a.Keyring.Signer()
	if err != nil {
		t.Fatal(err)
	}
	defer keyring.Wipe()
	blob := envelope.Envelope{Suite: envelope.Suite1, Bytes: envelope.NewKey().Bytes()}
	signed, err := envelope.Sign(envelope.TypeReceipt, approval.Receipt{
		Organisation: q.Organisation, Mount: q.Mount, Request: item.Request.Hash(), RequestID: q.ID,
		Decision: approval.Approve, Approver: a.ID, Generation: 1, Device: a.Device.ID(),
		Form: approval.FormPayload, Blob: envelope.SumHash(blob.Bytes), WrapSet: item.Version.WrapSet.Hash(), Lease: 60,
		Roster: a.roster.Head(), Time: envelope.At(time.Now()),
		Counter: a.ledger.Counter + 1, Previous: a.ledger.Previous,
	}, a.Device.Signer(), keyring)
	if err != nil {
		t.Fatal(err)
	}
	return a.send(t, item, approval.Release{Receipt: signed, Blob: &blob})
}
