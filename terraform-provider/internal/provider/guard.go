package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/orglog"
	"github.com/stillvault/stillvault/plugins/policytext"
)

// errLoses means that a change would lose secrets or leave them below what their
// policy wants.
var errLoses = errors.New("would_lose_coverage: nothing was changed; have the secrets named re-shared, read or written again first, or put somebody else in that place")

// guarded is a change that is refused where it would lose secrets. Several that
// are made at a time are looked at together: a path that one leaves without a
// policy and another one covers is not lost.
func (s *session) guarded(build func(*roster.Roster) ([]orglog.Entry, error)) orglog.Change {
	return orglog.Change{Build: build, Guard: s.guard, Together: true}
}

// guard has the broker say what statements would do to the secrets, and refuses
// what would lose some, or leave a policy with too few people for any of its own. Who
// has to go is revoked all the same where nothing is lost by that.
func (s *session) guard(ctx context.Context, r *roster.Roster, entries []orglog.Entry) error {
	then, proposed := r.Draft(), make([]broker.Proposed, len(entries))
	kinds := map[roster.Kind]bool{}
	for i, e := range entries {
		if err := then.Add(e.Kind, e.Body, time.Now()); err != nil {
			return err
		}
		proposed[i], kinds[e.Kind] = broker.Proposed{Kind: e.Kind, Body: e.Body}, true
	}
	p, err := s.broker.PreviewStatements(ctx, proposed)
	if err != nil {
		return fmt.Errorf("find out what this does to the secrets: %w", err)
	}
	var harmed []string
	for kind := range kinds {
		harmed = append(harmed, p.Harmed(kind, then.Roster())...)
	}
	if len(harmed) > 0 {
		slices.Sort(harmed)
		harmed = slices.Compact(harmed)
		return fmt.Errorf("%s: %w%s. Who means to lose them runs %s, which says what else it does", listed(harmed), errLoses, s.remains(ctx, harmed), s.forced(r, entries))
	}
	if len(p.Unmeetable) > 0 && !kinds[roster.KindApproverRevoke] {
		return fmt.Errorf("%w%s; nothing was changed. Who means that runs %s", shortOf(then.Roster(), p.Unmeetable), s.waiting(ctx, r), s.forced(r, entries))
	}
	return nil
}

// shortOf says why policies have too few people.
func shortOf(r *roster.Roster, names []string) error {
	var all []error
	for _, name := range names {
		p, err := r.PolicyNamed(name)
		if err == nil {
			err = policytext.Stand(r, p).Short
		}
		all = append(all, cmp.Or(err, fmt.Errorf("policy %q: %w", name, roster.ErrUnmeetable)))
	}
	return errors.Join(all...)
}

// forced are the commands that do all the same what the guard refuses.
func (s *session) forced(r *roster.Roster, entries []orglog.Entry) string {
	var commands []string
	for _, e := range entries {
		what := "command"
		switch body := e.Body.(type) {
		case roster.Group:
			what = "group set " + body.Name + " MEMBER…"
		case roster.Policy:
			what = "policy set " + body.Name + " …"
		case roster.Removal:
			if p, err := r.Policy(body.ID); err == nil {
				what = "policy delete " + p.Name
			} else if who, err := r.Approver(body.ID); err == nil {
				what = "approver revoke " + who.Name
			}
		}
		if s.broker.Mount() != broker.DefaultMount {
			what += " --mount " + s.broker.Mount()
		}
		commands = append(commands, "`stillvault "+what+" --force`")
	}
	return strings.Join(commands, " and ")
}

// maxListed is how many paths an error names before it counts the rest.
const maxListed = 50

// listed is a list that Vault may have made, for people.
func listed(paths []string) string {
	slices.Sort(paths)
	if more := len(paths) - maxListed; more > 0 {
		return fmt.Sprintf("%s and %d more", broker.Plain(strings.Join(paths[:maxListed], ", ")), more)
	}
	return broker.Plain(strings.Join(paths, ", "))
}
