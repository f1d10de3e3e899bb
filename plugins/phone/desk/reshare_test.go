package desk_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// joining is an office where alice or bob could open five secrets, and where from
// now on two of alice, erin and frank have to.
func joining(t *testing.T) (v *vault, p *phone, erin, frank *coretest.Person) {
	o, p := enrolled(t)
	bob := o.Admit("bob")
	erin, frank = o.Admit("erin"), o.Admit("frank")
	o.policy(nil, coretest.Need("dba", 1, o.person("alice"), bob))
	v = o.reshares([]string{"prod/a", "prod/b", "prod/c", "prod/d", "prod/e"}, func(p *roster.Policy) {
		p.Requirements = []roster.Requirement{coretest.Need("dba", 2, o.person("alice"), erin, frank)}
	})
	return v, p, erin, frank
}

// theReshare lists the inbox, which must show one re-share.
func (p *phone) theReshare() desk.Reshare {
	p.t.Helper()
	r := p.list()
	if len(r.Reshares) != 1 {
		p.t.Fatalf("%d re-shares, refused %v", len(r.Reshares), r.Refused)
	}
	return r.Reshares[0]
}

// look takes the first page, and returns the card as it is shown then.
func (p *phone) look(v *vault, hash string) desk.Reshare {
	p.t.Helper()
	var c desk.Call
	p.do("reshareCall", args{"hash": hash}, nil, &c)
	var looked desk.Looked
	p.do("reshareLook", args{"hash": hash, "call": c.Call, "sealed": v.answerPage(c.Call)}, nil, &looked)
	if len(looked.Reshares) != 1 || looked.Reshares[0].Look == nil {
		p.t.Fatalf("looked at %v", looked.Reshares)
	}
	return looked.Reshares[0]
}

// begin makes the one gesture.
func (p *phone) begin(hash string) error {
	assertion, prf, err := p.gesture("reshare", hash, "")
	if err != nil {
		return err
	}
	return p.try("reshareBegin", args{"hash": hash, "assertion": assertion}, desk.Secrets{"prf": prf}, nil)
}

// dealPage fetches and deals one page.
func (p *phone) dealPage(v *vault, hash string) (d desk.Dealt, err error) {
	var c desk.Call
	if err := p.try("reshareCall", args{"hash": hash}, nil, &c); err != nil {
		return d, err
	}
	return d, p.try("reshareDeal", args{"hash": hash, "call": c.Call, "sealed": v.answerPage(c.Call)}, nil, &d)
}

// One gesture deals page after page, to the people of this device's own roster.
// Whoever joins opens what was dealt; the keyring is closed behind the last page.
func TestOneGestureDealsAllVersions(t *testing.T) {
	v, p, erin, frank := joining(t)
	card := p.theReshare()
	if card.Policy != "production" || card.Pattern != "prod/*" || card.Total != 5 || card.Done != 0 || card.Look != nil ||
		fmt.Sprint(card.To[0].M, len(card.To[0].People)) != "2 3" {
		t.Fatalf("the card says %v", card)
	}
	if _, _, err := p.gesture("reshare", card.Hash, ""); desk.Name(err) != "reshare_unseen" {
		t.Fatalf("a gesture for what was not looked at: %v", err)
	}
	look := p.look(v, card.Hash).Look
	if len(look.From) != 1 || look.From[0].Secrets != 2 || look.From[0].Needs[0].M != 1 || strings.Join(look.Joins, " ") != "erin frank" || strings.Join(look.Leaves, " ") != "bob" {
		t.Fatalf("looked %v", look)
	}
	p.must(p.begin(card.Hash))
	pages := 0
	for more := true; more; pages++ {
		d, err := p.dealPage(v, card.Hash)
		p.must(err)
		if d.Answer != "" {
			v.take(d.Answer)
			p.do("sent", args{"counter": d.Counter, "state": "dealt"}, nil, nil)
		}
		more = d.More
	}
	if pages != 3 || len(v.dealt) != 3 {
		t.Fatalf("%d pages, %d answers", pages, len(v.dealt))
	}
	for i := range v.versions {
		if err := v.opens(i, erin, frank); err != nil {
			t.Errorf("version %d: %v", i, err)
		}
	}
	if _, err := p.dealPage(v, card.Hash); desk.Name(err) != "reshare_stopped" {
		t.Fatalf("the keyring is open behind the last page: %v", err)
	}
	var entries []desk.Entry
	p.do("history", nil, nil, &entries)
	if len(entries) != 3 || entries[0].Decision != "reshare" || entries[2].Secrets != 2 || entries[0].Path != "prod/*" || entries[0].State != "dealt" {
		t.Fatalf("history %v", entries)
	}
	if card := p.theReshare(); card.Done != 5 {
		t.Fatalf("%d are said to be done", card.Done)
	}
}

