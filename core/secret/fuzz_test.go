package secret_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// FuzzVersion reads bytes as a version, first as it comes and then with an
// author who plays along and signs it for this organisation: what is verified
// counts nobody twice.
func FuzzVersion(f *testing.F) {
	c := newCabinet(f, 3, func(p people) []roster.Requirement {
		return []roster.Requirement{coretest.Need("dba", 2, p...)}
	})
	v := c.seal(c.draft())
	text, err := envelope.Encode(v)
	c.Must(err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		c.T = t
		got, err := envelope.Decode[secret.Version](data)
		if err != nil {
			return
		}
		if verified, err := got.Verify(c.Roster, c.Mount, path); err == nil {
			check(t, verified)
		}
		if verified, err := adopt(c, got).Verify(c.Roster, c.Mount, path); err == nil {
			check(t, verified)
			if share, err := verified.OpenShare(c.people[0].Keyring); err == nil {
				_, _ = verified.Combine([]*secret.Share{share, share})
			}
		}
	})
}

// adopt has the author and the dealers sign a version's parts for the cabinet's
// organisation, whose people take the places of whoever stands there.
func adopt(c *cabinet, v secret.Version) *secret.Version {
	h, err := envelope.Peek[secret.Header](v.Header, envelope.TypeHeader)
	if err != nil {
		return &v
	}
	w, err := envelope.Peek[secret.WrapSet](v.WrapSet, envelope.TypeWrapSet)
	if err != nil {
		return &v
	}
	hash, err := c.policy.Hash()
	c.Must(err)
	cast := roles(c)
	h.Organisation, h.Mount, h.Path, h.Author = c.Roster.Organisation(), c.Mount, path, c.author.ID
	h.Policy, h.PolicyHash, h.Roster = c.policy.ID, hash, c.Roster.Head()
	v.Header, err = envelope.Sign(envelope.TypeHeader, h, c.author.Signer)
	c.Must(err)
	w.Header, w.Roster = v.Header.Hash(), h.Roster
	for i := range w.Holders {
		cast(&w.Holders[i].Seat)
	}
	v.WrapSet, err = envelope.Sign(envelope.TypeWrapSet, w, c.author.Signer)
	c.Must(err)
	previous := v.WrapSet.Hash()
	for _, rs := range v.Reshares {
		parts := [][]byte{[]byte("stillvault/wrap-set/v1")}
		for i := range rs.Deals {
			adoptDeal(c, &rs.Deals[i], v.Header.Hash(), previous, cast)
			hash := rs.Deals[i].Deal.Hash()
			parts = append(parts, hash[:])
		}
		previous = envelope.SumHash(parts...)
	}
	return &v
}

// roles gives everybody who is met for the first time the next of the people.
func roles(c *cabinet) func(*secret.Seat) *coretest.Person {
	given := map[envelope.ID]*coretest.Person{}
	return func(s *secret.Seat) *coretest.Person {
		p := given[s.Approver]
		if p == nil {
			p = c.people[len(given)%len(c.people)]
			given[s.Approver] = p
		}
		s.Approver = p.ID
		return p
	}
}

func adoptDeal(c *cabinet, dealt *secret.Dealt, header, previous envelope.Hash, cast func(*secret.Seat) *coretest.Person) {
	d, err := envelope.Peek[secret.Deal](dealt.Deal, envelope.TypeDeal)
	if err != nil {
		return
	}
	dealer := cast(&d.Dealer)
	for i := range d.Holders {
		cast(&d.Holders[i].Seat)
	}
	d.Header, d.Previous, d.Roster = header, previous, c.Roster.Head()
	signer, err := dealer.Keyring.Signer()
	c.Must(err)
	dealt.Deal, err = envelope.Sign(envelope.TypeDeal, d, signer)
	c.Must(err)
}

func check(t *testing.T, v *secret.Verified) {
	t.Helper()
	type place struct{ requirement, x uint32 }
	people, places := map[envelope.ID]bool{}, map[place]bool{}
	count := make([]uint32, len(v.Access))
	for _, h := range v.Seats {
		at := place{h.Requirement, h.X}
		if people[h.Approver] || places[at] || h.X == 0 {
			t.Errorf("share %d of requirement %d or its holder stands twice", h.X, h.Requirement)
		}
		people[h.Approver], places[at] = true, true
		count[h.Requirement]++
	}
	for i, a := range v.Access {
		if count[i] < a.M || a.M != v.Policy.Requirements[i].M {
			t.Errorf("requirement %d has %d shares for %d", i, count[i], a.M)
		}
	}
}

// FuzzDeal reads bytes as a deal of a version, first as they come and then with a
// dealer who plays along: what is kept is for exactly the people whom the roster names.
func FuzzDeal(f *testing.F) {
	c := newCabinet(f, 4, need(2, 0, 1, 2))
	stored := c.seal(c.draft())
	c.demand(need(2, 1, 2, 3)(c.people)...)
	v, err := stored.VerifyHistory(c.Roster, c.Mount, path)
	c.Must(err)
	target, err := secret.TargetFor(c.Roster, path)
	c.Must(err)
	text, err := envelope.Encode(c.deals(stored, 1, c.people[0])[0])
	c.Must(err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		c.T = t
		dealt, err := envelope.Decode[secret.Dealt](data)
		if err != nil {
			return
		}
		if _, err := v.ReadDeal(c.Roster, dealt); err == nil && !bytes.Equal(data, text) {
			t.Errorf("taken: %s", data)
		}
		if d, err := envelope.Peek[secret.Deal](dealt.Deal, envelope.TypeDeal); err == nil && len(d.Holders) == len(target.Seats) {
			dealer := c.people[0]
			d.Dealer = *seatOf(c, v, dealer)
			for i := range d.Holders {
				d.Holders[i].Approver = target.Seats[i].Approver
			}
			d.Header, d.Previous, d.Roster = v.HeaderHash, v.WrapSet, c.Roster.Head()
			signer, err := dealer.Keyring.Signer()
			c.Must(err)
			dealt.Deal, err = envelope.Sign(envelope.TypeDeal, d, signer)
			c.Must(err)
		}
		d, err := v.ReadDeal(c.Roster, dealt)
		if err != nil {
			return
		}
		for i, h := range d.Holders {
			if h.Seat != target.Seats[i] || len(dealt.Wraps[i].Bytes) == 0 {
				t.Errorf("kept, though it is for others or lacks a piece: %s", data)
			}
		}
	})
}

// FuzzValue seals whatever passes for a value and opens it again.
func FuzzValue(f *testing.F) {
	c := newCabinet(f, 1, oneOf)
	f.Add([]byte(value))
	f.Fuzz(func(t *testing.T, data []byte) {
		c.T = t
		v, err := secret.Seal(c.Roster, c.draft(), data, c.author.Signer, c.Now)
		if err != nil {
			if !errors.Is(err, secret.ErrValue) {
				t.Error(err)
			}
			return
		}
		verified, err := v.Verify(c.Roster, c.Mount, path)
		if err != nil {
			t.Fatal(err)
		}
		share, err := verified.OpenShare(c.people[0].Keyring)
		if err != nil {
			t.Fatal(err)
		}
		plaintext, err := verified.Combine([]*secret.Share{share})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := verified.ReadPayload(plaintext); err != nil || string(got.JSON()) != string(data) {
			t.Errorf("%q came back otherwise: %v", data, err)
		}
	})
}
