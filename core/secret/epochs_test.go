package secret_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// copied is a version that changes to do not reach the original, as storage has it.
func copied(c *cabinet, v *secret.Version) *secret.Version {
	encoded, err := envelope.Encode(v)
	c.Must(err)
	again, err := envelope.Decode[secret.Version](encoded)
	c.Must(err)
	return &again
}

// Where more dealt than were needed, two honest brokers may put different epochs
// together. Each opens by itself; shares of both do not mix.
func TestDealersThatDifferCorruptNothing(t *testing.T) {
	c, stored := dealing(t)
	deals := c.deals(stored, 1, c.people[:5]...)
	var both []*secret.Verified
	for _, choice := range [][]int{{0, 1, 2}, {1, 3, 4}} {
		var chosen []secret.Dealt
		for _, i := range choice {
			chosen = append(chosen, deals[i])
		}
		next, err := stored.Reshare(c.Roster, c.Mount, path, chosen)
		c.Must(err)
		both = append(both, c.verify(next))
	}
	for _, v := range both {
		for _, set := range newSets {
			c.Must(c.opens(v, pick(c, set)...))
		}
	}
	if both[0].WrapSet == both[1].WrapSet || both[0].Epoch != both[1].Epoch {
		t.Error("the two are not told apart")
	}
	for i, v := range both {
		elsewhere := both[1-i]
		share, err := elsewhere.OpenShare(c.people[1].Keyring)
		c.Must(err)
		seat, err := v.Seat(c.people[1].ID)
		c.Must(err)
		if _, err := v.ReadShare(share.Reveal(), seat); !errors.Is(err, secret.ErrShare) || errors.Is(err, secret.ErrDealer) {
			t.Errorf("a share of one at the other: %v", err)
		}
		own, err := v.OpenShare(c.people[2].Keyring)
		c.Must(err)
		if v.Force([]*secret.Share{own, share}) {
			t.Error("shares of both open it together")
		}
		if err := elsewhere.Seen().Check(c.Roster, v, nil); !errors.Is(err, secret.ErrForked) {
			t.Errorf("whoever saw one and is shown the other: %v", err)
		}
	}
}

