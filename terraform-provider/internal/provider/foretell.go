package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// foretell has a plan say what a changed policy or group does to what is stored, where
// whoever reviews it sees it. The rest of the plan is not made yet and may make up for
// some of it; the guard decides when it is applied.
func (s *session) foretell(ctx context.Context, t thing, kind roster.Kind, body any, diags *diag.Diagnostics) {
	if s == nil || s.blind.Load() {
		return
	}
	var then *roster.Roster
	err := s.lookOnce(ctx, func(r *roster.Roster) error {
		draft := r.Draft()
		err := draft.Add(kind, body, time.Now())
		then = draft.Roster()
		return err
	})
	if err != nil || then == nil {
		return // signing says why
	}
	p, err := s.broker.PreviewStatement(ctx, kind, body)
	if err != nil {
		diags.AddWarning(fmt.Sprintf("Cannot foretell what %s %q does to secrets", t.kind, t.name), err.Error())
		return
	}
	if kind == roster.KindPolicySet {
		p.Unmeetable = nil // which is said of the attribute that wants too many
	}
	foretold(t, p, p.Harmed(kind, then), then, diags)
}

// foretold says what a preview found. then is the roster after the change.
func foretold(t thing, p *broker.Preview, harmed []string, then *roster.Roster, diags *diag.Diagnostics) {
	const refused = "Applying refuses that, unless something else in this plan makes up for it first."
	if len(harmed) > 0 {
		diags.AddWarning(fmt.Sprintf("The change of %s %q would lose secrets", t.kind, t.name),
			fmt.Sprintf("%s: lost, without a policy, or with too few people. %s", listed(harmed), refused))
	}
	if len(p.Unmeetable) > 0 {
		diags.AddWarning(fmt.Sprintf("The change of %s %q leaves too few people", t.kind, t.name), fmt.Sprintf("%s. %s", shortOf(then, p.Unmeetable), refused))
	}
	if len(p.Deserted) > 0 {
		diags.AddWarning(fmt.Sprintf("After the change of %s %q nobody receives some secrets", t.kind, t.name), listed(p.Deserted)+": none of the consumers that their policies name is in force.")
	}
	if len(p.Exposed) > 0 {
		diags.AddWarning(fmt.Sprintf("The change of %s %q exposes secrets", t.kind, t.name),
			listed(p.Exposed)+": people whom the policy does not name any more have held shares of them. Write them again.")
	}
	if p.Reshare > 0 {
		diags.AddWarning(fmt.Sprintf("The change of %s %q has secrets shared anew", t.kind, t.name),
			fmt.Sprintf("Stored versions: %d, under %s, by %s. The app asks them, and so does `stillvault reshare run`. Where the change raises or lowers a quorum, the secrets cannot be read before.",
				p.Reshare, listed(p.Policies), dealers(p)))
	}
}

// dealers are the people who are to share something anew.
func dealers(p *broker.Preview) string {
	if len(p.By) == 0 {
		return "nobody who is left"
	}
	names := make([]string, len(p.By))
	for i, who := range p.By {
		names[i] = who.Name
	}
	slices.Sort(names)
	return broker.Plain(strings.Join(names, ", "))
}
