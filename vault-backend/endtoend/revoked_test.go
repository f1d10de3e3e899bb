package endtoend

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// revokedWhileHolding revokes somebody who holds shares of two epochs, and looks for
// them in everything that is stored.
func revokedWhileHolding(t *testing.T, o *organisation, erin *approver, with reader) {
	s := newScene(t, o, "revoked", nil)
	s.reader = with
	s.require(coretest.Need("on-call", 2, s.alice.Person, s.bob.Person, erin.Person))
	s.write(s.path)
	s.require(coretest.Need("on-call", 2, s.alice.Person, s.bob.Person, erin.Person, s.dave.Person))
	s.reshare(s.alice, erin)

	find := newSearch(s.wrapsOf(erin, 3))
	if n := len(s.findStored(find)); n != 3 {
		t.Fatalf("%d of erin's sealed shares are found before she is revoked, want 3", n)
	}
	s.Append(roster.KindApproverRevoke, roster.Removal{ID: erin.ID})
	s.push()
	if found := s.findStored(find); len(found) != 0 {
		t.Errorf("after erin was revoked there still are %v", found)
	}
	s.opensWith(s.dave, s.bob)
}

// wrapsOf is what is sealed to somebody of the scene's newest version, in all epochs.
func (s *scene) wrapsOf(a *approver, want int) canaries {
	s.t.Helper()
	data := must(s.t, s.site.addr(), s.site.admin(), "GET", "sealed/"+s.path, nil)
	v := decode[secret.Version](s.t, data, "version")
	all := canaries{}
	add := func(holders []secret.Holder, wraps []envelope.Envelope) {
		for i, h := range holders {
			if h.Approver == a.ID && len(wraps[i].Bytes) > 0 {
				all.add("wrap", wraps[i].Bytes[:32])
			}
		}
	}
	author, err := envelope.Peek[secret.WrapSet](v.WrapSet, envelope.TypeWrapSet)
	s.Must(err)
	add(author.Holders, v.Wraps)
	for _, rs := range v.Reshares {
		for _, dealt := range rs.Deals {
			d, err := envelope.Peek[secret.Deal](dealt.Deal, envelope.TypeDeal)
			s.Must(err)
			add(d.Holders, dealt.Wraps)
		}
	}
	if len(all) != want {
		s.t.Fatalf("%d wraps are sealed to %s, want %d", len(all), a.Name, want)
	}
	return all
}

// findStored is what a search finds in everything that is stored, each once, and
// where. The audit log holds the bytes that the test itself reads through sys/raw;
// those lines do not count.
func (s *scene) findStored(find *search) map[string]string {
	s.t.Helper()
	found := map[string]string{}
	for where, blob := range s.site.stored(s.t) {
		if where == "audit log" {
			blob = bytes.Join(slices.DeleteFunc(bytes.Split(blob, []byte("\n")), func(line []byte) bool {
				return bytes.Contains(line, []byte(`"path":"sys/raw/`))
			}), []byte("\n"))
		}
		for _, what := range find.in(blob) {
			name, _, _ := strings.Cut(what, ", ")
			found[name] = where
		}
	}
	return found
}
