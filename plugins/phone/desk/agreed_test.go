package desk_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// stopped deals the next page, which must bring more than was agreed to, and
// returns the card as it is shown then. The keyring is closed, and nothing written.
func (p *phone) stopped(v *vault, hash string) desk.Reshare {
	p.t.Helper()
	var before, after []desk.Entry
	p.do("history", nil, nil, &before)
	if _, err := p.dealPage(v, hash); desk.Name(err) != "reshare_unshown" {
		p.t.Fatalf("got %v, want that more is shown", err)
	}
	if _, err := p.dealPage(v, hash); desk.Name(err) != "reshare_stopped" {
		p.t.Fatalf("the keyring is still open: %v", err)
	}
	p.do("history", nil, nil, &after)
	if len(after) != len(before) {
		p.t.Fatalf("%d answers were written down, %d before", len(after), len(before))
	}
	var looked desk.Looked
	p.do("reshareEnd", nil, nil, &looked)
	if len(looked.Reshares) != 1 || looked.Reshares[0].Since == nil || looked.Reshares[0].Dealing != nil {
		p.t.Fatalf("the card says %v", looked.Reshares)
	}
	return looked.Reshares[0]
}

// deals deals the next page and has the broker take it.
func (p *phone) deals(v *vault, hash string) desk.Dealt {
	p.t.Helper()
	d, err := p.dealPage(v, hash)
	p.must(err)
	v.take(d.Answer)
	p.do("sent", args{"counter": d.Counter, "state": "dealt"}, nil, nil)
	return d
}

// Which versions come first is the broker's choice: one that takes a newcomer's wrap
// out of a version that is theirs already shows nobody who joins. A later page that
// brings them stops the dealing until they were shown.
func TestWhoJoinsOnALaterPageTakesAnotherGesture(t *testing.T) {
	o, p := enrolled(t)
	bob, erin := o.Admit("bob"), o.Admit("erin")
	o.policy(nil, coretest.Need("dba", 1, o.person("alice"), bob))
	v := o.reshares([]string{"prod/old"}, func(p *roster.Policy) {
		p.Requirements = []roster.Requirement{coretest.Need("dba", 1, o.person("alice"), bob, erin)}
	})
	v.page = 1
	chosen := *o.sealed("prod/new")
	chosen.Wraps = slices.Clone(chosen.Wraps)
	seat := seatOf(t, o, &chosen, "prod/new", erin)
	chosen.Wraps[seat].Bytes = nil
	v.versions = append([]*secret.Version{&chosen}, v.versions...)

	hash := p.theReshare().Hash
	card := p.look(v, hash)
	if len(card.Look.Joins) != 0 || card.Since != nil || card.Total != 2 {
		t.Fatalf("the card says %v", card.Look)
	}
	p.must(p.begin(hash))
	p.deals(v, hash)
	card = p.stopped(v, hash)
	if since := card.Since; strings.Join(since.Joins, " ") != "erin" || len(since.From) != 1 || len(since.From[0].Needs[0].People) != 2 || since.Secrets != 0 {
		t.Fatalf("more is %v", card.Since)
	}
	if strings.Join(card.Look.Joins, " ") != "erin" || len(card.Look.From) != 2 {
		t.Fatalf("the card says %v", card.Look)
	}
	if again := p.look(v, hash); again.Since == nil || strings.Join(again.Look.Joins, " ") != "erin" || again.Look.From[1].Secrets != 1 {
		t.Fatalf("looked again, the card says %v, more is %v", again.Look, again.Since)
	}
	p.must(p.begin(hash))
	if card := p.theReshare(); card.Since != nil {
		t.Fatalf("agreed to, it still says %v", card.Since)
	}
	if d := p.deals(v, hash); d.Secrets != 1 || d.More {
		t.Fatalf("dealt %d, more: %v", d.Secrets, d.More)
	}
	if err := v.opens(1, erin); err != nil {
		t.Error(err)
	}
}

