package approver_test

import (
	"strings"
	"testing"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/approver"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
)

// Everybody is told of broken glass, whoever was asked, and again when it was decided.
func TestAlarmsAreLoud(t *testing.T) {
	s := newStage(t, nil)
	erin, frank := s.Admit("erin", "entity-erin"), s.Admit("frank", "entity-frank")
	policy, err := s.Roster.PolicyNamed("production")
	s.Must(err)
	changed := *policy
	glass := coretest.Need("directors", 2, erin, frank)
	changed.BreakGlass = &glass
	s.SetPolicy(changed)
	item := s.ask("prod/db", approval.Terms{Reason: "incident 7", BreakGlass: true})
	s.broker.change(func(b *routes) {
		b.items = nil // alice is not among those who are asked
		b.alarms = []approval.Alarm{{Request: item.Request, Decisions: []envelope.Signed{}}}
	})
	s.start(approver.Options{})
	s.out.until("!!! ALARM: carol, entity entity-carol asked for prod/db, version 1, BY BREAKING THE GLASS")
	s.out.until("incident 7")
	s.out.until("stillvault alarms acknowledge " + idOf(t, item).String())
	c, err := approval.Reviewer{Roster: s.Roster, Mount: s.Mount, Approver: erin.ID, Device: erin.Device.ID()}.Review(item, s.clock.Now())
	s.Must(err)
	release, err := c.Approve(erin.Keyring, erin.Device.Signer(), approval.Ledger{}, s.clock.Now())
	s.Must(err)
	s.broker.change(func(b *routes) { b.alarms[0].Decisions = []envelope.Signed{release.Receipt} })
	s.out.until("erin approved at")
	s.Must(s.stop())
	if n := strings.Count(s.out.text(), "!!! ALARM"); n != 2 {
		t.Fatalf("told %d times", n)
	}
}
