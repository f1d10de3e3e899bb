package secret_test

import (
	"errors"
	"math/bits"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

type people = []*coretest.Person

// Every subset of the people is tried: those that meet the policy open the
// secret, and the others do not.
func TestExactlyTheSubsetsThatMeetThePolicyOpen(t *testing.T) {
	for _, c := range []struct {
		name    string
		people  int
		require func(people) []roster.Requirement
	}{
		{"one of one", 1, oneOf},
		{"one of three", 3, oneOf},
		{"two of three", 3, func(p people) []roster.Requirement { return []roster.Requirement{coretest.Need("dba", 2, p...)} }},
		{"three of three", 3, func(p people) []roster.Requirement { return []roster.Requirement{coretest.Need("dba", 3, p...)} }},
		{"three of five", 5, func(p people) []roster.Requirement { return []roster.Requirement{coretest.Need("dba", 3, p...)} }},
		{"one of two and two of four", 6, func(p people) []roster.Requirement {
			return []roster.Requirement{coretest.Need("security", 1, p[:2]...), coretest.Need("dba", 2, p[2:]...)}
		}},
		{"two of everybody and one of two of them", 5, func(p people) []roster.Requirement {
			return []roster.Requirement{coretest.Need("all", 2, p...), coretest.Need("lead", 1, p[0], p[1])}
		}},
		{"three requirements", 6, func(p people) []roster.Requirement {
			return []roster.Requirement{coretest.Need("a", 1, p[0], p[1]), coretest.Need("b", 1, p[2], p[3]), coretest.Need("c", 2, p[3], p[4], p[5])}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newCabinet(t, c.people, c.require)
			v := k.verify(k.seal(k.draft()))
			shares := make([]*secret.Share, c.people)
			for i, p := range k.people {
				var err error
				shares[i], err = v.OpenShare(p.Keyring)
				k.Must(err)
			}
			opened := 0
			for set := range uint(1) << c.people {
				var chosen []*secret.Share
				count := make([]uint32, len(v.Access))
				for i, s := range shares {
					if set&(1<<i) != 0 {
						chosen = append(chosen, s)
						count[s.Requirement]++
					}
				}
				meets := true
				for i, a := range v.Access {
					meets = meets && count[i] >= a.M
				}
				plaintext, err := v.Combine(chosen)
				switch {
				case meets && err != nil:
					t.Errorf("%d people who meet the policy: %v", bits.OnesCount(set), err)
				case !meets && !errors.Is(err, secret.ErrQuorum):
					t.Errorf("%d people who do not: %v", bits.OnesCount(set), err)
				case meets:
					opened++
					got, err := v.ReadPayload(plaintext)
					if err != nil || string(got.JSON()) != value {
						t.Errorf("opened as something else: %v", err)
					}
				}
			}
			if opened == 0 {
				t.Error("nobody could open it")
			}
		})
	}
}

func TestSharesAreNotMixed(t *testing.T) {
	c := newCabinet(t, 4, func(p people) []roster.Requirement {
		return []roster.Requirement{coretest.Need("dba", 2, p[:3]...), coretest.Need("security", 1, p[3])}
	})
	other := c.draft()
	other.Secret = envelope.NewID()
	v, w := c.verify(c.seal(c.draft())), c.verify(c.seal(other))
	open := func(v *secret.Verified, i int) *secret.Share {
		s, err := v.OpenShare(c.people[i].Keyring)
		c.Must(err)
		return s
	}
	strange := *open(v, 0)
	strange.Requirement = 7
	zero := *open(v, 0)
	zero.X = 0
	for name, s := range map[string]struct {
		shares []*secret.Share
		want   error
	}{
		"one twice":                  {[]*secret.Share{open(v, 0), open(v, 0), open(v, 3)}, secret.ErrShare},
		"of no requirement":          {[]*secret.Share{open(v, 0), &strange, open(v, 3)}, secret.ErrShare},
		"of no person":               {[]*secret.Share{open(v, 0), &zero, open(v, 3)}, secret.ErrShare},
		"of another secret":          {[]*secret.Share{open(v, 0), open(w, 1), open(v, 3)}, envelope.ErrOpen},
		"one requirement of another": {[]*secret.Share{open(v, 0), open(v, 1), open(w, 3)}, envelope.ErrOpen},
		"none":                       {nil, secret.ErrQuorum},
	} {
		if _, err := v.Combine(s.shares); !errors.Is(err, s.want) {
			t.Errorf("%s: got %v, want %v", name, err, s.want)
		}
	}
}

func TestAShareIsHeldAgainstItsCommitment(t *testing.T) {
	c := newCabinet(t, 3, func(p people) []roster.Requirement { return []roster.Requirement{coretest.Need("dba", 2, p...)} })
	v := c.verify(c.seal(c.draft()))
	share, err := v.OpenShare(c.people[0].Keyring)
	c.Must(err)
	holder, err := v.Seat(c.people[0].ID)
	c.Must(err)
	other, err := v.Seat(c.people[1].ID)
	c.Must(err)
	good := share.Reveal()
	if _, err := v.ReadShare(good, holder); err != nil {
		t.Fatal(err)
	}
	if _, err := v.ReadShare(good, other); !errors.Is(err, secret.ErrShare) {
		t.Errorf("another's place: %v", err)
	}
	for i := range good {
		good[i] ^= 1
		if _, err := v.ReadShare(good, holder); !errors.Is(err, secret.ErrShare) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		good[i] ^= 1
	}
	for _, n := range []int{0, 32, 63, 65} {
		if _, err := v.ReadShare(make([]byte, n), holder); !errors.Is(err, secret.ErrShare) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestNobodyHoldsWhatOpensASecret(t *testing.T) {
	c := newCabinet(t, 3, oneOf)
	outsider := c.Admit("outsider")
	stored := c.seal(c.draft())
	v := c.verify(stored)
	if _, err := v.OpenShare(outsider.Keyring); !errors.Is(err, secret.ErrNotHolder) {
		t.Errorf("an outsider: %v", err)
	}
	gone, err := stored.DeleteWraps(func(id envelope.ID) bool { return id != c.people[1].ID })
	c.Must(err)
	if len(gone) != 1 || gone[0] != c.people[1].ID {
		t.Errorf("deleted for %v", gone)
	}
	v = c.verify(stored)
	if _, err := v.OpenShare(c.people[1].Keyring); !errors.Is(err, secret.ErrNotHolder) || v.HasWrap(c.people[1].ID) {
		t.Errorf("whose share was deleted: %v", err)
	}
	if _, err := v.OpenShare(c.people[2].Keyring); err != nil || !v.HasWrap(c.people[2].ID) {
		t.Errorf("whose share was not: %v", err)
	}
	if gone, err := stored.DeleteWraps(func(id envelope.ID) bool { return id != c.people[1].ID }); err != nil || len(gone) != 0 {
		t.Errorf("deleted again: %v, %v", gone, err)
	}
	text, err := envelope.Encode(stored)
	c.Must(err)
	if _, err := envelope.Decode[secret.Version](text); err != nil {
		t.Errorf("stored without a share: %v", err)
	}
	stored.Wraps = stored.Wraps[1:]
	if _, err := stored.DeleteWraps(func(envelope.ID) bool { return true }); !errors.Is(err, secret.ErrWrapSet) {
		t.Errorf("of another length: %v", err)
	}
}
