// Package coretest makes whole organisations for tests: an Org Identity key, a
// log that grows statement by statement, approvers with devices, consumers,
// policies, and a clock that moves only when told to.
package coretest

import (
	"slices"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// Start is when every [World] begins.
var Start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// World is an organisation with everything that its members hold in secret.
type World struct {
	T        testing.TB
	Now      time.Time
	Identity *envelope.SigningKey
	Recovery *envelope.SigningKey
	Log      []envelope.Signed
	Roster   *roster.Roster
	Mount    envelope.ID
}

// Person is an approver with an open keyring and one device.
type Person struct {
	ID      envelope.ID
	Name    string
	Keyring *keyring.Keyring
	Device  *keyring.Device
}

// Consumer is a consumer with its signing key.
type Consumer struct {
	ID     envelope.ID
	Name   string
	Signer *envelope.SigningKey
}

// NewWorld founds an organisation.
func NewWorld(t testing.TB) *World {
	t.Helper()
	w := &World{
		T: t, Now: Start, Mount: envelope.NewID(),
		Identity: envelope.NewSigningKey(envelope.NewKey()),
		Recovery: envelope.NewSigningKey(envelope.NewKey()),
	}
	first, err := roster.Found(w.Identity, w.Recovery.Public(), w.Now)
	w.Must(err)
	w.Log = []envelope.Signed{first}
	w.Roster, err = roster.Fold(first.Hash(), w.Log)
	w.Must(err)
	return w
}

// Must fails the test on an error.
func (w *World) Must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// Append signs and applies a statement.
func (w *World) Append(kind roster.Kind, body any) {
	w.T.Helper()
	w.Must(w.TryAppend(kind, body))
}

// TryAppend signs and applies a statement and returns why it was refused.
func (w *World) TryAppend(kind roster.Kind, body any) error {
	w.T.Helper()
	s, err := w.Roster.Next(kind, body, w.Now, w.Identity)
	w.Must(err)
	if err := w.Roster.Append(s); err != nil {
		return err
	}
	w.Log = append(w.Log, s)
	return nil
}

// Fold returns a roster of its own for another party, from the first n
// statements, all of them if n is 0.
func (w *World) Fold(n int) *roster.Roster {
	w.T.Helper()
	if n == 0 {
		n = len(w.Log)
	}
	r, err := roster.Fold(w.Roster.Organisation(), w.Log[:n])
	w.Must(err)
	return r
}

// Admit admits an approver with one software device and a recovery factor,
// who is the given Vault entities.
func (w *World) Admit(name string, entities ...string) *Person {
	w.T.Helper()
	return w.AdmitWith(name, []keyring.FactorKind{keyring.FactorPassword, keyring.FactorSoftware}, entities...)
}

// AdmitWith admits an approver whose keyring these factors open. Their device
// is a phone if a passkey is among them, a terminal otherwise.
func (w *World) AdmitWith(name string, factors []keyring.FactorKind, entities ...string) *Person {
	w.T.Helper()
	p := &Person{ID: envelope.NewID(), Name: name, Device: keyring.NewDevice()}
	var err error
	p.Keyring, err = keyring.New(w.Roster.Organisation(), p.ID, 1)
	w.Must(err)
	public, err := p.Keyring.Public()
	w.Must(err)
	if entities == nil {
		entities = []string{}
	}
	recovery := false
	for _, f := range factors {
		recovery = recovery || f == keyring.FactorPassword
	}
	w.Append(roster.KindApproverAdmit, roster.ApproverAdmit{
		ID: p.ID, Name: name, Entities: entities, KEM: public.KEM, Signing: public.Signing,
		Generation: 1, Factors: factors, Recovery: recovery,
	})
	kind, what := keyring.FactorSoftware, "terminal"
	if slices.Contains(factors, keyring.FactorPasskey) {
		kind, what = keyring.FactorPasskey, "phone"
	}
	w.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: w.CertifyAs(p, p.Device, name+"-"+what, kind)})
	return p
}

// Certify has a person's keyring certify a terminal.
func (w *World) Certify(p *Person, d *keyring.Device, name string) envelope.Signed {
	w.T.Helper()
	return w.CertifyAs(p, d, name, keyring.FactorSoftware)
}

// CertifyAs has a person's keyring certify a device that opens it with a factor
// of a kind.
func (w *World) CertifyAs(p *Person, d *keyring.Device, name string, kind keyring.FactorKind) envelope.Signed {
	w.T.Helper()
	public, err := d.Public()
	w.Must(err)
	c, err := keyring.Certify(p.Keyring, d.ID(), name, kind, public)
	w.Must(err)
	return c
}

// AdmitConsumer admits a consumer; one of kind mount is the world's mount.
func (w *World) AdmitConsumer(name string, kind roster.ConsumerKind) *Consumer {
	w.T.Helper()
	c := &Consumer{ID: envelope.NewID(), Name: name, Signer: envelope.NewSigningKey(envelope.NewKey())}
	body := roster.ConsumerAdmit{ID: c.ID, Name: name, Kind: kind, Signing: c.Signer.Public()}
	if kind == roster.ConsumerMount {
		body.Mount = w.Mount
	}
	w.Append(roster.KindConsumerAdmit, body)
	return c
}

// Need is a requirement "m of these people".
func Need(name string, m uint32, people ...*Person) roster.Requirement {
	q := roster.Requirement{Name: name, M: m}
	for _, p := range people {
		q.Principals = append(q.Principals, roster.Principal{Kind: roster.PrincipalApprover, ID: p.ID})
	}
	return q
}

// Policy returns a policy with default times whose authors and consumers are
// the given ones.
func Policy(name, pattern string, consumers []*Consumer, requirements ...roster.Requirement) roster.Policy {
	p := roster.Policy{
		ID: envelope.NewID(), Name: name, Pattern: pattern, Requirements: requirements,
		Authors: []envelope.ID{}, Consumers: []envelope.ID{}, RefusedFactors: []keyring.FactorKind{},
		LeaseTTL: 900, LeaseMax: 3600, RequestTTL: 300, MinimumCoverage: roster.DefaultMinimumCoverage,
	}
	for _, c := range consumers {
		p.Authors = append(p.Authors, c.ID)
		p.Consumers = append(p.Consumers, c.ID)
	}
	return p
}

// SetPolicy puts a policy in force.
func (w *World) SetPolicy(p roster.Policy) {
	w.T.Helper()
	w.Append(roster.KindPolicySet, p)
}
