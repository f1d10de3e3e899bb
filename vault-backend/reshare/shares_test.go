package reshare

import (
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// seats makes holdings of people by number, a slice for each requirement.
func seats(requirements ...[]byte) []Holding {
	var all []Holding
	for q, people := range requirements {
		for _, n := range people {
			all = append(all, Holding{Requirement: uint32(q), Approver: envelope.ID{n}, Generation: 1})
		}
	}
	return all
}

func ids(people ...byte) []envelope.ID {
	all := make([]envelope.ID, len(people))
	for i, n := range people {
		all[i] = envelope.ID{n}
	}
	return all
}

var (
	twoOfThree = []secret.Access{{Name: "ops", M: 2}}
	withGlass  = []secret.Access{{Name: "ops", M: 2}, {Name: "directors", M: 2, BreakGlass: true}}
	twoTeams   = []secret.Access{{Name: "ops", M: 1}, {Name: "security", M: 1}}
)

func TestSharesAreProvenByOpeningTogether(t *testing.T) {
	for name, c := range map[string]struct {
		access  []secret.Access
		holders []Holding
		opened  [][]envelope.ID
		proven  int
	}{
		"the first combination proves all of its shares":      {twoOfThree, seats([]byte{1, 2, 3}), [][]envelope.ID{ids(1, 2)}, 2},
		"later ones prove a share whose others are proven":    {twoOfThree, seats([]byte{1, 2, 3}), [][]envelope.ID{ids(1, 2), ids(1, 3)}, 3},
		"two unproven shares might cancel each other out":     {twoOfThree, seats([]byte{1, 2, 3, 4}), [][]envelope.ID{ids(1, 2), ids(3, 4)}, 2},
		"the same combination twice proves nothing more":      {twoOfThree, seats([]byte{1, 2, 3}), [][]envelope.ID{ids(1, 2), ids(1, 2)}, 2},
		"several requirements are one combination":            {twoTeams, seats([]byte{1, 2}, []byte{3, 4}), [][]envelope.ID{ids(1, 3), ids(1, 4), ids(2, 4)}, 4},
		"break-glass shares are apart":                        {withGlass, seats([]byte{1, 2}, []byte{5, 6}), [][]envelope.ID{ids(1, 2), ids(5, 6)}, 4},
		"opening in the ordinary way proves nothing of those": {withGlass, seats([]byte{1, 2}, []byte{5, 6}), [][]envelope.ID{ids(1, 2)}, 2},
		"strangers prove nothing":                             {twoOfThree, seats([]byte{1, 2, 3}), [][]envelope.ID{ids(8, 9)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := NoShares()
			s.Epoch, s.Access, s.Holders = 1, c.access, c.holders
			for _, people := range c.opened {
				s.prove(people)
			}
			if proven, of := s.Proven(); proven != c.proven || of != len(c.holders) {
				t.Fatalf("%d of %d are proven, want %d", proven, of, c.proven)
			}
		})
	}
}

func TestFormerEpochsAreForgottenOnlyWhenTheyAreOfNoUse(t *testing.T) {
	opened := func(all ...[]envelope.ID) func(*Shares) {
		return func(s *Shares) {
			for _, people := range all {
				s.prove(people)
			}
		}
	}
	for name, c := range map[string]struct {
		access   []secret.Access
		holders  []Holding
		coverage uint32
		change   func(*Shares)
		revoked  []envelope.ID
		want     bool
	}{
		"nothing is proven":                     {twoOfThree, seats([]byte{1, 2, 3}), 0, opened(), nil, false},
		"a quorum is, and nobody may be lost":   {twoOfThree, seats([]byte{1, 2, 3}), 0, opened(ids(1, 2)), nil, true},
		"a quorum is, and one may be lost":      {twoOfThree, seats([]byte{1, 2, 3, 4}), 1, opened(ids(1, 2)), nil, false},
		"one more than a quorum is, of many":    {twoOfThree, seats([]byte{1, 2, 3, 4, 5, 6}), 1, opened(ids(1, 2), ids(1, 5)), nil, true},
		"all are, and they are too few to lose": {twoOfThree, seats([]byte{1, 2, 3}), 2, opened(ids(1, 2), ids(1, 3)), nil, true},
		"who is not proven has left":            {twoOfThree, seats([]byte{1, 2, 3}), 1, func(s *Shares) { s.prove(ids(1, 2)); s.Holders[2].Gone = true }, nil, true},
		"who is not proven was revoked":         {twoOfThree, seats([]byte{1, 2, 3}), 1, opened(ids(1, 2)), ids(3), true},
		"who is proven was revoked":             {twoOfThree, seats([]byte{1, 2, 3, 4}), 0, opened(ids(1, 2)), ids(1), false},
		"one requirement is not proven enough":  {twoTeams, seats([]byte{1, 2}, []byte{3, 4}), 1, opened(ids(1, 3), ids(1, 4)), nil, false},
		"every requirement is":                  {twoTeams, seats([]byte{1, 2}, []byte{3, 4}), 1, opened(ids(1, 3), ids(1, 4), ids(2, 4)), nil, true},
		"break-glass shares need not be":        {withGlass, seats([]byte{1, 2}, []byte{5, 6}), 1, opened(ids(1, 2)), nil, true},
		"break-glass shares alone do not do":    {withGlass, seats([]byte{1, 2}, []byte{5, 6}), 0, opened(ids(5, 6)), nil, false},
		"those who are proven are no quorum any more": {twoOfThree, seats([]byte{1, 2, 3}), 0, func(s *Shares) {
			s.prove(ids(1, 2))
			s.Holders[1].Gone, s.Holders[2].Gone = true, true
		}, nil, false},
		"there is none": {twoOfThree, seats([]byte{1, 2}), 0, func(s *Shares) { s.prove(ids(1, 2)); s.Former = nil }, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := NoShares()
			s.setNewest(Former{Access: twoOfThree, Holders: seats([]byte{1, 2, 3})})
			s.begin(Former{Epoch: 1, Access: c.access, Holders: c.holders})
			c.change(&s)
			got := s.forgettable(c.coverage, func(h Holding) bool { return !slices.Contains(c.revoked, h.Approver) })
			if got != c.want {
				t.Fatalf("forgettable: %v", got)
			}
		})
	}
}

