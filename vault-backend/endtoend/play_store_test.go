package endtoend

func writeOnce(s *scene) answer {
	return s.call("POST", "secret/"+s.path, map[string]any{"password": "unstored"})
}

func writeElsewhere(s *scene) answer {
	return s.call("POST", "secret/nowhere/db", map[string]any{"password": "unstored"})
}

// readMissing looks at what the server says: Vault's clients make "no value
// found" of every 404.
func readMissing(s *scene) answer { return s.call("GET", "secret/"+s.path, nil) }

func casConflict(s *scene) answer {
	if a := s.call("POST", "secret/"+s.path, map[string]any{"password": "second", "cas": 1}); a.status != 200 {
		s.t.Errorf("a write on the current version got %d %s", a.status, a.text)
	}
	a := s.call("POST", "secret/"+s.path, map[string]any{"password": "third", "cas": 1})
	if current := number(s.t, s.call("GET", "metadata/"+s.path, nil).data, "current_version"); current != 2 {
		s.t.Errorf("the current version is %d after a conflict, want 2", current)
	}
	return a
}

func softDelete(s *scene) answer {
	s.change("DELETE", "secret/"+s.path, nil)
	return s.read()
}

func undelete(s *scene) answer {
	s.change("DELETE", "secret/"+s.path, nil)
	s.change("POST", "undelete/"+s.path, map[string]any{"versions": []int{1}})
	return approve(s)
}

func destroy(s *scene) answer {
	s.change("POST", "destroy/"+s.path, map[string]any{"versions": []int{1}})
	return s.read()
}

// change makes a call that has to succeed, as the reader.
func (s *scene) change(method, path string, body any) {
	s.t.Helper()
	if a := s.call(method, path, body); a.status >= 300 {
		s.t.Errorf("%s %s: %d %s", method, path, a.status, a.text)
	}
}

func wrapped(s *scene) answer {
	return s.call("GET", "secret/"+s.path, nil, "X-Vault-Wrap-TTL", "60")
}
