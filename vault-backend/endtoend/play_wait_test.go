package endtoend

import "context"

func readOnce(s *scene) answer { return s.read() }

func approve(s *scene) answer {
	reading := s.start()
	s.alice.approve(s.t, s.path)
	return <-reading
}

func approveWithReason(s *scene) answer {
	reading := s.start("reason", "restore after incident 7", "lease", "14m")
	item := s.alice.shown(s.t, s.path)
	q := requestOf(s.t, item)
	if q.Reason != "restore after incident 7" {
		s.t.Errorf("the approver is shown the reason %q", q.Reason)
	}
	if q.Origin.Requester != s.who.name || q.Origin.Entity != s.who.entity || !q.Origin.Reported || q.Origin.Remote == "" {
		s.t.Errorf("the approver is shown %q, entity %q, from %q, reported %v", q.Origin.Requester, q.Origin.Entity, q.Origin.Remote, q.Origin.Reported)
	}
	s.alice.approveItem(s.t, item)
	return <-reading
}

func deny(s *scene) answer {
	reading := s.start()
	s.alice.deny(s.t, s.path, "not during the freeze")
	return <-reading
}

// expire lets a request pass its deadline. That somebody was asked is in the count
// of prompts: on a machine that stands still for a moment, the request may be over
// before anybody has looked.
func expire(s *scene) answer { return s.read() }

func cancel(s *scene) answer {
	reading := s.start()
	s.alice.shown(s.t, s.path)
	if a := s.call("DELETE", "requests/"+s.pendingRequest(), nil); a.status >= 300 {
		s.t.Errorf("cancel: %d %s", a.status, a.text)
	}
	return <-reading
}

func waitEnded(s *scene) answer { return s.read("wait", "1s") }

func waitResumed(s *scene) answer {
	if a := s.read("wait", "1s"); a.status != 423 {
		s.t.Errorf("the first wait ended with %d %s", a.status, a.text)
	}
	reading := s.start()
	s.awaitReaders(1)
	s.alice.approve(s.t, s.path)
	return <-reading
}

func goneAndResumed(s *scene) answer {
	ctx, leave := context.WithCancel(context.Background())
	first := s.startReading(ctx, s.path)
	s.alice.shown(s.t, s.path)
	leave()
	if a := <-first; a.status != gone {
		s.t.Errorf("the client that went away got %d", a.status)
	}
	s.awaitReaders(0)
	reading := s.start()
	s.awaitReaders(1)
	s.alice.approve(s.t, s.path)
	return <-reading
}

func twoReaders(s *scene) answer {
	first, second := s.start(), s.start()
	s.awaitReaders(2)
	s.alice.approve(s.t, s.path)
	a := <-first
	s.checkValue(a)
	return <-second
}

func handedOutTwice(s *scene) answer {
	s.checkValue(approve(s))
	return s.read()
}

// dropped reads until the lease ends, which comes before the hand-out window does:
// from then on a read has to ask again.
func dropped(s *scene) answer {
	s.checkValue(approve(s))
	before := s.prompts()
	var last answer
	await(s.t, "the value to be dropped", func() bool {
		if last = s.read("wait", "1s"); last.status != 200 {
			return true
		}
		s.checkValue(last)
		return false
	})
	if asked := s.prompts() - before; asked != 1 {
		s.t.Errorf("%d prompts after the value was dropped, want 1", asked)
	}
	return last
}

func otherReader(s *scene) answer {
	if a := s.read("wait", "1s"); a.status != 423 {
		s.t.Errorf("the first reader got %d %s", a.status, a.text)
	}
	s.who = s.site.member(s.t)
	return s.read("wait", "1s")
}

// overTheCap asks for more than may be open, whether anybody still waits for the
// first or not.
func overTheCap(s *scene) answer {
	s.write(s.name + "/other")
	s.config(s.t, "max_pending_entity", 1, 8)
	if a := s.read("wait", "1s"); a.status != 423 {
		s.t.Errorf("the first read got %d %s", a.status, a.text)
	}
	return s.readPath(s.name + "/other")
}

func cooldown(s *scene) answer {
	if a := deny(s); a.status != 403 {
		s.t.Errorf("the denied read got %d %s", a.status, a.text)
	}
	return s.read()
}

func drain(s *scene) answer {
	reading := s.start()
	s.awaitReaders(1)
	s.config(s.t, "drain", true, false)
	return <-reading
}

func drainedAndResumed(s *scene) answer {
	reading := s.start()
	s.awaitReaders(1)
	s.admin("POST", "config", map[string]any{"drain": true})
	if a := <-reading; a.status != 423 {
		s.t.Errorf("the drained read got %d %s", a.status, a.text)
	}
	s.admin("POST", "config", map[string]any{"drain": false})
	reading = s.start()
	s.awaitReaders(1)
	s.alice.approve(s.t, s.path)
	return <-reading
}
