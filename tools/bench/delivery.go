package main

import (
	"errors"
	"runtime"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// delivery is a stored secret, the consumer that asks for it, and m approvers who
// say yes. What the parties send each other they read from bytes.
type delivery struct {
	org      *organisation
	m        int
	together bool // releases come all at once, as a host is handed them
	consumer roster.ConsumerAdmit
	signer   *envelope.SigningKey
	mount    envelope.ID
	path     string
	stored   []byte // the version
	ledgers  []approval.Ledger

	times  int // deliveries a round
	rounds []spans
}

// spans is what the consumer took for the deliveries of a round, in all. The
// approvers decide between ask and releases.
type spans struct{ ask, releases, last time.Duration }

// newDelivery stores a secret in an organisation of its own, where m of all
// approvers release everything.
func newDelivery(m int, together bool) (*delivery, error) {
	o, err := found(releasePeople)
	if err != nil {
		return nil, err
	}
	d := &delivery{
		org: o, m: m, together: together, signer: envelope.NewSigningKey(envelope.NewKey()),
		mount: envelope.NewID(), path: "prod/db", ledgers: make([]approval.Ledger, m),
	}
	d.consumer = roster.ConsumerAdmit{ID: envelope.NewID(), Name: "consumer", Kind: roster.ConsumerHost, Signing: d.signer.Public()}
	if err := o.admitConsumer(d.consumer, uint32(m)); err != nil {
		return nil, err
	}
	draft := secret.Draft{Mount: d.mount, Secret: envelope.NewID(), Path: d.path, Version: 1, Author: d.consumer.ID}
	v, err := secret.Seal(o.roster, draft, value(), d.signer, time.Now())
	if err != nil {
		return nil, err
	}
	d.stored, err = envelope.Encode(v)
	return d, err
}

// asked is a request that waits, as the consumer keeps it.
type asked struct {
	pending  *approval.Pending
	request  *approval.Request
	verified *secret.Verified
	signed   []byte
	releases [][]byte
}

// round makes as many deliveries as a round has. All of one party's part is done
// before the next party's begins, so that nobody's clock runs for the garbage of
// another.
func (d *delivery) round() (took spans, err error) {
	all := make([]asked, d.times)
	defer func() {
		for i := range all {
			all[i].pending.Wipe()
		}
	}()
	runtime.GC()
	start := time.Now()
	for i := range all {
		if all[i], err = d.ask(); err != nil {
			return spans{}, err
		}
	}
	took.ask = time.Since(start)
	for i := range all {
		if all[i].releases, err = d.approve(all[i].signed); err != nil {
			return spans{}, err
		}
	}
	runtime.GC()
	for i := range all {
		if err := d.receive(&all[i], &took); err != nil {
			return spans{}, err
		}
	}
	return took, nil
}

// ask verifies the stored version and signs a request for it.
func (d *delivery) ask() (asked, error) {
	v, err := envelope.Decode[secret.Version](d.stored)
	if err != nil {
		return asked{}, err
	}
	verified, err := v.Verify(d.org.roster, d.mount, d.path)
	if err != nil {
		return asked{}, err
	}
	origin := approval.Origin{Requester: "deploy", Entity: "entity-of-deploy", Remote: "10.0.0.1", Host: "db1", UID: -1, PID: -1}
	terms := approval.Terms{Origin: origin, Reason: "incident 7"}
	pending, signed, err := approval.Ask(d.org.roster, verified, d.consumer.ID, d.signer, terms, time.Now())
	if err != nil {
		return asked{}, err
	}
	encoded, err := envelope.Encode(signed)
	if err != nil {
		return asked{pending: pending}, err
	}
	request, err := envelope.Peek[approval.Request](signed, envelope.TypeRequest)
	return asked{pending: pending, request: &request, verified: verified, signed: encoded}, err
}

// approve returns the releases of the first m approvers.
func (d *delivery) approve(request []byte) ([][]byte, error) {
	signed, err := envelope.Decode[envelope.Signed](request)
	if err != nil {
		return nil, err
	}
	version, err := envelope.Decode[secret.Version](d.stored)
	if err != nil {
		return nil, err
	}
	var releases [][]byte
	for i, p := range d.org.people[:d.m] {
		item := approval.Item{Request: signed, Version: version, Decisions: []envelope.Signed{}}
		reviewer := approval.Reviewer{Roster: d.org.roster, Mount: d.mount, Approver: p.keyring.Approver(), Device: p.device.ID()}
		c, err := reviewer.Review(item, time.Now())
		if err != nil {
			return nil, err
		}
		signer := p.device.Signer()
		release, err := c.Approve(p.keyring, signer, d.ledgers[i], time.Now())
		signer.Wipe()
		if err != nil {
			return nil, err
		}
		d.ledgers[i] = d.ledgers[i].After(release.Receipt)
		encoded, err := envelope.Encode(release)
		if err != nil {
			return nil, err
		}
		releases = append(releases, encoded)
	}
	return releases, nil
}

// receive takes the releases in, until the value is open.
func (d *delivery) receive(a *asked, took *spans) error {
	if d.together {
		defer a.pending.Hold()()
	}
	for i, encoded := range a.releases {
		start := time.Now()
		release, err := envelope.Decode[approval.Release](encoded)
		if err != nil {
			return err
		}
		out, err := a.pending.Accept(d.org.roster, a.request, a.verified, release, time.Now())
		if err != nil {
			return err
		}
		span := time.Since(start)
		took.releases += span
		if last := i == len(a.releases)-1; last != (out.Value != nil) {
			return errors.New("the value was not open when, and only when, the last release was there")
		} else if last {
			took.last += span
			out.Value.Wipe()
		}
	}
	return nil
}
