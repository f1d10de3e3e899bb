package secret_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

func headers(all ...*secret.Version) (out []envelope.Signed) {
	for _, v := range all {
		out = append(out, v.Header)
	}
	return out
}

func TestWhoHasSeenAVersionFollowsTheChainFromIt(t *testing.T) {
	c := newCabinet(t, 2, oneOf)
	v := c.history(4)
	other := c.draft()
	other.Path, other.Secret = "prod/api", envelope.NewID()
	stranger := c.seal(other)
	forged := resigned(c, v[1].Header, func(h *secret.Header) { h.Created++ }, envelope.NewSigningKey(envelope.NewKey()))
	for name, k := range map[string]struct {
		seen, shown int
		chain       []envelope.Signed
		want        error
	}{
		"nothing seen":                   {0, 4, nil, nil},
		"the same":                       {2, 2, nil, nil},
		"the next":                       {1, 2, nil, nil},
		"the last, chained":              {1, 4, headers(v[1], v[2]), nil},
		"older":                          {3, 2, nil, secret.ErrRolledBack},
		"much older":                     {4, 1, headers(v[1], v[2]), secret.ErrRolledBack},
		"the chain left out":             {1, 4, nil, secret.ErrChain},
		"one of the chain left out":      {1, 4, headers(v[2]), secret.ErrChain},
		"the end of the chain left out":  {1, 4, headers(v[1]), secret.ErrChain},
		"the chain backwards":            {1, 4, headers(v[2], v[1]), secret.ErrChain},
		"one of the chain twice":         {1, 4, headers(v[1], v[1], v[2]), secret.ErrChain},
		"the seen one in the chain":      {1, 2, headers(v[0]), secret.ErrChain},
		"the shown one in the chain":     {1, 2, headers(v[1]), secret.ErrChain},
		"another secret's in the chain":  {1, 3, headers(stranger), secret.ErrHeader},
		"a forged one in the chain":      {1, 3, []envelope.Signed{forged}, envelope.ErrSignature},
		"something else in the chain":    {1, 3, []envelope.Signed{v[1].WrapSet}, envelope.ErrPayloadType},
		"more than the chain of nothing": {2, 3, headers(v[3]), secret.ErrChain},
	} {
		var seen secret.Seen
		if k.seen > 0 {
			seen = c.verify(v[k.seen-1]).Seen()
		}
		if err := seen.Check(c.Roster, c.verify(v[k.shown-1]), k.chain); !errors.Is(err, k.want) {
			t.Errorf("%s: got %v, want %v", name, err, k.want)
		}
	}
}

func TestTwoVersionsWithOneNumberAreAFork(t *testing.T) {
	c := newCabinet(t, 2, oneOf)
	one, two := c.verify(c.seal(c.draft())), c.verify(c.seal(c.draft()))
	if err := one.Seen().Check(c.Roster, two, nil); !errors.Is(err, secret.ErrForked) {
		t.Errorf("got %v", err)
	}
	d := c.draft()
	d.Version, d.Previous = 2, two.HeaderHash
	if err := one.Seen().Check(c.Roster, c.verify(c.seal(d)), nil); !errors.Is(err, secret.ErrChain) {
		t.Errorf("what follows the other: got %v", err)
	}
}

func TestASecretBegunAnewIsTakenOnlyIfItIsNewer(t *testing.T) {
	c := newCabinet(t, 2, oneOf)
	old := c.history(2)
	c.secret = envelope.NewID()
	c.Now = c.Now.Add(time.Hour)
	anew := c.verify(c.history(1)[0])
	if err := c.verify(old[1]).Seen().Check(c.Roster, anew, nil); err != nil {
		t.Errorf("newer: %v", err)
	}
	if err := anew.Seen().Check(c.Roster, c.verify(old[1]), nil); !errors.Is(err, secret.ErrRolledBack) {
		t.Errorf("older: got %v", err)
	}
}

// An author whose key leaked is not believed, but those who went on after its
// versions are: else nobody could get past them.
func TestAChainLeadsPastTheVersionsOfACompromisedAuthor(t *testing.T) {
	c := newCabinet(t, 2, oneOf)
	second := c.AdmitConsumer("second", roster.ConsumerHost)
	c.policy.Authors = append(c.policy.Authors, second.ID)
	c.SetPolicy(c.policy)
	first := c.history(1)[0]
	write := func(author *coretest.Consumer, number uint64, previous *secret.Version) *secret.Version {
		d := secret.Draft{Mount: c.Mount, Secret: c.secret, Path: path, Version: number, Previous: previous.Header.Hash(), Author: author.ID}
		v, err := secret.Seal(c.Roster, d, []byte(value), author.Signer, c.Now)
		c.Must(err)
		return v
	}
	leaked := write(second, 2, first)
	seen := c.verify(first).Seen()
	c.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: second.ID, Compromised: true})
	third := write(c.author, 3, leaked)
	if _, err := leaked.Verify(c.Roster, c.Mount, path); !errors.Is(err, roster.ErrRevoked) {
		t.Errorf("the leaked version: %v", err)
	}
	if err := seen.Check(c.Roster, c.verify(third), headers(leaked)); err != nil {
		t.Errorf("past it: %v", err)
	}
}

func TestTheCommitmentIsOfTheAuthorsPlaintext(t *testing.T) {
	c := newCabinet(t, 1, oneOf)
	v := c.verify(c.seal(c.draft()))
	share, err := v.OpenShare(c.people[0].Keyring)
	c.Must(err)
	plaintext, err := v.Combine([]*secret.Share{share})
	c.Must(err)
	for i := range plaintext {
		plaintext[i] ^= 1
		if _, err := v.ReadPayload(plaintext); !errors.Is(err, secret.ErrCommitment) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		plaintext[i] ^= 1
	}
	for _, p := range [][]byte{nil, plaintext[:31], plaintext[:len(plaintext)-1], append(plaintext, 0)} {
		if _, err := v.ReadPayload(p); !errors.Is(err, secret.ErrCommitment) {
			t.Errorf("%d bytes: %v", len(p), err)
		}
	}
}
