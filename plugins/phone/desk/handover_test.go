package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// mailbox is the broker's part of a handover.
func (o *office) mailbox(call string) *approval.HandoverCall {
	o.T.Helper()
	s, err := envelope.Decode[envelope.Signed]([]byte(call))
	o.Must(err)
	c, _, err := approval.ReadHandoverCall(o.Roster, s, o.Now)
	o.Must(err)
	return c
}

// start begins a handover and returns its link.
func (p *phone) start() desk.HandoverStarted {
	p.t.Helper()
	p.list()
	var started desk.HandoverStarted
	p.do("handoverStart", args{"app": "https://vault.example:8200/v1/stillvault/app/"}, nil, &started)
	return started
}

// offer takes a new phone to the point where it waits for a keyring.
func (p *phone) offer(fragment string) desk.Offered {
	p.t.Helper()
	p.do("readLink", args{"fragment": fragment}, nil, nil)
	var made desk.Offered
	p.do("offer", args{"device": "alice's tablet"}, nil, &made)
	return made
}

func TestAKeyringIsHandedOverWithOneGesture(t *testing.T) {
	o, first := ready(t, nil)
	started := first.start()
	if started.Link != "https://vault.example:8200/v1/stillvault/app/#"+started.Fragment || started.QR.Size*started.QR.Size != len(started.QR.Modules) {
		t.Fatalf("link %q, QR code of %d", started.Link, started.QR.Size)
	}
	var c desk.Call
	first.do("handoverPoll", nil, nil, &c)
	opened := o.mailbox(c.Call)

	second := newPhone(t, o)
	made := second.offer(started.Fragment)
	var token envelope.Bytes
	o.Must(token.UnmarshalText([]byte(made.Token)))
	if envelope.SumHash(token) != opened.Token || made.ID != opened.Handover.String() {
		t.Fatal("the mailbox would not take the offer")
	}
	var again desk.Offered
	second.do("offer", args{"device": "alice's tablet"}, nil, &again)
	if again.Offer != made.Offer {
		t.Fatal("asked again, it makes another offer")
	}
	var seen desk.HandoverOffered
	first.do("handoverOffered", args{"offer": made.Offer}, nil, &seen)
	if seen.Device != "alice's tablet" || len(made.Words) != 4 {
		t.Fatalf("%v answered, with %v", seen, made.Words)
	}
	assertion, prf, err := first.gesture("handover", "", strings.Join(made.Words, " "))
	first.must(err)
	first.do("handoverGive", args{"assertion": assertion}, desk.Secrets{"prf": prf}, &c)
	sealed, err := envelope.Encode(o.mailbox(c.Call).Sealed)
	o.Must(err)

	// Its answer may be lost: what is sent again is the same, or the broker refuses it.
	for _, again := range []func(){
		func() { first.do("handoverPoll", nil, nil, &c) },
		func() {
			assertion, prf, err := first.gesture("handover", "", strings.Join(made.Words, " "))
			first.must(err)
			first.do("handoverGive", args{"assertion": assertion}, desk.Secrets{"prf": prf}, &c)
		},
	} {
		again()
		if resent, err := envelope.Encode(o.mailbox(c.Call).Sealed); err != nil || string(resent) != string(sealed) {
			t.Fatalf("sealed anew (%v)", err)
		}
	}

	second.do("take", args{"sealed": string(sealed)}, nil, nil)
	o.becomesADevice(second)
	var devices []desk.Device
	second.do("devices", nil, nil, &devices)
	if len(devices) != 2 || devices[0].AdmittedAt == "" {
		t.Fatalf("devices %v", devices)
	}
	for _, d := range devices {
		if d.Here != (d.Name == "alice's phone" && d.ID == second.open().Device) {
			t.Errorf("device %v", d)
		}
	}
}

// becomesADevice takes a phone that has the keyring to its first approval.
func (o *office) becomesADevice(p *phone) {
	p.t.Helper()
	p.must(p.makePasskey())
	_, err := p.wrap()
	p.must(err)
	before := len(o.Log)
	var c desk.Confirmed
	p.do("confirm", nil, nil, &c)
	if c.Certificate == "" || c.Message != "" || c.Kit == "" {
		p.t.Fatalf("confirmed %v", c)
	}
	p.post()
	if len(o.Log) != before+1 {
		p.t.Fatal("more was admitted than a device")
	}
	q := o.ask("prod/db")
	d, err := p.approve(p.one())
	p.must(err)
	if out, err := o.take(q, d.Release); err != nil || string(out.Value.JSON()) != value {
		p.t.Fatalf("got %v", err)
	}
}

