package approver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Resharing is a re-share that the approver may help with, and passed review. Total
// and Done are the broker's word.
type Resharing struct {
	Case        *approval.ReshareCase
	Total, Done uint32
	look        *look // nil until it was looked at
}

// Resharings lists the re-shares that wait for the approver; those that are refused
// are said on Out.
func (s *Session) Resharings(ctx context.Context) ([]Resharing, error) {
	s.begin()
	if err := s.list(ctx); err != nil {
		return nil, err
	}
	return s.resharings(), nil
}

// resharings are those of the last listing, by policy.
func (s *Session) resharings() []Resharing {
	var all []Resharing
	for _, notice := range s.reshares {
		c, err := s.reviewer().ReviewReshare(notice.Request, s.Clock.Now())
		hash := notice.Request.Hash()
		switch {
		case err == nil:
			all = append(all, Resharing{Case: c, Total: notice.Total, Done: notice.Done})
		case s.refused[hash] != err.Error():
			s.refused[hash] = err.Error()
			s.say("\nA re-share is refused and cannot be helped with here:\n  %s", err)
		}
	}
	slices.SortFunc(all, func(a, b Resharing) int { return strings.Compare(a.Case.Policy.Name, b.Case.Policy.Name) })
	return all
}

// Left is how many versions wait for the approver to deal them.
func (r Resharing) Left() uint32 { return r.Total - min(r.Done, r.Total) }

// Card says what a re-share is about, among whom it shares and, once it was looked at,
// among whom that is shared now.
func (r Resharing) Card() string {
	var b strings.Builder
	p := r.Case.Policy
	fmt.Fprintf(&b, "\nRe-share %s, policy %s\n", Shown(p.Pattern), p.Name)
	fmt.Fprintf(&b, "  %-11s %d, of which you have dealt %d\n", "versions", r.Total, min(r.Done, r.Total))
	if r.look != nil {
		r.look.write(&b)
	}
	for i, q := range p.All() {
		name := "to"
		if i > 0 {
			name = ""
		}
		if i == len(p.Requirements) {
			name = "break-glass"
		}
		fmt.Fprintf(&b, "  %-11s %d of %s: %s\n", name, q.M, q.Name, strings.Join(names(r.Case.People[i]), ", "))
	}
	b.WriteString("  You hand your share on, and release nothing: the secret is not put together.\n")
	return b.String()
}

func names(people []*roster.Approver) []string {
	all := make([]string, len(people))
	for i, a := range people {
		all[i] = a.Name
	}
	slices.Sort(all)
	return all
}

// offerReshare asks about the first re-share that waits and was not asked about.
func (s *Session) offerReshare(ctx context.Context) (done bool, err error) {
	if !s.Options.Request.IsZero() {
		return false, nil
	}
	for _, r := range s.resharings() {
		if r.Left() == 0 || s.later[r.Case.Hash] {
			continue
		}
		s.later[r.Case.Hash], s.quiet = true, unsaid
		shown := s.Device.Roster.Head()
		if err := s.LookAt(ctx, &r); err != nil {
			return true, s.orSay(err)
		}
		_, _ = fmt.Fprint(s.Out, r.Card())
		if !s.Options.All {
			yes, err := s.askIdle(ctx, "re-share? [y/N] ", false)
			if err != nil {
				return false, err
			}
			if !isYes(yes) {
				s.say("Left for later: `stillvault reshare run` does it, too.")
				return true, nil
			}
		}
		err := s.Deal(ctx, r, s.plainProgress(r))
		moved := errors.Is(err, approval.ErrReshare) && s.Device.Roster.Head() != shown
		if moved || errors.Is(err, ErrNotShown) && !s.Options.All {
			delete(s.later, r.Case.Hash) // it means others by now, who are shown next
		}
		return true, s.orSay(err)
	}
	return false, nil
}

// orSay shows an error after which the session goes on.
func (s *Session) orSay(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, ErrUnsent) || errors.Is(err, ErrInputEnded) {
		return err
	}
	s.say("Not everything was re-shared: %s", err)
	return nil
}

func isYes(typed []byte) bool {
	switch strings.ToLower(strings.TrimSpace(string(typed))) {
	case "y", "yes":
		return true
	}
	return false
}

// plainProgress says a line for each part.
func (s *Session) plainProgress(r Resharing) Progress {
	return func(done, total uint32) { s.say("Dealt %s of %s under %s.", done, total, r.Case.Policy.Name) }
}

// askIdle prompts for a line that is about no request. Listings go on meanwhile.
func (s *Session) askIdle(ctx context.Context, prompt string, hidden bool) ([]byte, error) {
	_, _ = fmt.Fprint(s.Out, prompt)
	line := s.Input.next(hidden)
	for {
		typed, err := s.await(ctx, nil, line)
		if err != nil {
			return nil, err
		}
		if typed.Err != nil {
			return nil, fmt.Errorf("read the answer: %w", errors.Join(ErrInputEnded, typed.Err))
		}
		if !s.Input.busy {
			if hidden {
				s.say("") // nobody ended the prompt's line
			}
			return typed.Text, nil
		}
	}
}

// version is one that is to be dealt.
type version struct {
	verified *secret.Verified
	epoch    uint32
}

// dealable verifies an item and says whether there is something to deal: nil without
// an error where it is shared as the policy wants already.
func (s *Session) dealable(c *approval.ReshareCase, item approval.ReshareItem) (*version, error) {
	v, err := c.Verify(item)
	if err != nil {
		return nil, err
	}
	target, err := secret.TargetFor(s.Device.Roster, v.Header.Path)
	if err != nil || v.Follows(target) {
		return nil, err
	}
	seat, err := v.MayDeal(s.Device.Roster, s.Device.Approver)
	if err != nil {
		return nil, fmt.Errorf("%q, version %d: %w", v.Header.Path, v.Header.Version, err)
	}
	if !s.keeps(seat.Generation) {
		return nil, fmt.Errorf("%q, version %d: your share is sealed to generation %d of your keyring: %w", v.Header.Path, v.Header.Version, seat.Generation, ErrFormerKeyring)
	}
	return &version{v, item.Epoch}, nil
}

// headerOf is what the page after an item is asked for by.
func headerOf(item approval.ReshareItem) envelope.Hash { return item.Version.Header.Hash() }
