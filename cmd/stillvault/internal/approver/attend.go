package approver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// attend shows a request and does what the person says. done says that it was
// answered or skipped; otherwise it ended, or stays to be asked about again.
func (s *Session) attend(ctx context.Context, w *waiting) (done bool, err error) {
	s.quiet = unsaid
	_, _ = fmt.Fprint(s.Out, Card(w.c, s.Device.Roster))
	if s.Options.All {
		s.say("%s", timeLeft(w.c, s.Clock.Now()))
		return s.attendAll(ctx, w)
	}
	for {
		done, err := s.attendOnce(ctx, w)
		switch {
		case errors.Is(err, errEnded):
			return false, s.acknowledge(ctx)
		case errors.Is(err, errAgain):
			continue
		default:
			return done, err
		}
	}
}

// errAgain means that the person is to be asked once more.
var errAgain = errors.New("ask again")

func (s *Session) attendOnce(ctx context.Context, w *waiting) (done bool, err error) {
	choice, err := s.ask(ctx, w, "approve, deny, report or skip? [a/d/r/s] ")
	if err != nil {
		return false, err
	}
	switch strings.ToLower(choice) {
	case "a", "approve", "y", "yes":
		return s.approve(ctx, w)
	case "d", "deny", "n", "no":
		return s.deny(ctx, w, false)
	case "r", "report":
		s.say("Reporting denies it too, and says that it was not right: nobody is asked for the same again until somebody has looked into it.")
		return s.deny(ctx, w, true)
	case "s", "skip":
		s.passed[w.c.Hash], s.unsent = true, nil
		s.say("Skipped: it stays open until its deadline.")
		return true, nil
	}
	s.say("Please type a, d, r or s.")
	return false, errAgain
}

// errCodeUntyped means that nobody is there who could type the match code.
var errCodeUntyped = errors.New("the policy wants the match code typed; run `stillvault approve` without --all")

// attendAll approves without asking. What a policy wants a person to type, a
// machine does not.
func (s *Session) attendAll(ctx context.Context, w *waiting) (done bool, err error) {
	if w.c.Policy.MatchCode {
		s.passed[w.c.Hash] = true
		s.unsent = errCodeUntyped
		s.say("Left open: %s.", s.unsent)
		return true, nil
	}
	done, err = s.release(ctx, w)
	if errors.Is(err, errAgain) {
		s.passed[w.c.Hash] = true
		return true, nil
	}
	return done, err
}

func (s *Session) approve(ctx context.Context, w *waiting) (done bool, err error) {
	if w.c.Policy.MatchCode {
		code, err := s.ask(ctx, w, "match code, as the requester reads it to you: ")
		if err != nil {
			return false, err
		}
		w = s.latest(w)
		if err := w.c.Compare(code); err != nil {
			s.say("%s", err)
			return false, errAgain
		}
	}
	return s.release(ctx, w)
}

func (s *Session) deny(ctx context.Context, w *waiting, report bool) (done bool, err error) {
	s.still = true
	reason, err := s.ask(ctx, w, "reason, shown to the requester (may be empty): ")
	s.still = false
	if err != nil {
		return false, err
	}
	signer := s.Device.Keys.Signer()
	defer signer.Wipe()
	return s.decide(ctx, w, decision{said: denied(report), sign: func(l approval.Ledger) (approval.Release, error) {
		return w.c.Deny(reason, report, signer, l, s.Clock.Now())
	}})
}

func denied(report bool) string {
	if report {
		return "Denied and reported."
	}
	return "Denied."
}

// ask prompts for a line about a request.
func (s *Session) ask(ctx context.Context, w *waiting, prompt string) (string, error) {
	text, err := s.prompt(ctx, w, prompt, false)
	return string(bytes.TrimSpace(text)), err
}

func (s *Session) prompt(ctx context.Context, w *waiting, prompt string, hidden bool) ([]byte, error) {
	s.say("%s", timeLeft(w.c, s.Clock.Now()))
	_, _ = fmt.Fprint(s.Out, prompt)
	typed, err := s.await(ctx, w, s.Input.next(hidden))
	if hidden && err == nil || ctx.Err() != nil {
		s.say("") // nobody ended the prompt's line
	}
	switch {
	case err != nil:
		return nil, err
	case typed.Err != nil:
		return nil, fmt.Errorf("read the answer: %w", errors.Join(ErrInputEnded, typed.Err))
	}
	return typed.Text, nil
}

// acknowledge waits for the line that the person was about to type for a
// request that ended: it must not answer the next one.
func (s *Session) acknowledge(ctx context.Context) error {
	if !s.Input.busy {
		return nil
	}
	if !s.Options.Request.IsZero() { // there is no next one
		return nil
	}
	_, _ = fmt.Fprint(s.Out, "Press Enter to go on. ")
	for {
		// Listings go on meanwhile, so that nothing stale is shown next.
		typed, err := s.await(ctx, nil, s.Input.typed)
		if err != nil {
			return err
		}
		if typed.Err != nil {
			return fmt.Errorf("read the answer: %w", errors.Join(ErrInputEnded, typed.Err))
		}
		envelope.Wipe(typed.Text)
		if !s.Input.busy {
			return nil
		}
	}
}

// redraw lets the time left run down, one line above the prompt; not while a
// sentence is typed, which may need lines of its own.
func (s *Session) redraw(w *waiting) {
	if s.Options.Live && !s.still {
		_, _ = fmt.Fprintf(s.Out, "\x1b7\x1b[1A\r\x1b[2K%s\x1b8", timeLeft(w.c, s.Clock.Now()))
	}
}