// Whoever closes the page goes on where it was, with another gesture; what was
// written down before is sent first, under the same number.
func TestAReshareThatWasInterruptedGoesOn(t *testing.T) {
	v, p, erin, frank := joining(t)
	card := p.theReshare()
	p.look(v, card.Hash)
	p.must(p.begin(card.Hash))
	d, err := p.dealPage(v, card.Hash)
	p.must(err)
	v.take(d.Answer)
	p.do("sent", args{"counter": d.Counter, "state": "dealt"}, nil, nil)
	lost, err := p.dealPage(v, card.Hash)
	p.must(err)
	p.reload()
	var unsent []desk.Unsent
	p.do("unsent", nil, nil, &unsent)
	if len(unsent) != 1 || unsent[0].Deal != lost.Answer || unsent[0].Counter != 2 {
		t.Fatalf("unsent %v", len(unsent))
	}
	v.take(unsent[0].Deal)
	p.do("sent", args{"counter": 2, "state": "dealt"}, nil, nil)
	if card = p.theReshare(); card.Done != 4 {
		t.Fatalf("%d are done", card.Done)
	}
	if _, err := p.dealPage(v, card.Hash); desk.Name(err) != "reshare_stopped" {
		t.Fatalf("it goes on without a gesture: %v", err)
	}
	p.look(v, card.Hash)
	p.must(p.begin(card.Hash))
	d, err = p.dealPage(v, card.Hash)
	p.must(err)
	v.take(d.Answer)
	for i := range v.versions {
		if err := v.opens(i, erin, frank); err != nil {
			t.Errorf("version %d: %v", i, err)
		}
	}
}

// Whatever a broker does wrong stops the dealing, and the keyring is closed.
func TestDealingStopsAtWhateverIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		want string
		bend func(v *vault, p *phone, device envelope.ID)
	}{
		"a version shown twice": {"reshare_mismatch", func(v *vault, _ *phone, _ envelope.ID) {
			v.bent = func(page *approval.ResharePage) { page.Items = append(page.Items, page.Items[0]) }
		}},
		"pages without end": {"reshare_mismatch", func(v *vault, _ *phone, _ envelope.ID) {
			v.bent = func(page *approval.ResharePage) { page.Items, page.More = nil, true }
		}},
		"a policy that was changed meanwhile": {"reshare_mismatch", func(v *vault, p *phone, _ envelope.ID) {
			v.policyNow(func(p *roster.Policy) { p.LeaseTTL = 60 })
			p.list()
		}},
		"too long a time": {"reshare_stopped", func(v *vault, _ *phone, _ envelope.ID) { v.Now = v.Now.Add(10 * time.Minute) }},
		"a device that was revoked": {"device_revoked", func(v *vault, p *phone, device envelope.ID) {
			v.Append(roster.KindDeviceRevoke, roster.Removal{ID: device})
			p.news()
		}},
		"a page that was left": {"reshare_stopped", func(_ *vault, p *phone, _ envelope.ID) { p.do("reshareEnd", nil, nil, nil) }},
	} {
		t.Run(name, func(t *testing.T) {
			v, p, _, _ := joining(t)
			device := p.deviceID()
			hash := p.theReshare().Hash
			p.look(v, hash)
			p.must(p.begin(hash))
			d, err := p.dealPage(v, hash)
			p.must(err)
			v.take(d.Answer)
			var call desk.Call
			p.do("reshareCall", args{"hash": hash}, nil, &call)
			sealed := v.answerPage(call.Call)
			c.bend(v, p, device)
			if v.bent != nil {
				sealed = v.answerPage(call.Call)
			}
			page := args{"hash": hash, "call": call.Call, "sealed": sealed}
			if err := p.try("reshareDeal", page, nil, nil); desk.Name(err) != c.want && desk.Name(err) != "request_absent" {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			v.bent = nil
			if err := p.try("reshareDeal", page, nil, nil); desk.Name(err) != "reshare_stopped" {
				t.Fatalf("the keyring is still open: %v", err)
			}
		})
	}
}

// policyNow changes the policy once more.
func (v *vault) policyNow(edit func(*roster.Policy)) {
	p, err := v.Roster.PolicyFor("prod/db")
	v.Must(err)
	changed := *p
	edit(&changed)
	v.SetPolicy(changed)
}

