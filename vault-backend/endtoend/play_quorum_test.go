package endtoend

import (
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/roster"
)

// bothOfThem wants alice and bob.
func bothOfThem(p *roster.Policy) { p.Requirements[0].M = 2 }

func quorumMet(s *scene) answer {
	reading := s.start()
	s.alice.approve(s.t, s.path)
	if got := s.read("wait", "1s"); got.status != 423 || !contains(got.text, "1 of 2 on-call (alice)") {
		s.t.Errorf("while bob is missing a read says %d %s", got.status, got.text)
	}
	shown := s.call("GET", "requests/"+s.pendingRequest(), nil)
	if shown.data["summary"] != "1 of 2 on-call" {
		s.t.Errorf("while bob is missing the request says %v", shown.data["summary"])
	}
	s.bob.approve(s.t, s.path)
	return <-reading
}

func quorumDenied(s *scene) answer {
	reading := s.start()
	s.alice.approve(s.t, s.path)
	s.bob.deny(s.t, s.path, "not without a ticket")
	return <-reading
}

// anotherReason asks twice for the same, which prompts nobody twice.
func anotherReason(s *scene) answer {
	reading := s.start("reason", "incident 7")
	s.awaitReaders(1)
	refused := s.read("reason", "please")
	s.alice.approve(s.t, s.path)
	s.checkValue(<-reading)
	return refused
}

// directors puts people in force who may break the glass, before anything is
// written.
func (s *scene) directors() {
	s.t.Helper()
	q := coretest.Need("directors", 2, s.bob.Person, s.dave.Person)
	s.policy.BreakGlass = &q
	s.SetPolicy(s.policy)
	s.push()
	s.write(s.path)
}

func breakGlass(s *scene) answer {
	s.directors()
	reading := s.start("break_glass", "true", "reason", "nobody answers")
	s.bob.approve(s.t, s.path)
	if shown := s.alice.open(s.t, s.path, 0); len(shown) > 0 {
		s.t.Error("who may not break the glass is asked to")
	}
	s.dave.approve(s.t, s.path)
	got := <-reading
	// Everybody is told, and can check it by themselves.
	s.alice.look(s.t, 0)
	if len(s.alice.alarms) != 1 {
		s.t.Fatalf("alice is shown %d alarms", len(s.alice.alarms))
	}
	told, decided, err := approval.ReadAlarm(s.alice.roster, s.alice.alarms[0])
	s.Must(err)
	if told.Path != s.path || told.Reason != "nobody answers" || len(decided) != 2 {
		s.t.Errorf("alice is told of %q: %q, decided by %d", told.Path, told.Reason, len(decided))
	}
	alarms, _ := s.admin("LIST", "alarms", nil)["keys"].([]any)
	if len(alarms) != 1 {
		s.t.Fatalf("%d alarms", len(alarms))
	}
	s.admin("POST", "alarms/"+alarms[0].(string), map[string]any{})
	if n := s.status("alarms"); n != 0 {
		s.t.Errorf("%d alarms after one was acknowledged", n)
	}
	return got
}

func breakGlassWithoutReason(s *scene) answer {
	s.directors()
	return s.read("break_glass", "true")
}
