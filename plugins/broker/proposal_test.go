package broker

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// text is a structure as it travels.
func text(t *testing.T, v any) string {
	t.Helper()
	encoded, err := envelope.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func TestDevicesAreGivenWhereTheLogBegins(t *testing.T) {
	w := coretest.NewWorld(t)
	ticket := roster.NewTicket(w.Roster.Organisation(), w.Mount, envelope.NewID(), "alice", envelope.At(w.Now))
	calls := map[string]func(*Client) (*envelope.Signed, error){
		"answer": func(c *Client) (*envelope.Signed, error) {
			e, err := c.AnswerEnrolment(context.Background(), ticket, roster.EnrolmentMessage{Payload: json.RawMessage(`{}`)})
			if err != nil {
				return nil, err
			}
			return e.Init, nil
		},
		"status": func(c *Client) (*envelope.Signed, error) {
			e, err := c.EnrolmentStatus(context.Background(), ticket.ID)
			if err != nil {
				return nil, err
			}
			return e.Init, nil
		},
		"propose": func(c *Client) (*envelope.Signed, error) {
			p, err := c.ProposeDevice(context.Background(), w.Log[0])
			if err != nil {
				return nil, err
			}
			return p.Init, nil
		},
	}
	for name, call := range calls {
		for _, answer := range []struct {
			init string
			want bool
			err  error
		}{{text(t, w.Log[0]), true, nil}, {"", false, nil}, {"{}", false, envelope.ErrEncoding}} {
			c := serve(t, func(rw http.ResponseWriter, _ *http.Request) {
				data(rw, map[string]any{"state": "answered", "init": answer.init})
			})
			first, err := call(c)
			if !errors.Is(err, answer.err) || (first != nil) != answer.want {
				t.Errorf("%s %.10q: %v", name, answer.init, err)
			}
			if first != nil && first.Hash() != w.Roster.Organisation() {
				t.Errorf("%s: another statement", name)
			}
		}
	}
}

func TestProposalsAreRead(t *testing.T) {
	w := coretest.NewWorld(t)
	c := serve(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/team/stillvault/approvers/alice" {
			http.NotFound(rw, r)
			return
		}
		data(rw, map[string]any{"name": "alice", "proposed": []string{text(t, w.Log[0])}})
	})
	all, err := c.ReadProposals(context.Background(), "alice")
	if err != nil || len(all) != 1 || all[0].Hash() != w.Log[0].Hash() {
		t.Fatalf("%d proposals: %v", len(all), err)
	}
}
