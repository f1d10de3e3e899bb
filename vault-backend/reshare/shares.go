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
// found lying: their deals are not taken for this version any more. Suspects are
// those of whom that is said, or known but cannot be undone; it changes nothing.
// Next is the number of the epoch after, which no abandoned one had.
type Shares struct {
	Epoch    uint32          `json:"epoch"`
	Next     uint32          `json:"next"`
	WrapSet  envelope.Hash   `json:"wrap_set"` // of the newest epoch
	Access   []secret.Access `json:"access"`
	Holders  []Holding       `json:"holders"`
	Former   []Former        `json:"former"` // oldest first
	Past     []Keyring       `json:"past"`
	Liars    []envelope.ID   `json:"liars"`
	Suspects []Suspect       `json:"suspects"`
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

// Suspect is a dealer who is said to have lied when they dealt into an epoch: by a
// host, who can prove it to nobody, or by the mount itself where what they dealt
// could not be taken back.
type Suspect struct {
	Approver envelope.ID `json:"approver"`
	Epoch    uint32      `json:"epoch"`
	ByHost   bool        `json:"by_host"`
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
	return Shares{Access: []secret.Access{}, Holders: []Holding{}, Former: []Former{}, Past: []Keyring{}, Liars: []envelope.ID{}, Suspects: []Suspect{}}
}

// Clone returns a copy that shares no memory with s.
func (s *Shares) Clone() Shares {
	c := *s
	c.Access, c.Holders, c.Former = slices.Clone(s.Access), slices.Clone(s.Holders), slices.Clone(s.Former)
	c.Past, c.Liars, c.Suspects = slices.Clone(s.Past), slices.Clone(s.Liars), slices.Clone(s.Suspects)
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
	s.Suspects = slices.DeleteFunc(s.Suspects, func(p Suspect) bool { return p.Epoch > s.Epoch })
	return true
}

// forget drops what is known of former epochs but for who held their shares. What
// is left has opened the version, whatever was said of those who dealt it.
func (s *Shares) forget() {
	for _, f := range s.Former {
		s.remember(f.Holders)
	}
	s.Former, s.Suspects = []Former{}, []Suspect{}
}

func (s *Shares) remember(all []Holding) {
	for _, h := range all {
		if !slices.Contains(s.Past, h.keyring()) {
			s.Past = append(s.Past, h.keyring())
		}
	}
}

// HoldsFormer says whether wraps of former epochs are still stored.
func (s *Shares) HoldsFormer() bool { return len(s.Former) > 0 }
