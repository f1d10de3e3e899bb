package desk

import (
	"encoding/json"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// Device is one of the person's devices in force.
type Device struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Kind       string `json:"kind"` // of the factor that opens the keyring on it
	AdmittedAt string `json:"admittedAt"`
	Here       bool   `json:"here"`
}

// devices lists the approver's devices in force, by name.
func (d *Desk) devices(none) ([]Device, error) {
	if err := d.connected(); err != nil {
		return nil, err
	}
	list := []Device{}
	for _, device := range d.roster.Devices(d.me.Approver) {
		one := Device{ID: device.Device.String(), Name: device.Name, Kind: string(device.Kind), Here: device.Device == d.me.Device}
		if at, known := d.admissions[device.Device]; known {
			one.AdmittedAt = shown(at)
		}
		list = append(list, one)
	}
	return list, nil
}

// admittedDevice returns the device that a statement of the log admits.
func admittedDevice(st roster.Statement) (envelope.ID, bool) {
	var body roster.DeviceAdmit
	if json.Unmarshal(st.Body, &body) != nil {
		return envelope.ID{}, false
	}
	c, err := envelope.Peek[keyring.Certificate](body.Certificate, envelope.TypeCertificate)
	return c.Device, err == nil
}
