package roster_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// passing is a handover under way, from frank's first device to his second.
type passing struct {
	*coretest.World
	keyring     *keyring.Keyring
	first, next roster.Handover
	seed        *envelope.Key
	message     roster.OfferMessage
}

func pass(t *testing.T) *passing {
	p := &passing{World: coretest.NewWorld(t), seed: envelope.NewKey()}
	approver := envelope.NewID()
	var err error
	p.keyring, err = keyring.New(p.Roster.Organisation(), approver, 3)
	p.Must(err)
	p.first = roster.NewHandover(p.Roster.Organisation(), envelope.NewID(), approver, "frank", envelope.At(p.Now.Add(10*time.Minute)))
	text, err := p.first.Reveal()
	p.Must(err)
	p.next, err = roster.ParseHandover(text)
	p.Must(err)
	p.message, err = p.next.Offer("tablet", p.seed)
	p.Must(err)
	return p
}

func (p *passing) offer() roster.Offer {
	o, err := p.first.ReadOffer(p.message, p.Now)
	p.Must(err)
	return o
}

func TestAKeyringIsHandedOver(t *testing.T) {
	p := pass(t)
	o := p.offer()
	if o.Device != "tablet" {
		t.Errorf("the offer is by %q", o.Device)
	}
	shown, err := o.Words()
	p.Must(err)
	if len(strings.Fields(shown)) != 4 {
		t.Errorf("the words are %q", shown)
	}
	sealed, err := p.first.Give(p.keyring, o)
	p.Must(err)
	taken, err := p.next.Take(p.seed, "tablet", sealed)
	p.Must(err)
	was, err := p.keyring.Public()
	p.Must(err)
	is, err := taken.Public()
	p.Must(err)
	if was.Signing != is.Signing || taken.Generation() != 3 {
		t.Error("another keyring arrived")
	}
}

func TestOffersByAnybodyElseAreRefused(t *testing.T) {
	p := pass(t)
	stranger := roster.NewHandover(p.first.Organisation, p.first.Mount, p.first.Approver, "frank", p.first.Expires)
	stranger.ID = p.first.ID
	forged, err := stranger.Offer("tablet", envelope.NewKey())
	p.Must(err)
	other := p.first
	other.ID = envelope.NewID()
	for name, c := range map[string]struct {
		handover roster.Handover
		message  roster.OfferMessage
		now      time.Time
		want     error
	}{
		"as made":            {p.first, p.message, p.Now, nil},
		"without the secret": {p.first, forged, p.Now, roster.ErrTicket},
		"another name":       {p.first, roster.OfferMessage{Payload: []byte(strings.Replace(string(p.message.Payload), "tablet", "phones", 1)), MAC: p.message.MAC}, p.Now, roster.ErrTicket},
		"a short MAC":        {p.first, roster.OfferMessage{Payload: p.message.Payload, MAC: p.message.MAC[:8]}, p.Now, roster.ErrTicket},
		"another handover":   {other, p.message, p.Now, roster.ErrTicket},
		"too late":           {p.first, p.message, p.Now.Add(10 * time.Minute), roster.ErrTicketExpired},
	} {
		if _, err := c.handover.ReadOffer(c.message, c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	for _, name := range []string{"", strings.Repeat("x", 65), "tab\u202elet"} {
		if _, err := p.next.Offer(name, p.seed); !errors.Is(err, keyring.ErrCertificate) {
			t.Errorf("a device named %q: %v", name, err)
		}
	}
}

// Whoever has only the link's secret, or only what passes through the broker, can
// neither open a keyring that is handed over nor put another in its place.
func TestOnlyTheDeviceThatWasLookedAtTakesTheKeyring(t *testing.T) {
	p := pass(t)
	o := p.offer()
	sealed, err := p.first.Give(p.keyring, o)
	p.Must(err)
	if _, err := p.next.Take(envelope.NewKey(), "tablet", sealed); !errors.Is(err, envelope.ErrOpen) {
		t.Errorf("with the link, without the device: %v", err)
	}
	if _, err := p.next.Take(p.seed, "phone", sealed); !errors.Is(err, envelope.ErrOpen) {
		t.Errorf("as another device: %v", err)
	}
	broker := p.first
	broker.Secret = envelope.NewKey()
	foreign, err := keyring.New(p.first.Organisation, p.first.Approver, 1)
	p.Must(err)
	planted, err := broker.Give(foreign, o)
	p.Must(err)
	if _, err := p.next.Take(p.seed, "tablet", planted); !errors.Is(err, envelope.ErrOpen) {
		t.Errorf("a keyring planted without the link: %v", err)
	}
	if _, err := p.first.Give(someoneElses(p), o); !errors.Is(err, keyring.ErrOwner) {
		t.Errorf("another's keyring is given: %v", err)
	}
}

func someoneElses(p *passing) *keyring.Keyring {
	k, err := keyring.New(p.first.Organisation, envelope.NewID(), 1)
	p.Must(err)
	return k
}
