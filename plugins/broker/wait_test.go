package broker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
)

const waiting = "request_waiting: request 11111111-1111-4111-8111-111111111111 waits; run the same command again to keep waiting"

// script answers secret/ calls one after the other, and knows one request's
// deadline.
type script struct {
	t       *testing.T
	answers []func(http.ResponseWriter)
	waits   []string
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "/requests/") {
		data(w, map[string]any{"request_id": "11111111-1111-4111-8111-111111111111", "deadline": coretest.Start.Add(5 * time.Minute)})
		return
	}
	s.waits = append(s.waits, r.URL.Query().Get("wait"))
	if len(s.answers) == 0 {
		s.t.Error("one call more than the script has answers")
		refuse(w, 400, "unexpected")
		return
	}
	answer := s.answers[0]
	s.answers = s.answers[1:]
	answer(w)
}

func status(code int, text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { refuse(w, code, text) }
}

func value(w http.ResponseWriter) {
	_, _ = fmt.Fprint(w, `{"lease_id":"","lease_duration":900,"data":{"n":12345678901234567890}}`)
}

func drop(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func TestAwaitSecretGoesOnUntilThereIsAnAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		answers []func(http.ResponseWriter)
		want    int // status of the end, 0 for the value
	}{
		"at once":                     {[]func(http.ResponseWriter){value}, 0},
		"after two waits":             {[]func(http.ResponseWriter){status(423, waiting), status(423, waiting), value}, 0},
		"denied":                      {[]func(http.ResponseWriter){status(423, waiting), status(403, "denied: no")}, 403},
		"expired":                     {[]func(http.ResponseWriter){status(423, waiting), status(410, "request_expired: late")}, 410},
		"over a cap":                  {[]func(http.ResponseWriter){status(422, "request_cap: too many")}, 422},
		"a dropped connection":        {[]func(http.ResponseWriter){drop, value}, 0},
		"a server that restarts":      {[]func(http.ResponseWriter){status(423, waiting), drop, status(503, "sealed"), status(500, "x"), value}, 0},
		"a server's error, then none": {[]func(http.ResponseWriter){status(500, "x"), value}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{t: t, answers: test.answers}
			answer, err := serve(t, s.ServeHTTP).AwaitSecret(t.Context(), "prod/db", ReadOptions{}, nil)
			if StatusOf(err) != test.want || (err == nil) != (test.want == 0) {
				t.Fatalf("got %v, want status %d", err, test.want)
			}
			if err == nil && (string(answer.JSON) != `{"n":12345678901234567890}` || answer.Lease != 15*time.Minute) {
				t.Fatalf("got %s for %s", answer.JSON, answer.Lease)
			}
			if len(s.answers) != 0 {
				t.Fatalf("%d answers were not asked for", len(s.answers))
			}
		})
	}
}

// A read after the request's deadline would open a second request.
func TestAwaitSecretNeverAsksAfterTheDeadline(t *testing.T) {
	s := &script{t: t}
	c := serve(t, s.ServeHTTP)
	now := coretest.Start
	c.now = func() time.Time { return now }
	for range 20 {
		s.answers = append(s.answers, func(w http.ResponseWriter) {
			if !now.Before(coretest.Start.Add(5 * time.Minute)) {
				t.Errorf("asked at %s", now)
			}
			wait, err := time.ParseDuration(s.waits[len(s.waits)-1])
			if err != nil || wait > longestWait || wait < time.Second {
				t.Errorf("wait %q", s.waits[len(s.waits)-1])
			}
			now = now.Add(wait)
			refuse(w, 423, waiting)
		})
	}
	_, err := c.AwaitSecret(t.Context(), "prod/db", ReadOptions{}, nil)
	if !Waiting(err) {
		t.Fatalf("got %v", err)
	}
	if end := now.Sub(coretest.Start); end < 5*time.Minute {
		t.Errorf("gave up after %s", end)
	}
}

func TestNextWaitLeavesNoGapBeforeTheDeadline(t *testing.T) {
	for left := time.Second; left < 3*time.Minute; left += time.Second {
		wait := nextWait(left)
		if wait < time.Second || wait > longestWait {
			t.Fatalf("%s left: wait %s", left, wait)
		}
		if rest := left - wait; rest > 0 && rest < lastStretch-longestWait+usualWait {
			t.Fatalf("%s left: a wait of %s ends %s before the deadline", left, wait, rest)
		}
	}
}

func TestAwaitSecretRestsWhereNothingWaits(t *testing.T) {
	s := &script{t: t}
	for range 4 {
		s.answers = append(s.answers, status(423, "draining: come back"))
	}
	s.answers = append(s.answers, value)
	c := serve(t, s.ServeHTTP)
	var rests []time.Duration
	c.sleep = func(_ context.Context, d time.Duration) error { rests = append(rests, d); return nil }
	if _, err := c.AwaitSecret(t.Context(), "prod/db", ReadOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(rests) != "[250ms 500ms 1s 2s]" {
		t.Fatalf("rested %v", rests)
	}
}

func TestAwaitGivesUpWhereNobodyListens(t *testing.T) {
	c := serve(t, func(http.ResponseWriter, *http.Request) {})
	if err := c.vault.SetAddress("http://127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	_, err := c.AwaitSecret(t.Context(), "prod/db", ReadOptions{}, nil)
	if err == nil || !strings.Contains(err.Error(), "VAULT_ADDR") {
		t.Fatalf("got %v", err)
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &script{t: t, answers: []func(http.ResponseWriter){func(w http.ResponseWriter) { cancel(); refuse(w, 423, waiting) }}}
	_, err := serve(t, s.ServeHTTP).AwaitSecret(ctx, "prod/db", ReadOptions{}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func TestAwaitReleasePostsTheSameRequestAgain(t *testing.T) {
	w := coretest.NewWorld(t)
	ephemeral, err := envelope.KEMPublic(envelope.NewKey())
	w.Must(err)
	request, err := envelope.Sign(envelope.TypeRequest, approval.Request{
		Ephemeral: ephemeral, Nonce: envelope.Bytes{}, Deadline: envelope.At(coretest.Start.Add(5 * time.Minute)),
	}, w.Identity)
	w.Must(err)
	var told []string
	bodies := map[string]int{}
	calls := 0
	c := serve(t, func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ Request, Wait string }
		decodeBody(t, r, &in)
		bodies[in.Request]++
		if calls++; calls < 3 {
			refuse(rw, 423, waiting)
			return
		}
		data(rw, map[string]any{"request_id": "11111111-1111-4111-8111-111111111111", "releases": []string{}})
	})
	_, err = c.AwaitRelease(t.Context(), "prod/db", request, func(why string, deadline time.Time) {
		told = append(told, why)
		if !deadline.Equal(coretest.Start.Add(5 * time.Minute)) {
			t.Errorf("deadline %s", deadline)
		}
	})
	if err != nil || len(bodies) != 1 || len(told) != 2 {
		t.Fatalf("%d different requests, told %v: %v", len(bodies), told, err)
	}
}
