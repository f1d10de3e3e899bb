package broker

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAnEntityExistsOrNotOrIsNotToBeSeen(t *testing.T) {
	const id = "6fb1a2c4-0000-4000-8000-00000000000e"
	for name, c := range map[string]struct {
		status  int
		body    string
		missing bool
		open    bool // whether it exists stays open
	}{
		"exists":              {status: http.StatusOK, body: `{"data":{"id":"` + id + `"}}`},
		"does not exist":      {status: http.StatusNotFound, body: `{"errors":[]}`, missing: true},
		"may not be read":     {status: http.StatusForbidden, body: `{"errors":["permission denied"]}`, open: true},
		"no identities there": {status: http.StatusNotFound, body: `{"errors":["no handler for route \"identity/entity/id/x\""]}`, open: true},
		"is another":          {status: http.StatusOK, body: `{"data":{"id":"another"}}`, open: true},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v1/identity/entity/id/"+id {
				t.Errorf("%s: asked for %s", name, r.URL.Path)
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		client, err := New(Config{Address: server.URL, Token: "t"})
		if err != nil {
			t.Fatal(err)
		}
		err = client.CheckEntity(context.Background(), id)
		server.Close()
		if missing := errors.Is(err, ErrNoEntity); missing != c.missing || (err != nil && !missing) != c.open {
			t.Errorf("%s: %v", name, err)
		}
	}
}
