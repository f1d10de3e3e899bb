package desk_test

import (
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// TestAReloadAfterAnyOperationLosesNothing takes a phone from its link to an
// approval, reloads the page once after one of the operations, and goes on as the
// page does: from the stage that the desk says it is at.
func TestAReloadAfterAnyOperationLosesNothing(t *testing.T) {
	ops := []string{"never", "readLink", "begin", "made", "gesture", "wrap", "confirm", "admitted", "call", "receive", "approve", "unsent", "sent", "history"}
	for _, op := range thinned(ops, 6) {
		t.Run(op, func(t *testing.T) {
			o := newOffice(t)
			p := newPhone(t, o)
			p.crashAt = op
			f := &flow{phone: p, ticket: o.invite("alice")}
			for range 10 {
				err := f.goOn()
				if err == nil {
					break
				}
				if !errors.Is(err, errCrash) {
					t.Fatal(err)
				}
			}
			if string(f.value) != value {
				t.Fatalf("the value that arrived is %q", f.value)
			}
			if op != "never" && p.crashAt != "" {
				t.Fatal("the operation never came")
			}
		})
	}
}

type flow struct {
	*phone
	ticket roster.Ticket
	asked  *asked
	value  []byte
}

func (f *flow) goOn() error {
	switch s := f.open(); s.Stage {
	case desk.StageEmpty:
		text, err := f.ticket.Reveal()
		f.must(err)
		if err := f.try("readLink", args{"fragment": text}, nil, nil); err != nil {
			return err
		}
		fallthrough
	case desk.StageLinked:
		if err := f.makePasskey(); err != nil {
			return err
		}
		fallthrough
	case desk.StageMade:
		if _, err := f.wrap(); err != nil {
			return err
		}
		if err := f.try("confirm", nil, nil, nil); err != nil {
			return err
		}
		fallthrough
	case desk.StageWaiting:
		if err := f.wait(); err != nil {
			return err
		}
	}
	return f.work()
}

func (f *flow) wait() error {
	for range 3 {
		post := f.open().Post
		if post == nil {
			return nil
		}
		state, init := f.office.post(post)
		if err := f.try("admitted", args{"state": state, "init": init}, nil, nil); err != nil {
			return err
		}
		if state == "admitted" {
			return nil
		}
		f.office.admit(f.ticket)
		f.office.policy(nil, anyOf(f.office.person("alice")))
		f.asked = f.office.ask("prod/db")
	}
	return errors.New("not admitted")
}

func (f *flow) work() error {
	if err := f.send(); err != nil {
		return err
	}
	if f.value == nil {
		r, err := f.tryList()
		if err != nil {
			return err
		}
		if len(r.Requests) != 1 {
			f.t.Fatalf("%d requests, refused %v", len(r.Requests), r.Refused)
		}
		if _, err := f.approve(r.Requests[0]); err != nil {
			return err
		}
	}
	if err := f.send(); err != nil {
		return err
	}
	var entries []desk.Entry
	if err := f.try("history", nil, nil, &entries); err != nil {
		return err
	}
	if len(entries) != 1 || entries[0].State != "approved" || entries[0].Decision != "approve" || entries[0].Path != "prod/db" {
		f.t.Fatalf("history %v", entries)
	}
	return nil
}

// send posts what is unsent. The same release twice is no harm.
func (f *flow) send() error {
	var list []desk.Unsent
	if err := f.try("unsent", nil, nil, &list); err != nil {
		return err
	}
	for _, u := range list {
		out, err := f.office.take(f.asked, u.Release)
		if err != nil && !errors.Is(err, approval.ErrDecided) {
			return err
		}
		if out.Value != nil {
			f.value = append([]byte{}, out.Value.JSON()...)
		}
		if err := f.try("sent", args{"counter": u.Counter, "state": "approved"}, nil, nil); err != nil {
			return err
		}
	}
	return nil
}
