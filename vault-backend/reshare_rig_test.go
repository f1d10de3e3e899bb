package backend

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// team is an organisation with more people, and a policy over team/ that tests
// change.
type team struct {
	*rig
	people map[string]*approver
	former map[string][]*keyring.Keyring // keyrings that were replaced, newest first
	policy roster.Policy
}

func newTeam(t testing.TB, m uint32, names ...string) *team {
	t.Helper()
	s := &team{rig: newOrganisation(t), people: map[string]*approver{}, former: map[string][]*keyring.Keyring{}}
	for _, name := range []string{"carol", "dave", "erin", "frank", "grace"} {
		s.people[name] = &approver{Person: s.Admit(name)}
	}
	s.policy = coretest.Policy("team", "team/*", []*coretest.Consumer{s.mount}, s.need("team", m, names...))
	s.policy.MinimumCoverage = 0
	s.set()
	return s
}

func (s *team) need(name string, m uint32, names ...string) roster.Requirement {
	people := make([]*coretest.Person, len(names))
	for i, n := range names {
		people[i] = s.people[n].Person
	}
	return coretest.Need(name, m, people...)
}

// set puts the team's policy in force, with other requirements if any are given.
func (s *team) set(requirements ...roster.Requirement) {
	s.t.Helper()
	if len(requirements) > 0 {
		s.policy.Requirements = requirements
	}
	s.SetPolicy(s.policy)
	s.push()
}

// rekeyed gives somebody a new keyring; the one before is kept for dealing.
func (s *team) rekeyed(name string) {
	s.t.Helper()
	p := s.people[name]
	s.former[name] = append([]*keyring.Keyring{p.Keyring}, s.former[name]...)
	s.rekey(p.Person)
	p.ledger = approval.Ledger{}
	s.push()
}

// notices returns what somebody is asked to share anew, as their inbox has it.
func (s *team) notices(name string) []approval.ReshareNotice {
	s.t.Helper()
	return s.open(s.people[name], envelope.ID{}).Reshares
}

// page fetches a page of a re-share.
func (s *team) page(name string, request, after envelope.Hash) *approval.ResharePage {
	s.t.Helper()
	p := s.people[name]
	call, err := approval.CallReshare(s.Roster, p.Device.ID(), p.Device.Signer(), request, after, s.Now)
	s.Must(err)
	data := s.do(update, "device/reshare", map[string]any{"call": s.text(call)})
	sealed, err := envelope.Decode[envelope.Envelope]([]byte(data["sealed"].(string)))
	s.Must(err)
	page, err := approval.OpenReshare(s.Roster, p.Device, s.Mount, call, sealed)
	s.Must(err)
	return page
}

// dealt deals a page, as the device does.
func (s *team) dealt(name string, n approval.ReshareNotice, page *approval.ResharePage) approval.ReshareAnswer {
	s.t.Helper()
	p := s.people[name]
	c, err := approval.Reviewer{Roster: s.Roster, Mount: s.Mount, Approver: p.ID, Device: p.Device.ID()}.ReviewReshare(n.Request, s.Now)
	s.Must(err)
	var versions []*secret.Verified
	var epochs []uint32
	for _, item := range page.Items {
		v, err := c.Verify(item)
		s.Must(err)
		versions, epochs = append(versions, v), append(epochs, item.Epoch)
	}
	answer, err := c.Deal(versions, epochs, append([]*keyring.Keyring{p.Keyring}, s.former[name]...), p.Device.Signer(), p.ledger, s.Now)
	s.Must(err)
	p.ledger = p.ledger.After(answer.Receipt)
	return answer
}

// sendDeals is the call with which a device sends what it dealt.
func (s *team) sendDeals(a approval.ReshareAnswer) *logical.Request {
	s.t.Helper()
	return s.request(update, "device/deal", map[string]any{"answer": s.text(a)})
}

// reshare lets somebody deal everything that they are asked for, and returns how
// many versions that were.
func (s *team) reshare(name string) int {
	s.t.Helper()
	total := 0
	for _, n := range s.notices(name) {
		for {
			page := s.page(name, n.Request.Hash(), envelope.Hash{})
			if len(page.Items) == 0 {
				break
			}
			_, err := s.send(s.sendDeals(s.dealt(name, n, page)))
			s.Must(err)
			total += len(page.Items)
		}
	}
	return total
}

// opens checks that these people together open a secret, and nobody else was
// needed.
func (s *team) opens(path string, names ...string) {
	s.t.Helper()
	s.call++ // another reason each time, or the value of the time before is given again
	done := s.ask("secret/"+path, map[string]any{"reason": fmt.Sprint("read ", s.call)})
	for _, name := range names {
		item := s.waitFor(s.people[name])
		s.answer(s.approval(s.people[name], item))
	}
	got := await(s.t.(*testing.T), done)
	s.Must(got.err)
	if data, _ := s.body(got.resp); data["k"] != "v" {
		s.t.Fatalf("%s is %v", path, data)
	}
}

// holders returns who has a wrap of the newest epoch of a version, and its epoch.
func (s *team) holders(path string, n uint64) (names []string, epoch uint32) {
	s.t.Helper()
	r, err := s.b.loadRecord(s.t.Context(), path)
	s.Must(err)
	v, err := r.version(n)
	s.Must(err)
	stored, err := s.b.loadVersion(s.t.Context(), path, n)
	s.Must(err)
	verified, err := stored.VerifyHistory(s.Roster, s.Mount, path)
	s.Must(err)
	if verified.Epoch != v.Epoch || verified.WrapSet != v.WrapSet {
		s.t.Fatalf("%s: stored at epoch %d, known at %d", path, verified.Epoch, v.Epoch)
	}
	for _, seat := range verified.Seats {
		if !verified.HasWrap(seat.Approver) {
			continue
		}
		a, err := s.Roster.FormerApprover(seat.Approver)
		s.Must(err)
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return names, v.Epoch
}

func (s *team) held(path string, epoch uint32, want ...string) {
	s.t.Helper()
	slices.Sort(want)
	if names, at := s.holders(path, 1); !slices.Equal(names, want) || at != epoch {
		s.t.Fatalf("%s: held by %v at epoch %d, want %v at %d", path, names, at, want, epoch)
	}
}
