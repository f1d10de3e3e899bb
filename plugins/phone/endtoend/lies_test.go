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
	s := embedded(t)
	front := s.newFront(t)
	a := s.enrolled(t, front, phoneOptions{})
	l := s.liar(t, a.name)
	honest := l.ask()
	for _, lie := range lies {
		if t.Failed() {
			return // the screen is not where the next lie expects it
		}
		t.Run(lie.name, func(t *testing.T) {
			a.at(t)
			l.t = t
			item := l.ask()
			lie.make(l, &item)
			front.lie(l.serve(honest, item))
			defer front.lie(nil)
			a.openRefused(item.Request.Hash())
			if a.offers("approve") {
				t.Error("a refused request has an approve button")
			}
			if got := a.field("error-name"); got != lie.refused {
				t.Errorf("the reason shown is %q, want %q", got, lie.refused)
			}
			a.click("back")
			a.awaitScreen("requests")
		})
	}
	a.at(t)
	front.lie(l.serve(honest))
	a.openRequest(l.path)
	if !a.offers("approve") {
		t.Error("the honest request beside the lies cannot be approved")
	}
}