// After every single step of a re-share, a crash leaves what opens with the old
// people or with the new ones.
func TestACrashAtAnyStepLeavesTheVersionReadable(t *testing.T) {
	c, stored := dealing(t)
	oldSet, newSet := pick(c, []int{0, 1, 2}), pick(c, []int{3, 5})
	readable := func(step string, v *secret.Version) {
		t.Helper()
		now, err := copied(c, v).VerifyHistory(c.Roster, c.Mount, path)
		c.Must(err)
		people := newSet
		if now.Epoch == 0 {
			people = oldSet
		}
		if err := c.opens(now, people...); err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
	readable("before", stored)
	var deals []secret.Dealt
	for _, p := range c.people[:3] {
		deals = append(deals, c.deals(stored, 1, p)...)
		readable("a deal more", stored)
	}
	before := copied(c, stored)
	next, err := stored.Reshare(c.Roster, c.Mount, path, deals)
	c.Must(err)
	readable("put together, not stored", before)
	readable("stored", next)
	if encoded, err := envelope.Encode(stored); err != nil || len(encoded) == 0 || !slices.Equal(encoded, must(c, before)) {
		t.Error("putting it together changed the version from before")
	}
	given := copied(c, next)
	if !given.Abandon() {
		t.Error("nothing to abandon")
	}
	readable("abandoned", given)
	next.Forget()
	readable("the old shares forgotten", next)
	if next.Forget() {
		t.Error("they are forgotten twice")
	}
	next.Abandon()
	v, err := next.VerifyHistory(c.Roster, c.Mount, path)
	c.Must(err)
	if err := c.opens(v, oldSet...); !errors.Is(err, secret.ErrNotHolder) {
		t.Errorf("forgotten shares open: %v", err)
	}
	if next.Abandon() {
		t.Error("the author's shares are abandoned")
	}
}

func must(c *cabinet, v *secret.Version) []byte {
	encoded, err := envelope.Encode(v)
	c.Must(err)
	return encoded
}

// After a lie the epoch is given up, the others deal again under a later number, and
// consumers follow.
func TestALieIsGivenUpAndDealtAnew(t *testing.T) {
	c, stored := dealing(t)
	liar := c.people[2]
	spoilt := c.lying(stored, liar, secret.Lie{Value: another}, c.people[0], c.people[4])
	seen := c.verify(spoilt).Seen()
	if err := c.opens(c.verify(spoilt), pick(c, []int{1, 2})...); accused(err) != liar.ID {
		t.Fatalf("got %v", err)
	}
	late := c.deals(stored, 1, c.people[3])
	if !spoilt.Abandon() {
		t.Fatal("nothing to abandon")
	}
	deals := append(c.deals(spoilt, 2, c.people[0], c.people[1], c.people[4]), late...)
	next, err := spoilt.Reshare(c.Roster, c.Mount, path, deals)
	c.Must(err)
	v := c.verify(next)
	for _, set := range newSets {
		c.Must(c.opens(v, pick(c, set)...))
	}
	if err := seen.Check(c.Roster, v, nil); err != nil || v.Epoch != 2 {
		t.Errorf("epoch %d after one that was given up: %v", v.Epoch, err)
	}
	if err := v.Seen().Check(c.Roster, c.verify(c.lying(stored, liar, secret.Lie{}, c.people[0], c.people[4])), nil); !errors.Is(err, secret.ErrRolledBack) {
		t.Errorf("the epoch from before: %v", err)
	}
}

// One dealer who numbers an epoch otherwise cannot keep the others from re-sharing.
func TestADealForAnotherEpochStandsInNobodysWay(t *testing.T) {
	c, stored := dealing(t)
	for _, strange := range c.people[:5] {
		var others []*coretest.Person
		for _, p := range c.people[:5] {
			if p != strange && len(others) < 3 {
				others = append(others, p)
			}
		}
		deals := slices.Concat(c.deals(stored, 7, strange), c.deals(stored, 1, others...))
		next, err := stored.Reshare(c.Roster, c.Mount, path, deals)
		if err != nil {
			t.Errorf("got %v", err)
		} else if v := c.verify(next); v.Epoch != 1 {
			t.Errorf("epoch %d", v.Epoch)
		}
	}
	deals := slices.Concat(c.deals(stored, 1, c.people[:4]...), c.deals(stored, 2, c.people[:3]...))
	next, err := stored.Reshare(c.Roster, c.Mount, path, deals)
	c.Must(err)
	if v := c.verify(next); v.Epoch != 2 {
		t.Errorf("epoch %d, though enough dealt for the later one", v.Epoch)
	}
}

// A broker keeps no deal that could not be used, or that is for others.
func TestADealIsCheckedBeforeItIsKept(t *testing.T) {
	c, stored := dealing(t)
	dealer := c.people[1]
	sibling := c.seal(secret.Draft{Mount: c.Mount, Secret: envelope.NewID(), Path: path, Version: 1, Author: c.author.ID})
	signer, err := dealer.Keyring.Signer()
	c.Must(err)
	good := c.deals(stored, 1, dealer)[0]
	edited := func(change func(*secret.Deal)) func() secret.Dealt {
		return func() secret.Dealt {
			return secret.Dealt{Deal: resigned(c, good.Deal, change, signer), Wraps: good.Wraps}
		}
	}
	verified, err := stored.VerifyHistory(c.Roster, c.Mount, path)
	c.Must(err)
	for name, k := range map[string]struct {
		deal func() secret.Dealt
		want error
	}{
		"whole":               {func() secret.Dealt { return good }, nil},
		"of another version":  {edited(func(d *secret.Deal) { d.Header = sibling.Header.Hash() }), secret.ErrDeal},
		"of other shares":     {edited(func(d *secret.Deal) { d.Previous[0] ^= 1 }), secret.ErrDeal},
		"of an epoch past":    {edited(func(d *secret.Deal) { d.Epoch = 0 }), secret.ErrDeal},
		"of an epoch far on":  {edited(func(d *secret.Deal) { d.Epoch = 65 }), secret.ErrDeal},
		"from another seat":   {edited(func(d *secret.Deal) { d.Dealer.X++ }), secret.ErrNotHolder},
		"of another's":        {edited(func(d *secret.Deal) { d.Dealer = *seatOf(c, verified, c.people[2]) }), envelope.ErrSignature},
		"for fewer people":    {edited(func(d *secret.Deal) { d.Access[0].M = 1 }), secret.ErrDeal},
		"without the glass":   {edited(func(d *secret.Deal) { d.Access = d.Access[:1] }), secret.ErrDeal},
		"for somebody else":   {edited(func(d *secret.Deal) { d.Holders[0].Approver = envelope.NewID() }), roster.ErrUnknown},
		"for one twice":       {edited(func(d *secret.Deal) { d.Holders[1].Approver = d.Holders[0].Approver }), secret.ErrWrapSet},
		"for another keyring": {edited(func(d *secret.Deal) { d.Holders[0].Generation++ }), secret.ErrDeal},
		"by another branch":   {edited(func(d *secret.Deal) { d.Roster.Hash[0] ^= 1 }), roster.ErrForked},
		"of the future":       {edited(func(d *secret.Deal) { d.Roster.Seq++ }), roster.ErrBehind},
		"with fewer pieces":   {func() secret.Dealt { return secret.Dealt{Deal: good.Deal, Wraps: good.Wraps[1:]} }, secret.ErrWrapSet},
		"with pieces swapped": {func() secret.Dealt {
			wraps := slices.Clone(good.Wraps)
			wraps[0], wraps[1] = wraps[1], wraps[0]
			return secret.Dealt{Deal: good.Deal, Wraps: wraps}
		}, secret.ErrWrapSet},
		"with a piece left out": {func() secret.Dealt {
			wraps := slices.Clone(good.Wraps)
			wraps[2] = envelope.Envelope{Suite: envelope.Suite1}
			return secret.Dealt{Deal: good.Deal, Wraps: wraps}
		}, secret.ErrDeal},
	} {
		if _, err := verified.ReadDeal(c.Roster, k.deal()); !errors.Is(err, k.want) {
			t.Errorf("%s: got %v, want %v", name, err, k.want)
		}
	}
	c.demand(coretest.Need("r", 2, c.people[2:6]...))
	if _, err := verified.ReadDeal(c.Roster, good); !errors.Is(err, secret.ErrDeal) {
		t.Errorf("for those whom the policy named until now: %v", err)
	}
	c.Append(roster.KindApproverRevoke, roster.Removal{ID: dealer.ID})
	if _, err := verified.ReadDeal(c.Roster, good); !errors.Is(err, roster.ErrRevoked) {
		t.Errorf("by somebody revoked: %v", err)
	}
}

func seatOf(c *cabinet, v *secret.Verified, p *coretest.Person) *secret.Seat {
	seat, err := v.Seat(p.ID)
	c.Must(err)
	return seat
}

func TestNobodyDealsWhatNeedNotBe(t *testing.T) {
	c := newCabinet(t, 4, need(2, 0, 1, 2))
	v := c.verify(c.seal(c.draft()))
	for name, k := range map[string]struct {
		who   int
		epoch uint32
		want  error
	}{
		"nothing to do": {0, 1, secret.ErrFollows}, "an epoch past": {0, 0, secret.ErrDeal},
		"an epoch far on": {0, 65, secret.ErrDeal}, "no share": {3, 1, secret.ErrNotHolder},
	} {
		if _, err := v.Deal(c.Roster, c.people[k.who].Keyring, k.epoch); !errors.Is(err, k.want) {
			t.Errorf("%s: got %v, want %v", name, err, k.want)
		}
	}
	c.demand(coretest.Need("r", 2, c.people[1:]...))
	if _, err := v.Deal(c.Roster, c.people[0].Keyring, 1); err != nil {
		t.Errorf("who fell out of the policy helps to hand over: %v", err)
	}
	c.Append(roster.KindPolicyDelete, roster.Removal{ID: c.policy.ID})
	if _, err := v.Deal(c.Roster, c.people[0].Keyring, 1); !errors.Is(err, roster.ErrNoPolicy) {
		t.Errorf("without a policy: %v", err)
	}
}
