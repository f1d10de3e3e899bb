package main

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/evidence"
	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
)

// selfView is what a terminal knows of its own approver.
type selfView struct {
	Name       string `json:"name"`
	ID         string `json:"id"`
	Device     string `json:"device_id"`
	Generation uint32 `json:"generation"`  // of the keyring
	Head       string `json:"device_head"` // DEVICE:COUNTER:HASH, empty before the first receipt
}

// showSelf shows an approver of the state directory, the only one for an empty name. It
// asks no broker: what it prints is what a broker is held against.
func (a *app) showSelf(name string) error {
	h, err := a.home()
	if err != nil {
		return err
	}
	who, err := kept(h, name)
	if err != nil {
		return err
	}
	defer who.Wipe()
	l, err := h.Ledger(who.Name)
	if err != nil {
		return err
	}
	v := selfView{
		Name: who.Name, ID: who.ID.String(), Device: who.Device.ID().String(), Generation: who.Backup.Generation,
		Head: evidence.FormatHead(who.Device.ID(), l.Ledger),
	}
	return a.Print(v, func(rows *terminal.Rows) {
		rows.Row("approver", v.Name)
		rows.Row("device", v.Device)
		rows.Row("keyring", fmt.Sprintf("generation %d", v.Generation))
		rows.Row("last receipt", orNone(v.Head))
	})
}

// showOwn shows what is known here of a terminal's own approver where the broker would
// not say more: approvers have no Vault token. For anybody else, and where the broker
// contradicts what was seen, its failure stands.
func (a *app) showOwn(name string, failure error) error {
	h, err := a.home()
	if err != nil || is(failure, unsafe) {
		return failure
	}
	names, err := h.Approvers()
	if err != nil || !slices.Contains(names, name) {
		return failure
	}
	a.Say("the broker does not say more (%s); this is what this terminal knows itself:", terminal.Visible(failure.Error()))
	return a.showSelf(name)
}
