package approver

import (
	"fmt"
	"strings"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/roster"
)

const reported = " (reported by Vault)"

// Card is a reviewed request as an approver is shown it. Everything but what is
// marked as reported was signed by the consumer or the organisation.
func Card(c *approval.Case, r *roster.Roster) string {
	q := c.Request
	var b strings.Builder
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-11s %s\n", name, text)
		}
	}
	fmt.Fprintf(&b, "\nRequest %s\n", q.ID)
	if q.BreakGlass {
		b.WriteString("  !!! BREAK-GLASS: without those who decide otherwise. Every approver is told, and the\n" +
			"  !!! secret has to be rotated afterwards. Is this the emergency that it is meant for?\n")
	}
	line("who", who(q.Origin))
	line("what", fmt.Sprintf("%s, version %d", Shown(q.Path), q.Version))
	line("where", where(q.Origin))
	line("host", q.Origin.Host)
	line("program", program(q.Origin))
	line("to", fmt.Sprintf("%s (%s)", c.Consumer.Name, c.Consumer.Kind))
	line("reason", reason(q.Reason))
	line("policy", fmt.Sprintf("%s: %s", c.Policy.Name, requirements(c)))
	line("lease", (time.Duration(q.LeaseFor(c.Policy))*time.Second).String()+" from the approval")
	line("decisions", decisions(c, r))
	line("waits for", missing(c))
	if c.Policy.MatchCode {
		line("match code", "to be typed: ask the requester for it")
	} else {
		line("match code", c.MatchCode()+" (compare it with the requester's)")
	}
	return b.String()
}

// Shown returns a text as it is, or quoted where it would show as something else.
func Shown(s string) string {
	if approval.Printable(s) {
		return s
	}
	return fmt.Sprintf("%+q", s)
}

func who(o approval.Origin) string {
	name := o.Requester
	switch {
	case name == "" && o.Entity == "":
		name = "unknown"
	case name == "":
		name = "entity " + o.Entity
	case o.Entity != "":
		name += ", entity " + o.Entity
	}
	if o.Reported {
		name += reported
	}
	return name
}

func where(o approval.Origin) string {
	if o.Remote != "" && o.Reported {
		return o.Remote + reported
	}
	return o.Remote
}

func program(o approval.Origin) string {
	if o.Executable == "" {
		return ""
	}
	text := o.Executable
	if !o.ExecutableHash.IsZero() {
		text += ", sha256 " + o.ExecutableHash.String()[:16] + "…"
	}
	if o.PID >= 0 {
		text += fmt.Sprintf(", process %d", o.PID)
	}
	if o.UID >= 0 {
		text += fmt.Sprintf(", user id %d", o.UID)
	}
	return text
}

func reason(s string) string {
	if s == "" {
		return "none given"
	}
	return s
}

// requirements says what the policy wants: "1 of dba and 2 of security".
func requirements(c *approval.Case) string {
	if g := c.Policy.BreakGlass; c.Request.BreakGlass && g != nil {
		return fmt.Sprintf("%d of %s, by breaking the glass", g.M, g.Name)
	}
	parts := make([]string, len(c.Policy.Requirements))
	for i, q := range c.Policy.Requirements {
		parts[i] = fmt.Sprintf("%d of %s", q.M, q.Name)
	}
	text := strings.Join(parts, " and ")
	if c.Policy.ConsentFirst {
		text += ", everybody's consent first"
	}
	return text
}

// missing says whose word the request waits for, as everybody sees it.
func missing(c *approval.Case) string {
	if c.Policy.ConsentFirst && !c.Agreed() {
		return "consents: " + approval.Summary(c.Tally(approval.Consent))
	}
	return approval.Summary(c.Tally(approval.Approve))
}

var said = map[approval.Decision]string{
	approval.Approve: "approved", approval.Deny: "denied", approval.Consent: "consented", approval.Reshare: "re-shared",
}

func decisions(c *approval.Case, r *roster.Roster) string {
	if len(c.Decisions) == 0 {
		return "none yet"
	}
	return saidBy(c.Decisions, r)
}

func saidBy(decisions []approval.Receipt, r *roster.Roster) string {
	parts := make([]string, len(decisions))
	for i, d := range decisions {
		name := d.Approver.String()
		if a, err := r.FormerApprover(d.Approver); err == nil {
			name = a.Name
		}
		parts[i] = fmt.Sprintf("%s %s at %s", name, said[d.Decision], d.Time.Time().Local().Format("15:04:05"))
	}
	return strings.Join(parts, ", ")
}

// timeLeft is the line that runs down.
func timeLeft(c *approval.Case, now time.Time) string {
	left := max(c.Request.Deadline.Time().Sub(now), 0).Truncate(time.Second)
	return fmt.Sprintf("  %-11s %s", "time left", left)
}
