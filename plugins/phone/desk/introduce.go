package desk

import (
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// bundleOf makes the device's keys, has the keyring certify them, and makes what
// the organisation is told.
func (d *Desk) bundleOf(k *keyring.Keyring, w *keyring.Wrapping) (*bundle, error) {
	row, err := w.Row.MarshalJSON()
	if err != nil {
		return nil, err
	}
	public, err := k.Public()
	if err != nil {
		return nil, err
	}
	i := d.invite
	b := &bundle{keys: keyring.DeviceFrom(d.draft.Device, envelope.NewKey(), envelope.NewKey()), record: record{
		Version: recordVersion, Organisation: i.Organisation, Mount: i.Mount, Approver: i.Approver, Name: i.Name,
		Device: d.draft.Device, DeviceName: d.draft.Name, Public: public, Row: string(row), KeyCheck: w.KeyCheck,
		Credential: d.draft.Credential, RPID: d.draft.RPID, Origin: d.draft.Origin, Base: i.base,
	}}
	if err = d.introduce(b, k); err == nil {
		err = d.pack(b.record.Post, k, w)
	}
	if err != nil {
		b.wipe()
		return nil, err
	}
	return b, nil
}

// introduce makes what tells the organisation of the device: an answer to the
// ticket, or for a keyring that it knows, the certificate alone.
func (d *Desk) introduce(b *bundle, k *keyring.Keyring) error {
	device, err := b.keys.Public()
	if err != nil {
		return err
	}
	certificate, err := keyring.Certify(k, d.draft.Device, d.draft.Name, keyring.FactorPasskey, device)
	if err != nil {
		return err
	}
	e := roster.Enrolment{
		Ticket: d.invite.ID, Organisation: d.invite.Organisation, Approver: d.invite.Approver,
		KEM: b.record.Public.KEM, Signing: b.record.Public.Signing, Generation: k.Generation(),
		Factors: []keyring.FactorKind{keyring.FactorPasskey, keyring.FactorPassword}, Recovery: true, Certificate: certificate,
	}
	if d.invite.kind != kindTicket {
		text, err := encoded(certificate)
		b.record.Post = &post{Kind: postPropose, Certificate: text}
		return err
	}
	t := roster.Ticket{Link: d.invite.Link}
	message, err := t.Close(e)
	if err != nil {
		return err
	}
	token, err := t.PostToken()
	if err != nil {
		return err
	}
	defer token.Wipe()
	text, err := encoded(message)
	if err != nil {
		return err
	}
	b.record.Post = &post{Kind: postEnroll, Enrolment: t.ID.String(), Token: envelope.Bytes(token.Bytes()).String(), Message: text}
	b.record.Fingerprint, err = e.Fingerprint()
	return err
}

func (d *Desk) backup(k *keyring.Keyring, w *keyring.Wrapping) *keyring.Backup {
	return &keyring.Backup{
		Row: w.Row, Organisation: k.Organisation(), Generation: k.Generation(), KeyCheck: w.KeyCheck,
		Mount: d.invite.Mount, Name: d.invite.Name,
	}
}

// pack makes the kit that lets the person find the keyring with the recovery key.
func (d *Desk) pack(p *post, k *keyring.Keyring, w *keyring.Wrapping) error {
	kit, err := keyring.PackKit(d.backup(k, w), w.RecoveryKey)
	if err != nil {
		return err
	}
	token, err := keyring.KitToken(w.RecoveryKey)
	if err != nil {
		return err
	}
	defer token.Wipe()
	p.KitTokenHash = envelope.SumHash(token.Bytes()).String()
	p.Kit, err = encoded(kit)
	return err
}

// wrapped is what the person is given to keep.
func (d *Desk) wrapped(k *keyring.Keyring, w *keyring.Wrapping) (*Wrapped, error) {
	backup, err := d.backup(k, w).Encode()
	if err != nil {
		return nil, err
	}
	key := keyring.FormatRecoveryKey(w.RecoveryKey)
	defer envelope.Wipe(key)
	i := d.invite
	sheet := Sheet{
		Name: i.Name, Organisation: i.Organisation.String(), OrganisationWords: organisationWords(i.Organisation),
		Approver: i.Approver.String(), Device: d.draft.Device.String(), DeviceName: d.draft.Name,
		Created: shown(envelope.At(d.now)), RecoveryKey: string(key), BackupName: backupName(i.Name, d.draft.Device),
	}
	return &Wrapped{RecoveryKey: sheet.RecoveryKey, Backup: string(backup), BackupName: sheet.BackupName, Sheet: sheet}, nil
}

// backupName is made of what no file system refuses: a roster's name, and the
// beginning of the device's id.
func backupName(name string, device envelope.ID) string {
	beginning, _, _ := strings.Cut(device.String(), "-")
	return "stillvault-" + name + "-" + beginning + ".json"
}
