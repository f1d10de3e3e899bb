package desk

import (
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// offered is what a new device holds while it waits for a keyring. It is in memory
// only: with it and what the broker carries, the keyring opens.
type offered struct {
	device string
	seed   *envelope.Key
	words  string
	text   string
}

func (o *offered) wipe() {
	if o != nil {
		o.seed.Wipe()
	}
}

type offerArgs struct {
	Device string `json:"device"`
}

// Offered is an offer, for device/handover/offer.
type Offered struct {
	ID    string   `json:"id"`
	Token string   `json:"token"`
	Offer string   `json:"offer"`
	Words []string `json:"words"`
}

// offer asks the device whose link was opened for its keyring. Asked again, it
// makes the same offer: the broker takes one.
func (d *Desk) offer(a offerArgs) (*Offered, error) {
	if d.me != nil {
		return nil, ErrEnrolled
	}
	if d.invite == nil || d.invite.kind != kindHandover {
		return nil, ErrHandover
	}
	h := roster.Handover{Link: d.invite.Link}
	if envelope.At(d.now) >= h.Expires {
		return nil, fmt.Errorf("handover: %w", roster.ErrTicketExpired)
	}
	name, err := checkDeviceName(a.Device)
	if err != nil {
		return nil, err
	}
	if o := d.invite.offered; o == nil || o.device != name {
		made, err := makeOffer(h, name, d.now.UnixMilli())
		if err != nil {
			return nil, err
		}
		d.invite.offered.wipe()
		d.invite.offered = made
	}
	token, err := h.PostToken()
	if err != nil {
		return nil, err
	}
	defer token.Wipe()
	o := d.invite.offered
	return &Offered{ID: h.ID.String(), Token: envelope.Bytes(token.Bytes()).String(), Offer: o.text, Words: spelt(o.words)}, nil
}

func makeOffer(h roster.Handover, device string, now int64) (*offered, error) {
	o := &offered{device: device, seed: envelope.NewKey()}
	m, err := h.Offer(device, o.seed)
	if err == nil {
		o.text, err = encoded(m)
	}
	if err == nil {
		var read roster.Offer
		if read, err = h.ReadOffer(m, envelope.Time(now).Time()); err == nil {
			o.words, err = read.Words()
		}
	}
	if err != nil {
		o.wipe()
		return nil, err
	}
	return o, nil
}

type takeArgs struct {
	Sealed string `json:"sealed"`
}

// take opens the keyring that the first device sealed to the offer. From here on
// it is enrolled as with a ticket, but the organisation knows it already.
func (d *Desk) take(a takeArgs) (*Stage, error) {
	if d.me != nil {
		return nil, ErrEnrolled
	}
	if d.invite == nil || d.invite.kind != kindHandover || d.invite.offered == nil {
		return nil, ErrHandover
	}
	sealed, err := envelope.Decode[envelope.Envelope]([]byte(a.Sealed))
	if err != nil {
		return nil, fmt.Errorf("handover: %w", err)
	}
	o := d.invite.offered
	k, err := roster.Handover{Link: d.invite.Link}.Take(o.seed, o.device, sealed)
	if err != nil {
		return nil, err
	}
	d.keyring.Wipe()
	d.keyring = k
	return &Stage{Stage: d.stage()}, nil
}

type kitToken struct {
	Token string `json:"token"`
}

// kitTokenOf returns what the broker is shown to hand out the recovery kit of
// whoever has a recovery key.
func (d *Desk) kitTokenOf(_ none, s Secrets) (*kitToken, error) {
	recovery, err := recoveryKey(s)
	if err != nil {
		return nil, err
	}
	defer recovery.Wipe()
	token, err := keyring.KitToken(recovery)
	if err != nil {
		return nil, err
	}
	defer token.Wipe()
	return &kitToken{envelope.Bytes(token.Bytes()).String()}, nil
}

type restoreArgs struct {
	Backup string `json:"backup"` // a file
	Kit    string `json:"kit"`    // or what the broker keeps
	Base   string `json:"base"`
}

// restore opens a keyring with password and recovery key. From here on the device
// is enrolled as a further one of its owner: what it was restored from stays as it
// is, and the passkeys that are lost open nothing of it.
func (d *Desk) restore(a restoreArgs, s Secrets) (*Link, error) {
	if d.me != nil {
		return nil, ErrEnrolled
	}
	base := ""
	if a.Base != "" {
		var err error
		if base, err = readBase(a.Base); err != nil {
			return nil, err
		}
	}
	recovery, err := recoveryKey(s)
	if err != nil {
		return nil, err
	}
	defer recovery.Wipe()
	b, err := readBackup(a, recovery)
	if err != nil {
		return nil, err
	}
	k, err := keyring.OpenWithPassword(b.Row, b.Owner(), s["password"], recovery)
	if err != nil {
		return nil, err
	}
	d.kept.drop(keyLink)
	d.kept.drop(keyDraft)
	d.forgetInvite()
	d.keyring = k
	d.invite = &invite{kind: kindRestore, base: base, Link: roster.Link{
		ID: b.Row.ID, Organisation: b.Organisation, Mount: b.Mount, Approver: b.Row.User, Name: b.Name,
	}}
	return d.invite.shown(), nil
}

// readBackup reads a backup or a kit, which must say where it is used.
func readBackup(a restoreArgs, recovery *envelope.Key) (*keyring.Backup, error) {
	b, err := openBackup(a, recovery)
	if err != nil {
		return nil, err
	}
	if b.Mount.IsZero() || b.Organisation.IsZero() || b.Generation == 0 || b.Row.User.IsZero() || roster.CheckName(b.Name) != nil {
		return nil, fmt.Errorf("it does not say where it is used: %w", ErrBackup)
	}
	return b, nil
}

func openBackup(a restoreArgs, recovery *envelope.Key) (*keyring.Backup, error) {
	if a.Kit != "" {
		kit, err := envelope.Decode[keyring.Kit]([]byte(a.Kit))
		if err != nil {
			return nil, fmt.Errorf("recovery kit: %w", err)
		}
		return keyring.OpenKit(kit, recovery)
	}
	b, err := keyring.ParseBackup([]byte(a.Backup))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBackup, err)
	}
	return b, nil
}
