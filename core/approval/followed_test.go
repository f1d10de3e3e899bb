package approval_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func TestAReshareIsOnRecord(t *testing.T) {
	b := newTable(t)
	p := b.people[0]
	a := b.deal(p, 1, approval.Ledger{})
	e := approval.Evidence{Receipt: a.Receipt, Request: b.reshare, Reshared: a.Reshared}
	f, err := e.Verify(b.Roster)
	b.Must(err)
	if f.Receipt.Decision != approval.Reshare || f.Reshare == nil || f.Reshared[0].Path != "prod/db" || f.Reshared[0].Version != 1 ||
		f.Reshared[0].Header != b.version.Header.Hash() || f.Approver.Name != p.Name || f.Consumer.Name != "mount" {
		t.Error("it proves something else")
	}
	later := b.deal(p, 2, approval.Ledger{}.After(a.Receipt))
	if err := approval.VerifyChains(b.Roster, []envelope.Signed{a.Receipt, later.Receipt}); err != nil {
		t.Errorf("re-shares do not chain: %v", err)
	}
	b.Append(roster.KindApproverRevoke, roster.Removal{ID: p.ID})
	b.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: b.mount.ID})
	if _, err := e.Verify(b.Roster); err != nil {
		t.Errorf("after they left: %v", err)
	}
	for name, k := range map[string]struct {
		change func(*approval.Evidence)
		want   error
	}{
		"nothing dealt":       {func(e *approval.Evidence) { e.Reshared = nil }, approval.ErrReshare},
		"another version":     {func(e *approval.Evidence) { e.Reshared = []approval.Reshared{{Path: "prod/db", Version: 2}} }, approval.ErrReshare},
		"another request":     {func(e *approval.Evidence) { e.Request = b.request }, envelope.ErrPayloadType},
		"an ordinary receipt": {func(e *approval.Evidence) { e.Receipt = b.denials(b.people[1], 1)[0] }, envelope.ErrPayloadType},
	} {
		changed := e
		k.change(&changed)
		if _, err := changed.Verify(b.Roster); !errors.Is(err, k.want) {
			t.Errorf("%s: got %v, want %v", name, err, k.want)
		}
	}
}

// A version may be re-shared while its people answer: what came in before does not
// count any more, and whoever answered is asked again.
func TestAPendingRequestFollowsAReshare(t *testing.T) {
	b := newTable(t)
	_, err := b.accept(b.approve(b.people[0]))
	b.Must(err)
	early := b.approve(b.people[1])
	b.verified = b.compose(1, b.people[0], b.people[1])
	if _, err := b.accept(early); !errors.Is(err, approval.ErrWrapSet) {
		t.Errorf("a share from before: %v", err)
	}
	for i, who := range []int{3, 0} { // the first answered before, and is asked again
		out, err := b.accept(b.approve(b.people[who]))
		if err != nil || (out.Value != nil) != (i == 1) {
			t.Fatalf("after %d releases: %v, %s missing", i+1, err, approval.Summary(b.pending.Missing(b.asked, b.verified)))
		}
		if out.Value != nil && string(out.Value.JSON()) != password {
			t.Error("opened as something else")
		}
	}
	if _, err := b.accept(b.approve(b.people[0])); !errors.Is(err, approval.ErrDecided) {
		t.Errorf("once more: %v", err)
	}
}

func TestATallySaysWhoCounts(t *testing.T) {
	b := newTable(t)
	receipts := map[string]approval.Receipt{}
	read := func(name string, m envelope.Signed) {
		rec, err := approval.ReadReceipt(b.Roster, m)
		b.Must(err)
		receipts[name] = *rec
	}
	read("first", b.approve(b.people[0]).Receipt)
	read("second", b.approve(b.people[1]).Receipt)
	read("denial", b.denials(b.people[2], 1)[0])
	stranger := receipts["second"]
	stranger.WrapSet[0] ^= 1
	for name, k := range map[string]struct {
		decisions []approval.Receipt
		want      string
		have      uint32
	}{
		"nobody":          {nil, "0 of 2 dba", 0},
		"one":             {[]approval.Receipt{receipts["first"]}, "1 of 2 dba", 1},
		"one twice":       {[]approval.Receipt{receipts["first"], receipts["first"]}, "1 of 2 dba", 1},
		"a denial":        {[]approval.Receipt{receipts["first"], receipts["denial"]}, "1 of 2 dba", 1},
		"two":             {[]approval.Receipt{receipts["first"], receipts["second"]}, "dba: done", 2},
		"of other shares": {[]approval.Receipt{receipts["first"], stranger}, "1 of 2 dba", 1},
	} {
		needs := approval.Tally(b.Roster, b.asked, b.verified, k.decisions, approval.Approve)
		if got := approval.Summary(needs); got != k.want || needs[0].Have != k.have || len(needs[0].People) != int(k.have) || approval.Met(needs) != (k.have == 2) {
			t.Errorf("%s: %s, %d have decided", name, got, needs[0].Have)
		}
	}
	b.Append(roster.KindApproverRevoke, roster.Removal{ID: b.people[0].ID})
	needs := approval.Tally(b.Roster, b.asked, b.verified, []approval.Receipt{receipts["first"], receipts["second"]}, approval.Approve)
	if fmt.Sprint(needs[0].People) != fmt.Sprint([]envelope.ID{b.people[1].ID}) {
		t.Error("somebody revoked counts")
	}
}
