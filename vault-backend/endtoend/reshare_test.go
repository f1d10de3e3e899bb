package endtoend

import (
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/roster"
)

// TestPeopleAndQuorumsChange changes who opens secrets, and how many it takes, on the
// development host and on a real Vault.
func TestPeopleAndQuorumsChange(t *testing.T) {
	t.Parallel()
	all := func(t *testing.T, o *organisation, with reader) {
		o.at(t)
		erin := o.enrol(t, "erin")
		o.push()
		for _, c := range []struct {
			name string
			play func(*scene, *approver)
		}{
			{"two-teams", twoTeams}, {"a-member-more", memberAdded}, {"quorum-up-and-down", quorumMoved}, {"killed", killedWhileDealing},
		} {
			t.Run(c.name, func(t *testing.T) {
				s := newScene(t, o, c.name, nil)
				s.reader = with
				c.play(s, erin)
			})
		}
		t.Run("revoked", func(t *testing.T) { revokedWhileHolding(t, o, erin, with) })
	}
	t.Run("host", func(t *testing.T) {
		if testing.Short() {
			t.Skip("left out by -short")
		}
		all(t, found(t, startEmbedded(t)), goClient)
	})
	t.Run("vault", func(t *testing.T) {
		if testing.Short() {
			t.Skip("left out by -short")
		}
		requireVault(t)
		all(t, found(t, startReal(t)), command)
	})
}

// require puts the scene's policy in force with other requirements.
func (s *scene) require(requirements ...roster.Requirement) {
	s.t.Helper()
	s.policy.Requirements = requirements
	s.SetPolicy(s.policy)
	s.push()
}

// opensWith has a new reader read, and these people approve.
func (s *scene) opensWith(people ...*approver) {
	s.t.Helper()
	s.who = s.site.member(s.t)
	reading := s.start()
	for _, a := range people {
		a.approve(s.t, s.path)
	}
	s.checkValue(<-reading)
}

// says has the scene's reader read in vain.
func (s *scene) says(status int, words ...string) {
	s.t.Helper()
	got := s.read("wait", "1s")
	if got.status != status {
		s.t.Errorf("status %d, want %d: %s", got.status, status, got.text)
	}
	for _, w := range words {
		if !contains(got.text, w) {
			s.t.Errorf("the answer does not say %q:\n%s", w, got.text)
		}
	}
}

func twoTeams(s *scene, _ *approver) {
	s.policy.Requirements = []roster.Requirement{
		coretest.Need("sre", 2, s.alice.Person, s.bob.Person), coretest.Need("security", 1, s.dave.Person),
	}
	s.SetPolicy(s.policy)
	s.push()
	s.write(s.path)
	s.who = s.site.member(s.t)
	reading := s.start()
	s.alice.approve(s.t, s.path)
	s.says(423, "1 of 2 sre (alice)", "security: waiting")
	s.dave.approve(s.t, s.path)
	s.says(423, "1 of 2 sre", "dave")
	s.bob.approve(s.t, s.path)
	s.checkValue(<-reading)

	s.who = s.site.member(s.t)
	reading = s.start()
	s.bob.approve(s.t, s.path)
	s.alice.approve(s.t, s.path)
	s.dave.deny(s.t, s.path, "not today")
	if got := <-reading; got.status != 403 || !contains(got.text, "not today") {
		s.t.Errorf("after one denial: %d %s", got.status, got.text)
	}
}

func memberAdded(s *scene, erin *approver) {
	s.require(coretest.Need("on-call", 2, s.alice.Person, s.bob.Person))
	s.write(s.path)
	s.opensWith(s.alice, s.bob)
	s.require(coretest.Need("on-call", 2, s.alice.Person, s.bob.Person, erin.Person))
	s.reshare(s.alice)
	if n := s.alice.askedToDeal(s.t, s.policy.ID); n != nil {
		s.t.Error("alice is asked again for what she dealt")
	}
	s.reshare(s.bob)
	s.opensWith(erin, s.bob)
}

// A quorum is lowered, for what is stored, by the quorum that it had and by nobody else.
func quorumMoved(s *scene, _ *approver) {
	people := []*coretest.Person{s.alice.Person, s.bob.Person}
	s.require(coretest.Need("on-call", 2, people...))
	s.says(409, "access_structure_stale")
	s.reshare(s.bob)
	s.who = s.site.member(s.t)
	reading := s.start()
	s.alice.approve(s.t, s.path)
	s.says(423, "1 of 2 on-call (alice)")
	s.bob.approve(s.t, s.path)
	s.checkValue(<-reading)

	s.require(coretest.Need("on-call", 1, people...))
	s.who = s.site.member(s.t)
	s.says(409, "access_structure_stale")
	s.reshare(s.alice)
	s.says(409, "access_structure_stale")
	s.reshare(s.bob)
	s.opensWith(s.bob)
}

// killedWhileDealing kills the plug-in between two people's deals, and once more while
// the second one's answer is on its way.
func killedWhileDealing(s *scene, erin *approver) {
	s.require(coretest.Need("on-call", 2, s.alice.Person, s.bob.Person))
	s.write(s.path)
	s.write(s.name + "/other")
	s.write(s.path)
	s.require(coretest.Need("on-call", 2, s.alice.Person, s.bob.Person, erin.Person))
	s.reshare(s.alice)
	s.restartPlugin(s.site.killPlugin)
	if n := s.alice.askedToDeal(s.t, s.policy.ID); n != nil {
		s.t.Errorf("alice is asked again for %d of %d", n.Total-n.Done, n.Total)
	}
	dealt := s.bob.deals(s.t, s.policy.ID)
	// For the first version, which one of them could open, alice's deal was enough.
	if len(dealt.Deals) != 3 {
		s.t.Errorf("bob deals %d versions, want 3", len(dealt.Deals))
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		s.bob.sendDeals(s.t, dealt)
	}()
	s.restartPlugin(s.site.killPlugin)
	<-sent
	await(s.t, "bob's deals to be taken", func() bool {
		got, err := s.bob.sendDeals(s.t, dealt)
		return err == nil && got.status == 200
	})
	if n := s.bob.askedToDeal(s.t, s.policy.ID); n != nil {
		s.t.Errorf("bob is asked again for %d of %d", n.Total-n.Done, n.Total)
	}
	s.opensWith(erin, s.bob)
}

// restartPlugin kills the plug-in and waits until another process answers.
func (s *scene) restartPlugin(kill func(testing.TB)) {
	s.t.Helper()
	pid := s.site.pluginPID(s.t)
	kill(s.t)
	await(s.t, "another plug-in process", func() bool {
		got, err := tryCall(s.site.addr(), s.site.admin(), "GET", "status", nil)
		return err == nil && got.status == 200 && s.site.pluginPID(s.t) != pid
	})
}
