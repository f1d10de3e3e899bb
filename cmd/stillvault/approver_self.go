package main

import (
	"fmt"

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

// showSelf shows the only approver of the state directory. It asks no broker: what
// it prints is what a broker is held against.
func (a *app) showSelf() error {
	h, err := a.home()
	if err != nil {
		return err
	}
	who, err := kept(h, "")
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
