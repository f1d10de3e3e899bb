package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/orglog"
)

var (
	// errNamed means that an organisation is to be founded whose id is set already.
	errNamed = errors.New("organisation_named: the provider's `organization` or `minimum_head` says which organisation there is, and one that is founded now would be another; " +
		"leave both out until it is founded, or push the log that they are about with `stillvault org log push`")
	// errOtherMount means that a mount without a log belongs to an organisation.
	errOtherMount = errors.New("organisation_mismatch: the mount belongs to an organisation already, whose log it does not have; push that log with `stillvault org log push`, " +
		"or, where founding it was cut short, disable the mount and enable it again: without a log it holds nothing")
)

// found gives the mount the first statement of an organisation: signed now, or by
// an earlier run that was cut short and had a state directory to keep it in.
func (s *session) found(ctx context.Context, recovery envelope.VerifyKey) error {
	identity, err := s.signer.opened(ctx)
	if err != nil {
		return err
	}
	if err := s.unfounded(ctx); err != nil {
		return err
	}
	mount, err := s.mount(ctx)
	if err != nil {
		return err
	}
	first, err := s.first(identity, recovery)
	if err != nil {
		return err
	}
	switch mount.Organisation {
	case first.Hash():
	case envelope.Hash{}:
		if err := s.broker.PinOrganisation(ctx, first.Hash()); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s at %s: %s: %w", s.broker.Mount(), s.broker.Address(), mount.Organisation, errOtherMount)
	}
	return s.log.Begin(ctx, first)
}

// unfounded is [orglog.ErrFounded] where the broker has a log that is to be
// believed here, and says what is in the way of founding one otherwise.
func (s *session) unfounded(ctx context.Context) error {
	if s.named {
		return errNamed
	}
	err := s.log.Sync(ctx)
	switch {
	case err == nil:
		return orglog.ErrFounded
	case errors.Is(err, orglog.ErrUnfounded):
		return nil
	case s.home == nil || !errors.Is(err, roster.ErrRolledBack):
		return err
	}
	// The state directory knows an organisation: it may be the one that is being
	// founded.
	statements, kept := s.home.Log()
	if kept != nil || len(statements) != 1 {
		return err
	}
	return nil
}

// first is the statement that founds the organisation. With a state directory it is
// kept there before anybody sees it: a mount that is pinned to a statement that was
// lost could be used no more.
func (s *session) first(identity envelope.Signer, recovery envelope.VerifyKey) (envelope.Signed, error) {
	if s.home != nil {
		if kept, err := s.home.Log(); err != nil || len(kept) > 0 {
			return begun(kept, identity, recovery, err)
		}
	}
	first, err := roster.Found(identity, recovery, time.Now())
	if err != nil || s.home == nil {
		return first, err
	}
	log := []envelope.Signed{first}
	r, err := roster.Fold(first.Hash(), log)
	if err != nil {
		return first, err
	}
	return first, s.home.Adopt(r, log)
}

// begun is the kept first statement, if it founds this very organisation.
func begun(kept []envelope.Signed, identity envelope.Signer, recovery envelope.VerifyKey, err error) (envelope.Signed, error) {
	if err != nil {
		return envelope.Signed{}, err
	}
	r, err := roster.Fold(envelope.Hash{}, kept)
	if err != nil {
		return envelope.Signed{}, err
	}
	if len(kept) != 1 || r.Identity() != identity.Public() || r.Recovery() != roster.RecoveryCommitment(recovery) {
		return envelope.Signed{}, home.ErrPinned
	}
	return kept[0], nil
}
