package approver

import (
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/roster"
)

// sayAlarms tells of every use of break-glass that nobody has acknowledged, once a
// session and again when somebody has decided about it.
func (s *Session) sayAlarms() {
	for _, alarm := range s.alarms {
		hash := alarm.Request.Hash()
		known, before := s.told[hash]
		if before && known == len(alarm.Decisions) {
			continue
		}
		s.told[hash] = len(alarm.Decisions)
		if s.Options.Live {
			_, _ = fmt.Fprint(s.Out, "\a") // whoever looks elsewhere is to look here
		}
		_, _ = fmt.Fprint(s.Out, AlarmText(s.Device.Roster, alarm))
	}
}

// AlarmText says what an alarm is about. One that does not verify is told of, too:
// somebody made it.
func AlarmText(r *roster.Roster, alarm approval.Alarm) string {
	q, decisions, err := approval.ReadAlarm(r, alarm)
	if err != nil {
		return fmt.Sprintf("\n!!! ALARM that does not verify: %s\n", terminal.Visible(err.Error()))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n!!! ALARM: %s asked for %s, version %d, BY BREAKING THE GLASS\n", who(q.Origin), Shown(q.Path), q.Version)
	fmt.Fprintf(&b, "  %-11s %s\n  %-11s %s\n", "reason", reason(q.Reason), "at", q.Created.Time().Local().Format("2006-01-02 15:04:05"))
	if len(decisions) > 0 {
		fmt.Fprintf(&b, "  %-11s %s\n", "decisions", saidBy(decisions, r))
	}
	fmt.Fprintf(&b, "  Is that right? If not, call them now. Look into it, then: stillvault alarms acknowledge %s\n", q.ID)
	return b.String()
}
