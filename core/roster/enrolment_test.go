package roster_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

func invite(w *coretest.World) roster.Ticket {
	return roster.NewTicket(w.Roster.Organisation(), envelope.NewID(), envelope.NewID(), "frank", envelope.At(w.Now.Add(time.Hour)))
}

func enrol(w *coretest.World, t roster.Ticket) roster.Enrolment {
	k, err := keyring.New(t.Organisation, t.Approver, 1)
	w.Must(err)
	public, err := k.Public()
	w.Must(err)
	return roster.Enrolment{
		Ticket: t.ID, Organisation: t.Organisation, Approver: t.Approver, KEM: public.KEM, Signing: public.Signing, Generation: 1,
		Factors: []keyring.FactorKind{keyring.FactorSoftware}, Certificate: w.Certify(&coretest.Person{Keyring: k}, keyring.NewDevice(), "phone"),
	}
}

func TestAnEnrolmentArrivesAsTheDeviceMadeIt(t *testing.T) {
	w := coretest.NewWorld(t)
	ticket := invite(w)
	text, err := ticket.Reveal()
	w.Must(err)
	handed, err := roster.ParseTicket(text)
	w.Must(err)
	made := enrol(w, handed)
	m, err := handed.Close(made)
	w.Must(err)
	sent, err := envelope.Encode(m)
	w.Must(err)
	got, err := envelope.Decode[roster.EnrolmentMessage](sent)
	w.Must(err)
	e, err := ticket.Accept(got, w.Now)
	w.Must(err)
	if e.Signing != made.Signing || e.Approver != ticket.Approver {
		t.Error("another enrolment arrived")
	}
	if _, err := ticket.Accept(got, w.Now.Add(time.Hour)); !errors.Is(err, roster.ErrTicketExpired) {
		t.Errorf("after its time: %v", err)
	}
	w.Append(roster.KindApproverAdmit, roster.ApproverAdmit{
		ID: e.Approver, Name: ticket.Name, Entities: []string{}, KEM: e.KEM, Signing: e.Signing, Generation: e.Generation, Factors: e.Factors, Recovery: e.Recovery,
	})
	w.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: e.Certificate})
}

func TestATicketShowsItsSecretOnlyWhereItIsRevealed(t *testing.T) {
	w := coretest.NewWorld(t)
	ticket := invite(w)
	post, err := ticket.PostToken()
	w.Must(err)
	if post.Equal(ticket.Secret) {
		t.Error("the broker is shown the secret")
	}
	for _, verb := range []string{"%v", "%s", "%q", "%x"} {
		printed := fmt.Sprintf(verb, ticket)
		if strings.Contains(printed, envelope.Bytes(ticket.Secret.Bytes()).String()) || strings.Contains(printed, fmt.Sprintf("%x", ticket.Secret.Bytes())) {
			t.Errorf("%s prints the secret", verb)
		}
	}
}

func TestTicketsAreReadStrictly(t *testing.T) {
	w := coretest.NewWorld(t)
	ticket := invite(w)
	text, err := ticket.Reveal()
	w.Must(err)
	reveal := func(edit func(*roster.Ticket)) string {
		c := ticket
		edit(&c)
		s, err := c.Reveal()
		w.Must(err)
		return s
	}
	edit := func(change func([]byte) []byte) string {
		return "sv1." + envelope.Bytes(change(decoded(t, text))).String()
	}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":          {"", envelope.ErrEncoding},
		"another version":  {"sv2." + text[4:], envelope.ErrEncoding},
		"no version":       {text[4:], envelope.ErrEncoding},
		"a handover":       {"svh1." + text[4:], envelope.ErrEncoding},
		"padding":          {text + "=", envelope.ErrEncoding},
		"cut":              {text[:len(text)-8], envelope.ErrEncoding},
		"a byte more":      {edit(func(b []byte) []byte { return append(b, 0) }), envelope.ErrEncoding},
		"a byte less":      {edit(func(b []byte) []byte { return b[:len(b)-1] }), envelope.ErrEncoding},
		"a longer name":    {edit(func(b []byte) []byte { b[nameAt]++; return b }), envelope.ErrEncoding},
		"no name":          {edit(func(b []byte) []byte { b[nameAt] = 0; return append(b[:nameAt+1], b[len(b)-32:]...) }), roster.ErrName},
		"a bad name":       {edit(func(b []byte) []byte { b[nameAt+1] = 'F'; return b }), roster.ErrName},
		"an endless life":  {edit(func(b []byte) []byte { b[nameAt-8] = 0xff; return b }), envelope.ErrEncoding},
		"no id":            {reveal(func(t *roster.Ticket) { t.ID = envelope.ID{} }), envelope.ErrEncoding},
		"no organisation":  {reveal(func(t *roster.Ticket) { t.Organisation = envelope.Hash{} }), envelope.ErrEncoding},
		"no mount":         {reveal(func(t *roster.Ticket) { t.Mount = envelope.ID{} }), envelope.ErrEncoding},
		"no approver":      {reveal(func(t *roster.Ticket) { t.Approver = envelope.ID{} }), envelope.ErrEncoding},
		"only its version": {"sv1.", envelope.ErrEncoding},
	} {
		if _, err := roster.ParseTicket(c.text); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	ticket.Name = "Frank\n"
	if _, err := ticket.Reveal(); !errors.Is(err, roster.ErrName) {
		t.Errorf("a name that nobody may have is revealed: %v", err)
	}
}