// A gesture is for the people who were shown: where a group has others by then,
// nothing is dealt, neither with that gesture nor on a page behind it.
func TestAGestureDealsToNobodyWhoWasNotShown(t *testing.T) {
	for _, when := range []string{"before the first page", "between two pages"} {
		t.Run(when, func(t *testing.T) {
			o, p := enrolled(t)
			bob, erin := o.Admit("bob"), o.Admit("erin")
			group := roster.Group{ID: envelope.NewID(), Name: "sre", Members: members(o.person("alice"), bob)}
			o.Append(roster.KindGroupSet, group)
			sre := roster.Requirement{Name: "dba", M: 1, Principals: []roster.Principal{{Kind: roster.PrincipalGroup, ID: group.ID}}}
			o.policy(nil, coretest.Need("dba", 1, o.person("alice")))
			v := o.reshares([]string{"prod/a", "prod/b", "prod/c"}, func(p *roster.Policy) { p.Requirements = []roster.Requirement{sre} })
			hash := p.theReshare().Hash
			grow := func() {
				group.Members = members(o.person("alice"), bob, erin)
				o.Append(roster.KindGroupSet, group)
				p.list()
			}
			if when == "before the first page" {
				p.look(v, hash)
				assertion, prf, err := p.gesture("reshare", hash, "")
				p.must(err)
				grow()
				p.refused("gesture_mismatch", "reshareBegin", args{"hash": hash, "assertion": assertion}, desk.Secrets{"prf": prf})
				return
			}
			p.look(v, hash)
			p.must(p.begin(hash))
			d, err := p.dealPage(v, hash)
			p.must(err)
			v.take(d.Answer)
			grow()
			if _, err := p.dealPage(v, hash); desk.Name(err) != "reshare_unshown" {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func members(people ...*coretest.Person) (all []roster.Principal) {
	return coretest.Need("", 1, people...).Principals
}

// A version that is not what it says is left out and named; the others are dealt.
func TestVersionsThatDoNotPassAreLeftOutAndNamed(t *testing.T) {
	v, p, erin, frank := joining(t)
	v.page = 64
	v.bent = func(page *approval.ResharePage) {
		page.Items[1].Version.WrapSet = page.Items[0].Version.WrapSet // of another version
		page.Items[2].Epoch = 900                                     // far away
		page.Items[3].Version.Wraps = slices.Clone(page.Items[3].Version.Wraps)
		for i := range page.Items[3].Version.Wraps {
			page.Items[3].Version.Wraps[i].Bytes = nil // deleted
		}
	}
	hash := p.theReshare().Hash
	p.look(v, hash)
	p.must(p.begin(hash))
	d, err := p.dealPage(v, hash)
	p.must(err)
	var names []string
	for _, r := range d.Refused {
		names = append(names, r.Path+" "+r.Name)
		if !strings.Contains(r.Text, " ") {
			t.Errorf("%s: the text %q says nothing", r.Path, r.Text)
		}
	}
	slices.Sort(names)
	if got := strings.Join(names, ", "); got != "prod/b wrap_set_invalid, prod/c deal_invalid, prod/d no_share" || d.Secrets != 2 {
		t.Fatalf("refused %s, dealt %d", got, d.Secrets)
	}
	v.take(d.Answer)
	for _, i := range []int{0, 4} {
		if err := v.opens(i, erin, frank); err != nil {
			t.Errorf("version %d: %v", i, err)
		}
	}
}

// A gesture for one re-share deals no other, and a request by nobody is refused.
func TestResharesThatAreNotTheMountsAreRefused(t *testing.T) {
	v, p, _, _ := joining(t)
	host := v.AdmitConsumer("impostor", roster.ConsumerHost)
	policy, err := v.Roster.PolicyFor("prod/db")
	v.Must(err)
	v.request, err = approval.AskReshare(v.Roster, policy.ID, v.Mount, host.ID, host.Signer, v.Now)
	v.Must(err)
	r := p.list()
	if len(r.Reshares) != 0 || len(r.Refused) != 1 || r.Refused[0].Name != "reshare_mismatch" {
		t.Fatalf("re-shares %v, refused %v", r.Reshares, r.Refused)
	}
	if _, _, err := p.gesture("reshare", r.Refused[0].Hash, ""); desk.Name(err) != "request_absent" {
		t.Fatalf("got %v", err)
	}
}

// What earlier versions of the app stored is read as ever.
func TestOldEntriesAreStillRead(t *testing.T) {
	o, p := ready(t, nil)
	o.ask("prod/db")
	_, err := p.approve(p.one())
	p.must(err)
	for key, text := range p.stored {
		if strings.HasPrefix(key, "history/") || strings.HasPrefix(key, "unsent/") {
			var fields map[string]any
			p.must(json.Unmarshal([]byte(text), &fields))
			for _, later := range []string{"report", "secrets", "glass", "deal"} {
				if _, there := fields[later]; there {
					t.Errorf("%s has %q, which earlier versions did not write", key, later)
				}
			}
		}
	}
}