// seatOf is the place of a person's wrap in a version.
func seatOf(t *testing.T, o *office, v *secret.Version, path string, person *coretest.Person) int {
	t.Helper()
	verified, err := v.Verify(o.Roster, o.Mount, path)
	o.Must(err)
	i := slices.IndexFunc(verified.Seats, func(s secret.Seat) bool { return s.Approver == person.ID })
	if i < 0 || i >= len(v.Wraps) {
		t.Fatalf("%s has seat %d of %d wraps", person.Name, i, len(v.Wraps))
	}
	return i
}

// Versions that fewer people could open until now are not dealt along with others.
func TestALowerQuorumOnALaterPageTakesAnotherGesture(t *testing.T) {
	o, p := enrolled(t)
	bob, erin := o.Admit("bob"), o.Admit("erin")
	o.policy(nil, coretest.Need("dba", 1, o.person("alice"), bob))
	low := o.sealed("prod/low")
	policy, err := o.Roster.PolicyFor("prod/low")
	o.Must(err)
	raised := *policy
	raised.Requirements = []roster.Requirement{coretest.Need("dba", 2, o.person("alice"), bob)}
	o.SetPolicy(raised)
	v := o.reshares([]string{"prod/a", "prod/b"}, func(p *roster.Policy) {
		p.Requirements = []roster.Requirement{coretest.Need("dba", 2, o.person("alice"), bob, erin)}
	})
	v.versions = append(v.versions, low)

	hash := p.theReshare().Hash
	if look := p.look(v, hash).Look; len(look.From) != 1 || look.From[0].Needs[0].M != 2 || strings.Join(look.Joins, " ") != "erin" {
		t.Fatalf("the card says %v", look)
	}
	p.must(p.begin(hash))
	p.deals(v, hash)
	card := p.stopped(v, hash)
	if since := card.Since; len(since.From) != 1 || since.From[0].Needs[0].M != 1 || since.From[0].Secrets != 1 || len(since.Joins)+len(since.Leaves)+since.Secrets != 0 {
		t.Fatalf("more is %v", card.Since)
	}
	if len(card.Look.From) != 2 || card.Look.From[1].Needs[0].M != 1 || card.Done != 2 {
		t.Fatalf("the card says %v, done %d", card.Look, card.Done)
	}
	p.must(p.begin(hash))
	if d := p.deals(v, hash); d.Secrets != 1 {
		t.Fatalf("dealt %d", d.Secrets)
	}
}

// A gesture is for as many versions as were shown; the card says how many more there
// are.
func TestAGestureDealsNoMoreThanWasShown(t *testing.T) {
	v, p, _, _ := joining(t)
	v.claims = 3
	hash := p.theReshare().Hash
	p.look(v, hash)
	p.must(p.begin(hash))
	p.deals(v, hash)
	card := p.stopped(v, hash)
	if since := card.Since; since.Secrets != 4 || since.Agreed != 3 || len(since.From)+len(since.Joins)+len(since.Leaves) != 0 {
		t.Fatalf("more is %v", since)
	}
	if card.Total != 4 || card.Done != 2 {
		t.Fatalf("the card says %d of %d", card.Done, card.Total)
	}
	v.claims = 5
	if card := p.theReshare(); card.Total != 5 || card.Done != 2 || card.Since == nil {
		t.Fatalf("the card says %d of %d, more is %v", card.Done, card.Total, card.Since)
	}
	p.must(p.begin(hash))
	for range 2 {
		p.deals(v, hash)
	}
	if len(v.dealt) != 3 {
		t.Fatalf("%d answers", len(v.dealt))
	}
}

// What is shown while the authenticator is asked does not count as agreed to.
func TestAGestureIsForWhatWasShownWhenItBegan(t *testing.T) {
	v, p, _, _ := joining(t)
	v.claims = 1
	v.page = 1
	hash := p.theReshare().Hash
	p.look(v, hash)
	assertion, prf, err := p.gesture("reshare", hash, "")
	p.must(err)
	v.claims = 5
	p.theReshare()
	p.do("reshareBegin", args{"hash": hash, "assertion": assertion}, desk.Secrets{"prf": prf}, nil)
	p.deals(v, hash)
	if since := p.stopped(v, hash).Since; since.Agreed != 1 || since.Secrets != 2 {
		t.Fatalf("more is %v", since)
	}
}
