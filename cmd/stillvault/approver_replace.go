package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// ErrReplacement means that somebody cannot take another's place.
var ErrReplacement = errors.New("replacement_invalid: name another approver who is admitted")

// replaceApprover puts one approver in the place of another, in every group and
// policy, and waits until what is stored was re-shared. What was done before it was
// interrupted is found done when it runs again.
func (a *app) replaceApprover(ctx context.Context, old, with string, force bool) error {
	r, err := a.roster(ctx)
	if err != nil {
		return err
	}
	if _, err := r.ApproverNamed(old); err != nil {
		return err
	}
	if _, err := r.ApproverNamed(with); err != nil || old == with {
		return fmt.Errorf("--replace-with %q: %w", with, ErrReplacement)
	}
	if err := replaceable(r, old, with); err != nil {
		return fmt.Errorf("put %s in the place of %s: %w; nothing was changed", with, old, err)
	}
	for {
		var done *replacement
		r, err := a.signPreviewed(ctx, force, func(r *roster.Roster) (*entry, error) {
			var err error
			if done, err = nextReplacement(r, old, with); err != nil || done == nil {
				return nil, err
			}
			return &done.entry, nil
		})
		if err != nil {
			return err
		}
		if done == nil {
			break
		}
		a.Say("put %s in the place of %s in %s at statement %d", with, old, done.what, r.Head().Seq)
		a.sayLeftOut(done.what, done.left)
	}
	return a.awaitReshares(ctx, with)
}

// replacement is a statement that puts somebody in another's place.
type replacement struct {
	entry
	what string   // the group or policy that it changes
	left []string // who was revoked before, and is named by it no more
}

// replaceable makes all replacements on a roster of its own: what the last of them
// would be refused for is known before the first is signed.
func replaceable(r *roster.Roster, old, with string) error {
	for {
		next, err := nextReplacement(r, old, with)
		if err != nil || next == nil {
			return err
		}
		if r, err = r.Preview(next.Kind, next.Body, time.Now()); err != nil {
			return fmt.Errorf("%s: %w", next.what, err)
		}
	}
}

// nextReplacement is the statement that puts somebody in another's place in the next
// group or policy that names them; nil where none does any more. Whoever was revoked
// before is left out of it, since no statement may name them any more.
func nextReplacement(r *roster.Roster, old, with string) (*replacement, error) {
	from, err := r.ApproverNamed(old)
	if err != nil {
		return nil, err
	}
	to, err := r.ApproverNamed(with)
	if err != nil {
		return nil, err
	}
	gone, come := roster.Principal{Kind: roster.PrincipalApprover, ID: from.ID}, roster.Principal{Kind: roster.PrincipalApprover, ID: to.ID}
	for _, g := range r.Groups() {
		if slices.Contains(g.Members, gone) {
			changed := *g
			members, left := withoutRevoked(r, g.Members)
			changed.Members = replaced(members, gone, come)
			return &replacement{entry{Kind: roster.KindGroupSet, Body: changed}, "group " + g.Name, left}, nil
		}
	}
	for _, p := range r.Policies() {
		if changed, left, found := replacedIn(r, p, gone, come); found {
			return &replacement{entry{Kind: roster.KindPolicySet, Body: *changed}, "policy " + p.Name, left}, nil
		}
	}
	return nil, nil
}

// replacedIn is a policy with one principal in the place of another, and without the
// people and consumers who were revoked, whose names it returns; found says whether it
// named the principal.
func replacedIn(r *roster.Roster, p *roster.Policy, gone, come roster.Principal) (_ *roster.Policy, left []string, found bool) {
	changed := *p
	changed.Requirements = slices.Clone(p.Requirements)
	swap := func(q *roster.Requirement) {
		found = found || slices.Contains(q.Principals, gone)
		members, out := withoutRevoked(r, q.Principals)
		q.Principals = replaced(members, gone, come)
		left = append(left, out...)
	}
	for i := range changed.Requirements {
		swap(&changed.Requirements[i])
	}
	if p.BreakGlass != nil {
		glass := *p.BreakGlass
		swap(&glass)
		changed.BreakGlass = &glass
	}
	for _, ids := range []*[]envelope.ID{&changed.Authors, &changed.Consumers} {
		*ids = slices.DeleteFunc(slices.Clone(*ids), func(id envelope.ID) bool {
			c, err := r.FormerConsumer(id)
			if err != nil || !c.Revoked {
				return false
			}
			left = append(left, c.Name)
			return true
		})
	}
	return &changed, distinct(left), found
}

// replaced is a list with one principal in the place of another, once.
func replaced(all []roster.Principal, gone, come roster.Principal) []roster.Principal {
	next := []roster.Principal{}
	for _, p := range all {
		if p == gone {
			p = come
		}
		if !slices.Contains(next, p) {
			next = append(next, p)
		}
	}
	return next
}

// reshareEvery is how often it is looked how far re-shares are.
const reshareEvery = 2 * time.Second

// awaitReshares waits until nothing has to be re-shared any more under the policies in
// which somebody counts, and tells how far it is and who is waited for.
func (a *app) awaitReshares(ctx context.Context, name string) error {
	r, err := a.roster(ctx)
	if err != nil {
		return err
	}
	counts := policiesOf(r, name)
	last, bars := map[string]string{}, map[string]*terminal.Progress{}
	for {
		all, err := a.waitingReshares(ctx, counts)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return nil
		}
		for _, r := range all {
			if err := stuck(r); err != nil {
				return err
			}
			text := fmt.Sprintf("%d %v", r.Done, dealers(r.Missing))
			if last[r.Policy] == text {
				continue
			}
			last[r.Policy] = text
			if bars[r.Policy] == nil {
				bars[r.Policy] = a.NewProgress(r.Policy)
			}
			bars[r.Policy].At(uint32(r.Done), uint32(r.Total))
			bars[r.Policy].End()
			a.Say("  waits for %s, who run `stillvault reshare run`, or answer on their phone", terminal.Visible(orNobody(dealers(r.Missing))))
		}
		select {
		case <-ctx.Done():
			return errReshareInterrupted
		case <-time.After(reshareEvery):
		}
	}
}

// waitingReshares are those under the policies counted that are not done. The end of
// ctx while the broker is asked is an interruption as well.
func (a *app) waitingReshares(ctx context.Context, counts map[string]bool) ([]*broker.Reshare, error) {
	all, err := a.reshares(ctx)
	if ctx.Err() != nil {
		return nil, errReshareInterrupted
	}
	return slices.DeleteFunc(all, func(r *broker.Reshare) bool { return r.Waiting == 0 || !counts[r.Policy] }), err
}

// policiesOf are the names of the policies among whose people somebody is.
func policiesOf(r *roster.Roster, name string) map[string]bool {
	counts := map[string]bool{}
	for _, p := range r.Policies() {
		for _, people := range r.Eligible(p) {
			counts[p.Name] = counts[p.Name] || slices.ContainsFunc(people, func(a *roster.Approver) bool { return a.Name == name })
		}
	}
	return counts
}

var errReshareInterrupted = errors.New("interrupted: nobody is revoked yet; run the same command again to go on waiting")

// stuck says why a re-share cannot be waited for.
func stuck(r *broker.Reshare) error {
	if r.Problem != "" {
		return fmt.Errorf("re-share under %s: %s", r.Policy, terminal.Visible(r.Problem))
	}
	if len(r.Stuck) > 0 {
		return fmt.Errorf("re-share under %s: too few people can deal %s; have it written again, then run this again", r.Policy, terminal.Visible(r.Stuck[0]))
	}
	return nil
}