// A terminal of 80 columns shows the QR code of a link of 230 bytes.
func TestALinkIsShort(t *testing.T) {
	w := coretest.NewWorld(t)
	text, err := invite(w).Reveal()
	w.Must(err)
	if len(text) > 180 {
		t.Errorf("a ticket has %d characters", len(text))
	}
}

// nameAt is where a link has its name's length.
const nameAt = 16 + 32 + 16 + 16 + 8

func decoded(t *testing.T, ticket string) []byte {
	t.Helper()
	var b envelope.Bytes
	if err := b.UnmarshalText([]byte(ticket[4:])); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEnrolmentsMustBelongTogether(t *testing.T) {
	w := coretest.NewWorld(t)
	ticket := invite(w)
	for name, c := range map[string]struct {
		edit func(*roster.Enrolment)
		want error
	}{
		"nothing changed":       {func(*roster.Enrolment) {}, nil},
		"another ticket":        {func(e *roster.Enrolment) { e.Ticket = envelope.NewID() }, roster.ErrTicket},
		"another approver":      {func(e *roster.Enrolment) { e.Approver = envelope.NewID() }, roster.ErrTicket},
		"another organisation":  {func(e *roster.Enrolment) { e.Organisation[0] ^= 1 }, roster.ErrTicket},
		"another generation":    {func(e *roster.Enrolment) { e.Generation++ }, roster.ErrTicket},
		"another signing key":   {func(e *roster.Enrolment) { e.Signing[0] ^= 1 }, envelope.ErrSignature},
		"another's certificate": {func(e *roster.Enrolment) { e.Certificate = enrol(w, ticket).Certificate }, envelope.ErrSignature},
		"a KEM key that nothing is sealed to": {func(e *roster.Enrolment) {
			clear(e.KEM[len(e.KEM)-32:])
		}, envelope.ErrKey},
	} {
		e := enrol(w, ticket)
		c.edit(&e)
		m, err := ticket.Close(e)
		w.Must(err)
		if _, err := ticket.Accept(m, w.Now); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	m, err := ticket.Close(enrol(w, ticket))
	w.Must(err)
	m.MAC = m.MAC[:31]
	if _, err := ticket.Accept(m, w.Now); !errors.Is(err, roster.ErrTicket) {
		t.Errorf("a short MAC: %v", err)
	}
	for _, payload := range []string{"", "null", "{}", `{"ticket":""}`} {
		if _, err := roster.ReadEnrolment(roster.EnrolmentMessage{Payload: []byte(payload)}); !errors.Is(err, envelope.ErrEncoding) {
			t.Errorf("%q: got %v", payload, err)
		}
	}
}

func TestAFingerprintIsReadOutInWords(t *testing.T) {
	w := coretest.NewWorld(t)
	e, other := enrol(w, invite(w)), enrol(w, invite(w))
	words, err := e.Fingerprint()
	w.Must(err)
	if n := len(strings.Fields(words)); n != roster.FingerprintWords {
		t.Fatalf("%d words", n)
	}
	for _, said := range []string{words, strings.ToUpper(words), strings.ReplaceAll(words, " ", "-"), " " + strings.ReplaceAll(words, " ", ",\n") + " "} {
		if err := e.MatchesFingerprint(said); err != nil {
			t.Errorf("%q: %v", said, err)
		}
	}
	theirs, err := other.Fingerprint()
	w.Must(err)
	fields := strings.Fields(words)
	for name, said := range map[string]string{
		"nothing": "", "another's": theirs, "one word left out": strings.Join(fields[1:], " "), "one word more": words + " " + fields[0],
		"two words swapped": strings.Join(append([]string{fields[1], fields[0]}, fields[2:]...), " "), "run together": strings.Join(fields, ""),
	} {
		if err := e.MatchesFingerprint(said); !errors.Is(err, roster.ErrTicket) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	changed := e
	changed.Recovery = true
	if got, err := changed.Fingerprint(); err != nil || got == words {
		t.Errorf("the fingerprint is not of everything: %v", err)
	}
}
