package broker

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func TestAPreviewSendsTheStatementAsItWouldBeSigned(t *testing.T) {
	id := envelope.NewID()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.URL.Path != "/v1/team/stillvault/preview" ||
			in["kind"] != "approver.revoke" || in["body"] != `{"id":"`+id.String()+`"}` {
			t.Errorf("%s: %v (%v)", r.URL.Path, in, err)
		}
		data(w, map[string]any{
			"lost": []string{"prod/db"}, "one_device": []string{}, "uncovered": []string{"prod/db"}, "exposed": []string{}, "reshare": 3,
			"policies": []string{"prod"}, "by": []any{map[string]any{"approver": "x", "name": "alice", "versions": 3}}, "pending": 1, "unmeetable": []string{},
		})
	})
	p, err := c.PreviewStatement(t.Context(), roster.KindApproverRevoke, roster.Removal{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.Lost, []string{"prod/db"}) || p.Reshare != 3 || p.Pending != 1 || len(p.By) != 1 || p.By[0].Name != "alice" || p.By[0].Versions != 3 {
		t.Fatalf("read as %v", p)
	}
}

func TestResharesAndAlarmsAreListedInOrder(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		info := map[string]any{
			"/v1/team/stillvault/reshares": map[string]any{"b": map[string]any{"done": 2, "waiting": 1}, "a": map[string]any{"unproven": 4}},
			"/v1/team/stillvault/alarms":   map[string]any{"b": map[string]any{"path": "prod/db", "created": "2030-01-02T03:04:05Z"}, "a": map[string]any{"state": "denied"}},
			"/v1/team/stillvault/reports":  map[string]any{"b": map[string]any{"by": "alice"}, "a": map[string]any{"text": "who is this"}},
		}[r.URL.Path]
		if info == nil || r.URL.Query().Get("list") != "true" {
			t.Errorf("asked for %s", r.URL)
		}
		data(w, map[string]any{"keys": []string{"b", "a"}, "key_info": info})
	})
	reshares, err := c.ListReshares(t.Context())
	if err != nil || len(reshares) != 2 || reshares[0] != (ReshareLine{Policy: "b", Done: 2, Waiting: 1}) || reshares[1] != (ReshareLine{Policy: "a", Unproven: 4}) {
		t.Errorf("re-shares: %v (%v)", reshares, err)
	}
	alarms, err := c.ListAlarms(t.Context())
	if err != nil || len(alarms) != 2 || alarms[0].ID != "b" || alarms[0].Path != "prod/db" || alarms[0].Created.IsZero() || alarms[1].State != RequestDenied {
		t.Errorf("alarms: %v (%v)", alarms, err)
	}
	reports, err := c.ListReports(t.Context())
	if err != nil || len(reports) != 2 || reports[0].ID != "b" || reports[0].By != "alice" || reports[1].Text != "who is this" {
		t.Errorf("reports: %v (%v)", reports, err)
	}
}

func TestWhatIsAcknowledgedOrTakenBackNeedsNoAnswer(t *testing.T) {
	var asked []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	})
	id := envelope.NewID()
	for _, err := range []error{
		c.AcknowledgeAlarm(t.Context(), id), c.AcknowledgeReport(t.Context(), id), c.AbandonReshare(t.Context(), "prod"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	want := []string{"PUT /v1/team/stillvault/alarms/" + id.String(), "PUT /v1/team/stillvault/reports/" + id.String(), "DELETE /v1/team/stillvault/reshares/prod"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %v", asked)
	}
}
