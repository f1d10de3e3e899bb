package secret_test

import (
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// deals has people re-share a version for the policy in force.
func (c *cabinet) deals(v *secret.Version, epoch uint32, dealers ...*coretest.Person) (all []secret.Dealt) {
	c.T.Helper()
	verified, err := v.VerifyHistory(c.Roster, c.Mount, path)
	c.Must(err)
	for _, p := range dealers {
		dealt, err := verified.Deal(c.Roster, p.Keyring, epoch)
		c.Must(err)
		_, err = verified.ReadDeal(c.Roster, *dealt)
		c.Must(err)
		all = append(all, *dealt)
	}
	return all
}

// reshared puts a version's next epoch together.
func (c *cabinet) reshared(v *secret.Version, epoch uint32, dealers ...*coretest.Person) *secret.Version {
	c.T.Helper()
	next, err := v.Reshare(c.Roster, c.Mount, path, c.deals(v, epoch, dealers...))
	c.Must(err)
	return next
}

// opens has people open a version together, as a consumer would.
func (c *cabinet) opens(v *secret.Verified, people ...*coretest.Person) error {
	c.T.Helper()
	var shares []*secret.Share
	for _, p := range people {
		own, err := v.OpenShare(p.Keyring)
		if err != nil {
			return err
		}
		seat, err := v.Seat(p.ID)
		c.Must(err)
		share, err := v.ReadShare(own.Reveal(), seat)
		c.Must(err)
		shares = append(shares, share)
	}
	plaintext, err := v.Combine(shares)
	if err != nil {
		return err
	}
	got, err := v.ReadPayload(plaintext)
	c.Must(err)
	if string(got.JSON()) != value {
		c.T.Fatal("opened as something else")
	}
	return nil
}

func (c *cabinet) demand(requirements ...roster.Requirement) {
	c.T.Helper()
	c.policy.Requirements = requirements
	c.SetPolicy(c.policy)
}

func TestSharesFollowThePolicyOnceItsOldQuorumDealsThemAnew(t *testing.T) {
	for name, k := range map[string]struct {
		from, to func(people) []roster.Requirement
		dealers  []int
		opens    [][]int
		fails    [][]int
	}{
		"somebody joins": {
			from: need(2, 0, 1, 2), to: need(2, 0, 1, 2, 3), dealers: []int{0, 2},
			opens: [][]int{{0, 1}, {3, 1}, {2, 3}}, fails: [][]int{{3}, {0}},
		},
		"a higher quorum": {
			from: need(1, 0, 1, 2), to: need(2, 0, 1, 2), dealers: []int{1},
			opens: [][]int{{0, 1}, {1, 2}, {0, 2}}, fails: [][]int{{0}, {1}, {2}},
		},
		"a lower quorum": {
			from: need(3, 0, 1, 2, 3), to: need(1, 0, 1, 2, 3), dealers: []int{0, 1, 3},
			opens: [][]int{{0}, {1}, {2}, {3}},
		},
		"everybody else": {
			from: need(2, 0, 1, 2), to: need(2, 3, 4, 5), dealers: []int{1, 2},
			opens: [][]int{{3, 4}, {4, 5}}, fails: [][]int{{3}, {5}},
		},
		"a requirement more": {
			from: need(2, 0, 1, 2),
			to: func(p people) []roster.Requirement {
				return []roster.Requirement{coretest.Need("r", 2, p[0], p[1], p[2]), coretest.Need("security", 1, p[3], p[4])}
			},
			dealers: []int{0, 1}, opens: [][]int{{0, 1, 3}, {1, 2, 4}}, fails: [][]int{{0, 1, 2}, {3, 4}, {0, 3}},
		},
		"a requirement less": {
			from: func(p people) []roster.Requirement {
				return []roster.Requirement{coretest.Need("r", 2, p[0], p[1], p[2]), coretest.Need("security", 1, p[3], p[4])}
			},
			to: need(2, 0, 1, 2), dealers: []int{0, 2, 4}, opens: [][]int{{0, 1}, {1, 2}}, fails: [][]int{{0}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCabinet(t, 6, k.from)
			v := c.seal(c.draft())
			c.demand(k.to(c.people)...)
			next := c.reshared(v, 1, pick(c, k.dealers)...)
			now := c.verify(next)
			if now.Epoch != 1 || now.HeaderHash != v.Header.Hash() {
				t.Errorf("epoch %d", now.Epoch)
			}
			for _, set := range k.opens {
				if err := c.opens(now, pick(c, set)...); err != nil {
					t.Errorf("%v: %v", set, err)
				}
			}
			for _, set := range k.fails {
				if err := c.opens(now, pick(c, set)...); !errors.Is(err, secret.ErrQuorum) {
					t.Errorf("%v: got %v", set, err)
				}
			}
			target, err := secret.TargetFor(c.Roster, path)
			c.Must(err)
			if !now.Follows(target) {
				t.Error("it is to be re-shared again")
			}
			short := c.deals(v, 1, pick(c, k.dealers[1:])...)
			if _, err := v.Reshare(c.Roster, c.Mount, path, short); !errors.Is(err, secret.ErrQuorum) {
				t.Errorf("a dealer too few: %v", err)
			}
		})
	}
}

func need(m uint32, which ...int) func(people) []roster.Requirement {
	return func(p people) []roster.Requirement {
		var those people
		for _, i := range which {
			those = append(those, p[i])
		}
		return []roster.Requirement{coretest.Need("r", m, those...)}
	}
}

func pick(c *cabinet, which []int) (some people) {
	for _, i := range which {
		some = append(some, c.people[i])
	}
	return some
}

func TestSharesAreRedistributedAgainAndAgain(t *testing.T) {
	c := newCabinet(t, 5, need(2, 0, 1, 2))
	v := c.seal(c.draft())
	for i, step := range []struct {
		to      []int
		m       uint32
		dealers []int
	}{
		{[]int{0, 1, 2, 3}, 2, []int{0, 1}},
		{[]int{1, 2, 3, 4}, 3, []int{3, 2}},
		{[]int{0, 4}, 1, []int{1, 4, 3}},
		{[]int{0, 1, 2, 3, 4}, 3, []int{4}},
	} {
		c.demand(need(step.m, step.to...)(c.people)...)
		v = c.reshared(v, uint32(i+1), pick(c, step.dealers)...)
		c.Must(c.opens(c.verify(v), pick(c, step.to)...))
		if !v.Forget() || v.Forget() {
			t.Error("old wraps were not there, or are there still")
		}
	}
	encoded, err := envelope.Encode(v)
	c.Must(err)
	again, err := envelope.Decode[secret.Version](encoded)
	c.Must(err)
	c.Must(c.opens(c.verify(&again), c.people[2:]...))
}
