package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

// fetchAttempts is how often the log is fetched anew because another command on
// this machine was faster.
const fetchAttempts = 5

// orgLog is the org log as verified here: the statements and their fold.
type orgLog struct {
	roster     *roster.Roster
	statements []envelope.Signed
}

// local folds the log that is kept here.
func local(h *home.Home) (*orgLog, error) {
	pins, err := h.Pins()
	if err != nil {
		return nil, err
	}
	statements, err := h.Log()
	if err != nil {
		return nil, err
	}
	if len(statements) == 0 {
		return &orgLog{}, nil
	}
	r, err := roster.Fold(pins.Organisation, statements)
	if err != nil {
		return nil, err
	}
	if err := r.Follows(pins.Head); err != nil {
		return nil, fmt.Errorf("the log kept in %s: %w", h.Dir(), err)
	}
	return &orgLog{r, statements}, nil
}

// fetch brings the log that is kept here up to date with the broker's, verifies
// that it extends what was seen before, and remembers it.
func fetch(ctx context.Context, h *home.Home, client *broker.Client) (*orgLog, error) {
	for attempt := 1; ; attempt++ {
		log, err := local(h)
		if err != nil {
			return nil, err
		}
		page, err := client.ReadLog(ctx, uint64(len(log.statements)))
		if err != nil {
			return nil, err
		}
		if err := log.extend(h, page); err != nil {
			return nil, fmt.Errorf("the org log of %s at %s: %w", client.Mount(), client.Address(), err)
		}
		err = h.Advance(log.roster, log.statements)
		if err == nil {
			return log, nil
		}
		// Another command here may have seen more since the broker answered; then
		// the broker has more to show now.
		if !errors.Is(err, roster.ErrRolledBack) || attempt == fetchAttempts {
			return nil, err
		}
	}
}

func (l *orgLog) extend(h *home.Home, page *broker.LogPage) error {
	if page.Head.Hash.IsZero() {
		return fmt.Errorf("the broker has none: %w", roster.ErrRolledBack)
	}
	if l.roster != nil {
		if err := l.contradicts(page); err != nil {
			return err
		}
	}
	l.statements = append(l.statements, page.Statements...)
	if l.roster == nil {
		pins, err := h.Pins()
		if err != nil {
			return err
		}
		if l.roster, err = roster.Fold(pins.Organisation, l.statements); err != nil {
			return err
		}
	} else {
		for _, s := range page.Statements {
			if err := l.roster.Append(s); err != nil {
				return err
			}
		}
	}
	if l.roster.Head() != page.Head {
		return fmt.Errorf("its head is not that of its statements: %w", roster.ErrForked)
	}
	return nil
}

// contradicts compares the broker's log with the one kept here.
func (l *orgLog) contradicts(page *broker.LogPage) error {
	head := l.roster.Head()
	if page.Head.Seq <= head.Seq {
		if err := l.roster.Follows(page.Head); err != nil {
			return err
		}
		if page.Head.Seq < head.Seq {
			return fmt.Errorf("it ends at statement %d, seen here: %d: %w", page.Head.Seq, head.Seq, roster.ErrRolledBack)
		}
		return nil
	}
	if len(page.Statements) == 0 {
		return fmt.Errorf("it claims statements that it does not show: %w", roster.ErrForked)
	}
	next, err := envelope.Peek[roster.Statement](page.Statements[0], envelope.TypeStatement)
	if err != nil {
		return err
	}
	if next.Seq != head.Seq+1 || next.Prev != head.Hash {
		return fmt.Errorf("statement %d does not follow the one seen here: %w", next.Seq, roster.ErrForked)
	}
	return nil
}

// fetched opens the state directory and the broker, and fetches and verifies the
// log.
func (a *app) fetched(ctx context.Context) (*home.Home, *broker.Client, *orgLog, error) {
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
	return log.roster, nil
}

// entry is a statement to be signed.
type entry struct {
	kind roster.Kind
	body any
}

// signAttempts is how often a change is signed anew because another signer was
// faster.
const signAttempts = 10

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
	signer, err := a.signer(h)
	if err != nil {
		return nil, err
	}
	defer signer.Wipe()
	for attempt := 1; ; attempt++ {
		log, err := fetch(ctx, h, client)
		if err != nil {
			return nil, err
		}
		before := len(log.statements)
		if err := log.sign(signer, build); err != nil {
			return nil, err
		}
		if len(log.statements) == before {
			return log.roster, nil
		}
		err = client.AppendLog(ctx, log.statements[before:])
		if err == nil {
			err = h.Advance(log.roster, log.statements)
			if errors.Is(err, roster.ErrRolledBack) {
				// Another command here has seen the change already, and more.
				log, err = fetch(ctx, h, client)
			}
			if err != nil {
				return nil, err
			}
			return log.roster, nil
		}
		if broker.StatusOf(err) != http.StatusConflict || attempt == signAttempts {
			return nil, err
		}
		a.Say("another signer changed the organisation meanwhile; signing again")
	}
}

func (l *orgLog) sign(signer envelope.Signer, build func(*roster.Roster) ([]entry, error)) error {
	if l.roster.Identity() != signer.Public() {
		return fmt.Errorf("the Org Identity key here is not the organisation's; name the right one with --identity")
	}
	entries, err := build(l.roster)
	if errors.Is(err, roster.ErrUnknown) {
		return fmt.Errorf("%w: none of this name is in force; the list commands show those that are", err)
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		s, err := l.roster.Next(e.kind, e.body, time.Now(), signer)
		if err != nil {
			return err
		}
		err = l.roster.Append(s)
		if errors.Is(err, roster.ErrStatement) {
			return fmt.Errorf("%w: that cannot stand beside what is in force; nothing was changed", err)
		}
		if err != nil {
			return err
		}
		l.statements = append(l.statements, s)
	}
	return nil
}
