package main

import (
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func (x *explanation) table(rows *terminal.Rows) {
	if x.Path != "" {
		rows.Row("path", x.Path)
	}
	rows.Row("policy", fmt.Sprintf("%s (%s)", x.Policy, x.Pattern))
	for _, b := range x.Beats {
		rows.Row("", fmt.Sprintf("beats %s (%s): %s", b.Policy, b.Pattern, b.Because))
	}
	for _, q := range x.Requirements {
		text := fmt.Sprintf("%s: %d of %s", q.Name, q.M, strings.Join(q.People, ", "))
		if len(q.Elsewhere) > 0 {
			text += fmt.Sprintf(" (counted elsewhere: %s)", strings.Join(q.Elsewhere, ", "))
		}
		way := "approve"
		if q.BreakGlass {
			way = "break glass"
		}
		rows.Row(way, text)
		if named := strings.Join(q.Named, ", "); strings.Contains(named, groupPrefix) {
			rows.Row("", "named: "+named)
		}
		rows.Row("", fmt.Sprintf("%d people, %d with a recovery factor", len(q.People), q.Recoverable))
	}
	if x.Covered {
		rows.Row("coverage", "enough")
	} else {
		rows.Row("coverage", x.Coverage)
	}
	rows.Row("write", orNobody(x.Authors))
	rows.Row("receive", orNobody(x.Consumers))
	if len(x.Through) > 0 {
		rows.Row("", "plaintext passes through Vault: "+strings.Join(x.Through, ", "))
	}
	if len(x.Unrelated) > 0 {
		rows.Row("", "could approve their own, having no Vault entity: "+strings.Join(x.Unrelated, ", "))
	}
	s := x.Settings
	rows.Row("times", fmt.Sprintf("lease %s, at most %s; a request waits %s", s.LeaseTTL, s.LeaseMax, s.RequestTTL))
	if len(s.RefusedFactors) > 0 {
		rows.Row("refuses", "keyrings that open with "+strings.Join(s.RefusedFactors, ", "))
	}
	for _, rule := range []struct {
		on   bool
		text string
	}{{s.SelfApproval, "people may approve what they asked for themselves"}, {s.MatchCode, "the match code must be typed"}, {s.ConsentFirst, "shares only after enough consents"}} {
		if rule.on {
			rows.Row("rule", rule.text)
		}
	}
}

func orNobody(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}

// nested writes principals with what the groups among them hold, at any depth:
// "group:oncall (group:sre (alice, bob), carol)". A group that several hold is
// written out once: groups that share groups would otherwise grow exponentially.
func nested(r *roster.Roster, all []roster.Principal) []string {
	seen := map[envelope.ID]bool{}
	var write func([]roster.Principal) []string
	write = func(all []roster.Principal) []string {
		texts := []string{}
		for _, p := range all {
			text := strings.Join(principalNames(r, []roster.Principal{p}), "")
			if g, err := r.Group(p.ID); p.Kind == roster.PrincipalGroup && err == nil && !seen[p.ID] {
				seen[p.ID] = true
				text += " (" + strings.Join(write(g.Members), ", ") + ")"
			}
			texts = append(texts, text)
		}
		return texts
	}
	return write(all)
}
