package secret_test

import (
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// transplanted has a dealer deal to somebody what another deal has for them, sealed
// and committed to as it is there.
func transplanted(c *cabinet, from secret.Dealt, to *coretest.Person) secret.Lie {
	d, err := envelope.Peek[secret.Deal](from.Deal, envelope.TypeDeal)
	c.Must(err)
	return secret.Lie{Holder: func(h *secret.Holder, w *envelope.Envelope) {
		for i := range d.Holders {
			if d.Holders[i].Approver == to.ID && h.Approver == to.ID {
				h.Wrap, h.Commitment, *w = d.Holders[i].Wrap, d.Holders[i].Commitment, from.Wraps[i]
			}
		}
	}}
}

// A piece is bound to whose share it is of, to the epoch, and to everybody whom it was
// dealt among: nobody can deal what another dealt, or their own for others again.
func TestAPieceBelongsToOneDeal(t *testing.T) {
	for name, from := range map[string]func(*cabinet, *secret.Version, *coretest.Person) secret.Dealt{
		"of another dealer": func(c *cabinet, v *secret.Version, _ *coretest.Person) secret.Dealt {
			return c.deals(v, 1, c.people[0])[0]
		},
		"for another epoch": func(c *cabinet, v *secret.Version, liar *coretest.Person) secret.Dealt {
			return c.deals(v, 2, liar)[0]
		},
		"for other people": func(c *cabinet, v *secret.Version, liar *coretest.Person) secret.Dealt {
			today := c.policy.Requirements[0]
			c.demand(coretest.Need("r", 2, c.without(c.people[1:6], c.sits(4))...)) // so that nobody else moves
			dealt := c.deals(v, 1, liar)[0]
			c.demand(today)
			return dealt
		},
		"for another quorum": func(c *cabinet, v *secret.Version, liar *coretest.Person) secret.Dealt {
			today := c.policy.Requirements[0]
			c.demand(coretest.Need("r", 3, c.people[1:6]...))
			dealt := c.deals(v, 1, liar)[0]
			c.demand(today)
			return dealt
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, stored := dealing(t)
			liar, victim := c.people[2], c.sits(0)
			v := c.verify(c.lying(stored, liar, transplanted(c, from(c, stored, liar), victim), c.people[0], c.people[4]))
			if _, err := v.OpenShare(victim.Keyring); accused(err) != liar.ID {
				t.Errorf("got %v", err)
			}
			if err := c.opens(v, c.sits(1), c.sits(2)); err != nil {
				t.Errorf("without the victim: %v", err)
			}
		})
	}
}

// sits is who would sit on a seat of the first requirement, from 0.
func (c *cabinet) sits(i int) *coretest.Person {
	target, err := secret.TargetFor(c.Roster, path)
	c.Must(err)
	return c.people[slices.IndexFunc(c.people, func(p *coretest.Person) bool { return p.ID == target.Seats[i].Approver })]
}

func (c *cabinet) without(people []*coretest.Person, gone *coretest.Person) []*coretest.Person {
	return slices.DeleteFunc(slices.Clone(people), func(p *coretest.Person) bool { return p == gone })
}
