package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// ErrLoses means that a change would lose secrets or leave them below what their
// policy wants.
var ErrLoses = errors.New("would_lose_coverage: nothing was changed; have the secrets named re-shared or written again first, put somebody else in their place with --replace-with where there is that flag, or pass --force if that is what you mean")

// preview shows what statements would do to the secrets, one after the other, and
// refuses what would lose some unless forced. Where the broker cannot say, only the
// organisation's own log is asked.
func (a *app) preview(ctx context.Context, client *broker.Client, entries []entry, force bool) error {
	if len(entries) != 1 {
		return nil
	}
	p, err := client.PreviewStatement(ctx, entries[0].kind, entries[0].body)
	if err != nil {
		if force {
			a.Warn("what this does to the secrets could not be found out: %s", err)
			return nil
		}
		return fmt.Errorf("find out what this does to the secrets: %w; --force goes on without", err)
	}
	a.sayPreview(p)
	if n := len(p.Lost) + len(p.Uncovered) + len(p.OneDevice); n > 0 && !force {
		return fmt.Errorf("%s: %w", counted(n, "secret"), ErrLoses)
	}
	return nil
}

func (a *app) sayPreview(p *broker.Preview) {
	for _, list := range []struct {
		what  string
		paths []string
	}{
		{"would be lost, nobody could open it any more", p.Lost},
		{"would be lost with the next person", p.Uncovered},
		{"would be lost with one device", p.OneDevice},
		{"would be exposed until it is written again", p.Exposed},
	} {
		for _, path := range list.paths {
			a.Warn("%s %s", terminal.Visible(path), list.what)
		}
	}
	for _, name := range p.Unmeetable {
		a.Warn("policy %s could not be met by the people who are left", name)
	}
	if p.Reshare > 0 {
		by := "nobody who is left can do it"
		if len(p.By) > 0 {
			by = "by " + strings.Join(dealers(p.By), ", ")
		}
		a.Say("%s under %s to be re-shared, %s", counted(p.Reshare, "version"), strings.Join(p.Policies, ", "), terminal.Visible(by))
	}
	if p.Pending > 0 {
		a.Say("%s wait for being re-shared already", counted(p.Pending, "version"))
	}
}

// signPreviewed is sign with a preview of what build says first. Where somebody else
// signs in between, the preview was of a state that is gone: then it is made again.
func (a *app) signPreviewed(ctx context.Context, force bool, build func(*roster.Roster) ([]entry, error)) (*roster.Roster, error) {
	client, err := a.broker()
	if err != nil {
		return nil, err
	}
	seen := roster.Head{}
	return a.sign(ctx, func(r *roster.Roster) ([]entry, error) {
		entries, err := build(r)
		if err != nil || r.Head() == seen {
			return entries, err
		}
		seen = r.Head()
		// What could not be signed at all is said in the roster's own words.
		for _, e := range entries {
			if r, err = r.Preview(e.kind, e.body, time.Now()); err != nil {
				return entries, nil // sign finds the same, and explains it
			}
		}
		return entries, a.preview(ctx, client, entries, force)
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
