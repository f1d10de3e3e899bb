package reshare

import (
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Appraiser holds shares against one roster, under whose lock it lives. What it
// found of a policy, a path or a person it keeps, since many versions are usually
// under few policies.
type Appraiser struct {
	roster   *roster.Roster
	covering map[string]*roster.Policy // by path; nil where none does
	policies map[envelope.ID]*terms
	devices  map[envelope.ID]int
}

// terms are what a policy comes to today.
type terms struct {
	policy   *roster.Policy
	eligible [][]*roster.Approver // by requirement
	anywhere map[envelope.ID]bool // who is among them
	target   *target              // nil until somebody asked
}

// NewAppraiser returns an appraiser of a roster.
func NewAppraiser(r *roster.Roster) *Appraiser {
	return &Appraiser{roster: r, covering: map[string]*roster.Policy{}, policies: map[envelope.ID]*terms{}, devices: map[envelope.ID]int{}}
}

// Roster returns what is appraised under.
func (a *Appraiser) Roster() *roster.Roster { return a.roster }

// Policy returns the policy that covers a path, nil if none does.
func (a *Appraiser) Policy(path string) *roster.Policy {
	p, known := a.covering[path]
	if !known {
		p, _ = a.roster.PolicyFor(path) // nil with an error
		a.covering[path] = p
	}
	return p
}

func (a *Appraiser) terms(p *roster.Policy) *terms {
	if known := a.policies[p.ID]; known != nil {
		return known
	}
	t := &terms{policy: p, eligible: a.roster.Eligible(p), anywhere: map[envelope.ID]bool{}}
	for _, people := range t.eligible {
		for _, person := range people {
			t.anywhere[person.ID] = true
		}
	}
	a.policies[p.ID] = t
	return t
}

// inForce says whether a holder was not revoked. Who was never comes back: a new
// admission makes a new person.
func (a *Appraiser) inForce(h Holding) bool {
	_, err := a.roster.Approver(h.Approver)
	return err == nil
}

// current says whether a holder is in force with the keyring that the share is
// sealed to. A keyring that was replaced does not come back.
func (a *Appraiser) current(h Holding) bool {
	person, err := a.roster.Approver(h.Approver)
	return err == nil && person.Generation == h.Generation
}

// OnFormerKeyring says whether a share is still sealed to a keyring that its holder,
// who is in force, has replaced.
func (a *Appraiser) OnFormerKeyring(s *Shares) bool {
	found := false
	s.everybody(func(h *Holding) { found = found || !h.Gone && a.inForce(*h) && !a.current(*h) })
	return found
}

// stays says whether a holder still has a say in what a policy covers; without
// a policy there is nothing that they could have fallen out of.
func (a *Appraiser) stays(p *roster.Policy, h Holding) bool {
	return a.current(h) && (p == nil || a.terms(p).anywhere[h.Approver])
}

// Leaving marks the shares, of all epochs, whose wraps are to be deleted, and
// returns whether there are any. Who was revoked loses theirs in any case. Who
// only fell out of the policy, or had their keyring replaced, loses theirs where
// enough people remain for that requirement; otherwise the wrap stays until the
// version was shared anew: it serves to deal from and is not served for approval,
// and a group that was emptied by mistake must not cost the secret.
func (a *Appraiser) Leaving(path string, s *Shares) bool {
	return a.leaving(a.Policy(path), s, true)
}

// HasLeavers says whether Leaving would mark any.
func (a *Appraiser) HasLeavers(path string, s *Shares) bool {
	return a.leaving(a.Policy(path), s, false)
}

func (a *Appraiser) leaving(p *roster.Policy, s *Shares, mark bool) bool {
	found := a.leavingOf(p, s.Access, s.Holders, mark)
	for _, f := range s.Former {
		found = a.leavingOf(p, f.Access, f.Holders, mark) || found
	}
	return found
}

func (a *Appraiser) leavingOf(p *roster.Policy, access []secret.Access, holders []Holding, mark bool) bool {
	if !slices.ContainsFunc(holders, func(h Holding) bool { return !h.Gone && !a.stays(p, h) }) {
		return false
	}
	remaining := counted(access, holders, func(h Holding) bool { return !h.Gone && a.stays(p, h) })
	found := false
	for i := range holders {
		h := &holders[i]
		if h.Gone || a.stays(p, *h) {
			continue
		}
		spare := int(h.Requirement) < len(access) && remaining[h.Requirement] >= access[h.Requirement].M
		if spare || !a.inForce(*h) {
			found = true
			h.Gone = h.Gone || mark
		}
	}
	return found
}

// Exposed says whether somebody holds or held a share who has no say any more, or
// whose keyring was replaced: they may have kept a copy.
func (a *Appraiser) Exposed(path string, s *Shares) bool {
	p := a.Policy(path)
	exposed := slices.ContainsFunc(s.Past, func(k Keyring) bool { return !a.stays(p, Holding{Approver: k.Approver, Generation: k.Generation}) })
	s.everybody(func(h *Holding) { exposed = exposed || !a.stays(p, *h) })
	return exposed
}

// Lost says whether fewer people hold a share than the version's own quorum
// wants: nobody can open it, and nobody can share it anew.
func (a *Appraiser) Lost(s *Shares) bool {
	return !enough(s.Access, a.dealers(s))
}

// Ordinary says whether enough people hold shares to open or deal the version without
// breaking the glass.
func (a *Appraiser) Ordinary(s *Shares) bool {
	count := a.dealers(s)
	for i, access := range s.Access {
		if !access.BreakGlass && count[i] < access.M {
			return false
		}
	}
	return len(s.Access) > 0
}

// Unguarded says whether the newest epoch has not proven itself and there is no way
// back either, since too few of those who held the shares from before are left: if
// one of its dealers lied, the version is lost.
func (a *Appraiser) Unguarded(s *Shares) bool {
	if !s.HoldsFormer() {
		return false
	}
	held := func(h Holding) bool { return !h.Gone && a.inForce(h) }
	before := s.Former[len(s.Former)-1]
	return !enough(before.Access, counted(before.Access, before.Holders, held)) &&
		!enough(s.Access, counted(s.Access, s.Holders, func(h Holding) bool { return h.Proven && held(h) }))
}

// dealers counts, by requirement, who could share the version anew.
func (a *Appraiser) dealers(s *Shares) []uint32 {
	return counted(s.Access, s.Holders, func(h Holding) bool { return !h.Gone && a.inForce(h) })
}

// effective says whether a holder qualifies today for the requirement that their
// share is for, with the keyring that it is sealed to.
func (a *Appraiser) effective(t *terms, h Holding) *roster.Approver {
	if h.Gone || int(h.Requirement) >= len(t.eligible) {
		return nil
	}
	for _, person := range t.eligible[h.Requirement] {
		if person.ID == h.Approver && person.Generation == h.Generation {
			return person
		}
	}
	return nil
}

// Coverage says how well today's policy stands the loss of people who can release
// the version, by requirement.
func (a *Appraiser) Coverage(p *roster.Policy, s *Shares) []roster.Coverage {
	t := a.terms(p)
	assigned := make([][]*roster.Approver, len(t.eligible))
	if slices.Equal(s.Access, accessOf(p)) {
		for _, h := range s.Holders {
			if person := a.effective(t, h); person != nil {
				assigned[h.Requirement] = append(assigned[h.Requirement], person)
			}
		}
	}
	return p.Coverage(assigned)
}

// OneDevice says whether losing one single device would lose a requirement that
// is met now. Somebody rests on one device who has no other in force and no
// recovery factor; who has none at all is as good as lost already.
func (a *Appraiser) OneDevice(s *Shares) bool {
	holders := counted(s.Access, s.Holders, func(h Holding) bool { return !h.Gone && a.inForce(h) })
	firm := counted(s.Access, s.Holders, func(h Holding) bool { return !h.Gone && a.ways(h) > 1 })
	single := counted(s.Access, s.Holders, func(h Holding) bool { return !h.Gone && a.ways(h) == 1 })
	for i, access := range s.Access {
		left := firm[i]
		if single[i] > 1 {
			left += single[i] - 1
		}
		if !access.BreakGlass && holders[i] >= access.M && left < access.M {
			return true
		}
	}
	return false
}

// ways counts the ways to somebody's keyring that one lost device does not close
// together: 2 stands for "more than one".
func (a *Appraiser) ways(h Holding) int {
	person, err := a.roster.Approver(h.Approver)
	if err != nil {
		return 0
	}
	if person.Recovery {
		return 2
	}
	n, known := a.devices[h.Approver]
	if !known {
		n = min(2, len(a.roster.Devices(h.Approver)))
		a.devices[h.Approver] = n
	}
	return n
}
