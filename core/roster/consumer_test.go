package roster_test

import (
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func TestConsumersAreRefused(t *testing.T) {
	w := coretest.NewWorld(t)
	host, gone := w.AdmitConsumer("host", roster.ConsumerHost), w.AdmitConsumer("gone", roster.ConsumerCI)
	w.AdmitConsumer("other", roster.ConsumerCI)
	w.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: gone.ID})
	admit := func(edit func(*roster.ConsumerAdmit)) roster.ConsumerAdmit {
		b := roster.ConsumerAdmit{ID: envelope.NewID(), Name: "new", Kind: roster.ConsumerTerraform, Signing: envelope.NewSigningKey(envelope.NewKey()).Public()}
		edit(&b)
		return b
	}
	refuse(t, w, []refusal{
		{"no id", roster.KindConsumerAdmit, admit(func(b *roster.ConsumerAdmit) { b.ID = envelope.ID{} }), roster.ErrStatement},
		{"an id in use", roster.KindConsumerAdmit, admit(func(b *roster.ConsumerAdmit) { b.ID = gone.ID }), roster.ErrStatement},
		{"a bad name", roster.KindConsumerAdmit, admit(func(b *roster.ConsumerAdmit) { b.Name = "" }), roster.ErrName},
		{"a name in use", roster.KindConsumerAdmit, admit(func(b *roster.ConsumerAdmit) { b.Name = "host" }), roster.ErrStatement},
		{"an unknown kind", roster.KindConsumerAdmit, admit(func(b *roster.ConsumerAdmit) { b.Kind = "robot" }), roster.ErrStatement},
		{"no key", roster.KindConsumerAdmit, admit(func(b *roster.ConsumerAdmit) { b.Signing = envelope.VerifyKey{} }), roster.ErrStatement},
		{"a worthless key", roster.KindConsumerAdmit, admit(func(b *roster.ConsumerAdmit) { b.Signing = envelope.VerifyKey{1} }), envelope.ErrKey},
		{"somebody's key", roster.KindConsumerAdmit, admit(func(b *roster.ConsumerAdmit) { b.Signing = host.Signer.Public() }), roster.ErrStatement},
		{"the key of one revoked", roster.KindConsumerAdmit, admit(func(b *roster.ConsumerAdmit) { b.Signing = gone.Signer.Public() }), roster.ErrStatement},
		{"a host with a mount", roster.KindConsumerAdmit, admit(func(b *roster.ConsumerAdmit) { b.Mount = w.Mount }), roster.ErrStatement},
		{"a mount without its id", roster.KindConsumerAdmit, admit(func(b *roster.ConsumerAdmit) { b.Kind = roster.ConsumerMount }), roster.ErrStatement},
		{"set to a bad name", roster.KindConsumerSet, roster.ConsumerSet{ID: host.ID, Name: "Host"}, roster.ErrName},
		{"set to a name in use", roster.KindConsumerSet, roster.ConsumerSet{ID: host.ID, Name: "other"}, roster.ErrStatement},
		{"unknown set", roster.KindConsumerSet, roster.ConsumerSet{ID: envelope.NewID(), Name: "new"}, roster.ErrUnknown},
		{"revoked set", roster.KindConsumerSet, roster.ConsumerSet{ID: gone.ID, Name: "gone"}, roster.ErrRevoked},
		{"unknown revoked", roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: envelope.NewID()}, roster.ErrUnknown},
		{"revoked twice", roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: gone.ID}, roster.ErrRevoked},
	})
	w.Append(roster.KindConsumerAdmit, admit(func(b *roster.ConsumerAdmit) { b.Name = "gone" }))
	if c, err := w.Roster.ConsumerNamed("gone"); err != nil || c.ID == gone.ID {
		t.Errorf("a re-created name is the old one: %v", err)
	}
	if len(w.Roster.Consumers()) != 3 {
		t.Errorf("%d consumers in force", len(w.Roster.Consumers()))
	}
}

func TestARenamedConsumerIsTheSameOne(t *testing.T) {
	w := coretest.NewWorld(t)
	c, alice := w.AdmitConsumer("host", roster.ConsumerHost), w.Admit("alice")
	w.SetPolicy(coretest.Policy("p", "x/*", []*coretest.Consumer{c}, coretest.Need("dba", 1, alice)))
	then := w.Roster.Head()
	w.Append(roster.KindConsumerSet, roster.ConsumerSet{ID: c.ID, Name: "web-1"})
	w.Append(roster.KindConsumerSet, roster.ConsumerSet{ID: c.ID, Name: "web-1"})
	now, err := w.Roster.ConsumerNamed("web-1")
	w.Must(err)
	if now.ID != c.ID || now.Signing != c.Signer.Public() || now.Kind != roster.ConsumerHost {
		t.Error("another consumer, or with another key")
	}
	if at, err := w.Roster.ConsumerAt(c.ID, then); err != nil || at.Name != "web-1" {
		t.Errorf("at an earlier head: %v", err)
	}
	p, err := w.Roster.PolicyFor("x/y")
	w.Must(err)
	if p.Consumers[0] != c.ID || p.Authors[0] != c.ID {
		t.Error("the policy changed")
	}
	if next := w.AdmitConsumer("host", roster.ConsumerHost); p.Consumers[0] == next.ID {
		t.Error("whoever has the name now is named by the policy")
	}
}

func TestAConsumerCountsWhileItWasInForce(t *testing.T) {
	w := coretest.NewWorld(t)
	before := w.Roster.Head()
	c := w.AdmitConsumer("host", roster.ConsumerHost)
	while := w.Roster.Head()
	check := func(stage string, lookup func(envelope.ID, roster.Head) (*roster.Consumer, error), at roster.Head, want error) {
		t.Helper()
		if _, err := lookup(c.ID, at); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", stage, err, want)
		}
	}
	check("before", w.Roster.ConsumerAt, before, roster.ErrUnknown)
	check("while", w.Roster.ConsumerAt, while, nil)
	w.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: c.ID})
	after := w.Roster.Head()
	check("revoked, then", w.Roster.ConsumerAt, while, nil)
	check("revoked, since", w.Roster.ConsumerAt, after, roster.ErrRevoked)
	w.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: c.ID, Compromised: true})
	check("compromised, then", w.Roster.ConsumerAt, while, roster.ErrRevoked)
	check("compromised, before", w.Roster.ConsumerAt, before, roster.ErrUnknown)
	check("compromised, as a link", w.Roster.FormerConsumerAt, while, nil)
	check("compromised, as a link since", w.Roster.FormerConsumerAt, after, roster.ErrRevoked)
	refuse(t, w, []refusal{
		{"compromised taken back", roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: c.ID}, roster.ErrRevoked},
		{"compromised twice", roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: c.ID, Compromised: true}, roster.ErrRevoked},
	})
	if f, err := w.Roster.FormerConsumer(c.ID); err != nil || !f.Compromised {
		t.Errorf("former: %v", err)
	}
	for name, lookup := range map[string]func(envelope.ID) (*roster.Consumer, error){"consumer": w.Roster.Consumer, "former": w.Roster.FormerConsumer} {
		if _, err := lookup(envelope.NewID()); !errors.Is(err, roster.ErrUnknown) {
			t.Errorf("%s unknown: %v", name, err)
		}
	}
}
