package reshare

import (
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// Shares says who holds shares of a version, so that it can be told without
// reading large entries; what consumers and dealers believe is the signed deals
// and wrap set alone. Former are the epochs before the newest whose wraps are
// still stored: they stay until the newest epoch's shares are proven. Past are
// the people whose wraps are gone with their epoch. Liars are dealers who were
// found lying: their deals are not taken for this version any more. Next is the
// number of the epoch after, which no abandoned one had.
type Shares struct {
	Epoch   uint32          `json:"epoch"`
	Next    uint32          `json:"next"`
	WrapSet envelope.Hash   `json:"wrap_set"` // of the newest epoch
	Access  []secret.Access `json:"access"`
	Holders []Holding       `json:"holders"`
	Former  []Former        `json:"former"` // oldest first
	Past    []Keyring       `json:"past"`
	Liars   []envelope.ID   `json:"liars"`
}

// Holding is one share: whose, under which generation of their keyring, for
// which requirement; whether its wrap was deleted because they left, and whether
// a combination that it was part of opened the version.
type Holding struct {
	Requirement uint32      `json:"requirement"`
	Approver    envelope.ID `json:"approver"`
	Generation  uint32      `json:"generation"`
	Gone        bool        `json:"gone"`
	Proven      bool        `json:"proven"`
}

// Former is an epoch that is not the newest any more.
type Former struct {
	Epoch   uint32          `json:"epoch"`
	WrapSet envelope.Hash   `json:"wrap_set"`
	Access  []secret.Access `json:"access"`
	Holders []Holding       `json:"holders"`
}

// Keyring is one generation of somebody's keyring.
type Keyring struct {
	Approver   envelope.ID `json:"approver"`
	Generation uint32      `json:"generation"`
}

func (h Holding) keyring() Keyring { return Keyring{h.Approver, h.Generation} }

// SharesOf returns what is known of the shares of a verified version.
func SharesOf(v *secret.Verified) Shares {
	s := NoShares()
	s.setNewest(epochOf(v))
	s.Next = v.Epoch + 1
	return s
}

// Authored returns what is known of shares as their author made them. Their wraps
// are all there.
func Authored(w *secret.WrapSet, hash envelope.Hash) Shares {
	s := NoShares()
	s.Next, s.WrapSet, s.Access = 1, hash, slices.Clone(w.Access)
	for _, h := range w.Holders {
		s.Holders = append(s.Holders, Holding{Requirement: h.Requirement, Approver: h.Approver, Generation: h.Generation, Proven: true})
	}
	return s
}

// epochOf returns a verified version's newest epoch.
func epochOf(v *secret.Verified) Former {
	f := Former{Epoch: v.Epoch, WrapSet: v.WrapSet, Access: slices.Clone(v.Access), Holders: make([]Holding, len(v.Seats))}
	for i, seat := range v.Seats {
		f.Holders[i] = Holding{
			Requirement: seat.Requirement, Approver: seat.Approver, Generation: seat.Generation,
			Gone: !v.HasWrap(seat.Approver), Proven: v.Epoch == 0,
		}
	}
	return f
}

// NoShares returns what is known of a version that has no shares (any more).
func NoShares() Shares {
	return Shares{Access: []secret.Access{}, Holders: []Holding{}, Former: []Former{}, Past: []Keyring{}, Liars: []envelope.ID{}}
}

// Clone returns a copy that shares no memory with s.
func (s *Shares) Clone() Shares {
	c := *s
	c.Access, c.Holders, c.Former = slices.Clone(s.Access), slices.Clone(s.Holders), slices.Clone(s.Former)
	c.Past, c.Liars = slices.Clone(s.Past), slices.Clone(s.Liars)
	for i := range c.Former {
		c.Former[i].Holders = slices.Clone(c.Former[i].Holders)
	}
	return c
}

func (s *Shares) newest() Former {
	return Former{Epoch: s.Epoch, WrapSet: s.WrapSet, Access: s.Access, Holders: s.Holders}
}

func (s *Shares) setNewest(f Former) {
	s.Epoch, s.WrapSet, s.Access, s.Holders = f.Epoch, f.WrapSet, f.Access, f.Holders
}

// DeleteGone deletes from a version the wraps that are marked as gone. One person's
// wrap for the keyring that they had may go while the one for the keyring that they
// have stays.
func (s *Shares) DeleteGone(v *secret.Version) error {
	w, err := envelope.Peek[secret.WrapSet](v.WrapSet, envelope.TypeWrapSet)
	if err != nil {
		return err
	}
	s.deleteGone(0, w.Holders, v.Wraps)
	for _, rs := range v.Reshares {
		for _, dealt := range rs.Deals {
			d, err := envelope.Peek[secret.Deal](dealt.Deal, envelope.TypeDeal)
			if err != nil {
				return err
			}
			s.deleteGone(d.Epoch, d.Holders, dealt.Wraps)
		}
	}
	return nil
}

func (s *Shares) deleteGone(epoch uint32, holders []secret.Holder, wraps []envelope.Envelope) {
	for i, h := range holders {
		if i < len(wraps) && s.isGone(epoch, Keyring{h.Approver, h.Generation}) {
			wraps[i].Bytes = nil
		}
	}
}

func (s *Shares) isGone(epoch uint32, k Keyring) bool {
	gone := func(holders []Holding) bool {
		return slices.ContainsFunc(holders, func(h Holding) bool { return h.Gone && h.keyring() == k })
	}
	if epoch == s.Epoch {
		return gone(s.Holders)
	}
	return slices.ContainsFunc(s.Former, func(f Former) bool { return f.Epoch == epoch && gone(f.Holders) })
}

// everybody calls f with every share of every epoch whose wraps may be stored.
func (s *Shares) everybody(f func(*Holding)) {
	for i := range s.Holders {
		f(&s.Holders[i])
	}
	for i := range s.Former {
		for j := range s.Former[i].Holders {
			f(&s.Former[i].Holders[j])
		}
	}
}

// begin puts a newer epoch in force. The one before becomes a former one.
func (s *Shares) begin(next Former) {
	s.Former = append(s.Former, s.newest())
	s.setNewest(next)
	s.Next = max(s.Next, next.Epoch+1)
}

// abandon goes back to the epoch before; false if none is stored. Who held a
// share of the abandoned one is remembered: they may have kept it.
func (s *Shares) abandon() bool {
	if len(s.Former) == 0 {
		return false
	}
	s.remember(s.Holders)
	last := len(s.Former) - 1
	s.setNewest(s.Former[last])
	s.Former = s.Former[:last]
	return true
}

// forget drops what is known of former epochs but for who held their shares.
func (s *Shares) forget() {
	for _, f := range s.Former {
		s.remember(f.Holders)
	}
	s.Former = []Former{}
}

func (s *Shares) remember(all []Holding) {
	for _, h := range all {
		if !slices.Contains(s.Past, h.keyring()) {
			s.Past = append(s.Past, h.keyring())
		}
	}
}

// prove notes that these people's shares opened the version together. Shares are
// proven by taking part in a combination that opened and in which all others were
// proven before, or in the first such combination: two wrong shares might cancel
// each other out. Break-glass shares are apart. It says whether anything changed.
func (s *Shares) prove(people []envelope.ID) bool {
	for _, glass := range []bool{false, true} {
		var unproven []*Holding
		first := true
		for i := range s.Holders {
			h := &s.Holders[i]
			if int(h.Requirement) >= len(s.Access) || s.Access[h.Requirement].BreakGlass != glass {
				continue
			}
			first = first && !h.Proven
			if !h.Proven && slices.Contains(people, h.Approver) {
				unproven = append(unproven, h)
			}
		}
		if len(unproven) == 0 || !first && len(unproven) > 1 {
			continue
		}
		for _, h := range unproven {
			h.Proven = true
		}
		return true
	}
	return false
}

// Proven counts the newest epoch's shares that are proven, and those whose wraps
// are still there.
func (s *Shares) Proven() (proven, of int) {
	for _, h := range s.Holders {
		if h.Gone {
			continue
		}
		of++
		if h.Proven {
			proven++
		}
	}
	return proven, of
}

// HoldsFormer says whether wraps of former epochs are still stored.
func (s *Shares) HoldsFormer() bool { return len(s.Former) > 0 }

// forgettable says whether former epochs are of no use any more: every share of
// the newest one is proven, or its wrap is gone with its holder, and enough are
// left to open the version.
func (s *Shares) forgettable() bool {
	proven, of := s.Proven()
	return len(s.Former) > 0 && proven == of && enough(s.Access, counted(s.Access, s.Holders, func(h Holding) bool { return !h.Gone }))
}

// solid says whether the newest epoch can be fallen back on: a quorum of those who
// hold its shares has opened the version with them. Then the epochs before it are of
// no use once another follows; with many approvers, who never all take part, they
// would pile up otherwise.
func (s *Shares) solid() bool {
	return enough(s.Access, counted(s.Access, s.Holders, func(h Holding) bool { return h.Proven && !h.Gone }))
}

// dropFormer marks every wrap of former epochs as gone.
func (s *Shares) dropFormer() {
	for i := range s.Former {
		for j := range s.Former[i].Holders {
			s.Former[i].Holders[j].Gone = true
		}
	}
}

// counted returns how many shares of each requirement are such.
func counted(access []secret.Access, holders []Holding, such func(Holding) bool) []uint32 {
	count := make([]uint32, len(access))
	for _, h := range holders {
		if int(h.Requirement) < len(count) && such(h) {
			count[h.Requirement]++
		}
	}
	return count
}

// enough says whether so many shares of each requirement open a version: those of
// every normal requirement, or those of the break-glass one.
func enough(access []secret.Access, count []uint32) bool {
	normal := len(access) > 0
	for i, a := range access {
		if a.BreakGlass && count[i] >= a.M {
			return true
		}
		normal = normal && (a.BreakGlass || count[i] >= a.M)
	}
	return normal
}
