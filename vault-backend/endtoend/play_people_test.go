package endtoend

import (
	"errors"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/roster"
)

// selfApproval has alice read what she could approve, and send a release that
// an honest device would not make.
func selfApproval(s *scene) answer {
	s.who = s.alice.login
	reading := s.start()
	item := s.bob.shown(s.t, s.path)
	if shown := s.alice.open(s.t, s.path, 0); len(shown) > 0 {
		s.t.Error("the requester is shown her own request")
	}
	if _, err := s.alice.review(item); !errors.Is(err, approval.ErrSelfApproval) {
		s.t.Errorf("her device says %v of it", err)
	}
	refused := s.alice.forge(s.t, item)
	s.bob.approveItem(s.t, item)
	s.checkValue(<-reading)
	return refused
}

func selfApprovalAllowed(s *scene) answer {
	s.who = s.alice.login
	return approve(s)
}

func withoutEntity(s *scene) answer {
	s.who = member{name: "token", token: s.site.bare(s.t)}
	return s.read()
}

func withoutEntityAllowed(s *scene) answer {
	s.who = member{name: "token", token: s.site.bare(s.t)}
	return approve(s)
}

// formerApprover has somebody answer who holds a share but whom the policy no
// longer names.
func formerApprover(s *scene) answer {
	s.policy.Requirements = []roster.Requirement{coretest.Need("on-call", 1, s.bob.Person)}
	s.SetPolicy(s.policy)
	s.push()
	reading := s.start()
	item := s.bob.shown(s.t, s.path)
	if shown := s.alice.open(s.t, s.path, 0); len(shown) > 0 {
		s.t.Error("somebody who may no longer approve is shown the request")
	}
	refused := s.alice.forge(s.t, item)
	s.bob.approveItem(s.t, item)
	s.checkValue(<-reading)
	return refused
}

// outsider has somebody answer whom the policy does not name, but who is an
// approver of the organisation.
func outsider(s *scene) answer {
	reading := s.start()
	item := s.alice.shown(s.t, s.path)
	if shown := s.dave.open(s.t, s.path, 0); len(shown) > 0 {
		s.t.Error("somebody who may not approve is shown the request")
	}
	refused := s.dave.forge(s.t, item)
	s.alice.approveItem(s.t, item)
	s.checkValue(<-reading)
	return refused
}

// policyDeleted takes the policy away from under a secret.
func policyDeleted(s *scene) answer {
	s.Append(roster.KindPolicyDelete, roster.Removal{ID: s.policy.ID})
	s.push()
	return s.read()
}