func TestWhoHeldASharesIsRemembered(t *testing.T) {
	s := NoShares()
	s.setNewest(Former{Access: twoOfThree, Holders: seats([]byte{1, 2})})
	s.Next = 1
	s.begin(Former{Epoch: 1, Access: twoOfThree, Holders: seats([]byte{2, 3})})
	if !s.abandon() || s.abandon() || s.Epoch != 0 || s.Next != 2 || len(s.Past) != 2 {
		t.Fatalf("after taking back: epoch %d, next %d, %d in the past", s.Epoch, s.Next, len(s.Past))
	}
	s.begin(Former{Epoch: s.Next, Access: twoOfThree, Holders: seats([]byte{3, 4})})
	s.forget()
	var people []byte
	for _, k := range s.Past {
		people = append(people, k.Approver[0])
	}
	if !slices.Equal(people, []byte{2, 3, 1}) || s.Epoch != 2 || s.Next != 3 {
		t.Fatalf("in the past: %v; epoch %d, next %d", people, s.Epoch, s.Next)
	}
}

func TestWhoIsAskedToDeal(t *testing.T) {
	for name, c := range map[string]struct {
		access  []secret.Access
		dealers []Holding
		dealt   []byte
		want    []byte
	}{
		"everybody, while somebody is needed":                   {twoOfThree, seats([]byte{1, 2, 3}), nil, []byte{1, 2, 3}},
		"not who has dealt":                                     {twoOfThree, seats([]byte{1, 2, 3}), []byte{2}, []byte{1, 3}},
		"of each requirement what it lacks":                     {twoTeams, seats([]byte{1, 2}, []byte{3}), []byte{2}, []byte{3}},
		"nobody, where too few are left":                        {twoOfThree, seats([]byte{1}), nil, nil},
		"the ordinary people, where there are enough":           {withGlass, seats([]byte{1, 2}, []byte{5, 6}), nil, []byte{1, 2}},
		"those for an emergency, where there are not":           {withGlass, seats([]byte{1}, []byte{5, 6}), nil, []byte{5, 6}},
		"nobody, where there are neither":                       {withGlass, seats([]byte{1}, []byte{5}), nil, nil},
		"nobody of a requirement that lacks somebody elsewhere": {twoTeams, seats([]byte{1, 2}, nil), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			i := item{access: c.access, dealers: c.dealers}
			dealt := map[envelope.ID]bool{}
			for _, n := range c.dealt {
				dealt[envelope.ID{n}] = true
			}
			var got []byte
			for _, h := range i.wanted(dealt) {
				got = append(got, h.Approver[0])
			}
			if !slices.Equal(got, c.want) {
				t.Fatalf("asked: %v, want %v", got, c.want)
			}
		})
	}
}

func TestWhatWasTakenBackByMoreThanOneEpochIsCaughtUpWith(t *testing.T) {
	s := NoShares()
	s.setNewest(Former{WrapSet: envelope.Hash{1}, Access: twoOfThree, Holders: seats([]byte{1, 2})})
	for epoch := range uint32(2) {
		s.begin(Former{Epoch: epoch + 1, WrapSet: envelope.Hash{byte(epoch) + 2}, Access: twoOfThree, Holders: seats([]byte{2, 3})})
	}
	s.Suspects = append(s.Suspects, Suspect{Approver: envelope.ID{2}, Epoch: 1})
	if s.catchUp(&secret.Verified{WrapSet: envelope.Hash{3}}) {
		t.Fatal("there was nothing to do")
	}
	if !s.catchUp(&secret.Verified{WrapSet: envelope.Hash{1}}) || s.Epoch != 0 || s.Next != 3 || s.HoldsFormer() || len(s.Suspects) != 0 {
		t.Fatalf("at epoch %d, next %d, %d former, %d suspects", s.Epoch, s.Next, len(s.Former), len(s.Suspects))
	}
}
