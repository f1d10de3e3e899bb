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
	// errNamed means that an organisation is to be founded where one is pinned, whose
	// log the broker does not show.
	errNamed = errors.New("organisation_named: the provider's `organization` or `minimum_head` says that there is an organisation, and the broker shows no log of it: " +
		"it lost that log, or hides it; push it with `stillvault org log push`. What is founded now would be another organisation: " +
		"only where this Vault was never to have the one that is named, leave both out until its own is founded")
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
		// Somebody else may have founded it since its log was looked for: then it is
		// not one that may be given up.
		if err := s.unfounded(ctx); err != nil {
			return err
		}
		return fmt.Errorf("%s at %s: %s: %w", s.broker.Mount(), s.broker.Address(), mount.Organisation, errOtherMount)
	}
	return s.log.Begin(ctx, first)
}

// unfounded is [orglog.ErrFounded] where the broker has a log that is to be
// believed here, and says what is in the way of founding one otherwise.
func (s *session) unfounded(ctx context.Context) error {
	err := s.log.Sync(ctx)
	switch {
	case err == nil:
		return orglog.ErrFounded
	case errors.Is(err, orglog.ErrUnfounded) && !s.named:
		return nil
	case !errors.Is(err, roster.ErrRolledBack):
		return err
	}
	var known []envelope.Signed
	if s.home != nil {
		var unread error
		if known, unread = s.home.Log(); unread != nil {
			return unread
		}
	}
	switch {
	case s.named && len(known) == 0: // nothing but the pin says that there is one
		return errNamed
	case !s.named && len(known) == 1: // it may be the one that is being founded
		return nil
	}
	return err
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
