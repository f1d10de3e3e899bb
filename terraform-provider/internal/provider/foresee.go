package provider

import (
	"context"
	"errors"

	"github.com/stillvault/stillvault/core/roster"
)

// foresee shows a plan the roster as far as it is known here. Where there is none
// yet, since the same run has to make it, or Vault is not to be reached, look is
// not called: what it would find is found when the plan is applied. What look says
// is missing may have come since the roster was seen: then it looks again.
func (s *session) foresee(ctx context.Context, look func(*roster.Roster) error) error {
	if s == nil || s.blind.Load() {
		return nil
	}
	err := s.lookOnce(ctx, look)
	if errors.Is(err, roster.ErrUnknown) && s.log.Sync(ctx) == nil {
		err = s.lookOnce(ctx, look)
	}
	return err
}

func (s *session) lookOnce(ctx context.Context, look func(*roster.Roster) error) error {
	var found error
	if err := s.view(ctx, func(r *roster.Roster) error { found = look(r); return nil }); err != nil {
		s.blind.Store(true)
	}
	return found
}
