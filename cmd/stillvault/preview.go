package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// ErrLoses means that a change would lose secrets or leave them below what their
// policy wants.
var ErrLoses = errors.New("would_lose_coverage: nothing was changed; have the secrets named re-shared, read or written again first, put somebody else in their place with --replace-with where there is that flag, or pass --force if that is what you mean")

// preview shows what a statement would do to the secrets, and refuses what would lose
// some unless forced. then is the roster after it.
func (a *app) preview(ctx context.Context, client *broker.Client, e entry, then *roster.Roster, force bool) error {
	p, err := client.PreviewStatement(ctx, e.Kind, e.Body)
	if err != nil {
		if force {
			a.Warn("what this does to the secrets could not be found out: %s", err)
			return nil
		}
		return fmt.Errorf("find out what this does to the secrets: %w; --force goes on without", err)
	}
	harmed := p.Harmed(e.Kind, then)
	var waiting []string
	p.Uncovered, waiting = p.Waiting(e.Kind, then)
	a.sayPreview(then, p, waiting)
	if n := len(harmed); n > 0 && !force {
		return fmt.Errorf("%s: %w", counted(n, "secret"), ErrLoses)
	}
	return nil
}

// signPreviewed is sign with a preview of what build says, one statement, first. Where
// somebody else signs in between, that was of a state that is gone, and it is made again.
func (a *app) signPreviewed(ctx context.Context, force bool, build func(*roster.Roster) (*entry, error)) (*roster.Roster, error) {
	client, err := a.broker()
	if err != nil {
		return nil, err
	}
	seen := roster.Head{}
	return a.sign(ctx, func(r *roster.Roster) ([]entry, error) {
		e, err := build(r)
		if err != nil || e == nil {
			return nil, err
		}
		then, err := r.Preview(e.Kind, e.Body, time.Now())
		if err == nil && r.Head() != seen {
			seen = r.Head()
			err = a.preview(ctx, client, *e, then, force)
		} else if err != nil {
			err = nil // signing says the same, and what to do
		}
		return []entry{*e}, err
	})
}

// reshareWaits says whom the re-shares of policies wait for, after a change.
func (a *app) reshareWaits(ctx context.Context) {
	all, err := a.reshares(ctx)
	if err != nil {
		return // the change is made; `stillvault reshare list` says why
	}
	all = slices.DeleteFunc(all, func(r *broker.Reshare) bool { return r.Waiting == 0 })
	for _, r := range all {
		a.Say("policy %s: %s wait for %s: stillvault reshare run", r.Policy, counted(r.Waiting, "version"), terminal.Visible(orNobody(dealers(r.Missing))))
	}
}
