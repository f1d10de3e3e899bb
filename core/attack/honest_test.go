package attack_test

import "testing"

// Without this test every attack could be refused because nothing works.
func TestHonestPartiesUnderstandEachOther(t *testing.T) {
	s := newStage(t)
	_, err := s.host.read(pathDB, s.db[0])
	s.Must(err)
	_, err = s.host.read(pathDB, s.db[2], s.db[1].Header)
	s.Must(err)
	q := s.ask(pathDB, s.db[2])
	out, err := q.pending.Accept(s.host.roster, &q.asked, q.verified, s.approval(s.bob, q), s.Now)
	s.Must(err)
	if out.Value == nil {
		t.Fatal("one approver of one did not suffice")
	}
	q = s.ask(pathKey, s.key)
	for i, d := range []*device{s.carol, s.erin, s.alice} {
		out, err := q.pending.Accept(s.host.roster, &q.asked, q.verified, s.approval(d, q), s.Now)
		s.Must(err)
		if (out.Value != nil) != (i == 2) {
			t.Fatalf("after %d people: opened %t", i+1, out.Value != nil)
		}
	}
	s.AdmitConsumer("later", "ci")
	s.everybodyLearns()
	if s.host.roster.Head() != s.alice.roster.Head() {
		t.Fatal("parties differ")
	}
}
