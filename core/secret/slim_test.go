package secret_test

import (
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// What waits for releases of shares can read them, and open nothing by itself.
func TestASlimVersionPutsRevealedSharesTogether(t *testing.T) {
	c := newCabinet(t, 3, func(p people) []roster.Requirement { return []roster.Requirement{coretest.Need("dba", 2, p...)} })
	v := c.verify(c.seal(c.draft()))
	slim := v.Slim()
	var shares []*secret.Share
	for _, p := range c.people[:2] {
		if _, err := slim.OpenShare(p.Keyring); !errors.Is(err, secret.ErrNotHolder) || slim.HasWrap(p.ID) {
			t.Errorf("a sealed share is still there: %v", err)
		}
		held, err := v.OpenShare(p.Keyring)
		c.Must(err)
		seat, err := slim.Seat(p.ID)
		c.Must(err)
		share, err := slim.ReadShare(held.Reveal(), seat)
		c.Must(err)
		shares = append(shares, share)
	}
	plaintext, err := slim.Combine(shares)
	c.Must(err)
	if got, err := slim.ReadPayload(plaintext); err != nil || string(got.JSON()) != value {
		t.Errorf("opened as something else: %v", err)
	}
}

// Where one release brings the payload along, no share is of use.
func TestASlimVersionOfOnePersonTakesThePayloadAlone(t *testing.T) {
	for _, people := range []int{3, 40} {
		c := newCabinet(t, people, oneOf)
		v := c.verify(c.seal(c.draft()))
		slim, p := v.Slim(), c.people[0]
		share, err := v.OpenShare(p.Keyring)
		c.Must(err)
		plaintext, err := v.Combine([]*secret.Share{share})
		c.Must(err)
		if got, err := slim.ReadPayload(plaintext); err != nil || string(got.JSON()) != value {
			t.Errorf("the payload: %v", err)
		}
		if _, err := slim.OpenShare(p.Keyring); !errors.Is(err, secret.ErrNotHolder) || slim.HasWrap(p.ID) {
			t.Errorf("a sealed share is still there: %v", err)
		}
		seat, err := slim.Seat(p.ID)
		c.Must(err)
		for name, revealed := range map[string][]byte{"their share": share.Reveal(), "nothing": make([]byte, 64)} {
			if _, err := slim.ReadShare(revealed, seat); !errors.Is(err, secret.ErrShare) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if _, err := slim.Combine([]*secret.Share{share}); !errors.Is(err, envelope.ErrSuite) {
			t.Errorf("a share read elsewhere: got %v", err)
		}
	}
}
