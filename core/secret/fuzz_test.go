package secret_test

import (
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

// adopt has the author sign a version's parts for the cabinet's organisation.
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
	h.Organisation, h.Mount, h.Path, h.Author = c.Roster.Organisation(), c.Mount, path, c.author.ID
	h.Policy, h.PolicyHash, h.Roster = c.policy.ID, hash, c.Roster.Head()
	v.Header, err = envelope.Sign(envelope.TypeHeader, h, c.author.Signer)
	c.Must(err)
	w.Header, w.Roster = v.Header.Hash(), h.Roster
	v.WrapSet, err = envelope.Sign(envelope.TypeWrapSet, w, c.author.Signer)
	c.Must(err)
	return &v
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
