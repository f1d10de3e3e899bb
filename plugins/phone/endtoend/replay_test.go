package endtoend

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// rewrite lets requests for a path through and changes what is answered.
func rewrite(path string, change func(data map[string]any)) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, onward http.Handler) {
		if !strings.HasSuffix(r.URL.Path, path) {
			onward.ServeHTTP(w, r)
			return
		}
		r.Header.Del("Accept-Encoding")
		honest := httptest.NewRecorder()
		onward.ServeHTTP(honest, r)
		var answer map[string]any
		if err := json.NewDecoder(bytes.NewReader(honest.Body.Bytes())).Decode(&answer); err == nil {
			if data, ok := answer["data"].(map[string]any); ok {
				change(data)
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(honest.Code)
		_ = json.NewEncoder(w).Encode(answer)
	}
}

// An earlier answer of the broker is no answer to a later call: a request that
// is over does not come back by it.
func TestReplayedAnswersShowNothing(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	front := s.newFront(t)
	var mu sync.Mutex
	var kept []any
	replaying := false
	front.lie(rewrite("/device/inbox", func(data map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		if !replaying {
			kept = append(kept, data["sealed"])
		} else {
			data["sealed"] = kept[len(kept)-1]
		}
	}))
	p := s.enrolled(t, front, phoneOptions{})
	path := s.policyFor(t, []string{p.name}) + "/db"
	password := s.store(t, path)
	read := s.read(t, s.member(t), path, "")
	p.openRequest(path)
	mu.Lock()
	replaying = true
	mu.Unlock()
	p.click("approve")
	read.gives(password)
	p.outcome("approved")
	p.goHome()
	p.failure("envelope_does_not_open")
	if p.offers("open-request") {
		t.Error("an answer that was shown before brings a request back")
	}
	front.lie(nil)
	next := strings.TrimSuffix(path, "db") + "next"
	p.approveOnce(next, s.store(t, next))
}

// Whoever shows a device that waits for its admission another organisation's
// log is found out: the ticket pins the organisation.
func TestAnotherOrganisationAdmitsNobody(t *testing.T) {
	t.Parallel()
	identity, recovery := envelope.NewSigningKey(envelope.NewKey()), envelope.NewSigningKey(envelope.NewKey())
	first, err := roster.Found(identity, recovery.Public(), time.Now())
	fatal(t, err)
	foreign, err := envelope.Encode(first)
	fatal(t, err)
	s := embedded(t)
	front := s.newFront(t)
	p := s.invited(t, front, phoneOptions{})
	front.lie(rewrite("/answer", func(data map[string]any) { data["init"], data["state"] = string(foreign), "admitted" }))
	p.openLink()
	p.nameDevice()
	p.makePasskey()
	p.setPassword()
	p.fill("last-four", p.recovery[len(p.recovery)-4:])
	p.click("confirm-sheet")
	p.awaitScreen("alarm")
	p.failure("organisation_mismatch")
}
