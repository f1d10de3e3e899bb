package approval

import (
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Need is how many people a requirement has, of those it waits for, and who they are.
type Need struct {
	Requirement string        `json:"requirement"`
	Have        uint32        `json:"have"`
	Want        uint32        `json:"want"`
	People      []envelope.ID `json:"people"` // who counted, in the order of their decisions
	index       uint32
}

// needs returns what a request asks for, with nobody counted yet.
func needs(q *Request, v *secret.Verified) []Need {
	var all []Need
	for i, a := range v.Access {
		if q.counts(a) {
			all = append(all, Need{Requirement: a.Name, Want: a.M, People: []envelope.ID{}, index: uint32(i)})
		}
	}
	return all
}

// Tally counts who has said what a request waits for, once each, by requirement:
// the approvals among decisions, or the consents. Somebody who may not answer counts
// for nothing.
func Tally(r *roster.Roster, q *Request, v *secret.Verified, decisions []Receipt, what Decision) []Need {
	all := needs(q, v)
	policy, err := v.PolicyNow(r)
	if err != nil {
		return all
	}
	counted := map[envelope.ID]bool{}
	for i := range decisions {
		rec := &decisions[i]
		if rec.Decision != what || counted[rec.Approver] || rec.Form == FormShare && rec.WrapSet != v.WrapSet {
			continue
		}
		a, _, requirement, err := seat(r, policy, q, v, rec.Approver, rec.Device)
		if err != nil || a.IsEntity(q.Origin.Entity) && !policy.SelfApproval {
			continue
		}
		counted[rec.Approver] = true
		for j := range all {
			if all[j].index == requirement {
				all[j].Have++
				all[j].People = append(all[j].People, rec.Approver)
			}
		}
	}
	return all
}

// Met says whether every requirement has whom it waits for.
func Met(needs []Need) bool {
	for _, n := range needs {
		if n.Have < n.Want {
			return false
		}
	}
	return true
}

// Summary says in a few words what a request waits for: "1 of 2 sre; security:
// waiting".
func Summary(needs []Need) string {
	parts := make([]string, len(needs))
	for i, n := range needs {
		switch {
		case n.Have == 0 && n.Want == 1:
			parts[i] = n.Requirement + ": waiting"
		case n.Have >= n.Want:
			parts[i] = n.Requirement + ": done"
		default:
			parts[i] = fmt.Sprintf("%d of %d %s", n.Have, n.Want, n.Requirement)
		}
	}
	return strings.Join(parts, "; ")
}

// Tally counts what the decisions shown came to: approvals, or consents.
func (c *Case) Tally(what Decision) []Need {
	return Tally(c.reviewer.Roster, &c.Request, c.Version, c.Decisions, what)
}
