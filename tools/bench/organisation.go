package main

import (
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// approvers is to how many people everything is sealed that is not said to be
// for others.
const approvers = 3

// organisation is one with a few approvers.
type organisation struct {
	identity envelope.Signer
	log      []envelope.Signed
	roster   *roster.Roster
	people   []*person
}

// person is an approver with an open keyring and one device.
type person struct {
	keyring *keyring.Keyring
	device  *keyring.Device
}

// found founds an organisation and admits so many approvers.
func found(people int) (*organisation, error) {
	return foundBy(envelope.NewSigningKey(envelope.NewKey()), people)
}

// foundBy does so with an Org Identity key that exists.
func foundBy(identity envelope.Signer, people int) (*organisation, error) {
	o := &organisation{identity: identity}
	recovery := envelope.NewSigningKey(envelope.NewKey())
	first, err := roster.Found(o.identity, recovery.Public(), time.Now())
	if err != nil {
		return nil, err
	}
	o.log = []envelope.Signed{first}
	if o.roster, err = roster.Fold(first.Hash(), o.log); err != nil {
		return nil, err
	}
	for i := range people {
		if err := o.admit(fmt.Sprintf("approver-%d", i+1)); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (o *organisation) state(kind roster.Kind, body any) error {
	s, err := o.roster.Next(kind, body, time.Now(), o.identity)
	if err != nil {
		return err
	}
	o.log = append(o.log, s)
	return o.roster.Append(s)
}

func (o *organisation) admit(name string) error {
	p := &person{device: keyring.NewDevice()}
	var err error
	if p.keyring, err = keyring.New(o.roster.Organisation(), envelope.NewID(), 1); err != nil {
		return err
	}
	keys, err := p.keyring.Public()
	if err != nil {
		return err
	}
	err = o.state(roster.KindApproverAdmit, roster.ApproverAdmit{
		ID: p.keyring.Approver(), Name: name, Entities: []string{}, KEM: keys.KEM, Signing: keys.Signing, Generation: 1,
		Factors: []keyring.FactorKind{keyring.FactorPassword, keyring.FactorSoftware}, Recovery: true,
	})
	if err != nil {
		return err
	}
	if keys, err = p.device.Public(); err != nil {
		return err
	}
	certificate, err := keyring.Certify(p.keyring, p.device.ID(), name+"-terminal", keyring.FactorSoftware, keys)
	if err != nil {
		return err
	}
	o.people = append(o.people, p)
	return o.state(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: certificate})
}

// admitConsumer admits a consumer and puts a policy in force under which it may
// write and receive everything, once m of all approvers say yes.
func (o *organisation) admitConsumer(c roster.ConsumerAdmit, m uint32) error {
	if err := o.state(roster.KindConsumerAdmit, c); err != nil {
		return err
	}
	quorum := roster.Requirement{Name: "approvers", M: m}
	for _, p := range o.people {
		quorum.Principals = append(quorum.Principals, roster.Principal{Kind: roster.PrincipalApprover, ID: p.keyring.Approver()})
	}
	return o.state(roster.KindPolicySet, roster.Policy{
		ID: envelope.NewID(), Name: "everything", Pattern: "*", Requirements: []roster.Requirement{quorum},
		Authors: []envelope.ID{c.ID}, Consumers: []envelope.ID{c.ID}, RefusedFactors: []keyring.FactorKind{},
		LeaseTTL: 900, LeaseMax: 3600, RequestTTL: 3600, MinimumCoverage: roster.DefaultMinimumCoverage,
	})
}
