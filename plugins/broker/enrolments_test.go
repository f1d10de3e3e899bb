package broker

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

func TestEnrolmentsAreListedToTheLastPage(t *testing.T) {
	var ids []string
	for range 5 {
		ids = append(ids, envelope.NewID().String())
	}
	slices.Sort(ids)
	approver := envelope.NewID()
	shown := map[string]any{"name": "carol", "approver_id": approver.String(), "expires": "2030-01-02T03:04:05Z", "state": "answered"}
	page := func(keys ...string) map[string]any {
		info := map[string]any{}
		for _, key := range keys {
			info[key] = shown
		}
		return map[string]any{"keys": keys, "key_info": info, "more": true}
	}
	last := page(ids[4])
	last["more"] = false
	broken := page(ids[0])
	broken["key_info"] = map[string]any{}
	for name, c := range map[string]struct {
		pages map[string]map[string]any // by the id that they follow
		want  string                    // in the error
	}{
		"three pages":        {map[string]map[string]any{"": page(ids[0], ids[1]), ids[1]: page(ids[2], ids[3]), ids[3]: last}, ""},
		"going round":        {map[string]map[string]any{"": page(ids[0], ids[1]), ids[1]: page(ids[0])}, "after"},
		"out of order":       {map[string]map[string]any{"": page(ids[1], ids[0])}, "after"},
		"no id":              {map[string]map[string]any{"": page("carol")}, "not a UUID"},
		"nothing beside one": {map[string]map[string]any{"": broken}, "approver id"},
	} {
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("list") != "true" || !strings.HasSuffix(r.URL.Path, "/team/stillvault/enroll") {
				t.Errorf("%s: asked for %s", name, r.URL)
			}
			data(w, c.pages[r.URL.Query().Get("after")])
		})
		all, err := client.ListEnrolments(t.Context())
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		if err != nil || len(all) != len(ids) {
			t.Fatalf("%s: %d, %v", name, len(all), err)
		}
		for i, e := range all {
			if e.ID.String() != ids[i] || e.Approver != approver || e.Name != "carol" || e.State != EnrolmentAnswered || !e.Expires.Equal(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)) || e.Message != nil {
				t.Errorf("enrolment %d of %s", i, e.ID)
			}
		}
	}
}

func TestNoEnrolmentsAreNoError(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"errors":[]}`))
	})
	if all, err := client.ListEnrolments(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%d, %v", len(all), err)
	}
}
