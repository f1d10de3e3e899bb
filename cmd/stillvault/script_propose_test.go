package main

import (
	"context"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

// scriptPropose runs "propose HOME NAME DEVICE": a further device of the approver
// whose keyring is kept in a state directory, as a phone that took the keyring
// over would propose itself.
func scriptPropose(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 3 {
		ts.Fatalf("usage: propose HOME NAME DEVICE")
	}
	h, err := home.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	who, err := h.Approver(args[1])
	ts.Check(err)
	defer who.Wipe()
	k, err := who.Open()
	ts.Check(err)
	defer k.Wipe()
	device := keyring.NewDevice()
	defer device.Wipe()
	public, err := device.Public()
	ts.Check(err)
	certificate, err := keyring.Certify(k, device.ID(), args[2], keyring.FactorPasskey, public)
	ts.Check(err)
	client, err := broker.New(broker.Config{Address: ts.Getenv("VAULT_ADDR"), Mount: ts.Getenv("STILLVAULT_MOUNT")})
	ts.Check(err)
	proposal, err := client.ProposeDevice(context.Background(), certificate)
	ts.Check(err)
	if proposal.State != broker.ProposalProposed || proposal.Init == nil {
		ts.Fatalf("the proposal is %s", proposal.State)
	}
}
