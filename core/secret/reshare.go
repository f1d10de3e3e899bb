package secret

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Reshare is a later epoch: the deals of exactly as many holders of the epoch
// before as that one's requirements demand, ordered by their seats, all for the
// same people. Which deals they are fixes the weights that everybody gives to the
// pieces; who is shown other deals than somebody else has another wrap set, and the
// hash of it is in what they release.
type Reshare struct {
	Deals []Dealt `json:"deals"`
}

// hash identifies the wrap set that the deals make up.
func (rs *Reshare) hash() envelope.Hash {
	parts := [][]byte{[]byte("stillvault/wrap-set/v1")}
	for _, d := range rs.Deals {
		h := d.Deal.Hash()
		parts = append(parts, h[:])
	}
	return envelope.SumHash(parts...)
}

// next returns the sharing that a re-share of this one made.
func (s *sharing) next(r *roster.Roster, h *Header, header envelope.Hash, rs *Reshare) (*sharing, error) {
	next := &sharing{hash: rs.hash(), previous: s, seen: s.seen}
	count := make([]uint32, len(s.access))
	for i, dealt := range rs.Deals {
		d, dealing, err := s.readDeal(r, h, header, dealt)
		if err != nil {
			return nil, fmt.Errorf("deal %d: %w", i+1, err)
		}
		if i == 0 {
			next.epoch, next.access, next.seats = d.Epoch, d.Access, seatsOf(d.Holders)
		} else if d.Epoch != next.epoch || !slices.Equal(d.Access, next.access) || !slices.Equal(seatsOf(d.Holders), next.seats) {
			return nil, fmt.Errorf("deal %d is for others than the first: %w", i+1, ErrWrapSet)
		} else if compareSeats(next.dealings[i-1].dealer, d.Dealer) >= 0 {
			return nil, fmt.Errorf("dealers stand twice or out of order: %w", ErrWrapSet)
		}
		next.dealings, next.seen = append(next.dealings, *dealing), max(next.seen, d.Roster.Seq)
		count[d.Dealer.Requirement]++
	}
	if !s.demands(count) {
		return nil, fmt.Errorf("dealers are not the quorum that the shares before demand: %w", ErrWrapSet)
	}
	return next, nil
}

// demands says whether these numbers of dealers are exactly one of the
// alternatives.
func (s *sharing) demands(count []uint32) bool {
	return slices.ContainsFunc(alternatives(s.access), func(requirements []int) bool {
		for q, a := range s.access {
			want := uint32(0)
			if slices.Contains(requirements, q) {
				want = a.M
			}
			if count[q] != want {
				return false
			}
		}
		return true
	})
}

func compareSeats(a, b Seat) int {
	return cmp.Or(cmp.Compare(a.Requirement, b.Requirement), cmp.Compare(a.X, b.X))
}

// Reshare puts deals of the version's newest wrap set together to the next one, as
// soon as there are enough that agree in whom they are for: those of the lowest
// seats, and for the latest epoch that enough dealt for, so that nobody can hinder
// the others by numbering otherwise. The result has everything that v has, the wraps
// of earlier epochs too; [Version.Forget] deletes those. [ErrQuorum] says that more
// deals are needed, and whose do not count is left out. v is not changed.
func (v *Version) Reshare(r *roster.Roster, mount envelope.ID, path string, deals []Dealt) (*Version, error) {
	verified, err := v.VerifyHistory(r, mount, path)
	if err != nil {
		return nil, err
	}
	byEpoch := map[uint32][]counted{}
	for _, dealt := range deals {
		d, err := verified.ReadDeal(r, dealt)
		if err == nil && !slices.ContainsFunc(byEpoch[d.Epoch], func(c counted) bool { return c.dealer == d.Dealer }) {
			byEpoch[d.Epoch] = append(byEpoch[d.Epoch], counted{dealt, d.Dealer})
		}
	}
	epochs := slices.Sorted(maps.Keys(byEpoch))
	for _, epoch := range slices.Backward(epochs) {
		if rs := verified.sharing.compose(byEpoch[epoch]); rs != nil {
			return v.with(r, mount, path, *rs)
		}
	}
	return nil, fmt.Errorf("re-share %q: %d deals: %w", path, len(deals), ErrQuorum)
}

// counted is a deal that was checked, and whose it is.
type counted struct {
	dealt  Dealt
	dealer Seat
}

// compose picks, of deals for one epoch, as many as the first alternative demands
// for which there are enough; nil while there is none.
func (s *sharing) compose(all []counted) *Reshare {
	slices.SortFunc(all, func(a, b counted) int { return compareSeats(a.dealer, b.dealer) })
next:
	for _, requirements := range alternatives(s.access) {
		rs := &Reshare{Deals: []Dealt{}}
		for _, q := range requirements {
			need := int(s.access[q].M)
			for _, c := range all {
				if int(c.dealer.Requirement) == q && need > 0 {
					rs.Deals, need = append(rs.Deals, c.dealt), need-1
				}
			}
			if need > 0 {
				continue next
			}
		}
		return rs
	}
	return nil
}

func (v *Version) with(r *roster.Roster, mount envelope.ID, path string, rs Reshare) (*Version, error) {
	next := v.clone()
	next.Reshares = append(next.Reshares, rs)
	if _, err := next.VerifyHistory(r, mount, path); err != nil {
		return nil, fmt.Errorf("re-share %q: %w", path, err)
	}
	return next, next.checkSize(MaxVersion)
}

// clone returns a copy whose wraps can be deleted without touching v's.
func (v *Version) clone() *Version {
	c := *v
	c.Wraps, c.Reshares = slices.Clone(v.Wraps), make([]Reshare, len(v.Reshares))
	for i, rs := range v.Reshares {
		c.Reshares[i].Deals = slices.Clone(rs.Deals)
		for j := range c.Reshares[i].Deals {
			c.Reshares[i].Deals[j].Wraps = slices.Clone(rs.Deals[j].Wraps)
		}
	}
	return &c
}

// Forget deletes the sealed shares of every epoch but the newest, and says whether
// there were any. It is for whoever stores versions, once the new shares have proven
// to open the version; what is signed stays, since it is what the newest epoch
// is verified by.
func (v *Version) Forget() bool {
	if len(v.Reshares) == 0 {
		return false
	}
	any := forget(v.Wraps)
	for _, rs := range v.Reshares[:len(v.Reshares)-1] {
		for _, d := range rs.Deals {
			any = forget(d.Wraps) || any
		}
	}
	return any
}

func forget(wraps []envelope.Envelope) (any bool) {
	for i := range wraps {
		any = any || len(wraps[i].Bytes) > 0
		wraps[i].Bytes = nil
	}
	return any
}

// Abandon drops the newest epoch, so that the shares from before are the newest
// again, and says whether there is one. It is for when a dealer was found to have
// lied, before the shares from before are forgotten.
func (v *Version) Abandon() bool {
	if len(v.Reshares) == 0 {
		return false
	}
	v.Reshares = slices.Clone(v.Reshares[:len(v.Reshares)-1])
	return true
}
