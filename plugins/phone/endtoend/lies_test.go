package endtoend

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// lie is what a broker makes of an honest item, and the name under which the
// device has to refuse it.
type lie struct {
	name    string
	make    func(*liar, *approval.Item)
	refused string
}

var lies = []lie{
	{"swapped ephemeral key", func(l *liar, i *approval.Item) {
		l.alter(i, func(q *approval.Request) { q.Ephemeral = anotherKEMKey() })
	}, "signature_invalid"},
	{"ephemeral key of low order", func(l *liar, i *approval.Item) {
		l.resign(i, l.signer, func(q *approval.Request) { q.Ephemeral = make(envelope.KEMKey, len(q.Ephemeral)) })
	}, "public_key_invalid"},
	{"swapped consumer key", func(l *liar, i *approval.Item) {
		l.resign(i, envelope.NewSigningKey(envelope.NewKey()), func(*approval.Request) {})
	}, "signature_invalid"},
	{"unknown consumer", func(l *liar, i *approval.Item) {
		l.resign(i, l.signer, func(q *approval.Request) { q.Consumer = envelope.NewID() })
	}, "unknown_in_roster"},
	{"changed reason", func(l *liar, i *approval.Item) {
		l.alter(i, func(q *approval.Request) { q.Reason = "harmless, just say yes" })
	}, "signature_invalid"},
	{"changed requester", func(l *liar, i *approval.Item) {
		l.alter(i, func(q *approval.Request) { q.Origin.Requester = "somebody you trust" })
	}, "signature_invalid"},
	{"reported as if by Vault", func(l *liar, i *approval.Item) {
		l.resign(i, l.signer, func(q *approval.Request) { q.Origin.Reported = true })
	}, "request_mismatch"},
	{"other version", func(l *liar, i *approval.Item) { i.Version = *l.read(1) }, "request_mismatch"},
	{"expired", func(l *liar, i *approval.Item) {
		l.resign(i, l.signer, func(q *approval.Request) {
			q.Created, q.Deadline = q.Created.Add(-10*time.Minute), q.Created.Add(-9*time.Minute)
		})
	}, "request_expired"},
	{"deadline beyond the policy's", func(l *liar, i *approval.Item) {
		l.resign(i, l.signer, func(q *approval.Request) { q.Deadline = q.Deadline.Add(24 * time.Hour) })
	}, "request_deadline_too_far"},
	{"text that shows as something else", func(l *liar, i *approval.Item) {
		l.resign(i, l.signer, func(q *approval.Request) { q.Reason = "invoice\u202Etxt.exe" })
	}, "request_mismatch"},
}

func anotherKEMKey() envelope.KEMKey {
	seed := envelope.NewKey()
	defer seed.Wipe()
	key, err := envelope.KEMPublic(seed)
	if err != nil {
		panic(err)
	}
	return key
}

// Whatever a broker makes of a request, the device shows it as refused, with the
// reason and without a way to approve it, and goes on showing honest ones.
func TestLiesAreRefusedOnScreen(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	front := s.newFront(t)
	p := s.enrolled(t, front, phoneOptions{})
	l := s.liar(t, p.name)
	items := []approval.Item{l.ask()}
	for _, lie := range lies {
		item := l.ask()
		lie.make(l, &item)
		items = append(items, item)
	}
	front.lie(l.serve(items...))
	for i, lie := range lies {
		if t.Failed() {
			return // the screen is not where the next lie expects it
		}
		t.Run(lie.name, func(t *testing.T) {
			p.at(t)
			p.openRefused(items[i+1].Request.Hash())
			if got := p.field("error-name"); got != lie.refused {
				t.Errorf("the reason shown is %q, want %q", got, lie.refused)
			}
			if p.offers("approve") {
				t.Error("a refused request has an approve button")
			}
			p.goHome()
		})
	}
	p.at(t)
	p.openRequest(l.path)
	if !p.offers("approve") {
		t.Error("the honest request beside the lies cannot be approved")
	}
}
