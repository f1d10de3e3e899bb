package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// local folds the log that is kept here.
func local(h *home.Home) (*orglog.Copy, error) {
	log, err := orglog.Recall(h)
	if err != nil {
		return nil, fmt.Errorf("the state directory %s: %w", h.Dir(), err)
	}
	return log, nil
}

// fetch brings the log that is kept here up to date with the broker's, verifies
// that it extends what was seen before, and remembers it.
func fetch(ctx context.Context, h *home.Home, client *broker.Client) (*orglog.Copy, error) {
	return orglog.Fetch(ctx, h, client)
}

// fetched opens the state directory and the broker, and fetches and verifies the
// log.
func (a *app) fetched(ctx context.Context) (*home.Home, *broker.Client, *orglog.Copy, error) {
	h, err := a.home()
	if err != nil {
		return nil, nil, nil, err
	}
	client, err := a.broker()
	if err != nil {
		return nil, nil, nil, err
	}
	log, err := fetch(ctx, h, client)
	return h, client, log, err
}

// roster fetches and verifies the roster, for commands that only read it.
func (a *app) roster(ctx context.Context) (*roster.Roster, error) {
	_, _, log, err := a.fetched(ctx)
	if err != nil {
		return nil, err
	}
	return log.Roster, nil
}

// entry is a statement to be signed.
type entry = orglog.Entry

// sign changes the organisation: it fetches the log, has build say what to sign
// on top of it, signs, and appends it to the broker's log. Where somebody else
// appended in between, it begins again; build may therefore run several times.
// It returns the roster after the change.
func (a *app) sign(ctx context.Context, build func(*roster.Roster) ([]entry, error)) (*roster.Roster, error) {
	h, err := a.home()
	if err != nil {
		return nil, err
	}
	client, err := a.broker()
	if err != nil {
		return nil, err
	}
	signer, err := a.signer(ctx, h)
	if err != nil {
		return nil, err
	}
	defer signer.Close()
	log := orglog.New(client, h, signer)
	log.Again = func() { a.Say("another signer changed the organisation meanwhile; signing again") }
	// What is kept here may be old, and what build says may depend on that.
	if err := log.Sync(ctx); err != nil {
		return nil, err
	}
	_, err = log.Sign(ctx, orglog.Change{Build: build})
	switch {
	case errors.Is(err, roster.ErrUnknown):
		return nil, fmt.Errorf("%w: none of this name is in force; the list commands show those that are", err)
	case errors.Is(err, roster.ErrStatement):
		return nil, fmt.Errorf("%w: that cannot stand beside what is in force; nothing was changed", err)
	case err != nil:
		return nil, err
	}
	var after *roster.Roster
	err = log.View(ctx, func(r *roster.Roster) error { after = r.Clone(); return nil })
	return after, err
}
