package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// A card says of each requirement who decided and who is still missing, and says
// it anew when somebody else has decided.
func TestACardSaysWhoIsStillMissing(t *testing.T) {
	o, p := enrolled(t)
	bob, erin := o.Admit("bob", "entity-bob"), o.Admit("erin", "entity-erin")
	o.policy(nil, coretest.Need("sre", 2, o.person("alice"), bob, erin), coretest.Need("security", 1, o.Admit("frank", "entity-frank")))
	q := o.ask("prod/db")
	if got := tally(p.one().Requirements); got != "0 of 2 sre: ; alice bob erin | 0 of 1 security: ; frank" {
		t.Fatal(got)
	}
	approve := func(c *approval.Case, s envelope.Signer) (approval.Release, error) {
		return c.Approve(bob.Keyring, s, approval.Ledger{}, o.Now)
	}
	rel := o.answer(q, bob, approve)
	q.item.Decisions = append(q.item.Decisions, rel.Receipt)
	c := p.one()
	if got := tally(c.Requirements); got != "1 of 2 sre: bob; alice erin | 0 of 1 security: ; frank" {
		t.Fatal(got)
	}
	if len(c.Decisions) != 1 || c.Decisions[0].Approver != "bob" || c.Decisions[0].Device != "bob-terminal" {
		t.Fatalf("decisions %v", c.Decisions)
	}
	rel = o.answer(q, erin, func(c *approval.Case, s envelope.Signer) (approval.Release, error) {
		return c.Approve(erin.Keyring, s, approval.Ledger{}, o.Now)
	})
	q.item.Decisions = append(q.item.Decisions, rel.Receipt)
	if got := tally(p.one().Requirements); !strings.HasPrefix(got, "2 of 2 sre: bob erin;  | 0 of 1 security: ") {
		t.Fatal(got)
	}
}

// tally is what requirements say, on one line; people in the order of their names.
func tally(needs []desk.CardNeed) string {
	var parts []string
	for _, n := range needs {
		slices.Sort(n.Decided)
		slices.Sort(n.Missing)
		parts = append(parts, fmt.Sprintf("%d of %d %s: %s; %s", n.Have, n.M, n.Name, strings.Join(n.Decided, " "), strings.Join(n.Missing, " ")))
	}
	return strings.Join(parts, " | ")
}
