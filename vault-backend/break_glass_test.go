package backend

import (
	"net/http"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
)

func TestBreakGlassMarksAVersionForRotation(t *testing.T) {
	s := newTeam(t, 1, "carol", "dave")
	directors := s.need("directors", 2, "frank", "grace")
	s.policy.BreakGlass = &directors
	s.set()
	s.do(update, "secret/team/db", map[string]any{"k": "v"})
	done := s.ask("secret/team/db", map[string]any{"break_glass": true, "reason": "the building burns"})
	for _, name := range []string{"frank", "grace"} {
		s.answer(s.approval(s.people[name], s.waitFor(s.people[name])))
	}
	got := await(t, done)
	s.Must(got.err)
	if data, _ := s.body(got.resp); data["k"] != "v" {
		t.Fatalf("got %v", data)
	}
	s.named(map[string][]string{"rotate": {"team/db"}})
	st := s.do(read, "status", nil)
	if st["alarms"] != 1 {
		t.Fatalf("%v alarms", st["alarms"])
	}
	if len(s.open(s.people["carol"], envelope.ID{}).Alarms) != 1 {
		t.Fatal("carol is not told")
	}
	id := s.do(list, "alarms/", nil)["keys"].([]string)[0]
	s.Must(s.acknowledge("alarms/" + id))
	if st := s.do(read, "status", nil); st["alarms"] != 0 {
		t.Fatalf("%v alarms after somebody acknowledged it", st["alarms"])
	}
	s.start()
	s.named(map[string][]string{"rotate": {"team/db"}})
	s.do(update, "secret/team/db", map[string]any{"k": "w"})
	s.named(nil)
	m := s.do(read, "metadata/team/db", nil)
	if shownVersion(t, m, "1")["rotate"] != true || shownVersion(t, m, "2")["rotate"] != false {
		t.Fatalf("versions: %v", m["versions"])
	}
	s.refused(read, "secret/team/db", map[string]any{"break_glass": true}, http.StatusForbidden, "break_glass_refused")
}