func TestHandingOverRefuses(t *testing.T) {
	o, first := ready(t, nil)
	first.refused("handover_absent", "handoverPoll", nil, nil)
	started := first.start()
	second, third := newPhone(t, o), newPhone(t, o)
	made := second.offer(started.Fragment)
	words := strings.Join(made.Words, " ")
	first.refused("handover_absent", "gesture", args{"purpose": "handover", "typed": words}, nil)
	first.refused("handover_absent", "handoverGive", nil, nil)
	first.refused("enrolment_mac_invalid", "handoverOffered", args{"offer": strings.Replace(made.Offer, `"mac":"`, `"mac":"AAAA`, 1)}, nil)
	first.do("handoverOffered", args{"offer": made.Offer}, nil, nil)
	first.do("handoverOffered", args{"offer": made.Offer}, nil, nil)
	others := third.offer(started.Fragment)
	first.refused("handover_absent", "handoverOffered", args{"offer": others.Offer}, nil)
	for _, typed := range []string{"", strings.Join(others.Words, " "), strings.Join(made.Words[:3], " "), words + " " + made.Words[0]} {
		first.refused("offer_words_wrong", "gesture", args{"purpose": "handover", "typed": typed}, nil)
	}

	wrong, prf, err := first.gesture("check", "", "")
	first.must(err)
	first.refused("gesture_mismatch", "handoverGive", args{"assertion": wrong}, desk.Secrets{"prf": prf})
	give := func() string {
		assertion, prf, err := first.gesture("handover", "", words)
		first.must(err)
		var c desk.Call
		first.do("handoverGive", args{"assertion": assertion}, desk.Secrets{"prf": prf}, &c)
		sealed, err := envelope.Encode(o.mailbox(c.Call).Sealed)
		o.Must(err)
		return string(sealed)
	}
	sealed := give()
	third.refused("envelope_does_not_open", "take", args{"sealed": sealed}, nil)
	third.refused("step_out_of_order", "begin", args{"device": "phone", "rpId": rpID, "origin": origin}, nil)

	// Nothing of a handover survives a reload: it begins again on both sides.
	second.reload()
	second.refused("handover_absent", "take", args{"sealed": sealed}, nil)
	first.reload()
	first.refused("handover_absent", "handoverPoll", nil, nil)

	// A gesture made for one offer gives to no other.
	made = newPhone(t, o).offer(first.start().Fragment)
	first.do("handoverOffered", args{"offer": made.Offer}, nil, nil)
	earlier, prf, err := first.gesture("handover", "", strings.Join(made.Words, " "))
	first.must(err)
	first.do("handoverOffered", args{"offer": newPhone(t, o).offer(first.start().Fragment).Offer}, nil, nil)
	first.refused("gesture_mismatch", "handoverGive", args{"assertion": earlier}, desk.Secrets{"prf": prf})

	first.start()
	o.Now = o.Now.Add(10 * time.Minute)
	first.refused("ticket_expired", "handoverOffered", args{"offer": made.Offer}, nil)
	second.refused("ticket_expired", "offer", args{"device": "tablet"}, nil)
}

func TestTheWordsOfAnOfferAreTakenInAnySpelling(t *testing.T) {
	o, first := ready(t, nil)
	made := newPhone(t, o).offer(first.start().Fragment)
	first.do("handoverOffered", args{"offer": made.Offer}, nil, nil)
	w := made.Words
	for name, typed := range map[string]string{
		"as they are shown":    strings.Join(w, " "),
		"in capitals":          strings.ToUpper(strings.Join(w, " ")),
		"with hyphens":         strings.Join(w, "-"),
		"as a list":            " " + w[0] + ", " + w[1] + "; " + w[2] + ".\n" + w[3] + " ",
		"without gaps":         strings.Join(w, ""),
		"with a first capital": strings.ToUpper(w[0][:1]) + strings.Join(w, " ")[1:],
		"with no-break spaces": strings.Join(w, "\u00a0"),
	} {
		if _, _, err := first.gesture("handover", "", typed); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestALostPhoneIsRestored(t *testing.T) {
	triesPasswords(t)
	for _, from := range []string{"backup", "kit"} {
		t.Run(from, func(t *testing.T) {
			o, _ := ready(t, nil)
			w, c := alice.wrapped, alice.confirmed

			p := newPhone(t, o)
			var token struct {
				Token envelope.Bytes `json:"token"`
			}
			p.do("kitToken", nil, desk.Secrets{"recovery": []byte(w.RecoveryKey)}, &token)
			if envelope.SumHash(token.Token).String() != c.KitTokenHash {
				t.Fatal("the broker would not find the kit")
			}
			what := args{"backup": w.Backup, "base": "https://vault.example:8200/v1/stillvault"}
			if from == "kit" {
				what = args{"kit": c.Kit}
			}
			another := keyring.FormatRecoveryKey(envelope.NewKey())
			p.refused("wrong_factor", "restore", what, desk.Secrets{"password": []byte("another"), "recovery": []byte(w.RecoveryKey)})
			p.refused("wrong_factor", "restore", what, desk.Secrets{"password": []byte(password), "recovery": another})
			p.refused("recovery_key_invalid", "restore", what, desk.Secrets{"password": []byte(password), "recovery": []byte("x")})
			p.refused("backup_invalid", "restore", args{"backup": "{}"}, desk.Secrets{"password": []byte(password), "recovery": []byte(w.RecoveryKey)})
			var l desk.Link
			p.do("restore", what, desk.Secrets{"password": []byte(password), "recovery": []byte(w.RecoveryKey)}, &l)
			if l.Kind != "restore" || l.Name != "alice" {
				t.Fatalf("restored %v", l)
			}
			if len(p.stored) != 0 {
				t.Fatal("something is kept already")
			}
			o.becomesADevice(p)
		})
	}
}
