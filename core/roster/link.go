package roster

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// Link is what a person carries from one screen to another behind the # of a
// URL, where no server sees it: a [Ticket] or a [Handover]. Secret, 32 bytes, is
// known to its two ends only; whoever made the link, or parsed it, wipes it.
type Link struct {
	ID           envelope.ID
	Organisation envelope.Hash
	Mount        envelope.ID // where the device enrols; pinned from here
	Approver     envelope.ID
	Name         string // of the approver
	Expires      envelope.Time
	Secret       *envelope.Key
}

// linkFixed is the length of all but the name: three ids, a hash, a time, the
// name's length, and the secret.
const linkFixed = 3*16 + envelope.HashSize + 8 + 1 + envelope.KeySize

func newLink(organisation envelope.Hash, mount, approver envelope.ID, name string, expires envelope.Time) Link {
	return Link{ID: envelope.NewID(), Organisation: organisation, Mount: mount, Approver: approver, Name: name, Expires: expires, Secret: envelope.NewKey()}
}

// public is all but the secret. It is binary, and not JSON as everything else, so
// that its QR code fits a terminal.
func (l Link) public() []byte {
	b := make([]byte, 0, linkFixed+len(l.Name))
	b = append(b, l.ID[:]...)
	b = append(b, l.Organisation[:]...)
	b = append(b, l.Mount[:]...)
	b = append(b, l.Approver[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(l.Expires))
	b = append(b, byte(len(l.Name)))
	return append(b, l.Name...)
}

// reveal returns the link's text. It holds the secret.
func (l Link) reveal(version string) (string, error) {
	if err := CheckName(l.Name); err != nil {
		return "", fmt.Errorf("link: %w", err)
	}
	encoded := append(l.public(), l.Secret.Bytes()...)
	defer envelope.Wipe(encoded)
	return version + "." + envelope.Bytes(encoded).String(), nil
}

// parseLink reads what reveal wrote, and nothing else.
func parseLink(version, text string) (Link, error) {
	body, known := strings.CutPrefix(text, version+".")
	if !known {
		return Link{}, fmt.Errorf("not of version %s: %w", version, envelope.ErrEncoding)
	}
	var encoded envelope.Bytes
	if err := encoded.UnmarshalText([]byte(body)); err != nil {
		return Link{}, err
	}
	defer envelope.Wipe(encoded)
	const name = linkFixed - envelope.KeySize
	if len(encoded) < linkFixed || len(encoded) != linkFixed+int(encoded[name-1]) {
		return Link{}, fmt.Errorf("cut short: %w", envelope.ErrEncoding)
	}
	rest := []byte(encoded)
	take := func(n int) []byte {
		part := rest[:n]
		rest = rest[n:]
		return part
	}
	var l Link
	copy(l.ID[:], take(len(l.ID)))
	copy(l.Organisation[:], take(len(l.Organisation)))
	copy(l.Mount[:], take(len(l.Mount)))
	copy(l.Approver[:], take(len(l.Approver)))
	l.Expires = envelope.Time(binary.BigEndian.Uint64(take(8)))
	l.Name = string(take(int(take(1)[0])))
	if l.ID.IsZero() || l.Organisation.IsZero() || l.Mount.IsZero() || l.Approver.IsZero() || l.Expires <= 0 {
		return Link{}, fmt.Errorf("incomplete: %w", envelope.ErrEncoding)
	}
	if err := CheckName(l.Name); err != nil {
		return Link{}, err
	}
	var err error
	l.Secret, err = envelope.KeyFrom(rest)
	return l, err
}

// vouches checks, within the link's time, that a payload was made by who has the
// link: [ErrTicketExpired] or [ErrTicket] otherwise.
func (l Link) vouches(label envelope.Label, payload, mac []byte, now time.Time) error {
	if envelope.At(now) >= l.Expires {
		return ErrTicketExpired
	}
	want, err := l.mac(label, payload)
	if err != nil {
		return err
	}
	if !hmac.Equal(want, mac) {
		return ErrTicket
	}
	return nil
}

// mac is HMAC-SHA256 of a payload. It derives its key from the whole link: who was
// handed another name or expiry, though with the right secret, answers another one.
func (l Link) mac(label envelope.Label, payload []byte) ([]byte, error) {
	key, err := envelope.Derive(l.Secret.Bytes(), l.Organisation[:], label, l.public())
	if err != nil {
		return nil, err
	}
	defer key.Wipe()
	h := hmac.New(sha256.New, key.Bytes())
	h.Write(payload)
	return h.Sum(nil), nil
}
