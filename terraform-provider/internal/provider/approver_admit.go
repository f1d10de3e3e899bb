package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/admission"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/orglog"
)

var (
	// errUnanswered means that no device has answered in an approver's name.
	errUnanswered = errors.New("enrolment_unanswered: no device has answered a ticket for this name; hand the person the ticket that the command makes, have them answer it, and apply again")
	// errWords means that the words are of no device that answered.
	errWords = errors.New("fingerprint_differs: these are not the words of a device that answered, and nobody was admitted; have the person read all eight out again, from their own screen. " +
		"If they still differ, another device has answered in their name: make a new ticket")
	// errReused means that keys were admitted before and are in force no more.
	errReused = errors.New("these keys were admitted before and revoked since, and can be admitted no more; have the person enrol anew, and give the words that their device shows then")
)

// answered finds the enrolment that a fingerprint is of, among those that fit. The
// broker says only where to look: 128 bits of a hash over the whole of it decide.
func (s *session) answered(ctx context.Context, fits func(broker.Enrolment) bool, fingerprint string) (roster.Enrolment, error) {
	var none roster.Enrolment
	all, err := s.broker.ListEnrolments(ctx)
	if err != nil {
		return none, fmt.Errorf("look for the device that answered: %w", err)
	}
	found := 0
	for _, listed := range all {
		if !fits(listed) || listed.State != broker.EnrolmentAnswered && listed.State != broker.EnrolmentAdmitted {
			continue
		}
		posted, err := s.broker.ReadEnrolment(ctx, listed.ID)
		if errors.Is(err, broker.ErrMissing) || err == nil && posted.Message == nil {
			continue // withdrawn meanwhile
		}
		if err != nil {
			return none, err
		}
		found++
		e, err := roster.ReadEnrolment(*posted.Message)
		if err == nil && e.MatchesFingerprint(fingerprint) == nil {
			return e, nil
		}
	}
	if found == 0 {
		return none, errUnanswered
	}
	return none, errWords
}

// admit signs the admission of an enrolment, and returns the approver's id.
func (s *session) admit(ctx context.Context, private privateReader, name string, e roster.Enrolment, entities []string) (roster.Head, error) {
	return s.signSince(ctx, private, orglog.Change{Build: func(r *roster.Roster) ([]orglog.Entry, error) {
		if known, err := r.ApproverNamed(name); err == nil && known.ID != e.Approver {
			return nil, errExists
		}
		entries, err := admission.Entries(r, name, e, entities)
		if errors.Is(err, roster.ErrRevoked) {
			return nil, fmt.Errorf("%w: %w", err, errReused)
		}
		if err != nil {
			return nil, err
		}
		if _, err := r.Approver(e.Approver); err != nil {
			return entries, nil
		}
		related, err := setEntries(r, e.Approver, name, entities)
		return append(entries, related...), err
	}})
}

// setEntries is what renames an approver in force and relates them to entities,
// nothing where that is so already.
func setEntries(r *roster.Roster, id envelope.ID, name string, entities []string) ([]orglog.Entry, error) {
	who, err := r.Approver(id)
	if err != nil {
		return nil, err
	}
	if other, err := r.ApproverNamed(name); err == nil && other.ID != id {
		return nil, errExists
	}
	if who.Name == name && sameSet(who.Entities, entities) {
		return nil, nil
	}
	return []orglog.Entry{{Kind: roster.KindApproverSet, Body: roster.ApproverSet{ID: id, Name: name, Entities: entities}}}, nil
}

// sameSet compares texts, each of which stands once, whatever their order.
func sameSet(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}
